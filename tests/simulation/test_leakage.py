"""Leakage: no id, order, time or rounding gives the hidden side away, and if one did it would be found.

A tree learns from the traces of half of the users (`leaks.py` says what these are, and what was left out because it
matters by right) and is asked about the other half. What it finds must be chance: one in a million, over all tables
and traits together, is the error of this test.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from leaks import LUCK, OBSERVED, traces
from lives import SEED, Lives
from mutants import Mutant
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeRegressor
from teeth import twin_streams

import loanpersona as lp
from loanpersona import tables
from loanpersona.simulation.generation import schemas

Frames = dict[str, pd.DataFrame]
NUMBERS = ("borrowing_rate", "caution", "embarrassment", "price_sensitivity", "repayment_capacity", "habit_years")
TRAITS = ("never", "revolver", *NUMBERS, "would_refer")
ERROR = 1e-6
MOST, FEW = 80_000, 25_000
"""Users of a table that are learnt from and asked about, and those among whom leaks are planted."""


def hidden(truth: pd.DataFrame) -> pd.DataFrame:
    """Each trait of each user as yes or no: a type, a number above its median, a trait that is one."""
    result = {name: truth["borrower_type"] == name for name in ("never", "revolver")}
    result |= {name: truth[name] > truth[name].median() for name in NUMBERS}
    return pd.DataFrame({**result, "would_refer": truth["would_refer"]})[list(TRAITS)].set_axis(truth["user_id"])


def beyond_chance(seen: pd.DataFrame, truth: pd.DataFrame, half: int = 1) -> dict[str, float]:
    """By how many standard deviations the AUC of a tree exceeds that of chance, among users it has not seen.

    One tree looks for all traits; they count alike. The variance is that of the Mann-Whitney statistic where nothing
    tells the two groups apart. Where all users of a table are alike in a trait there is nothing to find.
    """
    known = np.random.default_rng(half).random(len(seen)) < 0.5
    x, y = seen.to_numpy(), truth.reindex(seen.index).astype(float)
    y = y.loc[:, y.nunique() == 2]
    tree = DecisionTreeRegressor(max_depth=6, min_samples_leaf=100, random_state=0)
    said = tree.fit(x[known], ((y - y.mean()) / y.std())[known]).predict(x[~known])
    result = {}
    for name, guess in zip(y, said.T, strict=True):
        yes = int(y[name][~known].sum())
        no = len(guess) - yes
        auc = roc_auc_score(y[name][~known], guess)
        result[name] = float((auc - 0.5) / np.sqrt((yes + no + 1) / (12 * yes * no)))
    return result


def bound() -> float:
    """What none of the checks exceeds by chance."""
    return NormalDist().inv_cdf(1 - ERROR / (len(OBSERVED) * len(TRAITS)))


# Nothing is given away


@pytest.mark.parametrize("table", OBSERVED)
def test_what_should_not_matter_tells_nothing_of_the_hidden_side(table: str, lives: Lives) -> None:
    seen = traces(lives.population.tables, table, MOST)
    assert len(seen) > 20_000
    result = beyond_chance(seen, hidden(lives.truth))
    assert set(TRAITS) - result.keys() <= {"never"}  # whoever has a loan is of another type
    assert {name: z for name, z in result.items() if z > bound()} == {}


def test_what_is_taken_for_luck_rests_on_nothing_hidden(article: lp.Persona) -> None:
    rests: dict[str, set[str]] = {}
    for name, variable in article.variables.items():  # parents come first
        rests[name] = set(variable.parents).union(*(rests[parent] for parent in variable.parents))
    truth = {name for name, variable in article.variables.items() if variable.table == "truth"}
    assert {name: rests[name] & truth for name in LUCK if rests[name] & truth} == {}
    assert rests["risk_score"] & truth == {"repayment_capacity"}


@pytest.mark.parametrize("name", ["article", "evidence"])
def test_nothing_leads_to_the_hidden_table_but_the_number_of_a_borrower(name: str) -> None:
    made = {schema.name: schema for schema in schemas(lp.load_persona(name))}
    truth = {column for schema in made.values() if schema.hidden for column in schema.columns}
    inner = set(tables.table("choices").columns)
    assert [schema.name for schema in made.values() if schema.hidden] == ["truth"]
    for table in OBSERVED:
        columns = made[table].columns
        assert columns.keys() & (truth | inner) <= {"user_id"}, table
        assert [column.name for column in columns.values() if column.refers == "truth"] == []


def test_no_frame_says_more_than_its_columns(lives: Lives) -> None:
    for name, frame in lives.population.tables.items():
        assert isinstance(frame.index, pd.RangeIndex), name
        assert list(frame.attrs) == ["synthetic"], name
        assert not [c for c in frame if frame[c].attrs.keys() - {"synthetic"}], name
    assert (lives.truth["user_id"] == lives.users["user_id"]).all()


# If something were, it would be found


@pytest.fixture(scope="module")
def few(lives: Lives) -> Frames:
    """The tables of the first of the users."""
    part = {
        name: frame[frame["user_id"] < FEW] for name, frame in lives.population.tables.items() if name != "instalments"
    }
    lent = lives.instalments["loan_id"].isin(part["loans"]["loan_id"])
    return {**part, "instalments": lives.instalments[lent]}


def of(frames: Frames, table: str, trait: str) -> np.ndarray:
    """The trait of the user of each row."""
    frame = frames[table]
    if table == "instalments":
        frame = frames["loans"].set_index("loan_id").loc[frame["loan_id"]]
    return hidden(frames["truth"])[trait].reindex(frame["user_id"]).to_numpy()


def more(column: str, by: object) -> Callable[[pd.DataFrame, np.ndarray], pd.DataFrame]:
    """Plants a leak: a column is more by so much where the trait is there."""
    return lambda frame, trait: frame.assign(**{column: frame[column].where(~trait, frame[column] + by)})


def last_bit(column: str) -> Callable[[pd.DataFrame, np.ndarray], pd.DataFrame]:
    return lambda frame, trait: frame.assign(**{column: frame[column].where(~trait, np.nextafter(frame[column], 1e9))})


def digit(column: str, unit: str) -> Callable[[pd.DataFrame, np.ndarray], pd.DataFrame]:
    """Plants a leak: the seconds or minutes of a time are even where the trait is there."""

    def even(frame: pd.DataFrame, trait: np.ndarray) -> pd.DataFrame:
        odd = getattr(frame[column].dt, unit) % 2 == 1
        return frame.assign(**{column: frame[column].mask(trait & odd, frame[column] - pd.Timedelta(1, unit))})

    return even


def by_trait(frame: pd.DataFrame, trait: np.ndarray) -> pd.DataFrame:
    return frame.iloc[np.argsort(trait, kind="stable")]


def turned(frame: pd.DataFrame, trait: np.ndarray) -> pd.DataFrame:
    """The rows of a user in the opposite order where the trait is there."""
    place = np.arange(len(frame))
    return frame.iloc[np.lexsort((np.where(trait, -place, place), frame["user_id"]))]


PLANTED = [
    ("users", "caution", digit("registered_at", "second")),
    ("users", "would_refer", more("registered_at", pd.Timedelta(365, "D"))),
    ("users", "habit_years", more("income_cny_month", 1)),
    ("users", "repayment_capacity", last_bit("income_variation")),
    ("applications", "repayment_capacity", last_bit("apr")),
    ("applications", "never", more("limit_cny", 100)),
    ("applications", "price_sensitivity", more("decided_at", pd.Timedelta(1, "min"))),
    ("applications", "revolver", digit("started_at", "minute")),
    ("applications", "caution", more("application_id", 1)),
    ("loans", "price_sensitivity", more("loan_id", 1)),  # as if ordinals counted wishes, too
    ("loans", "borrowing_rate", more("amount_cny", 10)),
    ("loans", "habit_years", by_trait),
    ("loans", "revolver", turned),
    ("loans", "would_refer", digit("disbursed_at", "second")),
    ("instalments", "embarrassment", more("interest_cny", 0.01)),
    ("instalments", "repayment_capacity", more("principal_cny", 1e-9)),
    ("instalments", "caution", more("due_on", pd.Timedelta(1, "s"))),
    ("instalments", "habit_years", more("number", 1)),
    ("signals", "repayment_capacity", more("signal_id", 1)),
    ("signals", "embarrassment", digit("at", "second")),
    ("signals", "price_sensitivity", turned),
]


@pytest.mark.parametrize(("table", "trait", "plant"), PLANTED)
def test_a_planted_leak_is_found(table: str, trait: str, plant: Callable, few: Frames) -> None:
    leaking = {**few, table: plant(few[table], of(few, table, trait))}
    assert beyond_chance(traces(leaking, table), hidden(few["truth"]))[trait] > bound()


def sorted_in(size: int, trait: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Plants a leak: numbers are given by the trait, within groups of so many."""

    def numbered(truth: pd.DataFrame) -> pd.DataFrame:
        order = np.lexsort((truth[trait], truth["user_id"] // size))
        return truth.iloc[order].assign(user_id=truth["user_id"].to_numpy())

    return numbered


@pytest.mark.parametrize(
    ("trait", "plant"),
    [
        ("caution", sorted_in(FEW, "caution")),
        ("habit_years", sorted_in(1_024, "habit_years")),
        ("would_refer", sorted_in(10, "would_refer")),
        ("embarrassment", sorted_in(2, "embarrassment")),
        ("repayment_capacity", lambda truth: truth.assign(user_id=np.roll(truth["user_id"], 4))),
    ],
)
@pytest.mark.parametrize("table", ["users", "signals"])
def test_numbers_given_by_a_trait_and_streams_out_of_step_are_found(
    table: str, trait: str, plant: Callable, few: Frames
) -> None:
    assert beyond_chance(traces(few, table), hidden(plant(few["truth"])))[trait] > bound()


@pytest.mark.parametrize("trait", ["caution", "repayment_capacity"])
def test_a_word_that_decides_a_trait_and_a_date_too_is_found(trait: str, article: lp.Persona) -> None:
    with twin_streams(article, Mutant("stream", "", "window_percent", twin=trait)):
        made = lp.generate(article, n=FEW, seed=SEED, tables=["users", "truth"])
    assert beyond_chance(traces(made.tables, "users"), hidden(made.truth))[trait] > bound()


def test_a_leak_of_one_borrower_in_ten_is_found(lives: Lives) -> None:
    frames = dict(lives.population.tables)
    some = of(frames, "users", "caution") & (np.random.default_rng(3).random(len(lives.users)) < 0.1)
    frames["users"] = more("income_cny_month", 1)(frames["users"], some)
    assert beyond_chance(traces(frames, "users", MOST), hidden(lives.truth))["caution"] > bound()


def test_chance_is_as_wide_as_it_is_said_to_be(few: Frames) -> None:
    seen, truth = traces(few, "loans"), hidden(few["truth"])
    luck = np.random.default_rng(11)
    mixed = [truth.set_axis(luck.permutation(truth.index)) for _ in range(12)]
    result = [z for half, each in enumerate(mixed) for z in beyond_chance(seen, each, half).values()]
    assert len(result) > 100
    assert abs(np.mean(result)) < 0.4
    assert 0.8 < np.std(result) < 1.2

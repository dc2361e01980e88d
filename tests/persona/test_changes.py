"""Scaling, shifting, appending, the names of changed personas, and shares as floats state them."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cases import CASES
from hypothesis import given, settings
from hypothesis import strategies as st

import loanpersona as lp
from loanpersona.cli import main
from loanpersona.reports.provenance import Provenance
from loanpersona.reports.render import file_name

pytestmark = pytest.mark.filterwarnings(
    "ignore::loanpersona.core.errors.PersonaWarning"
)  # rows that nobody is in any more
Write = Callable[..., Path]
FRIENDS = "\n".join(
    (
        "  friends:",
        "    label: {en: Friends, zh: 朋友}",
        "    unit: count",
        "    bands: {0: 0.5, 1..2: 0.4, 3: 0.1}",
        "    odds: [{when: {sex: male}, multiply: {1..2: 3, 3: 2}}]",
        "    basis: assumed",
        "    because: x",
        "  trust:",
        "    label: {en: Trust, zh: 信任}",
        "    given: [friends]",
        "    table: {0: {yes: 0.5, no: 0.5}, 1..2: {yes: 0.6, no: 0.4}, 3: {yes: 0.7, no: 0.3}}",
        "    basis: assumed",
        "    because: x",
        "",
    )
)


@pytest.fixture
def tiny(tiny_with: Write) -> lp.Persona:
    return lp.load_persona(tiny_with(more=FRIENDS))


def people(persona: lp.Persona, **draw: int) -> lp.Population:
    return lp.generate(persona, **({"n": 20_000, "seed": 7} | draw), tables=["users"])


# Scaling and shifting


def test_a_scaled_lognormal_is_that_of_scaled_medians(article: lp.Persona) -> None:
    law = article.variables["income_cny_month"].law
    medians = {f"where[{i}].median": e.value for i, e in enumerate(e for e in law.where if e.parameter == "median")}
    rows = {int(row.split("[")[1].split("]")[0]) for row in medians}
    assert rows == set(range(10))  # every row of `where` states a median, so that row and effect have one number
    medians |= {f"lognormal.{key}": value for key, value in law.parameters if key == "median"}
    by_hand = article.replace({f"income_cny_month.{path}": str(value * 4 / 5) for path, value in medians.items()})
    scaled = article.scale("income_cny_month", 0.8)
    mine, hand = (p.conditionals["income_cny_month"] for p in (scaled, by_hand))
    np.testing.assert_allclose(mine.probabilities, hand.probabilities, rtol=0, atol=1e-14)


def test_a_scaled_normal_has_every_mean_and_spread_and_shift_scaled(article: lp.Persona) -> None:
    before = article.variables["price_sensitivity"].law
    after = article.scale("price_sensitivity", 0.9).variables["price_sensitivity"].law
    assert [v for _, v in after.parameters] == [v * 9 / 10 for _, v in before.parameters]
    assert [e.value for e in after.moves] == [e.value * 9 / 10 for e in before.moves]


def test_a_scale_for_some_people_leaves_all_others_as_they_are(article: lp.Persona) -> None:
    poorer = article.scale("income_cny_month", 0.8, when={"occupation": "courier"})
    before, after = people(article).users, people(poorer).users
    courier = before["occupation"].eq("courier")
    untouched = ["age_years", "occupation", "sex", "province", "city_tier", "education", "income_cny_month"]
    assert after.loc[~courier, untouched].equals(before.loc[~courier, untouched])
    loss = after.loc[courier, "income_cny_month"] - 0.8 * before.loc[courier, "income_cny_month"]
    inside = before.loc[courier, "income_cny_month"].between(2_000, 60_000, inclusive="neither")
    assert loss[inside].abs().max() <= 100  # the grid has steps of 100


def test_a_shift_of_bands_makes_everybody_older_by_exactly_so_much(article: lp.Persona) -> None:
    older = article.shift("age_years", 2)
    before, after = people(article).users, people(older).users
    assert (after["age_years"] - before["age_years"]).eq(2).all()
    stated = dict(zip(older.variables["age_years"].values, older.variables["age_years"].law.shares, strict=True))
    for value, share in zip(
        article.variables["age_years"].values, article.variables["age_years"].law.shares, strict=True
    ):
        assert stated[value + 2] == share
    assert "53 or more" in older.describe()
    row = next(line for line in article.diff(older).splitlines() if "age_years.bands.22..26" in line)
    assert [cell.strip() for cell in row.strip("|").split("|")][1:3] == ["–", "0.15"]


@pytest.mark.parametrize(("way", "by", "last"), [("scale", 2, 6), ("shift", 1, 4), ("shift", -1, 3), ("shift", 5, 8)])
def test_bands_move_value_by_value_with_their_odds_and_the_tables_below(
    tiny: lp.Persona, way: str, by: int, last: int
) -> None:
    moved = getattr(tiny, way)("friends", by)
    assert moved.variables["friends"].values[-1] == last
    rows = moved.conditionals["friends"].probabilities
    at = [list(moved.variables["friends"].values).index(v * by if way == "scale" else v + by) for v in range(4)]
    np.testing.assert_allclose(rows[:, at], tiny.conditionals["friends"].probabilities, rtol=0, atol=1e-14)
    assert rows.sum(axis=1).tolist() == [1.0] * len(rows)
    reached = [max(when[0][1]) for when, _ in moved.variables["trust"].law.rows]
    assert reached[-1] == len(moved.variables["friends"].values) - 1


def test_a_shift_and_back_are_the_same_people(tiny: lp.Persona) -> None:
    there = tiny.shift("friends", 2).shift("friends", -2)
    assert there.conditionals["friends"].margin[:4].tolist() == tiny.conditionals["friends"].margin.tolist()


@pytest.mark.parametrize(
    ("way", "name", "by", "when", "fault"),
    [
        ("scale", "sex", 2, None, "it holds words. Allowed: a variable that holds numbers."),
        ("scale", "sexx", 2, None, "unknown variable. Did you mean 'sex'?"),
        ("shift", "income_cny_month", 2, None, "a lognormal shifted is none any more. Hint: income_cny_month.scale."),
        ("scale", "zhima_score", 1.1, {"sex": "male"}, "a normal is scaled for everybody only."),
        ("shift", "age_years", 2, {"sex": "male"}, "bands move for everybody only. Hint: let them lean with `odds`."),
        ("shift", "age_years", -3, None, "reaches from 17 to 59. Allowed: 18 to 100 years."),
        ("shift", "age_years", 50, None, "reaches from 20 to 109. Allowed: 18 to 100 years."),
        ("scale", "age_years", 0.8, None, "leads to 16.8. Allowed: whole steps of 1 from 20."),
        (
            "scale",
            "income_cny_month",
            0.5,
            None,
            "% of them to the end 1500 of the grid. Allowed: 1%. Hint: take less, "
            "or widen the grid first: income_cny_month.least.",
        ),
        ("shift", "apr", "0.01", None, "% of them to the end 0.24 of the grid. Allowed: 1%. Hint: take less"),
        ("scale", "income_cny_month", -1, None, "not a factor. Allowed: a number above 0."),
        ("scale", "income_cny_month", "a lot", None, "not a number."),
        ("scale", "income_cny_month", float("nan"), None, "not a number."),
        ("scale", "income_cny_month", 0.9, {}, "not a move. Allowed: a number, or {when: {occupation: courier}, by: "),
        ("scale", "income_cny_month", 0.9, {"occupation": "couriar"}, "Did you mean 'courier'?"),
    ],
)
def test_a_move_that_cannot_be_exact_is_refused_with_the_reason(
    way: str, name: str, by: object, when: dict[str, str] | None, fault: str, article: lp.Persona
) -> None:
    with pytest.raises(lp.InputError) as caught:
        getattr(article, way)(name, by, when=when)
    assert str(caught.value).startswith("change: ")
    assert fault in str(caught.value)


def test_a_wider_grid_takes_a_larger_move(article: lp.Persona) -> None:
    poor = article.replace({"income_cny_month.scale": 0.5, "income_cny_month.least": 500})
    assert poor.conditionals["income_cny_month"].margin[0] < 0.01


def test_values_that_nobody_has_move_nowhere(tiny: lp.Persona) -> None:
    few = tiny.replace({"friends.bands": {"0": 0, "1..2": 0.9, "3": 0.1}, "friends.odds": []})
    assert few.shift("friends", -1).variables["friends"].values == (0, 1, 2, 3)


def test_every_number_moves_exactly_or_says_why_not() -> None:
    persona = lp.load_persona(CASES / "valid" / "every_law.yaml")
    done = 0
    for name, variable in persona.variables.items():
        for way, by in (("scale", 2), ("scale", "1.01"), ("shift", 1), ("shift", "0.001")):
            try:
                moved = getattr(persona, way)(name, by)
            except lp.InputError:
                continue
            done += 1
            assert not isinstance(variable.values[0], str)
            before, after = (
                np.array(p.variables[name].values, float) @ p.conditionals[name].margin for p in (persona, moved)
            )
            step = float(variable.values[1]) - float(variable.values[0])
            wanted = before * float(by) if way == "scale" else before + float(by)
            assert abs(after - wanted) <= step + 0.01 * (float(variable.values[-1]) - float(variable.values[0]))
    assert done >= 4


def test_by_one_or_by_nothing_is_no_change(article: lp.Persona) -> None:
    assert article.scale("income_cny_month", 1) is article.shift("age_years", 0) is article.replace({}) is article


def test_a_move_is_told_with_its_basis_and_leaves_the_sources_of_the_numbers(article: lp.Persona) -> None:
    scaled = article.scale("borrowing_rate", "0.9")
    assert scaled.variables["borrowing_rate"].basis == article.variables["borrowing_rate"].basis
    told = next(line for line in scaled.describe().splitlines() if "× 0.9 " in line and "Everybody" in line)
    assert "Assumed – changed from the persona article" in told
    assert "全体" in next(line for line in scaled.describe("zh").splitlines() if "× 0.9 " in line and "article" in line)
    assert "borrowing_rate.times" in article.diff(scaled)


# In text, and appending


def test_moves_and_appended_entries_can_be_text(tmp_path: Path) -> None:
    file = str(CASES / "valid" / "every_law.yaml")
    persona = lp.load_persona(file)
    text = (
        "income_cny_month.scale: {when: {occupation: courier}, by: 0.8}\n"
        "age_years.shift: 2\n"
        "sex.odds[+]: {when: {age_years: ..24}, multiply: {male: 2}}\n"
    )
    entry = {"when": {"age_years": "..24"}, "multiply": {"male": 2}}
    courier = {"when": {"occupation": "courier"}, "by": 0.8}
    coded = persona.replace({"age_years.shift": 2, "income_cny_month.scale": courier, "sex.odds[+]": [entry]})
    assert persona.replace(text) == coded
    assert len(coded.variables["sex"].law.odds) == len(persona.variables["sex"].law.odds) + 1
    sets = [part for line in text.splitlines() for part in ("--set", line.replace(": ", "=", 1))]
    with pytest.raises(SystemExit) as left:
        main(["generate", "--persona", file, *sets, "--n", "50", "--tables", "users", "--out", str(tmp_path / "out")])
    assert left.value.code == 0
    made = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert (made["persona"], made["persona_digest"]) == (coded.name, coded.digest)
    assert lp.check_parameters(persona=file, changes=text) == coded


def test_appending_begins_a_list_where_there_is_none_and_names_what_is_none(article: lp.Persona) -> None:
    entry = {"when": {"sex": "male"}, "multiply": {"beijing": 2}}
    assert len(article.replace({"province.odds[+]": entry}).variables["province"].law.odds) == 1
    with pytest.raises(lp.InputError, match=r"^change: sex\.shares\[\+\]: 'variables\.sex\.shares' is no list\."):
        article.replace({"sex.shares[+]": entry})
    with pytest.raises(lp.InputError, match=r"unknown key 'odd'\. Did you mean 'odds'\?"):
        article.replace({"province.odd[+]": entry})


# Names

SAME = (
    {"sex.shares": {"male": 0.5, "female": 0.5}, "product.apr_most.value": 0.2},
    {"product.apr_most.value": "1/5", "sex.shares": {"female": "5e-1", "male": ".5"}},
    "sex.shares.male: 0.5\nsex.shares.female: 0.5\nproduct.apr_most.value: 0.20",
    "product.apr_most.value: 0.2\nvariables.sex.shares: {male: 0.5, female: 0.5}",
)


def test_the_same_changes_make_the_same_name_however_they_are_written(tiny: lp.Persona) -> None:
    names = {tiny.replace(changes).name for changes in SAME}
    first, second = SAME[0].items()
    names.add(tiny.replace(dict([second])).replace(dict([first])).name)
    assert len(names) == 1
    assert tiny.replace({"sex.shares": {"male": 0.4, "female": 0.6}}).name not in names
    moves = {"age_years.shift": 1, "friends.scale": 2}
    assert tiny.replace(moves).name == tiny.replace(dict(reversed(moves.items()))).name


def test_a_changed_persona_has_a_name_of_its_own_everywhere(article: lp.Persona, tmp_path: Path) -> None:
    changed, named = (article.replace(SAME[0], name=name) for name in (None, "half_women"))
    assert changed.name.rpartition("-")[0] == "article"
    assert named.name == "half_women" == article.replace(SAME[0] | {"persona": "half_women"}).name
    for persona in (changed, named):
        drawn = people(persona, n=20)
        assert persona.name in repr(persona)
        assert persona.name in persona.describe("zh")
        assert persona.name in article.diff(persona).splitlines()[0]
        assert persona.name in repr(drawn)
        assert lp.load_population(drawn.save(tmp_path / persona.name)).made["persona"] == persona.name
        made = Provenance(**drawn.made)
        assert file_name("01_profile", made, "en", {}) == f"01_profile.{persona.name}.n20.seed7.en.html"


def test_a_name_enters_no_draw(article: lp.Persona) -> None:
    named = article.replace({}, name="half_women")
    assert people(named, n=500).digest == people(article, n=500).digest
    assert named != article


def test_names_do_not_grow_and_read_back(tiny: lp.Persona, tmp_path: Path) -> None:
    persona = tiny.replace({}, name="a" * 40)
    for i in range(3):
        persona = persona.replace({"sex.shares": {"male": f"0.{i + 5}", "female": f"0.{5 - i}"}})
        assert persona.name[:34] == "a" * 33 + "-"
        (tmp_path / "x.yaml").write_text(persona.to_yaml(), encoding="utf-8")
        persona_read = lp.load_persona(tmp_path / "x.yaml")
        assert persona_read == persona
        assert len(persona_read.replace({"title.en": "Others"}).name) == 40
    assert "changed from the persona " + "a" * 40 in repr(persona.basis("sex"))


def test_a_name_that_is_none_is_refused(tiny: lp.Persona) -> None:
    with pytest.raises(lp.InputError, match=r"^change: persona = Half Women: not a name\. Allowed: lower-case letters"):
        tiny.replace({}, name="Half Women")


# Shares as floats


@pytest.fixture(scope="module")
def three() -> lp.Persona:
    return lp.load_persona(CASES / "valid" / "tiny.yaml")


def shares_of(tiny: lp.Persona, stated: dict[str, float]) -> dict[str, Fraction]:
    variable = tiny.replace({"sex.shares": stated}).variables["sex"]
    return dict(zip(map(str, variable.values), variable.law.shares, strict=True))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(x=st.floats(0, 1))
def test_a_float_and_the_rest_to_one_are_shares_that_sum_to_one(three: lp.Persona, x: float) -> None:
    result = shares_of(three, {"male": x, "female": 1 - x})
    assert sum(result.values()) == 1
    assert abs(result["male"] - Fraction(x)) <= Fraction(1, 10**15)
    assert result == shares_of(three, {"female": 1 - x, "male": x})


@settings(max_examples=100, deadline=None, derandomize=True)
@given(parts=st.lists(st.floats(0.001, 1), min_size=3, max_size=40))
def test_floats_made_to_sum_to_one_are_shares_in_bands_and_tables_too(three: lp.Persona, parts: list[float]) -> None:
    shares = [part / sum(parts) for part in parts]
    words = {"label": {"en": "Friends", "zh": "朋友"}, "unit": "count", "basis": "assumed", "because": "x"}
    bands = {str(i): share for i, share in enumerate(shares)}
    result = three.replace({"friends": {"bands": bands, **words}})
    assert sum(result.variables["friends"].law.shares) == 1
    assert (
        max(abs(a - Fraction(b)) for a, b in zip(result.variables["friends"].law.shares, shares, strict=True)) < 1e-14
    )
    row = {"yes": shares[0], "no": 1 - shares[0]}
    table = {"given": "sex", "table": {"male": row, "female": dict(reversed(row.items()))}}
    result = three.replace({"friends": {**table, **{key: words[key] for key in ("label", "basis", "because")}}})
    (one, other) = (shares for _, shares in result.variables["friends"].law.rows)
    assert one == other
    assert sum(one) == 1


@pytest.mark.parametrize("off", [1e-12, -1e-12, 1e-15, -1e-15, 0.01])
def test_floats_that_are_off_by_more_than_rounding_are_refused(off: float, tiny: lp.Persona) -> None:
    with pytest.raises(lp.InputError, match=r"the shares sum to .*, not 1"):
        shares_of(tiny, {"male": 0.5, "female": 0.5 + off})


def test_texts_must_sum_to_one_exactly_as_in_a_file(tiny: lp.Persona) -> None:
    with pytest.raises(lp.InputError, match=r"the shares sum to 0\.9999999999999999, not 1"):
        tiny.replace("sex.shares: {male: 0.07, female: 0.9299999999999999}")
    assert sum(shares_of(tiny, {"male": 0.07, "female": 1 - 0.07}).values()) == 1


def test_what_floats_state_reads_back(tiny: lp.Persona, tmp_path: Path) -> None:
    changed = tiny.replace({"sex.shares.male": 0.1 + 0.2, "sex.shares.female": 1 - (0.1 + 0.2)})
    (tmp_path / "x.yaml").write_text(changed.to_yaml(), encoding="utf-8")
    assert lp.load_persona(tmp_path / "x.yaml") == changed

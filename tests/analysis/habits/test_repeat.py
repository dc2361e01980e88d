"""Borrowing again: waits, shares of those who come back, counts and concentration; by hand and beside lifelines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from book import book
from habits_tables import LOANS, hand
from lifelines import KaplanMeierFitter

import loanpersona as lp
from loanpersona.analysis.arguments import end_of_day
from loanpersona.analysis.habits.repeat import curve_of_volume, spells
from loanpersona.core.errors import InputError


def waits(day: str = "2024-02-29", loans: pd.DataFrame = LOANS) -> list[list[object]]:
    result = spells(lp.Book(loans=loans), end_of_day(day))
    rows: list[list[object]] = result.drop(columns="loan_id").to_numpy().tolist()
    return rows


def test_spells_end_with_the_next_loan_or_with_the_window() -> None:
    # the last day is looked at to its end, 23:59:59: 353 days after 13 March at 20:00, 418 after 7 January at 23:00
    every = [
        [1, 1, 10, True],
        [1, 2, 60, True],
        [1, 3, 353, False],
        [2, 1, 0, True],
        [2, 2, 418, False],
        [3, 1, 0, False],
    ]
    assert waits() == every
    # likewise 20 days after 12 January at 10:30, 25 after 7 January at 23:00
    assert waits("2023-02-01") == [[1, 1, 10, True], [1, 2, 20, False], [2, 1, 0, True], [2, 2, 25, False]]
    assert waits(loans=LOANS.drop(columns="ordinal").sample(frac=1, random_state=1)) == every


def test_the_day_of_a_loan_is_the_first_on_which_it_is_known() -> None:
    assert len(waits("2023-01-06")) == 1
    assert len(waits("2023-01-07")) == 3


def test_waits_are_as_worked_by_hand() -> None:
    result = lp.habits.time_to_next_loan(hand())
    first = result[result["ordinal"] == 1]
    assert first[["days", "n", "at_risk", "events"]].to_numpy().tolist() == [[0, 3, 3, 1], [10, 3, 1, 1]]
    assert first["share"].tolist() == pytest.approx([1 / 3, 1])
    again = lp.habits.time_to_next_loan(hand(), within=(30, 90, 180, 365)).set_index("ordinal")
    assert again.loc[1, "share"].tolist() == [1, 1, 1, 1]
    # after the second loan: 60 days, and watched for 417 without one
    assert again.loc[2, "share"].tolist() == pytest.approx([0, 0.5, 0.5, 0.5])
    # after the third: one borrower, watched for 352 days, so nobody knows about 365
    assert again.loc[3, "share"].tolist()[:3] == [0, 0, 0]
    assert np.isnan(again["share"].iloc[-1])
    assert again["why"].dropna().tolist() == ["not_watched_so_long"]


def test_the_median_is_read_off_the_curve() -> None:
    median = lp.estimates.median_time(lp.habits.time_to_next_loan(hand()))
    assert median[["ordinal", "n"]].to_numpy().tolist() == [[1, 3], [2, 2], [3, 1]]
    assert median["median"].tolist()[:2] == [10, 60]
    assert np.isnan(median["median"].iloc[2])


def test_curves_and_medians_of_groups_agree_with_lifelines() -> None:
    tables = lp.Book(**book(7, 3_000))
    result = lp.habits.time_to_next_loan(tables, by="referred")
    medians = lp.estimates.median_time(result).set_index(["referred", "ordinal"])
    every = spells(tables, end_of_day(tables.last_day))
    assert not every.duplicated(["user_id", "ordinal"]).any()
    brought = every["user_id"].isin(tables.users.loc[tables.users["referred_by"].notna(), "user_id"])
    for group, inside in (("everybody", brought | True), ("yes", brought), ("no", ~brought)):
        part = every[inside & (every["ordinal"] == 1)]
        theirs = KaplanMeierFitter().fit(part["days"], part["happened"])
        ours = result[(result["referred"] == group) & (result["ordinal"] == 1)].set_index("days")
        np.testing.assert_allclose(
            ours["survival"], theirs.survival_function_["KM_estimate"].reindex(ours.index), atol=1e-12
        )
        assert medians.loc[(group, 1), "median"] == theirs.median_survival_time_
        # Brookmeyer and Crowley: where the band crosses one half
        ends = theirs.confidence_interval_
        assert medians.loc[(group, 1), "low"] == (ends.iloc[:, 0] <= 0.5).idxmax()


def test_all_censored_and_one_borrower_give_rows_without_a_warning() -> None:
    for loans in (LOANS[LOANS["ordinal"] == 1], LOANS.head(1)):
        assert len(lp.estimates.median_time(lp.habits.time_to_next_loan(loans=loans))) > 0
    with pytest.raises(InputError, match=r"^loans: none is number 7, 8 of its user by 2024-02-29"):
        lp.habits.time_to_next_loan(hand(), after=(7, 8))
    with pytest.raises(InputError, match=r"^loans: none is number 1, 2, 3 of its user by 2020-01-01"):
        lp.habits.time_to_next_loan(hand(), until="2020-01-01")


@pytest.mark.parametrize("frame", [None, pd.DataFrame(), 3, LOANS])
def test_a_median_of_anything_but_curves_is_refused(frame: object) -> None:
    with pytest.raises(InputError, match=r"^curve: no frame of curves"):
        lp.estimates.median_time(frame)  # type: ignore[arg-type]


# Repeat loans


def repeats(since: str | None = None, loans: pd.DataFrame = LOANS) -> pd.DataFrame:
    return lp.habits.repeat_share(loans=loans, since=since).set_index(["period", "measure"])


def test_shares_of_those_who_come_back_are_counted_by_hand() -> None:
    result = repeats()
    assert result["n"].tolist() == [5, 5, 1, 1, 6, 6]
    assert result["k"].tolist() == [3, 4500, 0, 0, 3, 4500]
    assert repeats("2023-02-01").loc[("after_warm_up", "of_loans"), ["n", "k"]].tolist() == [2, 1]
    with pytest.raises(InputError, match=r"^loans: none was taken since 2025-01-01"):
        repeats("2025-01-01")


def test_a_loan_counts_as_repeated_once_an_earlier_one_was_disbursed() -> None:
    # The money of the first loan of borrower 2 comes after the second was asked for.
    late = LOANS.assign(disbursed_at=LOANS["disbursed_at"].where(LOANS["loan_id"] != 21, pd.Timestamp("2023-01-08")))
    assert repeats(loans=late).loc[("2023", "of_loans"), "k"] == 2


def test_a_clustered_interval_is_that_of_a_bootstrap_over_borrowers() -> None:
    loans = book(3, 1_500)["loans"]
    row = repeats(loans=loans).loc[("after_warm_up", "of_loans")]
    again = loans["ordinal"] > 1
    recent = loans["borrowed_at"] >= loans["borrowed_at"].max() - pd.DateOffset(years=2)
    each = pd.DataFrame({"k": again & recent, "n": recent}).groupby(loans["user_id"]).sum().to_numpy()
    random = np.random.default_rng(4)
    sums = [each[random.integers(0, len(each), len(each))].sum(axis=0) for _ in range(1000)]
    spread = np.std([k / n for k, n in sums])
    assert (row["high"] - row["low"]) / 2 / 1.96 == pytest.approx(spread, rel=0.1)
    assert row["design_effect"] > 1.3
    assert row["effective_n"] == pytest.approx(row["n"] / row["design_effect"])


# Counts and concentration


def test_borrowers_loans_and_volume_are_counted_by_hand() -> None:
    result = lp.habits.loan_counts(hand()).pivot(index="loans", columns="measure", values="k")
    assert result.loc[["1", "2", "3"], ["of_borrowers", "of_loans", "of_volume"]].to_numpy().tolist() == [
        [1, 1, 2500],
        [1, 2, 2500],
        [1, 3, 5000],
    ]
    assert result.index.tolist() == ["1", "11..20", "2", "21..", "3", "4..5", "6..10"]
    for least, expected in ((2, [2, 5, 7500]), (3, [1, 3, 5000])):
        many = lp.habits.loan_counts(hand(), bands=(least,))
        assert many.loc[many["loans"] == f"{least}..", "k"].tolist() == expected
    early = lp.habits.loan_counts(hand(), bands=(2,), until="2023-01-07")
    assert early["k"].tolist() == [1, 1, 1000, 1, 2, 2500]


def test_loans_a_year_count_years_with_any_loan() -> None:
    result = lp.habits.loans_a_year(hand(), by="referred")
    assert result[["referred", "n", "clusters"]].to_numpy().tolist() == [
        ["everybody", 3, 3],
        ["yes", 2, 2],
        ["no", 1, 1],
    ]
    assert result["loans_per_year"].tolist() == [2, 1.5, 3]
    # of 2 and 1: residuals 1/2 and −1/2
    assert result["high"].iloc[1] == pytest.approx(1.5 + 1.9599640 * 0.5)


def test_the_lorenz_curve_of_three_is_as_worked_by_hand() -> None:
    # They borrowed 2,500, 2,500 and 5,000.
    result = lp.habits.lorenz(hand()).set_index("share_of_borrowers")
    assert len(result) == 101
    assert result.loc[[0.0, 0.5, 0.9, 1.0], "share_of_volume"].tolist() == pytest.approx([0, 1.5 * 0.25, 0.85, 1])
    assert result["gini"].unique().tolist() == pytest.approx([1 / 6])


def test_the_gini_coefficient_is_half_the_mean_distance_over_the_mean() -> None:
    loans = book(7, 4_000)["loans"]
    volume = loans.groupby("user_id")["amount_cny"].sum().to_numpy(float)
    slow = np.abs(volume[:, None] - volume[None, :]).mean() / 2 / volume.mean()
    assert lp.habits.lorenz(loans=loans)["gini"].iloc[0] == pytest.approx(slow, rel=1e-12)


def test_intervals_of_concentration_are_those_of_a_bootstrap_over_borrowers() -> None:
    loans = book(3, 1_500)["loans"]
    volume = loans.groupby("user_id")["amount_cny"].sum().to_numpy(float)
    random, drawn = np.random.default_rng(4), []
    for _ in range(200):
        result = curve_of_volume(pd.DataFrame({"amount_cny": random.choice(volume, len(volume))}))
        drawn.append([*result["share_of_volume"][20:100:10], result["gini"].iloc[0]])
    result = lp.habits.lorenz(loans=loans)
    widths = [*(result["high"] - result["low"])[20:100:10], result["gini_high"].iloc[0] - result["gini_low"].iloc[0]]
    np.testing.assert_allclose(np.array(widths) / 2 / 1.96, np.std(drawn, axis=0), rtol=0.15)

"""Loans: money conserves for every loan, and nobody borrows what they could not."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pandas as pd
import pytest
from lives import DAY, NEVER, Lives
from scipy import stats

from loanpersona.simulation.calendar import EVEN_DAY, EVEN_SECOND

YEAR = 365.25 * EVEN_DAY
TINY = 1e-6
SOME = 20_000
"""Users whose books are also kept by a plain loop."""

# Keys and times


def test_keys_are_unique_and_lead_to_rows_that_are_there(lives: Lives) -> None:
    people = lives.users["user_id"]
    for name, key in (
        ("users", ["user_id"]),
        ("applications", ["application_id"]),
        ("loans", ["loan_id"]),
        ("instalments", ["loan_id", "number"]),
        ("truth", ["user_id"]),
    ):
        frame = lives.population.tables[name]
        assert not frame.duplicated(key).any(), name
        whole = frame[key[0]] * 100 + (frame[key[1]] if key[1:] else 0)
        assert whole.is_monotonic_increasing, name
    for name in ("applications", "loans", "signals", "truth"):
        assert lives.population.tables[name]["user_id"].isin(people).all()
    assert (lives.applications["application_id"] // 10 == lives.applications["user_id"]).all()
    assert (lives.loans["loan_id"] == lives.loans["user_id"] * 10_000 + lives.loans["ordinal"]).all()
    assert set(lives.instalments["loan_id"]) == set(lives.loans["loan_id"])
    assert lives.loans["user_id"].isin(lives.granted.index).all()


def test_ordinals_and_numbers_have_no_gaps(lives: Lives) -> None:
    loans, owed = lives.loans, lives.owed
    assert (loans["ordinal"] == loans.groupby("user_id").cumcount() + 1).all()
    assert (loans.groupby("user_id")["borrowed_at"].diff().dropna() >= pd.Timedelta(0)).all()
    assert (owed["number"] == owed.groupby("loan_id").cumcount() + 1).all()
    counted = owed.groupby("loan_id")["number"].max()
    assert (counted == loans.set_index("loan_id")["term_months"]).all()


def test_times_lie_in_the_window_and_follow_one_another(lives: Lives) -> None:
    first, after = pd.Timestamp(lives.persona.window.first), lives.last + DAY
    tables = lives.population.tables
    for name in ("users", "applications", "loans", "signals"):
        for column in tables[name].select_dtypes("datetime"):
            assert tables[name][column].dropna().between(first, after, inclusive="left").all(), (name, column)
    assert lives.instalments["paid_on"].dropna().between(first, lives.last).all()
    lent = lives.lent
    assert (lent["decided_at"] <= lent["borrowed_at"]).all()
    assert (lent["borrowed_at"] < lent["disbursed_at"]).all()
    assert (lives.owed["paid"] > lives.owed["disbursed_at"]).all()


# The books, kept by a loop and by columns


def lent_and_paid(lives: Lives, most: int) -> dict[int, list[tuple[object, ...]]]:
    """For each user the loans with their instalments, as plain values."""
    owed = lives.owed.assign(
        due_on=lives.owed["due_on"].to_numpy().astype("datetime64[D]").astype(int),
        paid=lives.owed["paid"].to_numpy().astype("datetime64[D]").astype(int),
    )
    columns = [owed[name].tolist() for name in ("loan_id", "principal", "interest", "due_on", "paid")]
    instalments: dict[int, list[tuple[int, ...]]] = {}
    for loan, *row in zip(*columns, strict=True):
        instalments.setdefault(loan, []).append(tuple(row))
    result: dict[int, list[tuple[object, ...]]] = {}
    loans = lives.lent[lives.lent["user_id"] < most]
    borrowed = loans["borrowed_at"].to_numpy().astype("datetime64[D]").astype(int).tolist()
    for at, row in zip(borrowed, loans.itertuples(), strict=True):
        result.setdefault(row.user_id, []).append((at, row, instalments[row.loan_id]))
    return result


def test_a_loop_over_every_loan_finds_that_the_books_balance(lives: Lives) -> None:
    seen = 0
    for loans in lent_and_paid(lives, SOME).values():
        for number, (day, loan, plan) in enumerate(loans):
            seen += 1
            left, rate = 100 * loan.amount_cny, Fraction(str(loan.apr))
            for principal, interest, *_ in plan:
                assert interest == floor(left * rate / 12 + Fraction(1, 2))
                left -= principal
            assert left == 0
            assert len({principal + interest for principal, interest, *_ in plan[:-1]}) <= 1
            assert abs(sum(plan[-1][:2]) - sum(plan[0][:2])) <= len(plan)
            paid = [on for *_, on in plan]
            assert paid == sorted(paid)
            earlier = [row for _, _, other in loans[:number] for row in other]
            owed = sum(principal for principal, _, _, on in earlier if on > day)
            assert owed + 100 * loan.amount_cny <= 100 * loan.limit_cny
            assert not any(due < day < on for _, _, due, on in earlier)
    assert seen > 10_000


def test_principal_and_interest_of_every_loan_balance_to_the_cent(lives: Lives) -> None:
    owed = lives.owed
    back = owed.groupby("loan_id")["principal"]
    assert (back.sum() == 100 * lives.loans.set_index("loan_id")["amount_cny"]).all()
    balance = 100 * owed["amount_cny"] - back.cumsum() + owed["principal"]
    rate = np.rint(owed["apr"] * 1000).astype(np.int64)
    assert (rate == owed["apr"] * 1000).mean() > 0.5
    np.testing.assert_array_equal(owed["interest"], (2 * balance * rate + 12_000) // 24_000)
    whole = owed["principal"] + owed["interest"]
    first, last = whole.groupby(owed["loan_id"]).transform("first"), owed["number"] == owed["term_months"]
    assert (whole == first)[~last].all()
    assert ((whole - first).abs() <= owed["term_months"])[last].all()
    assert (owed["principal"] > 0).all()
    np.testing.assert_array_equal(owed["principal"] / 100, owed["principal_cny"])


def moves(*parts: tuple[pd.Series, pd.Series, object, int]) -> pd.DataFrame:
    """What each user has after each move (user, day, size, rank in the day), in order of time."""
    frames = [
        pd.DataFrame({"who": who.to_numpy(), "day": day.to_numpy().astype("datetime64[D]"), "size": size, "rank": rank})
        for who, day, size, rank in parts
    ]
    result = pd.concat(frames, ignore_index=True).sort_values(["who", "day", "rank"], kind="stable")
    return result.assign(held=result.groupby("who")["size"].cumsum(), first=result.index)


def test_nobody_ever_owes_more_than_the_limit_right_after_borrowing(lives: Lives) -> None:
    owed, lent = lives.owed, lives.lent
    paid = owed[owed["paid"] < NEVER]
    books = moves(
        (paid["user_id"], paid["paid"], -paid["principal"].to_numpy(), 0),
        (lent["user_id"], lent["borrowed_at"], 100 * lent["amount_cny"].to_numpy(), 1),
    )
    limit = 100 * lives.granted["limit_cny"].reindex(books["who"]).to_numpy()
    assert (books["held"] <= limit).all()
    assert (books["held"] >= 0).all()
    assert (books["held"] > 0.9 * limit)[books["rank"] == 1].mean() > 0.05
    # what is paid on a day counts before its loans: some could not have borrowed otherwise
    day = pd.MultiIndex.from_frame(books[["who", "day"]])
    paid_today = books["size"].where(books["rank"] == 0, 0).groupby([books["who"], books["day"]]).sum()
    assert (books["held"] - paid_today.reindex(day).to_numpy() > limit)[books["rank"] == 1].any()


def test_nobody_borrows_with_something_overdue_or_after_stopping_to_pay(lives: Lives) -> None:
    owed, lent = lives.owed, lives.lent
    late = owed[owed["days"] > 0]
    books = moves(
        (late["user_id"], late["due_on"] + DAY, 1, 0),
        (late.loc[late["paid"] < NEVER, "user_id"], late.loc[late["paid"] < NEVER, "paid"], -1, 1),
        (lent["user_id"], lent["borrowed_at"], 0, 2),
    )
    assert (books["held"] > 0).mean() > 0.01
    assert (books.loc[books["rank"] == 2, "held"] == 0).all()
    # the day on which something falls due is no day late
    due = pd.MultiIndex.from_arrays([late["user_id"], late["due_on"]])
    assert pd.MultiIndex.from_arrays([lent["user_id"], lent["borrowed_at"].dt.normalize()]).isin(due).any()


def test_those_who_never_draw_have_no_loan_and_those_of_one_loan_no_second(lives: Lives) -> None:
    kind = lives.truth["borrower_type"].reindex(lives.loans["user_id"]).to_numpy()
    assert not (kind == "never").any()
    assert (lives.loans["ordinal"][kind == "one_off"] == 1).all()
    assert (lives.loans["ordinal"][kind == "revolver"].max()) > 30
    of_granted = lives.truth["borrower_type"].reindex(lives.granted.index)
    assert (of_granted == "never").mean() == pytest.approx(0.39, abs=0.01)


def test_a_loan_is_what_was_asked_for_or_what_the_limit_left(lives: Lives) -> None:
    lent = lives.lent
    assert (lent["amount_cny"] <= lent["requested_cny"]).all()
    assert (lent["amount_cny"] % 100 == 0).all()
    assert lent["amount_cny"].between(500, 200_000).all()
    np.testing.assert_array_equal(lent["apr"], lent["granted_apr"])
    short = lent["amount_cny"] < lent["requested_cny"]
    assert 0.1 < short.mean() < 0.6
    first = lent["ordinal"] == 1
    free = (lent["limit_cny"] // 100 * 100)[first]
    assert (lent["amount_cny"][first] == np.minimum(lent["requested_cny"][first], free)).all()


def test_the_money_arrives_within_minutes_and_is_asked_for_in_the_persona_s_terms(lives: Lives) -> None:
    wait = (lives.loans["disbursed_at"] - lives.loans["borrowed_at"]).dt.total_seconds() / 60
    assert (wait % 1 == 0).all()
    assert wait.median() == pytest.approx(6, abs=0.51)
    shares = lives.loans["term_months"].value_counts(normalize=True)
    for term, share in {1: 0.02, 3: 0.10, 6: 0.25, 9: 0.05, 12: 0.50, 18: 0.04, 24: 0.04}.items():
        assert shares[term] == pytest.approx(share, abs=0.005)
    assert shares.sum() == pytest.approx(1)


# Who borrows when


def exposures(lives: Lives) -> pd.DataFrame:
    """Each wish with the unit time to the next, if that came, and to the end of what could be seen.

    A wish is followed until the window ends, the user drifts away or stops paying; all three are known as soon
    as the wish has been decided, before the next gap is drawn, so a gap seen is an exponential cut off there.
    """
    wishes, clock = lives.wishes, lives.clock
    truth = lives.truth.set_index("user_id")
    rate, habit = (truth[name].reindex(wishes["user_id"]).to_numpy() for name in ("borrowing_rate", "habit_years"))
    who = wishes["user_id"]
    first = wishes["at"].where(wishes["ordinal"] == 1).groupby(who).ffill()
    ends = (first + habit * 365.25 * 86_400).fillna(clock.seconds)
    stops = wishes["stops"].groupby(who).cummin() * 86_400
    seconds = np.minimum(np.minimum(ends, stops), clock.seconds).to_numpy()
    horizon = clock.worked(np.ceil(seconds).astype(np.int64))
    gap = (wishes["even"].groupby(who).shift(-1) - wishes["even"]) * rate / YEAR
    once = (truth["borrower_type"].reindex(who) == "one_off").to_numpy() & (wishes["ordinal"] > 0).to_numpy()
    most = np.where(once, 0, (horizon - wishes["even"]) * rate / YEAR)
    return pd.DataFrame({"gap": gap, "most": most, "rate": rate, "who": who})[most > 0]


def test_gaps_between_wishes_are_unit_exponentials_in_everybody_s_own_time(lives: Lives) -> None:
    result = exposures(lives)
    seen = result[result["gap"].notna()]
    assert (seen["gap"] <= seen["most"] + 1e-4).all()
    uniform = np.expm1(-seen["gap"]) / np.expm1(-np.maximum(seen["most"], seen["gap"]))
    assert len(seen) > 100_000
    assert stats.kstest(uniform, "uniform").pvalue > TINY


def test_as_many_wishes_come_as_the_rates_of_each_borrower_promise(lives: Lives) -> None:
    result = exposures(lives)
    lived = result["gap"].fillna(result["most"])  # a wish for each unit of everybody's own time
    for low, high in ((0, 61), (0, 1), (1, 3), (3, 6), (6, 12), (12, 61)):
        of = result["rate"].between(low, high, inclusive="left")
        off = result["gap"].notna()[of].sum() - lived[of].sum()
        assert abs(off) < 5 * np.sqrt(lived[of].sum()), (low, high)


def test_loans_mapped_back_to_even_time_are_the_wishes_they_came_from(lives: Lives) -> None:
    start = np.datetime64(lives.persona.window.first, "s")
    even = lives.clock.worked((lives.loans["borrowed_at"].to_numpy() - start).astype(np.int64))
    off = lives.wishes["even"][lives.wishes["ordinal"] > 0].to_numpy() - even
    assert (off >= 0).all()
    assert off.max() < 100 * EVEN_SECOND


def test_rates_differ_between_people_as_a_gamma_mixture_does(lives: Lives) -> None:
    rates = lives.truth["borrowing_rate"][lives.truth["borrower_type"] == "revolver"]
    n = len(rates)
    edges = stats.gamma(1.5, scale=3).ppf(np.arange(1, 20) / 20).round(2) + 0.005
    expected = np.diff(stats.gamma(1.5, scale=3).cdf(edges), prepend=0, append=1) * n
    counted = np.diff(np.searchsorted(np.sort(rates), edges), prepend=0, append=n)
    assert stats.chisquare(counted, expected).pvalue > TINY
    assert rates.var() > 4 * rates.mean() / 2


def test_about_a_fifth_of_revolvers_drift_away_in_a_year(lives: Lives) -> None:
    revolvers = lives.truth[lives.truth["borrower_type"] == "revolver"]
    assert (revolvers["habit_years"] < 1).mean() == pytest.approx(0.20, abs=0.01)
    loans = lives.lent
    first = loans.groupby("user_id")["borrowed_at"].transform("min")
    years = (loans["borrowed_at"] - first).dt.total_seconds() / 86_400 / 365.25
    habit = lives.truth["habit_years"].reindex(loans["user_id"]).to_numpy()
    assert (years < habit)[loans["ordinal"] > 1].all()
    assert (habit[(loans["ordinal"] == 1).to_numpy()] < 0.1).sum() > 100


def test_nine_tenths_of_the_volume_of_the_last_two_years_come_from_those_who_borrowed_before(lives: Lives) -> None:
    late = lives.loans[lives.loans["borrowed_at"] >= lives.last + DAY - pd.DateOffset(years=2)]
    assert 0.86 <= late.loc[late["ordinal"] > 1, "amount_cny"].sum() / late["amount_cny"].sum() <= 0.94


def test_reasons_are_those_of_the_class_and_debt_for_debt_goes_with_platforms(lives: Lives) -> None:
    people = lives.users.set_index("user_id").reindex(lives.loans["user_id"])
    reason = lives.loans["reason"].set_axis(people.index)
    stated = {"owner": (0.72, 0.13, 0.06, 0.09), "consumer": (0.08, 0.62, 0.16, 0.14)}
    for kind, shares in stated.items():
        result = reason[people["borrower_class"] == kind].value_counts(normalize=True)
        for name, share in zip(("working_capital", "consumption", "emergency", "debt_for_debt"), shares, strict=True):
            assert result[name] == pytest.approx(share, abs=0.035), (kind, name)
    debts = [(reason[mask] == "debt_for_debt").mean() for mask in (people["platforms"] >= 3, people["platforms"] < 3)]
    odds = [share / (1 - share) for share in debts]
    assert odds[0] / odds[1] == pytest.approx(2.5, rel=0.12)

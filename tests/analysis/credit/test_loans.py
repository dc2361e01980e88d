"""Loans: six followed by hand; late, cured and bad of any group; ageing, tiers, earnings; and a second count."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from credit_tables import APPLICATIONS, HAND, INSTALMENTS, LAST, LOANS
from lives import Lives
from repaying import STATED, TIERS, falling_due, with_bad
from table_rules import read
from three_borrowers import INSTALMENTS as THEIR_PLAN
from three_borrowers import LOANS as THEIR_LOANS

import loanpersona as lp
from loanpersona.analysis.credit.ageing import month_on_book
from loanpersona.analysis.credit.earnings import equal_instalments
from loanpersona.analysis.outcomes import BUCKETS, STATES, day_numbers, months_later
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_part, clustered_share

# A consumer with three loans, an owner with two that go bad, a consumer with one on many platforms.
USERS = read(
    """\
user_id,borrower_class,platforms
1,consumer,1
2,owner,3
3,consumer,6
4,consumer,2
"""
)
ASKED = read(
    """\
application_id,user_id,decided_at,outcome,reject_reason
10,1,2022-12-01,approved,
20,2,2022-12-01,rejected,score_too_low
21,2,2023-01-01,approved,
30,3,2024-01-01,approved,
40,4,,incomplete,
41,4,2023-02-01,rejected,too_many_platforms
""",
    "decided_at",
)


@pytest.fixture(scope="module")
def hand() -> lp.Book:
    return lp.Book(**HAND)


@pytest.fixture(scope="module")
def three() -> lp.Book:
    return lp.Book(users=USERS, loans=THEIR_LOANS, instalments=THEIR_PLAN, applications=ASKED)


@pytest.fixture(scope="module")
def population(article: lp.Persona) -> lp.Population:
    return lp.generate(article, n=12_000, seed=7)


def given(**change: pd.DataFrame) -> lp.Book:
    return lp.Book(**{**HAND, **change})


# Outcomes


def test_what_became_of_each_loan_is_as_followed_by_hand(hand: lp.Book) -> None:
    result = lp.credit.loan_outcomes(hand, until=LAST).set_index("loan_id")
    # loan 21: its third instalment fell due when it was behind already, and so did the second of 31
    assert result[["due", "late", "late_long_ago", "cured"]].to_numpy().tolist() == [
        [3, 0, 0, 0],
        [2, 1, 1, 1],
        [2, 1, 1, 0],
        [1, 1, 1, 0],
        [0, 0, 0, 0],
        [1, 1, 0, 0],
    ]
    assert result["dpd"].tolist() == [0, 0, 456, 0, 0, 10]
    assert result["dpd_bucket"].tolist() == ["paid_off", "paid_off", "90+", "paid_off", "current", "1-29"]
    # the loan of 2023-05-31 is twelve months old on 2024-05-31, that of 2023-08-15 is not
    assert result["bad"].tolist() == [False, False, True, pd.NA, pd.NA, pd.NA]


def test_what_became_of_each_borrower_is_counted_from_the_first_loan(hand: lp.Book) -> None:
    result = lp.credit.borrower_outcomes(hand, until=LAST).set_index("user_id")
    assert result["first_loan_on"].astype(str).tolist() == ["2023-01-10", "2023-02-01", "2023-08-15", "2024-05-20"]
    assert result[["loans", "dpd", "due", "late", "late_long_ago", "cured"]].to_numpy().tolist() == [
        [2, 0, 5, 1, 1, 1],
        [1, 456, 2, 1, 1, 0],
        [2, 0, 1, 1, 1, 0],
        [1, 10, 1, 1, 0, 0],
    ]
    assert result["bad"].tolist() == [False, True, pd.NA, pd.NA]
    # the score is that of the first approval
    assert result["risk_score"].tolist() == [300, 650, 480, 450]
    # loan 31 was 35 days past due in its second month; a borrower's second loan counts too
    early = lp.credit.borrower_outcomes(hand, until=LAST, months=3, days=30).set_index("user_id")["bad"]
    assert early.tolist() == [False, True, True, pd.NA]
    bare = lp.credit.borrower_outcomes(loans=LOANS, instalments=INSTALMENTS)
    assert bare["risk_score"].isna().all()


@pytest.mark.parametrize(("until", "bad"), [("2024-01-31", pd.NA), ("2024-02-01", True), ("2023-06-29", pd.NA)])
def test_a_loan_is_bad_or_good_only_once_it_is_old_enough(hand: lp.Book, until: str, bad: object) -> None:
    result = lp.credit.loan_outcomes(hand, until=until).set_index("loan_id")["bad"]
    assert result[[21]].tolist() == [bad]


@pytest.mark.parametrize(("until", "dpd"), [("2023-04-01", 0), ("2023-04-02", 1), ("2023-06-30", 90)])
def test_an_instalment_is_late_from_the_day_after_it_was_due(hand: lp.Book, until: str, dpd: int) -> None:
    result = lp.credit.loan_outcomes(hand, until=until).set_index("loan_id").loc[21]
    assert result["dpd"] == dpd
    assert result["late"] == (dpd > 0)
    assert result["dpd_bucket"] == BUCKETS[(dpd > 0) + 3 * (dpd == 90)]


def test_ninety_days_past_due_is_bad_on_the_day_and_not_the_day_before(hand: lp.Book) -> None:
    result = [lp.credit.loan_outcomes(hand, until="2024-02-01", months=months)["bad"][2] for months in (4, 5)]
    assert result == [False, True]  # 2023-06-01 and 2023-07-01
    for paid, bad in (("2023-06-29", False), ("2023-06-30", True)):
        plan = INSTALMENTS.copy()
        plan.loc[[6, 7], "paid_on"] = pd.Timestamp(paid)
        assert lp.credit.loan_outcomes(given(instalments=plan), until="2024-02-01")["bad"][2] == bad


FRAMES = ["loan_outcomes", "borrower_outcomes", "delinquency", "vintages", "roll_rates", "tier_table", "unit_economics"]


@pytest.mark.parametrize("name", FRAMES)
def test_a_day_of_which_the_book_tells_nothing_is_refused(hand: lp.Book, name: str) -> None:
    assert len(getattr(lp.credit, name)(hand, until="2024-09-29"))  # 90 days after the last payment
    with pytest.raises(InputError) as caught:
        getattr(lp.credit, name)(hand, until="2024-09-30")
    assert str(caught.value) == (
        "until = 2024-09-30: 91 days after the last payment or loan, 2024-07-01. Allowed: at most 90 days after it."
    )


def hundred(day: str = "2023-12-01") -> dict[str, pd.DataFrame]:
    """Loans of three instalments, a tenth of which are never paid; the last one is of a day."""
    lent = pd.to_datetime(["2023-01-10"] * 50 + ["2023-12-01"] * 50 + [day])
    loans = pd.DataFrame({"loan_id": range(101), "user_id": range(101), "disbursed_at": lent})
    plan = loans.merge(pd.DataFrame({"number": [1, 2, 3]}), how="cross")
    plan["due_on"] = [one + pd.DateOffset(months=month) for one, month in plan[["disbursed_at", "number"]].to_numpy()]
    kept = (plan["loan_id"] % 10 != 0) & ((plan["loan_id"] < 50) | (plan["number"] == 1))
    plan["paid_on"] = plan["due_on"].where(kept)
    return {"loans": loans, "instalments": plan.drop(columns=["user_id", "disbursed_at"])}


WRONG_YEAR = r"years after all others|days after the last payment or loan .of all but 1 loans., 2024-01-01"


@pytest.mark.parametrize("day", ["2042-01-10", "2026-03-01", "2024-12-10"])
def test_one_wrong_year_is_refused_and_makes_no_other_loan_bad(day: str) -> None:
    assert lp.credit.loan_outcomes(**hundred(), until="2024-02-01")["bad"].mean() == 0.1
    with pytest.raises(InputError, match=WRONG_YEAR):
        lp.credit.loan_outcomes(**hundred(day))
    tables = hundred()
    tables["instalments"].loc[200, "paid_on"] = pd.Timestamp(day)
    with pytest.raises(InputError, match=WRONG_YEAR):
        lp.credit.delinquency(**tables)
    # a plan may run as long as it likes: what falls due has not happened
    tables = hundred()
    tables["instalments"].loc[302, "due_on"] = pd.Timestamp(day)
    assert lp.credit.loan_outcomes(**tables, until="2024-02-01")["bad"].mean() == 0.1


def test_loans_without_a_day_and_instalments_without_one_are_left_out() -> None:
    unpaid = given(loans=LOANS.assign(disbursed_at=LOANS["disbursed_at"].mask(LOANS["loan_id"] == 12)))
    assert lp.credit.loan_outcomes(unpaid, until=LAST)["loan_id"].tolist() == [11, 21, 31, 32, 41]
    dateless = given(instalments=INSTALMENTS.assign(due_on=INSTALMENTS["due_on"].mask(INSTALMENTS.index == 2)))
    assert lp.credit.loan_outcomes(dateless, until=LAST)["due"].tolist() == [2, 2, 2, 1, 0, 1]


@pytest.mark.parametrize(("months", "days"), [(0, 90), (1.5, 90), (True, 90), (12, 0), (12, -5), (12, "90")])
@pytest.mark.parametrize("name", ["loan_outcomes", "borrower_outcomes", "delinquency"])
def test_months_and_days_that_are_none_are_refused(hand: lp.Book, name: str, months: object, days: object) -> None:
    with pytest.raises(InputError, match=r"not a whole number from [01] on\. Allowed: [01] or more\."):
        getattr(lp.credit, name)(hand, months=months, days=days)


def test_months_on_book_are_calendar_months_of_the_day_of_the_money() -> None:
    days = pd.Series(pd.date_range("2023-01-01", "2024-12-31"))
    for months in (0, 1, 12, 13):
        later = day_numbers(days + pd.DateOffset(months=months))
        np.testing.assert_array_equal(months_later(day_numbers(days), months), later)
        assert (month_on_book(day_numbers(days), later) == months).all()
        assert (month_on_book(day_numbers(days), later + 1) == months + 1).all()


def test_days_past_due_at_the_end_of_the_window_are_those_of_the_table(population: lp.Population) -> None:
    result = lp.credit.loan_outcomes(population, until="2024-12-31").set_index("loan_id")["dpd"]
    unpaid = population.instalments[population.instalments["paid_on"].isna()]
    stated = unpaid.groupby("loan_id")["dpd"].max()[lambda days: days > 0]
    assert result[result > 0].to_dict() == stated.to_dict()


def test_the_outcomes_of_a_hundred_thousand_instalments_take_well_under_a_second(lives: Lives) -> None:
    book = lp.Book(loans=lives.loans, instalments=lives.instalments)
    begun = time.perf_counter()
    result = lp.credit.loan_outcomes(book)
    assert time.perf_counter() - begun < 8  # 1.4 million instalments: 0.2 s on a free core
    assert len(result) == len(lives.loans)


# Late, cured and bad, of any group


def counts(frame: pd.DataFrame, by: str) -> list[tuple[str, str, int, int]]:
    return [(row["measure"], str(row[by]), row["k"], row["n"]) for row in frame.to_dict("records")]


def test_late_and_bad_loans_of_groups_are_counted_as_by_hand(three: lp.Book) -> None:
    # 1 was late with 11-2 and 13-1, and 13-2 was late already; 2 with 21-2 and 22-2. 13 and 31 are too young to be bad.
    result = lp.credit.delinquency(three, by="borrower_class")
    assert counts(result, "borrower_class") == [
        ("late_first_day", "everybody", 4, 9),
        ("late_first_day", "consumer", 2, 5),
        ("late_first_day", "owner", 2, 4),
        ("cure_rate", "everybody", 1, 4),
        ("cure_rate", "consumer", 1, 2),
        ("cure_rate", "owner", 0, 2),
        ("bad_rate", "everybody", 2, 4),
        ("bad_rate", "consumer", 0, 2),
        ("bad_rate", "owner", 2, 2),
    ]
    by_platforms = counts(lp.credit.delinquency(three, by="platforms", bands=(1, 2, 3)), "platforms")
    assert by_platforms[:3] == [
        ("late_first_day", "everybody", 4, 9),
        ("late_first_day", "1", 2, 5),
        ("late_first_day", "3..", 2, 4),
    ]


def test_who_borrows_for_debt_is_told_by_the_first_loan_or_by_any(three: lp.Book) -> None:
    first, ever = (lp.credit.delinquency(three, by=by, against="no") for by in ("debt_first", "debt_ever"))
    assert counts(first, "debt_first")[:2] == [("late_first_day", "everybody", 4, 9), ("late_first_day", "no", 4, 9)]
    assert counts(ever, "debt_ever")[1:3] == [("late_first_day", "yes", 2, 5), ("late_first_day", "no", 2, 4)]
    ratio = ever.set_index(["measure", "debt_ever"])["risk_ratio"]
    assert ratio["late_first_day", "yes"] == pytest.approx((2 / 5) / (2 / 4))
    assert ratio.notna().sum() == 1  # nobody else has any bad or cured of both


def test_a_group_is_compared_with_a_level_or_with_the_rest(population: lp.Population) -> None:
    result = lp.credit.delinquency(population, by="platforms", bands=(1, 2, 3), against="1")
    late = result[result["measure"] == "late_first_day"].set_index("platforms")
    assert late["difference"].isna().tolist() == [True, True, False, False]
    assert late.loc["2", "difference"] == pytest.approx(late.loc["2", "share"] - late.loc["1", "share"])
    rest = lp.credit.delinquency(population, by="borrower_class", against="rest").set_index(
        ["measure", "borrower_class"]
    )
    other = lp.credit.delinquency(population, by="borrower_class", against="consumer")
    other = other.set_index(["measure", "borrower_class"])
    assert rest.loc[("bad_rate", "owner"), "risk_ratio"] == pytest.approx(
        other.loc[("bad_rate", "owner"), "risk_ratio"]
    )
    pair = lp.credit.delinquency(population, by=("sex", "borrower_class"), against="consumer")
    men = pair[(pair["sex"] == "male") & (pair["measure"] == "late_first_day")].set_index("borrower_class")
    assert men.loc["owner", "risk_ratio"] == pytest.approx(men.loc["owner", "share"] / men.loc["consumer", "share"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "borrower_class", "against": "owners"}, r"^against = 'owners': no such group\. .*owner"),
        ({"against": "owner"}, r"^against = 'owner': no such group\. Hint: by=… names the groups\."),
        ({"by": "colour"}, r"^colour: no column that groups loans\."),
        ({"until": "2023-12-31"}, r"^loans: none is 12 months old at 2023-12-31"),
        ({"until": "2023-01-31"}, r"^instalments: none fell due before 2023-01-31"),
        ({"until": "2024-13-01"}, r"2024-13-01.*: not a time"),
    ],
)
def test_groups_and_days_of_which_nothing_is_known_are_refused(
    three: lp.Book, asked: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        lp.credit.delinquency(three, **asked)


def test_rows_of_one_borrower_go_together_in_every_interval() -> None:
    spread = clustered_part([1, 0, 1], [2, 1, 3], [7, 8, 9])
    one = clustered_share([True, False, False, True, False, False], [7, 7, 8, 9, 9, 9])
    assert spread == pytest.approx(one)


# Decisions


def test_approvals_and_refusals_are_counted_as_by_hand(three: lp.Book) -> None:
    result = lp.credit.approval(three, by="platforms", against="3")
    assert result[["platforms", "k", "n"]].astype(str).to_numpy().tolist() == [
        ["everybody", "3", "5"],
        ["1", "1", "1"],
        ["2", "0", "1"],
        ["3", "1", "2"],
        ["6", "1", "1"],
    ]
    assert result.loc[1, "risk_ratio"] == pytest.approx(2)
    assert lp.credit.approval(three, until="2022-12-31")[["k", "n"]].to_numpy().tolist() == [[1, 2]]
    reasons = lp.credit.reject_reasons(three).query("k > 0")
    assert reasons[["reject_reason", "k", "n"]].to_numpy().tolist() == [
        ["score_too_low", 1, 2],
        ["too_many_platforms", 1, 2],
    ]


def test_applications_of_which_nothing_is_known_are_refused() -> None:
    begun = ASKED.assign(outcome="incomplete", reject_reason=None)
    with pytest.raises(InputError, match=r"^applications: none was handed in"):
        lp.credit.approval(applications=begun)
    with pytest.raises(InputError, match=r"^applications: none was rejected by 2024-01-01"):
        lp.credit.reject_reasons(applications=ASKED.assign(outcome="approved", decided_at=pd.Timestamp("2024-01-01")))


# Tiers and what they earn


def by_tier(frame: pd.DataFrame, column: str = "value") -> pd.DataFrame:
    return frame.pivot(index="quality_tier", columns="measure", values=column)


def test_the_tier_table_is_as_worked_by_hand(hand: lp.Book) -> None:
    result = lp.credit.tier_table(hand, until=LAST)
    income = [42 - 0.09 * 125_900 / 365, 30 - 0.0745 * 326_000 / 365 - 2000 * 0.88, 18 - 0.09 * 79_200 / 365]
    expected = {
        # applicants, approval, limit, apr, D1, cure, 90+, income of the average balance, income, volume
        "everybody": [5, 0.8, 6250, 0.195, 4 / 9, 1 / 3, 1 / 3, sum(income) / (531_100 / 365), sum(income), 1],
        "prime": [1, 1, 10_000, 0.12, 1 / 5, 1, 0, income[0] / (125_900 / 365), income[0], 2300 / 8200],
        "medium": [2, 1, 5500, 0.21, 1, 0, np.nan, income[2] / (79_200 / 365), income[2], 2900 / 8200],
        "inferior": [2, 0.5, 4000, 0.24, 1 / 2, 0, 1, income[1] / (326_000 / 365), income[1], 3000 / 8200],
    }
    measures = result["measure"].unique().tolist()
    assert result["quality_tier"].unique().tolist() == list(expected)
    for tier, row in expected.items():
        assert by_tier(result).loc[tier, measures].tolist() == pytest.approx(row, nan_ok=True), tier
    assert by_tier(result, "n").loc["everybody", measures].tolist() == [5, 5, 4, 4, 9, 3, 3, 4, 4, 6]
    # of medium tier no loan is old enough to be bad
    unknown = result[result["n"] == 0]
    assert unknown[["quality_tier", "measure", "why"]].to_numpy().tolist() == [
        ["medium", "bad_12_months", "none_counted"]
    ]
    assert unknown[["value", "low", "high"]].isna().all(axis=None)


def test_the_income_of_a_lost_loan_is_as_worked_by_hand(hand: lp.Book) -> None:
    # 1,000 CNY for 28 days and 2,000 CNY for 149, until charged off on 2023-06-30: 893.15 CNY for a year
    result = lp.credit.unit_economics(hand, until=LAST).set_index(["quality_tier", "component"])
    lost = result.loc["inferior"]
    years = (1000 * 28 + 2000 * 149) / 365
    assert lost["cny"].tolist() == pytest.approx(
        [30, -0.0445 * years, -0.03 * years, -2000, 240, 30 - 0.0745 * years - 1760]
    )
    assert lost["share_of_balance"].tolist() == pytest.approx((lost["cny"] / years).tolist())
    assert lost[["n", "k"]].drop_duplicates().to_numpy().tolist() == [[1, 1]]
    assert lost["why"].fillna("").tolist() == ["", "", "", *["few_losses"] * 3]
    # two loans of one borrower tell no variance; 344.93 CNY for a year
    assert result.loc[("prime", "funding_cost"), "cny"] == pytest.approx(-0.06 * (500 * 175 + 400 * 96) / 365)
    assert result.loc[("prime", "interest_received"), ["n", "k", "clusters"]].tolist() == [2, 0, 1]


def test_a_payment_after_the_loss_is_part_of_the_assumed_recovery(hand: lp.Book) -> None:
    late = INSTALMENTS.assign(
        paid_on=INSTALMENTS["paid_on"].mask(INSTALMENTS.index.isin([6, 7]), pd.Timestamp("2023-07-01"))
    )
    one, other = (lp.credit.unit_economics(book, until=LAST) for book in (hand, given(instalments=late)))
    tier = one["quality_tier"] == "inferior"
    pd.testing.assert_frame_equal(one[tier], other[tier])


@pytest.mark.parametrize(("until", "loans"), [("2023-07-08", 0), ("2023-07-09", 1), ("2023-07-30", 2)])
def test_only_loans_count_whose_last_instalment_fell_due_ninety_days_ago(hand: lp.Book, until: str, loans: int) -> None:
    # loan 11 fell due on 2023-04-10, 21 on 2023-05-01
    if loans:
        assert lp.credit.unit_economics(hand, until=until)["n"].iloc[0] == loans
        return
    with pytest.raises(InputError, match=r"^loans: none that has run its term by 2023-07-08"):
        lp.credit.unit_economics(hand, until=until)


def test_the_parts_of_income_add_up_and_the_table_of_tiers_says_the_same(population: lp.Population) -> None:
    parts, table = lp.credit.unit_economics(population), lp.credit.tier_table(population)
    wide = parts.pivot(index="quality_tier", columns="component", values="cny")
    np.testing.assert_allclose(wide.drop(columns="income_after_losses").sum(axis=1), wide["income_after_losses"])
    np.testing.assert_allclose(wide.drop("everybody").sum(), wide.loc["everybody"])
    by = by_tier(table)
    np.testing.assert_allclose(by["income_cny"], wide.loc[by.index, "income_after_losses"])
    rate = parts[parts["component"] == "income_after_losses"].set_index("quality_tier")
    for end, column in (("value", "share_of_balance"), ("low", "low"), ("high", "high")):
        np.testing.assert_allclose(by_tier(table, end)["income_rate"], rate.loc[by.index, column])


def test_other_tiers_of_the_applications_make_another_table(population: lp.Population) -> None:
    turned = dict(zip(TIERS, TIERS[::-1], strict=True))
    tiers = population.applications["quality_tier"].astype(object).map(turned)
    applications = population.applications.assign(quality_tier=tiers)
    one = by_tier(lp.credit.tier_table(population))
    other = by_tier(lp.credit.tier_table(lp.Book(**{**population.tables, "applications": applications})))
    np.testing.assert_allclose(other.loc[TIERS], one.loc[TIERS[::-1]])
    np.testing.assert_allclose(other.loc["everybody"], one.loc["everybody"])


def test_income_goes_by_any_group_and_by_none(population: lp.Population) -> None:
    whole = lp.credit.unit_economics(population, by=None)
    classes = lp.credit.unit_economics(population, by="borrower_class")
    assert whole["cny"].tolist() == classes["cny"].tolist()[:6]
    price = lp.credit.pricing(population).set_index("scenario")["net_margin"]
    kept = classes[classes["component"] == "income_after_losses"].set_index("borrower_class")["share_of_balance"]
    assert price[["consumers_as_they_are", "owners_as_they_are"]].tolist() == pytest.approx(
        kept[["consumer", "owner"]].tolist()
    )


def test_a_book_without_tiers_or_without_approvals_is_refused() -> None:
    with pytest.raises(InputError, match=r"^loans: no borrower has a quality tier"):
        lp.credit.tier_table(given(applications=APPLICATIONS.assign(quality_tier=None)))
    refused = lp.credit.tier_table(given(applications=APPLICATIONS.assign(outcome="rejected")), until=LAST)
    rate = by_tier(refused).loc["everybody", ["approval_rate", "mean_apr"]].tolist()
    assert rate == pytest.approx([0, np.nan], nan_ok=True)


# Prices


def test_what_the_lender_keeps_is_as_worked_by_hand(three: lp.Book) -> None:
    result = lp.credit.pricing(three).set_index("scenario")
    # loans 11 and 12: 500 CNY for 31 and 64 days, 300 for 28 and 57; 48 CNY of interest came in
    consumer = result.loc["consumers_as_they_are"]
    assert (consumer["n"], consumer["clusters"]) == (2, 1)
    assert consumer["apr"] == pytest.approx((47_500 * 0.24 + 25_500 * 0.18) / 73_000)
    assert consumer["net_margin"] == pytest.approx(48 / (73_000 / 365) - 0.06 - 0.03)
    # loan 21: 1,000 CNY for 31 days and for 149 until it is lost, 30 CNY of interest; loan 22: 500 CNY for 31 days and
    # for 151 until it is lost on the day before it is paid, 15 CNY of interest; 12 % of the 1,500 lost is recovered
    assert result["n"].tolist()[1:] == [2, 2, 2]
    balance = (1000 * (31 + 149) + 500 * (31 + 151)) / 365
    assert result["losses_net"].tolist() == pytest.approx([0, *[1320 / balance] * 3])
    assert result["apr"].tolist()[1:] == pytest.approx([0.20, 0.20 - 0.0155, 0.1045])
    margins = [(45 * factor - 1320) / balance - 0.0445 - 0.03 for factor in (1, 0.1845 / 0.20, 0.1045 / 0.20)]
    assert result["net_margin"].tolist()[1:] == pytest.approx(margins)
    assert result["interest_12"].tolist() == pytest.approx([equal_instalments(apr) for apr in result["apr"]])
    with pytest.raises(InputError, match=r"^loans: none of class owner has run its term by 2023-06-20"):
        lp.credit.pricing(three, until="2023-06-20")


def test_the_interest_of_equal_instalments_is_that_of_paying_down_month_by_month() -> None:
    owed, paid = 1000.0, (1000 + equal_instalments(0.18)) / 12
    for _ in range(12):
        owed = owed * (1 + 0.18 / 12) - paid
    assert owed == pytest.approx(0, abs=1e-9)
    assert equal_instalments(0.0) == 0


def test_costs_are_those_that_the_book_assumes(three: lp.Book) -> None:
    for assumed in (lp.assumptions(), lp.assumptions(funding_cost_consumer=0.1, operating_cost=0)):
        result = lp.credit.pricing(three.with_assumptions(assumed))
        funds = [assumed.funding_cost_consumer.value, *[assumed.funding_cost_owner.value] * 3]
        assert result["funding_cost"].tolist() == pytest.approx(funds)
        assert result["operating_cost"].tolist() == pytest.approx([assumed.operating_cost.value] * 4)


# Ageing


def test_vintage_curves_are_as_followed_by_hand(hand: lp.Book) -> None:
    result = lp.credit.vintages(hand, until=LAST)
    cell = result.set_index(["ever_past_due", "counted", "vintage", "month_on_book"])["share"]
    # 2023Q1 has loans 11 and 21: 30 days past due on 2023-05-01, three months old; 90 on 06-30, before its fifth month
    assert cell["30+", "of_loans", "2023Q1"].loc[:5].tolist() == [0, 0, 0, 0.5, 0.5, 0.5]
    assert cell["90+", "of_loans", "2023Q1"].loc[:6].tolist() == [0, 0, 0, 0, 0, 0.5, 0.5]
    assert cell["90+", "of_volume", "2023Q1"].loc[[4, 5]].tolist() == pytest.approx([0, 3000 / 4500])
    # loan 31 was 30 days past due on the day it was two months old, and never 90
    assert cell["30+", "of_loans", "2023Q3"].loc[:3].tolist() == [0, 0, 1, 1]
    assert cell["90+", "of_loans", "2023Q3"].loc[10] == 0


def test_a_cell_that_was_not_wholly_watched_is_missing_and_not_zero(hand: lp.Book) -> None:
    result = lp.credit.vintages(hand, until=LAST)
    seen = result[result["share"].notna()].groupby(["ever_past_due", "counted", "vintage"])["month_on_book"].max()
    # the youngest loans: 2023-02-01, 2023-05-31 (thirteen months old on 2024-06-30), 2023-08-15, 2024-06-01
    assert seen["90+", "of_loans"].to_dict() == {"2023Q1": 16, "2023Q2": 13, "2023Q3": 10, "2024Q2": 0}
    unseen = result[result["share"].isna()]
    assert unseen[["k", "low", "high", "effective_n"]].isna().all(axis=None)
    assert (unseen["n"] > 0).all()
    assert set(unseen["why"]) == {"too_young"}
    assert result.groupby(["ever_past_due", "counted", "vintage"]).size().eq(25).all()


def test_vintages_are_of_months_quarters_or_years_and_of_any_group(population: lp.Population) -> None:
    by_year = lp.credit.vintages(population, by="borrower_class", every="year", months=12)
    assert by_year["vintage"].unique().tolist() == ["2021", "2022", "2023", "2024"]
    every = by_year[by_year["borrower_class"] == "everybody"].drop(columns="borrower_class").reset_index(drop=True)
    alone = lp.credit.vintages(population, every="year", months=12)
    pd.testing.assert_frame_equal(every, alone)
    assert lp.credit.vintages(population, every="month", months=1)["vintage"].iloc[0] == "2021-01"
    with pytest.raises(InputError, match=r"^every = 'week': not known"):
        lp.credit.vintages(population, every="week")


def test_a_vintage_at_month_twelve_has_the_bad_loans_of_the_outcomes(population: lp.Population) -> None:
    loans = lp.credit.loan_outcomes(population).merge(population.loans[["loan_id", "disbursed_at"]], on="loan_id")
    loans["vintage"] = loans["disbursed_at"].dt.to_period("Q").astype(str)
    result = lp.credit.vintages(population).query("ever_past_due == '90+' and counted == 'of_loans'")
    result = result[result["month_on_book"] == 12].dropna(subset=["share"]).set_index("vintage")
    assert len(result) == 12
    for vintage, row in result.iterrows():
        part = loans[loans["vintage"] == vintage]
        expected = clustered_share(part["bad"].astype(bool), part["user_id"])
        assert row[list(expected)].astype(float).to_dict() == pytest.approx(expected), vintage


def test_roll_rates_are_as_followed_by_hand(hand: lp.Book) -> None:
    result = lp.credit.roll_rates(hand, until=LAST)
    counted = result.pivot(index="dpd_bucket", columns="next_bucket", values="k").loc[list(BUCKETS), list(STATES)]
    # Loan 11 is current at three month ends and then paid off, 12 at two; 21 is current twice, then 29, 60 and 90 days
    # past due, and for twelve month ends more; 31 is current, 15 days past due, paid off; 41 is current, then 10 days
    # past due; 32 has seen one month end.
    assert counted.to_numpy().tolist() == [
        [4, 3, 0, 0, 0, 2],
        [0, 0, 0, 1, 0, 1],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 12, 0],
    ]
    assert result.groupby("dpd_bucket", sort=False)["n"].first().tolist() == [9, 2, 0, 1, 12]
    nobody = result[result["dpd_bucket"] == "30-59"]
    assert nobody[["share", "low", "high"]].isna().all(axis=None)
    assert set(nobody["why"]) == {"none_counted"}
    rows = result[result["n"] > 0].groupby("dpd_bucket")["share"].sum()
    assert rows.tolist() == pytest.approx([1] * 4)


def test_month_ends_after_the_last_day_are_not_read(hand: lp.Book) -> None:
    one, other = (lp.credit.roll_rates(hand, until=until) for until in ("2024-05-31", "2024-06-29"))
    pd.testing.assert_frame_equal(one, other)
    assert lp.credit.roll_rates(hand, until=LAST)["k"].sum() == one["k"].sum() + 2
    with pytest.raises(InputError, match=r"^loans: fewer than two month ends"):
        lp.credit.roll_rates(hand, until="2023-02-27")


def test_loans_without_any_instalment_are_named_and_so_is_a_day_before_the_first() -> None:
    with pytest.raises(InputError, match=r"^instalments: loan 32 has none\. Wanted: all instalments of every loan\.$"):
        lp.credit.loan_outcomes(given(instalments=INSTALMENTS.head(10)), until=LAST)
    with pytest.raises(InputError, match=r"^loans: none was disbursed by 2022-06-30"):
        lp.credit.loan_outcomes(given(), until="2022-06-30")


# Generated lives


def test_lateness_cure_and_default_are_those_that_a_second_count_finds(lives: Lives) -> None:
    result = lp.credit.loan_outcomes(lives.population, until=str(lives.last)).set_index("loan_id")
    due, bad = falling_due(lives), with_bad(lives)["bad"]
    late = due[(due["days"] > 0) & (due["due_on"] + np.timedelta64(30, "D") <= lives.last)]
    counted = [len(due), (due["days"] > 0).sum(), len(late), (late["days"] <= 30).sum()]
    assert result[["due", "late", "late_long_ago", "cured"]].sum().tolist() == counted
    pd.testing.assert_series_equal(
        result["bad"].dropna().astype(bool).sort_index(), bad.sort_index(), check_names=False
    )


def test_the_tier_table_of_the_evidence_comes_out_within_a_tenth(lives: Lives) -> None:
    result = lp.credit.tier_table(lives.population)
    stated = STATED.rename(
        columns={"late": "late_first_day", "cured": "cure_rate", "bad": "bad_12_months", "apr": "mean_apr"}
    ).drop(columns="factor")
    value, low, high = (by_tier(result, column).loc[TIERS, list(stated)] for column in ("value", "low", "high"))
    # within a tenth, or as near to it as the interval allows: the rarest share rests on few borrowers
    assert ((low <= 1.1 * stated) & (high >= 0.9 * stated)).all(axis=None)
    close = ["mean_apr", "late_first_day", "cure_rate"]
    np.testing.assert_allclose(value[close], stated[close], rtol=0.1)
    assert value["bad_12_months"].is_monotonic_increasing
    assert by_tier(result).loc[TIERS, "approval_rate"].is_monotonic_decreasing
    total = by_tier(result).loc["everybody"]
    assert total["mean_apr"] == pytest.approx(0.21, abs=0.005)
    assert total["late_first_day"] == pytest.approx(0.055, abs=0.005)
    assert total["bad_12_months"] == pytest.approx(0.036, abs=0.007)


def test_who_stopped_paying_early_had_no_time_for_a_loan_for_debt(lives: Lives) -> None:
    ratio = {
        by: lp.credit.delinquency(lives.population, by=by, against="no").set_index(["measure", by])["risk_ratio"]
        for by in ("debt_ever", "debt_first")
    }
    assert ratio["debt_ever"]["bad_rate", "yes"] < 0.8 * ratio["debt_first"]["bad_rate", "yes"]


def test_what_the_article_says_of_risk_and_refusals_comes_out(lives: Lives) -> None:
    owners = lp.credit.delinquency(lives.population, by="borrower_class", against="consumer")
    owners = owners.set_index(["measure", "borrower_class"]).loc[("late_first_day", "owner")]
    assert owners["risk_ratio_low"] > 1
    granted = lp.credit.approval(lives.population, by="platforms", bands=(1, 2, 3)).set_index("platforms")
    assert granted["high"]["3.."] < granted["low"]["2"]

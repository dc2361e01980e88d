"""What a loan costs: interest, inquiries, data and debt service of three borrowers, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from habits_tables import INSTALMENTS, LOANS, hand

import loanpersona as lp
from loanpersona.core.errors import InputError


def test_interest_is_per_thousand_lent_as_worked_by_hand() -> None:
    result = lp.habits.cost_of_credit(hand()).set_index("term_months")
    assert result["n"].tolist() == [6, 3, 3]
    assert result["per_1000"].tolist() == pytest.approx([24, 40 / 2.5, 200 / 7.5])
    assert result["mean_apr"].tolist() == pytest.approx([1.24 / 6, 0.62 / 3, 0.62 / 3])
    # one month: 35 of 2,000 and 5 of 500; residuals 3 and −3 around 16 per 1,000
    assert result.loc["1", "high"] - 16 == pytest.approx(1.9599640 * (2 * 18) ** 0.5 / 2.5)
    tiers = lp.habits.cost_of_credit(hand(), by="quality_tier").set_index("quality_tier")
    assert tiers.index.tolist() == ["everybody", "prime", "inferior"]
    assert tiers["per_1000"].tolist() == pytest.approx([24, 190 / 7.5, 50 / 2.5])


def test_loans_without_a_plan_are_left_out_and_n_says_so() -> None:
    some = hand(instalments=INSTALMENTS.head(7))
    assert lp.habits.cost_of_credit(some, by=None)["n"].tolist() == [5]
    with pytest.raises(InputError, match=r"^instalments: none of a loan taken by 2022-12-31"):
        lp.habits.cost_of_credit(hand(), until="2022-12-31")


def test_a_twelve_month_loan_costs_what_its_annuity_says() -> None:
    # 1,000 CNY over 12 months at 24 %: twelve payments of 94.56, so 134.72 of interest
    rate = 0.02
    payment = 1000 * rate / (1 - (1 + rate) ** -12)
    plan = pd.DataFrame({"loan_id": 11, "number": range(1, 13), "interest_cny": [payment - 1000 / 12] * 12})
    result = lp.habits.cost_of_credit(loans=LOANS.head(1).assign(term_months=12), instalments=plan)
    assert result["per_1000"].iloc[0] == pytest.approx(134.72, abs=0.01)


def test_what_applicants_leave_behind_is_counted_by_hand() -> None:
    result = lp.habits.footprint(hand())
    # 7 has no inquiry, 4 has one, 3 has 1 + 1, 5 and 6 have two, 2 has 1 + 2, 1 has 1 + 3
    assert result.loc[result["measure"] == "inquiries", ["item", "k"]].head(4).to_numpy().tolist() == [
        ["0", 1],
        ["1", 1],
        ["2", 3],
        ["3..5", 2],
    ]
    assert result.loc[result["measure"] == "data_given", ["item", "k"]].to_numpy().tolist() == [
        ["identity", 7],
        ["profile", 7],
        ["bank_card", 6],
        ["face_check", 6],
    ]
    assert result["n"].unique().tolist() == [7]


def test_debt_service_is_counted_by_hand() -> None:
    # 1 owes 2,570, 1,530 and 1,015 of 5,000; 2 owes 1,535 and 1,015 of 2,000, and 16 % elsewhere; 3 has no income
    result = lp.habits.debt_service(hand())
    assert set(result["n"]) == {5}
    held = {(row["counted"], row["service_band"]): row["k"] for row in result.to_dict("records") if row["k"]}
    assert held == {
        ("this_platform", "20..29"): 1,
        ("this_platform", "30..39"): 1,
        ("this_platform", "50..54"): 2,
        ("this_platform", "55.."): 1,
        ("all_platforms", "20..29"): 1,
        ("all_platforms", "30..39"): 1,
        ("all_platforms", "50..54"): 1,
        ("all_platforms", "55.."): 2,
    }
    line = lp.habits.debt_service(hand(), bands=(50,))
    assert line["k"].tolist() == [2, 3, 2, 3]


def test_a_band_begins_at_its_number_and_a_hair_of_rounding_does_not_matter() -> None:
    # 0.1 + 0.2 of an income of one is three tenths, though not in floating point
    loan = LOANS.head(1)
    plan = pd.DataFrame({"loan_id": [11], "number": 1, "due_on": pd.to_datetime(["2023-02-02"])})
    people = pd.DataFrame({"user_id": [1], "income_cny_month": [1000], "platforms": [1]})
    due = plan.assign(principal_cny=290.0, interest_cny=1000 * (0.1 + 0.2) - 290)
    result = lp.habits.debt_service(loans=loan, instalments=due, users=people, bands=(30,), until="2023-12-31")
    assert result["k"].tolist() == [0, 1, 0, 1]


def test_debt_service_ends_with_the_window_and_needs_income() -> None:
    assert lp.habits.debt_service(hand(), until="2023-02-28")["n"].tolist()[0] == 2
    with pytest.raises(InputError, match=r"^instalments: none of a borrower with income is due by 2023-01"):
        lp.habits.debt_service(hand(), until="2023-01-31")
    unknown = hand(users=hand().users.assign(platforms=[1, None, 1, 1, 1, 1, 1]))
    result = lp.habits.debt_service(unknown).groupby("counted", sort=False)["n"].first()
    assert result.tolist() == [5, 3]

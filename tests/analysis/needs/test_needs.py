"""The needs: six loans, eight applications and eleven signals counted by hand, and sums beside."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from table_rules import read
from three_borrowers import INSTALMENTS, LOANS

import loanpersona as lp
from loanpersona.analysis.groups import values_of
from loanpersona.analysis.needs.columns import owed_before
from loanpersona.analysis.needs.signs import pairs
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.simulation.signals import SIGNS

# 4 was rejected, 5 never handed in.
USERS = read(
    """\
user_id,borrower_class,platforms,income_cny_month
1,consumer,1,5000
2,owner,3,10000
3,consumer,6,2500
4,consumer,2,4000
5,consumer,1,4000
"""
)
APPLICATIONS = read(
    """\
application_id,user_id,started_at,decided_at,outcome,limit_cny
10,1,2022-12-01,2022-12-01,approved,1000
20,2,2022-12-01,2022-12-02,rejected,
21,2,2023-01-01,2023-01-02,approved,2000
22,2,2023-04-01,2023-04-02,approved,4000
30,3,2024-01-01,2024-01-01,approved,2000
40,4,2023-01-01,,incomplete,
41,4,2023-02-01,2023-02-01,rejected,
50,5,2023-01-01,,incomplete,
""",
    "started_at",
    "decided_at",
)
SIGNALS = read(
    """\
signal_id,user_id,stage,need,at
1,2,before,get_loan,2023-01-01
2,4,before,data_safety,2023-02-01
3,4,before,data_safety,2023-02-02
4,5,before,convenience,2023-01-02
5,1,during,larger_amount,2023-03-01
6,1,during,larger_amount,2023-03-02
7,2,during,larger_amount,2023-03-03
8,1,during,cheaper,2023-04-01
9,2,during,cheaper,2023-04-02
10,1,after,extension,2023-05-01
11,2,after,lower_rate,2024-05-01
""",
    "at",
)
TABLES = {"users": USERS, "loans": LOANS, "instalments": INSTALMENTS, "applications": APPLICATIONS, "signals": SIGNALS}
HAND = lp.Book(**TABLES)


def other(**tables: pd.DataFrame) -> lp.Book:
    return lp.Book(**{**TABLES, **tables})


@pytest.fixture(scope="module")
def lives() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=20_000, seed=7)


def counted(result: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The rows with somebody counted: their keys, k and n."""
    keys = result.attrs["keys"]
    return [(*(row[key] for key in keys), row["k"], row["n"]) for row in result.to_dict("records") if row["k"]]


# What loans are for


def test_loans_are_counted_by_reason_as_by_hand() -> None:
    assert counted(lp.needs.reasons(HAND)) == [
        ("working_capital", 2, 6),
        ("consumption", 1, 6),
        ("emergency", 1, 6),
        ("debt_for_debt", 2, 6),
    ]


def test_reasons_add_up_to_one_within_each_group_and_everybody_comes_first() -> None:
    result = lp.needs.reasons(HAND, by="borrower_class")
    assert counted(result)[4:] == [
        ("consumer", "consumption", 1, 4),
        ("consumer", "emergency", 1, 4),
        ("consumer", "debt_for_debt", 2, 4),
        ("owner", "working_capital", 2, 2),
    ]
    pd.testing.assert_frame_equal(
        result[result["borrower_class"] == "everybody"].drop(columns="borrower_class"),
        lp.needs.reasons(HAND),
        check_names=False,
    )
    assert result.groupby("borrower_class", observed=True)["share"].sum().tolist() == pytest.approx([1, 1, 1])


def test_reasons_go_by_numbers_in_bands_by_the_number_of_the_loan_and_by_what_is_owed() -> None:
    incomes = lp.needs.reasons(HAND, by="income_cny_month", bands=(3000, 5000))
    assert counted(incomes)[4:6] == [("..2999", "debt_for_debt", 1, 1), ("5000..", "working_capital", 2, 5)]
    debt = [row for row in counted(lp.needs.reasons(HAND, by="loan_number")) if row[1] == "debt_for_debt"]
    assert debt == [("everybody", "debt_for_debt", 2, 6), ("1", "debt_for_debt", 1, 3), ("2", "debt_for_debt", 1, 2)]
    owing = [row for row in counted(lp.needs.reasons(HAND, by="still_owing")) if row[0] == "yes"]
    assert owing == [("yes", "working_capital", 1, 2), ("yes", "debt_for_debt", 1, 2)]


def test_reasons_look_at_loans_up_to_a_day_and_leave_out_those_without_a_reason() -> None:
    assert lp.needs.reasons(HAND, until="2023-02-12")["n"].tolist() == [3] * 4
    blank = other(loans=LOANS.assign(reason=LOANS["reason"].mask(LOANS["loan_id"] == 11)))
    assert lp.needs.reasons(blank)["n"].tolist() == [5] * 4
    with pytest.raises(InputError, match=r"^loans: none was asked for by 2022-12-31\. "):
        lp.needs.reasons(HAND, until="2022-12-31")


def test_a_share_of_loans_lies_in_its_interval_that_takes_a_borrowers_loans_together() -> None:
    result = lp.needs.reasons(HAND, by="borrower_class")
    assert (result["k"] / result["n"]).tolist() == pytest.approx(result["share"].tolist())
    assert result["clusters"].tolist() == [3] * 4 + [2] * 4 + [1] * 4
    assert ((result["low"] >= 0) & (result["low"] <= result["share"]) & (result["share"] <= result["high"])).all()


def test_reasons_of_a_group_are_set_against_those_of_another() -> None:
    result = lp.needs.reasons(HAND, by="borrower_class", against="consumer").set_index(["borrower_class", "reason"])
    assert result["difference"].dropna().to_dict() == {
        ("owner", "working_capital"): 1,
        ("owner", "consumption"): -0.25,
        ("owner", "emergency"): -0.25,
        ("owner", "debt_for_debt"): -0.5,
    }
    # consumers: two borrowers with 1 of 3 and 1 of 1 for debt; owners: one with none of 2. Four differences hold.
    pulls = np.array([(1 - 3 / 2) / 4, (1 - 1 / 2) / 4, 0])
    half = 2.4977055 * np.sqrt(3 / 2 * np.square(pulls).sum())
    debt = result.loc[("owner", "debt_for_debt")]
    assert (debt["difference_low"], debt["difference_high"]) == pytest.approx((-0.5 - half, -0.5 + half))
    with pytest.raises(InputError, match=r"^against = 'nobody': no such group"):
        lp.needs.reasons(HAND, by="borrower_class", against="nobody")


# How large loans are


def test_amounts_are_means_and_quarters_by_class_and_reason() -> None:
    result = lp.needs.amounts(HAND).set_index(["borrower_class", "reason"])
    columns = ["n", "clusters", "p25", "p50", "p75", "mean"]
    assert result.loc[("consumer", "debt_for_debt"), columns].tolist() == [2, 2, 600, 700, 800, 700]
    assert result.loc[("owner", "working_capital"), columns].tolist() == [2, 1, 2250, 2500, 2750, 2500]
    # two borrowers who ask for 900 and 500: residuals 200, error √(2 · 2 · 200²) / 2
    half = 1.9599640 * np.sqrt(2 * 2 * 200**2) / 2
    debt = result.loc[("consumer", "debt_for_debt")]
    assert (debt["low"], debt["high"]) == pytest.approx((700 - half, 700 + half))
    assert np.isnan(result.loc[("owner", "working_capital"), "low"])


def test_the_part_of_the_limit_is_that_of_the_limit_at_the_time_of_the_loan() -> None:
    result = values_of(HAND, "share_of_limit", "loan", HAND.last_day)
    assert result.to_dict() == {11: 1.0, 12: 0.6, 13: 0.4, 21: 1.0, 22: 0.25, 31: 0.25}
    [row] = lp.needs.amounts(HAND, of="share_of_limit", by=None).to_dict("records")
    assert (row["measure"], row["n"], row["mean"]) == ("share_of_limit", 6, pytest.approx(3.5 / 6))
    with pytest.raises(InputError, match=r"^share_of_limit: not known of any loan"):
        lp.needs.amounts(other(applications=APPLICATIONS.assign(outcome="rejected")), of="share_of_limit")


def test_each_measure_is_written_in_its_unit() -> None:
    wanted = {"requested_cny": r"1,300", "term_months": r"6\.0", "apr": r"\d\d\.\d%", "share_of_limit": r"58\.3%"}
    book = other(loans=LOANS.assign(term_months=6))
    for of, written in wanted.items():
        result = lp.in_words(lp.needs.amounts(book, of=of, by=None))
        assert re.fullmatch(written, result["Mean"].iloc[0]), of
        assert re.sub(r"\d", "0", result["Median"].iloc[0][-3:]) == re.sub(r"\d", "0", result["Mean"].iloc[0][-3:])
    with pytest.raises(InputError, match=r"^of = 'amount': not known\. Did you mean 'amount_cny'"):
        lp.needs.amounts(HAND, of="amount")


# What is owed


def test_what_is_owed_is_the_principal_not_yet_paid_when_the_next_loan_is_taken() -> None:
    assert owed_before(HAND).to_dict() == {11: 0, 12: 500, 13: 0, 21: 0, 22: 1000, 31: 0}
    # what is paid on the day of the loan counts before it
    early = INSTALMENTS["paid_on"].replace(pd.Timestamp("2023-03-15"), pd.Timestamp("2023-02-12"))
    assert owed_before(other(instalments=INSTALMENTS.assign(paid_on=early)))[12] == 0


def test_what_is_owed_agrees_with_adding_up_loan_by_loan(lives: lp.Population) -> None:
    owed = owed_before(lives)
    every = lives.instalments.merge(lives.loans[["loan_id", "user_id", "borrowed_at"]], on="loan_id")
    for row in lives.loans.sample(200, random_state=1).itertuples():
        earlier = every[(every["user_id"] == row.user_id) & (every["borrowed_at"] < row.borrowed_at)]
        still = ~(earlier["paid_on"] <= row.borrowed_at.normalize())
        assert owed[row.loan_id] == pytest.approx(earlier.loc[still, "principal_cny"].sum(), abs=0.01)


def test_what_is_owed_is_measured_in_months_of_income_by_the_first_loan_or_by_any() -> None:
    first = lp.needs.debt_buildup(HAND).set_index(["debt_first", "loan_number"])["value"]
    assert first["everybody"].to_dict() == pytest.approx({"1": 0, "2": 0.1, "3": 0})
    assert first["yes"].to_dict() == {"1": 0}  # loan 31 is the only first one for debt
    ever = lp.needs.debt_buildup(HAND, by="debt_ever").set_index(["debt_ever", "loan_number"])["value"]
    assert ever["yes"].to_dict() == pytest.approx({"1": 0, "2": 0.1, "3": 0})
    assert ever["no"].to_dict() == pytest.approx({"1": 0, "2": 0.1})
    with pytest.raises(InputError, match=r"^owed_months: not known of any loan"):
        lp.needs.debt_buildup(other(users=USERS.assign(income_cny_month=0)))


def test_the_share_of_loans_taken_while_owing_is_counted_by_the_number_of_the_loan() -> None:
    result = lp.needs.debt_buildup(HAND, of="still_owing", by=None)
    assert result[["loan_number", "k", "n", "value"]].to_numpy().tolist() == [
        ["1", 0, 3, 0],
        ["2", 2, 2, 1],
        ["3", 0, 1, 0],
    ]
    assert lp.in_words(result)["Value"].tolist() == ["0.0%", "100.0%", "0.0%"]


def test_a_loan_without_instalments_is_named_and_is_not_taken_for_paid_off() -> None:
    with pytest.raises(InputError, match=r"^instalments: loan 11 has none\. Wanted: all instalments of every loan\.$"):
        lp.needs.debt_buildup(other(instalments=INSTALMENTS[INSTALMENTS["loan_id"] != 11]))


# Needs at each stage, and levers


def test_users_are_counted_once_for_each_need_among_those_who_could_show_it() -> None:
    result = counted(lp.needs.stages(HAND, by="borrower_class"))
    assert result[:7] == [
        ("everybody", "before", "get_loan", 1, 5),
        ("everybody", "before", "data_safety", 1, 5),
        ("everybody", "before", "convenience", 1, 5),
        ("everybody", "during", "larger_amount", 2, 3),
        ("everybody", "during", "cheaper", 2, 3),
        ("everybody", "after", "lower_rate", 1, 3),
        ("everybody", "after", "extension", 1, 3),
    ]
    assert result[7:] == [
        ("consumer", "before", "data_safety", 1, 4),
        ("consumer", "before", "convenience", 1, 4),
        ("consumer", "during", "larger_amount", 1, 2),
        ("consumer", "during", "cheaper", 1, 2),
        ("consumer", "after", "extension", 1, 2),
        ("owner", "before", "get_loan", 1, 1),
        ("owner", "during", "larger_amount", 1, 1),
        ("owner", "during", "cheaper", 1, 1),
        ("owner", "after", "lower_rate", 1, 1),
    ]


def test_needs_are_those_seen_by_a_day_among_users_who_were_there() -> None:
    assert counted(lp.needs.stages(HAND, until="2023-02-01")) == [
        ("before", "get_loan", 1, 4),
        ("before", "data_safety", 1, 4),
        ("before", "convenience", 1, 4),
    ]
    result = lp.needs.stages(HAND, until="2022-12-31")  # approved, but nobody has a loan yet
    assert result[["stage", "n"]].drop_duplicates().to_numpy().tolist() == [["before", 2], ["during", 1]]
    with pytest.raises(InputError, match=r"^applications: none was begun by 2022-11-30\. "):
        lp.needs.stages(HAND, until="2022-11-30")


def test_a_need_at_a_stage_that_has_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"^signals\.need: 'cheaper' at stage 'after'\. Allowed at that stage: lower"):
        lp.needs.stages(other(signals=SIGNALS.assign(stage="after")))


def test_every_lever_stands_beside_the_share_of_users_with_its_need() -> None:
    result = lp.needs.levers(HAND)
    assert len(result) == 15
    shares = lp.needs.stages(HAND).set_index(["stage", "need"])["share"]
    assert result["share"].tolist() == [shares[row.stage, row.need] for row in result.itertuples()]
    assert lp.labels.label("3.2c", "zh") in lp.in_words(result, "zh").iloc[0].tolist()
    shown = lp.in_words(result)
    assert lp.labels.label("3.2d") in shown._repr_html_()  # not cut short
    assert shown.iloc[-1].tolist()[1:3] == [lp.labels.label("3.2g"), "–"]


def test_every_sign_that_is_made_is_a_need_that_has_levers_and_no_other_is_listed() -> None:
    assert sorted(pairs()) == sorted(set(SIGNS.values()))
    levels = lp.tables.table("signals").columns
    assert list(dict.fromkeys(need for _, need in pairs())) == list(levels["need"].levels)


def test_every_link_and_aim_has_its_basis_and_every_statement_exists() -> None:
    content, statements = catalog.load("needs"), catalog.load("statements")
    links = [link for stage in content["stages"].values() for need in stage["needs"].values() for link in need]
    assert all(("source" in link) == (link["basis"] == "stated") == ("because" not in link) for link in links)
    assert {link["lever"] for link in links} == content["levers"].keys()
    cited = [stage["statement"] for stage in content["stages"].values()]
    cited += [link["source"] for link in links if "source" in link]
    for lever in content["levers"].values():
        assert (
            {"statement", "aims", "basis", "because"}
            <= lever.keys()
            <= {"statement", "aims", "basis", "because", "method"}
        )
        cited += [lever["statement"], *([lever["method"]] if "method" in lever else [])]
    assert set(cited) <= statements.keys()
    assert {lever["statement"] for lever in content["levers"].values()} == {f"3.2{letter}" for letter in "abcdefg"}
    # what the article names beside a lever is what the lever is listed with
    assert all(link["source"] == content["levers"][link["lever"]]["statement"] for link in links if "source" in link)


# What comes back of a persona


def test_the_reasons_of_owners_and_consumers_come_back_as_the_persona_states_them(lives: lp.Population) -> None:
    result = lp.needs.reasons(lives, by="borrower_class").set_index(["borrower_class", "reason"])
    # 18.10: of owners 72 % for working capital and 9 % for debt, of others 62 % to consume and 14 % for debt
    stated = {
        ("owner", "working_capital"): 0.72,
        ("owner", "consumption"): 0.13,
        ("consumer", "consumption"): 0.62,
        ("consumer", "emergency"): 0.16,
        ("consumer", "working_capital"): 0.08,
    }
    for key, share in stated.items():
        row = result.loc[key]
        half = 1.6 * (row["high"] - row["low"]) / 2  # a chance in a thousand, and the rounding of what is stated
        assert abs(row["share"] - share) < half + 0.005, key


def test_an_emergency_needs_a_large_sum_at_once(population: lp.Population) -> None:
    asked = lp.needs.amounts(population).set_index(["borrower_class", "reason"])["p50"]
    for one in ("consumer", "owner"):
        assert asked[one, "emergency"] / asked[one, "consumption"] == pytest.approx(1.6, abs=0.1)

"""Frames of segments on a small book worked by hand: who stands where on which day, the funnel, how users move."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from book import book
from segment_tables import LIFECYCLE, OURS, A, J, R, registered, times, tiny, tiny_book, written

import loanpersona as lp
from loanpersona.analysis import segments
from loanpersona.core.errors import InputError
from loanpersona.estimates.survival import kaplan_meier

END = "2024-07-10"
MOVES: list[Callable[..., pd.DataFrame]] = [segments.mix, segments.transitions, segments.time_in_segment]


def at(day: str) -> pd.DataFrame:
    result = segments.snapshot(tiny_book(), at=day).set_index("user_id")
    return result[result["approved_at"].notna()]


def test_a_standing_is_what_a_hand_works_out() -> None:
    result = at("2024-05-01")
    assert result.index.tolist() == [1, 2]
    assert result["n_loans"].tolist() == [2, 0]
    assert result["days_since_approval"].tolist() == [121, 90]  # 2024 is a leap year
    assert result["days_idle"].tolist() == [10, 90]
    assert result["balance_cny"].tolist() == [600.0, 0.0]
    assert result["approved_at"].tolist() == [pd.Timestamp("2024-01-01 08:10"), pd.Timestamp("2024-02-01 09:10")]
    assert result["last_loan_at"].tolist() == [pd.Timestamp("2024-04-21 00:10"), pd.NaT]
    assert result["last_seen_at"].tolist() == [pd.Timestamp("2024-04-20 23:50"), pd.Timestamp("2024-02-01 09:05")]


def test_a_loan_counts_from_the_day_its_money_arrives_and_is_owed_until_the_day_it_is_paid() -> None:
    assert at("2024-01-14")["balance_cny"].tolist() == [0.0]
    assert at("2024-01-15")["balance_cny"].tolist() == [1000.0]
    assert at("2024-02-14")["balance_cny"][1] == 1000.0
    assert at("2024-02-15")["balance_cny"][1] == 500.0
    assert at("2024-04-20")["n_loans"][1] == 1
    assert at("2024-04-21")["n_loans"][1] == 2
    assert at("2024-05-21")["balance_cny"][1] == 299.75


def test_whoever_has_a_loan_is_approved_by_then_even_if_the_application_is_missing() -> None:
    applications, *_ = tiny()
    others = applications[applications["user_id"] != 1].assign(limit_cny=0)
    result = segments.snapshot(tiny_book(applications=others), at="2024-05-01").set_index("user_id")
    assert result["approved_at"][1] == pd.Timestamp("2024-01-15 10:30")
    assert result["process"][1] == "not_known"
    assert segments.mix(tiny_book(applications=others), of="process")["n"].unique().tolist() == [4]


def test_segments_on_the_border_days_follow_from_the_rows() -> None:
    def of(day: str, base: str = "operable") -> dict[int, str]:
        result = segments.snapshot(tiny_book(), at=day).set_index("user_id")
        inside = result["operable"] if base == "operable" else result["n_loans"] > 0
        mixed = segments.mix(tiny_book(), at=day, base=base)
        assert dict(zip(mixed["lifecycle"], mixed["k"], strict=True)) == dict(
            result.loc[inside, "lifecycle"].value_counts().drop("no_limit").reindex(LIFECYCLE)
        )
        return result.loc[inside, "lifecycle"].astype(str).to_dict()

    assert of("2024-01-31") == {1: "new"}  # 30 days after the approval, one loan
    assert of("2024-02-01") == {1: "active", 2: "new"}
    assert of("2024-03-02")[2] == "new"  # 30 days
    assert of("2024-03-03")[2] == "silent"  # 31
    assert of("2024-07-30")[2] == "silent"  # 180
    assert of("2024-07-31")[2] == "dormant"  # 181
    # 5 repaid on 10 July; the drawdown of 10 June is 90 days back on 8 September
    assert of("2024-09-08")[5] == "active"
    assert of("2024-09-09")[5] == "silent"
    assert of("2024-12-08")[5] == "dormant"
    # 1 still owes the last instalment, and was last seen on 21 May 2024
    assert of("2025-05-21") == {1: "active", 5: "dormant"}
    assert of("2025-05-22") == {5: "dormant"}
    assert of("2025-05-22", "borrowed") == {1: "active", 5: "dormant"}
    assert of("2024-05-31", "borrowed") == {1: "active"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"at": "2023-12-31"}, "base = operable: nobody is in it at the end of 2023-12-31"),
        ({"at": "soon"}, "not a time"),
        ({"base": "all"}, "base = 'all': not known"),
        ({"of": "tier"}, "of = 'tier': not known"),
        ({"of": ("process", "quality")}, "too many"),
        ({"every": "day"}, "every = 'day': not known"),
        ({"every": "month", "at": "2024-01-30"}, "no month has ended by 2024-01-30"),
        ({"rules": {}}, "not rules"),
        ({"at": "2024-01-10", "base": "borrowed"}, "base = borrowed: nobody is in it at the end of 2024-01-10"),
    ],
)
def test_what_holds_nobody_or_is_no_word_is_an_input_error(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        segments.mix(tiny_book(), **asked)


def test_process_goes_by_the_last_application_and_quality_by_the_last_score() -> None:
    result = segments.snapshot(tiny_book()).set_index("user_id")
    assert result["process"].astype(str).to_dict() == {1: A, 2: A, 3: J, 4: R, 5: A}
    tiers = {1: "prime", 2: "medium", 3: "inferior", 4: "no_score", 5: "inferior"}
    assert result["quality"].astype(str).to_dict() == tiers
    mixed = segments.mix(tiny_book(), of="process")
    assert mixed[["process", "n", "k"]].to_numpy().tolist() == [[R, 5, 1], [A, 5, 3], [J, 5, 1]]


def test_an_application_decided_later_is_not_known_yet() -> None:
    applications, *_ = tiny()
    late = applications.assign(decided_at=applications["decided_at"] + pd.Timedelta(days=30), limit_cny=0)
    result = segments.snapshot(tiny_book(applications=late), at="2024-02-01")
    assert result["user_id"].tolist() == [1, 2]  # 3 was rejected on 9 February
    assert result["process"].tolist() == [A, R]


def test_a_book_with_rules_of_ones_own_uses_them_in_every_frame_and_has_their_tiers(tmp_path: Path) -> None:
    text = f"""
quality:
  {OURS}  segments:
    prime: [{{when: {{risk_score: ..650}}}}]
    inferior: [{{when: {{risk_score: 651..}}}}]
lifecycle:
  {OURS}  segments:
    new: [{{when: {{n_loans: 0}}}}]
    active: [{{when: {{n_loans: 1..}}}}]
"""
    mine = segments.load_rules(written(tmp_path, text))
    own = segments.with_rules(tiny_book(), mine)
    tiers = own.applications["quality_tier"].astype(object)
    assert tiers.where(tiers.notna(), None).tolist() == ["prime", None, "prime", "inferior", None, "prime"]
    for frame in MOVES:
        pd.testing.assert_frame_equal(frame(own), frame(tiny_book(), rules=mine))
        column = "lifecycle" if frame is segments.mix else "segment"
        assert set(frame(own)[column]) == {"new", "active"}
    assert segments.mix(tiny_book(), by="quality")["quality"].nunique() == 4  # everybody, prime, medium, inferior
    assert segments.mix(own, by="quality")["quality"].tolist() == ["everybody"] * 2 + ["prime"] * 2


def test_rules_without_the_segment_approved_are_named_where_it_is_needed(tmp_path: Path) -> None:
    text = f"""
process:
  {OURS}  segments:
    handed_in: [{{when: {{outcome: [approved, rejected]}}}}]
    left: [{{when: {{outcome: incomplete}}}}]
"""
    mine = segments.load_rules(written(tmp_path, text))
    with pytest.raises(InputError, match=r"^rules: process has no segment 'approved' but handed_in, left\. Allowed"):
        segments.matrix(tiny_book(), rules=mine)


def test_only_those_watched_for_all_of_the_time_to_draw_are_in_the_funnel() -> None:
    begin, late = pd.Timestamp("2024-01-01"), pd.Timedelta(hours=23)
    decided = begin + pd.Timedelta(days=30) + late  # still within 30 days, as the loan is within 90
    drew = decided + pd.Timedelta(days=90) + late
    people = pd.DataFrame({"user_id": [1], "registered_at": begin})
    asked = pd.DataFrame(
        {
            "application_id": [1],
            "user_id": [1],
            "started_at": begin,
            "last_step": "submission",
            "submitted_at": decided,
            "decided_at": decided,
            "outcome": A,
        }
    )
    lent = pd.DataFrame({"loan_id": [1], "user_id": [1], "borrowed_at": [drew]})
    with pytest.raises(InputError, match="nobody was watched for 121 days by 2024-04-30"):
        segments.funnel(users=people, applications=asked, loans=lent, until=drew - pd.Timedelta(days=1))
    # at the end of 1 May, 122 days have gone by
    result = segments.funnel(users=people, applications=asked, loans=lent, until="2024-05-01").set_index("stage")
    assert result.loc["drew_within_90", "k"].tolist() == [1, 1]


def test_a_funnel_is_what_a_hand_works_out() -> None:
    result = segments.funnel(tiny_book(), until=END)
    stages = result.pivot_table("k", "stage", "counted", sort=False)
    bottoms = result.pivot_table("n", "stage", "counted", sort=False)
    # 5 registered too late to be watched for 30 + 91 days; 6 never began; 2 handed in 27 days after registration
    expected = {
        "registered": (5, 5),
        "began": (4, 5),
        "identity": (4, 4),
        "profile": (3, 4),
        "bank_card": (3, 3),
        "face_check": (3, 3),
        "submission": (3, 3),
        "approved": (2, 3),
        "drew_within_14": (1, 2),
        "drew_within_90": (1, 2),
        "drew_so_far": (1, 2),
    }
    assert {
        stage: (row["of_stage_before"], bottoms.loc[stage, "of_stage_before"]) for stage, row in stages.iterrows()
    } == expected
    assert (bottoms["of_registered"] == 5).all()
    early = segments.funnel(tiny_book(), until=END, days=26).set_index(["stage", "counted"])["k"]
    assert early["submission", "of_registered"] == 2  # without the second application of 2
    assert early["bank_card", "of_registered"] == 2  # which left at the bank card before
    with pytest.raises(InputError, match="nobody was watched for 121 days by 2024-02-01"):
        segments.funnel(tiny_book(), until="2024-02-01")


def test_leaks_are_counted_of_those_who_came_there_by_the_last_application() -> None:
    result = segments.leaks(tiny_book(), until=END).set_index("place")
    assert result[["n", "k"]].to_numpy().tolist() == [[5, 0], [5, 1], [4, 0], [4, 0], [4, 1], [2, 1]]
    # By March 2 has had the limit for 90 days no more than 5 in July.
    assert segments.leaks(tiny_book(), until="2024-04-10").set_index("place")["n"].tolist() == [
        4,
        4,
        3,
        3,
        3,
        1,
    ]


def test_needs_are_those_seen_since_the_last_application_began() -> None:
    signals = times(
        pd.DataFrame(
            {
                "user_id": [2, 4, 4, 2, 2, 1],
                "need": ["data_safety", "convenience", "convenience", "cheaper", "faster", "cheaper"],
                "at": [
                    "2024-01-05 09:03",
                    "2024-03-10 09:03",
                    "2024-03-11 09:03",
                    "2024-04-01 00:00",
                    "2024-06-01 00:00",
                    "2024-02-01 00:00",
                ],
            }
        )
    )
    result = segments.leak_needs(tiny_book(signals=signals.assign(signal_id=range(6))), until=END)
    shown = {(row.place, row.need): (row.k, row.n) for row in result.itertuples()}
    # What 2 showed before the last application does not count, nor what came 90 days after the approval.
    assert shown == {
        ("profile", "convenience"): (1, 1),
        ("profile", "cheaper"): (0, 1),
        ("profile", "none_seen"): (0, 1),
        ("decision", "convenience"): (0, 1),
        ("decision", "cheaper"): (0, 1),
        ("decision", "none_seen"): (1, 1),
        ("drawdown", "convenience"): (0, 1),
        ("drawdown", "cheaper"): (1, 1),
        ("drawdown", "none_seen"): (0, 1),
    }


def test_returns_count_who_was_watched_for_so_long() -> None:
    result = segments.reapplications(tiny_book(), until=END).set_index(["outcome", "came_back"])
    assert result[["n", "k"]].to_numpy().tolist() == [[2, 1], [2, 1], [1, 0], [1, 0]]
    early = segments.reapplications(tiny_book(), until="2024-04-11").set_index(["outcome", "came_back"])
    assert early["n"].tolist() == [1, 1, 1, 1]  # 4 left on 10 March: not watched for 90 days
    near = segments.reapplications(tiny_book(), until=END, days=20)
    assert near["k"].tolist() == [0, 0, 0, 0]


def test_waits_for_the_first_loan_are_censored_where_watching_ends() -> None:
    result = segments.time_to_first_loan(tiny_book(), until=END)
    # 1 drew after 14 days, 5 after 9; 2 was approved on 1 February at 9:10 and had not at the end of 10 July:
    # 28 + 31 + 30 + 31 + 30 + 10 days and 14:49:59 hours after
    expected = kaplan_meier([14, 9, 160], [True, True, False])
    assert result["survival"].tolist() == expected["survival"].tolist()
    assert result["survival"].tolist() == pytest.approx([1, 2 / 3, 1 / 3, 1 / 3])
    within = segments.time_to_first_loan(tiny_book(), until=END, within=(9, 90, 161)).set_index("days")
    assert within["share"].round(6).tolist()[:2] == [0.333333, 0.666667]
    assert np.isnan(within["share"][161])
    assert (within["n"] == 3).all()
    assert within["why"][161] == "not_watched_so_long"


def test_what_happens_on_the_last_day_counts() -> None:
    applications, *_ = tiny()
    # 5 began and was approved on 1 June at nine, and drew on 10 June at noon
    assert segments.leaks(tiny_book(), until="2024-06-01").set_index("place")["n"]["decision"] == 4
    assert segments.leaks(tiny_book(), until="2024-05-31").set_index("place")["n"]["decision"] == 3
    drew = [segments.time_to_first_loan(tiny_book(), until=f"2024-06-{day:02}")["events"].sum() for day in (9, 10)]
    assert drew == [1, 2]
    # left at the bank card on 5 January at nine: 91 days have gone by at nine of 5 April, and all of that day counts
    left = tiny_book(applications=applications[applications["user_id"] == 2])
    with pytest.raises(InputError, match="nobody was watched for 90 days by 2024-04-04"):
        segments.reapplications(left, until="2024-04-04")
    assert segments.reapplications(left, until="2024-04-05")["n"].iloc[0] == 1


def test_groups_are_those_of_users_and_of_the_application_that_counts() -> None:
    users = registered().assign(sex=["male", "female", "male", "female", "male", "female"])
    result = segments.leaks(tiny_book(users=users), by="sex", until=END).set_index(["sex", "place"])
    alone = segments.leaks(tiny_book(), until=END).set_index("place")
    assert result.loc["everybody", "k"].tolist() == alone["k"].tolist()
    assert (result.loc["male", "n"] + result.loc["female", "n"]).tolist() == alone["n"].tolist()
    by_step = segments.leaks(tiny_book(), by="outcome", until=END).set_index(["outcome", "place"])
    assert by_step["n"]["rejected", "decision"] == by_step["k"]["rejected", "decision"] == 1
    assert np.isnan(by_step["share"]["incomplete", "decision"])
    assert by_step["why"]["incomplete", "decision"] == "none_counted"


def test_months_are_those_that_have_ended_and_agree_with_the_mix_of_the_day() -> None:
    result = segments.mix(tiny_book(), at="2024-07-30", every="month")
    months = ["01-31", "02-29", "03-31", "04-30", "05-31", "06-30"]
    assert result["as_of"].drop_duplicates().dt.strftime("%m-%d").tolist() == months
    for day, part in result.groupby("as_of"):
        pd.testing.assert_frame_equal(part.reset_index(drop=True), segments.mix(tiny_book(), at=day))


def test_transitions_are_what_a_hand_works_out() -> None:
    # On 2 June: 1 active, 2 silent (122 days), 5 new. 90 days later, on 31 August: 1 active, 2 dormant, 5 active.
    result = segments.transitions(tiny_book(), at="2024-08-31", pairs=1)
    moved = result[result["k"] > 0]
    assert moved[["segment", "segment_after", "n", "k"]].to_numpy().tolist() == [
        ["new", "active", 1, 1],
        ["active", "active", 1, 1],
        ["silent", "dormant", 1, 1],
    ]
    assert result["segment_after"].tolist() == [*LIFECYCLE, "left_base"] * 3
    # The span before: on 4 March 1 active and 2 silent, still so on 2 June. 1 was active twice: one cluster.
    two = segments.transitions(tiny_book(), at="2024-08-31", pairs=2)
    active = two[(two["segment"] == "active") & (two["segment_after"] == "active")].iloc[0]
    assert (active["n"], active["k"], active["clusters"]) == (2, 2, 1)
    silent = two[two["segment"] == "silent"].set_index("segment_after")["share"]
    assert (silent["silent"], silent["dormant"]) == (0.5, 0.5)


def test_whoever_is_not_seen_for_a_year_leaves_the_operable_base_and_no_other() -> None:
    result = segments.transitions(tiny_book(), at="2025-06-30", pairs=1)
    left = result[result["segment_after"] == "left_base"].set_index("segment")
    assert left["k"].to_dict() == {"active": 1, "dormant": 0}
    ever = segments.transitions(tiny_book(), at="2025-06-30", pairs=1, base="borrowed")
    assert (ever.loc[ever["segment_after"] == "left_base", "k"] == 0).all()
    with pytest.raises(InputError, match="nobody was in it 90 days before 2024-02-01"):
        segments.transitions(tiny_book(), at="2024-02-01", pairs=1)


def test_stays_are_counted_in_month_ends_and_censored_at_the_last() -> None:
    # 2 is new at the end of February only, silent from March to June (4), dormant from 31 July (day 181) on (3).
    # 5 is new at the end of June (29 days), active in July and August, silent from September on: watched once.
    # 1 was new at the first month end, so that stay is left out; active since February: 8 month ends.
    result = segments.time_in_segment(tiny_book(), at="2024-09-30")
    ends = {
        segment: part[["months_there", "at_risk", "events"]].to_numpy().tolist()
        for segment, part in result.groupby("segment", observed=True)
    }
    assert ends == {
        "new": [[0, 2, 0], [1, 2, 2]],
        "active": [[0, 2, 0], [2, 2, 1], [8, 1, 0]],
        "silent": [[0, 2, 0], [1, 2, 0], [4, 1, 1]],
        "dormant": [[0, 1, 0], [3, 1, 0]],
    }
    assert result["share"].tolist() == [1, 0, 1, 0.5, 0.5, 1, 1, 0, 1, 1]


def test_the_weight_of_segments_is_users_limit_balance_and_volume() -> None:
    def weights(day: str) -> pd.Series:
        result = segments.matrix(tiny_book(), of="lifecycle", base="operable", at=day, volume="90 days")
        return result.set_index(["lifecycle", "measure"])["k"]

    june = weights("2024-06-30")
    of = ["of_users", "of_limit", "of_balance", "of_volume"]
    assert june["active"][of].tolist() == [1, 1_000, 299.75, 600]
    assert june["new"][of].tolist() == [1, 1_000, 500, 500]
    # The loan of 21 April is 90 days back on 20 July, and counts no more.
    assert weights("2024-07-20")["active", "of_volume"] == 500
    with pytest.raises(InputError, match=r"^volume = 'a year': not a time\. Allowed: such as '12 months'"):
        segments.matrix(tiny_book(), volume="a year")


def test_the_cross_of_three_is_the_one_counted_by_hand() -> None:
    cross = segments.matrix(tiny_book(), of=("process", "lifecycle", "quality"), base="applied", at="2024-06-30")
    held = cross[(cross["measure"] == "of_users") & (cross["k"] > 0)]
    assert held[["process", "lifecycle", "quality", "n"]].to_numpy().tolist() == [
        [R, "no_limit", "no_score", 5],
        [A, "new", "inferior", 5],
        [A, "active", "prime", 5],
        [A, "silent", "medium", 5],
        [J, "no_limit", "inferior", 5],
    ]
    assert cross.groupby("measure")["share"].sum().tolist() == pytest.approx([1, 1, 1, 1])
    assert cross.groupby("measure")["k"].sum().to_dict() == {
        "of_users": 5,
        "of_limit": 3_000,
        "of_balance": 799.75,
        "of_volume": 2_100,
    }
    empty = segments.matrix(tiny_book(), base="approved", at="2024-01-02")
    assert empty.loc[empty["measure"] == "of_balance", "why"].unique().tolist() == ["no_such_money"]


def test_rfm_is_what_a_hand_works_out() -> None:
    june = segments.snapshot(tiny_book(), at="2024-06-30").set_index("user_id")
    columns = ["days_since_last_loan", "n_loans", "amount_cny"]
    assert june.loc[june["n_loans"] > 0, columns].to_numpy().tolist() == [[70, 2, 1600], [20, 1, 500]]
    assert at("2024-04-20").loc[1, columns].tolist() == [96, 1, 1000]
    cells = segments.rfm(tiny_book(), at="2024-06-30")
    assert cells.loc[cells["k"] > 0, ["recency_band", "loans_band", "measure", "k", "n"]].to_numpy().tolist() == [
        ["0..30", "1", "of_borrowers", 1, 2],
        ["0..30", "1", "of_volume", 500, 2],
        ["31..90", "2..3", "of_borrowers", 1, 2],
        ["31..90", "2..3", "of_volume", 1600, 2],
    ]
    assert cells.groupby("measure")["share"].sum().round(9).tolist() == [1, 1]
    for bands in ((1, 2), {"days": (1, 2)}, {"n_loans": (2, 1)}):
        with pytest.raises(InputError, match=r"^bands"):
            segments.rfm(tiny_book(), bands=bands)  # type: ignore[arg-type]


def cut(tables: dict[str, pd.DataFrame], day: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What a lender has in hand at the end of a day: rows begun by then, and nothing that came later."""
    end = day + pd.Timedelta(days=1) - pd.Timedelta(seconds=1)
    asked = tables["applications"][tables["applications"]["started_at"] <= end].copy()
    asked.loc[~(asked["decided_at"] <= end), "outcome"] = "incomplete"
    for name in ("submitted_at", "decided_at"):
        asked[name] = asked[name].where(asked[name] <= end)
    lent = tables["loans"][tables["loans"]["disbursed_at"] <= end]
    plan = tables["instalments"][tables["instalments"]["loan_id"].isin(lent["loan_id"])].copy()
    plan["paid_on"] = plan["paid_on"].where(plan["paid_on"] <= end)
    return asked, lent, plan


@cache
def made_up(kind: str) -> dict[str, pd.DataFrame]:
    if kind == "book":
        return book(4, 600)
    return dict(lp.generate(lp.load_persona("article"), n=3_000, seed=11).tables)


@pytest.mark.parametrize("frame", MOVES)
@pytest.mark.parametrize("made", ["book", "population"])
def test_nothing_that_happens_later_changes_a_frame(frame: Callable[..., pd.DataFrame], made: str) -> None:
    tables, day = made_up(made), pd.Timestamp("2023-06-30")
    names = ("applications", "loans", "instalments")
    known = dict(zip(names, cut(tables, day), strict=True))
    pd.testing.assert_frame_equal(frame(**{name: tables[name] for name in names}, at=day), frame(**known, at=day))


def test_a_balance_is_the_principal_of_a_loop_over_rows() -> None:
    tables, day = made_up("population"), pd.Timestamp("2023-06-30")
    end = day + pd.Timedelta(days=1) - pd.Timedelta(seconds=1)
    lent = {row.loan_id: row for row in tables["loans"].itertuples() if row.disbursed_at <= end}
    owed: dict[int, float] = {}
    for row in tables["instalments"].itertuples():
        if row.loan_id in lent and not row.paid_on <= end:
            borrower = lent[row.loan_id].user_id
            owed[borrower] = owed.get(borrower, 0) + row.principal_cny
    result = segments.snapshot(lp.Book(**tables), at=day)
    np.testing.assert_allclose(result["balance_cny"], [owed.get(one, 0) for one in result["user_id"]], atol=0.006)
    assert len(owed) > 50


def test_spans_before_the_first_approval_hold_nobody_however_many_are_wanted() -> None:
    few = segments.transitions(tiny_book(), days=30, pairs=9)
    pd.testing.assert_frame_equal(segments.transitions(tiny_book(), days=30, pairs=900_000), few)
    for days in (0, 1.5, True, "x"):
        with pytest.raises(InputError, match=r"^days = .*: not a whole number from"):
            segments.transitions(tiny_book(), days=days)
    with pytest.raises(InputError, match="nobody was in it 999999 days before"):
        segments.transitions(tiny_book(), days=999_999)
    with pytest.raises(InputError, match="nobody was watched"):
        segments.funnel(tiny_book(), days=999_999)


def test_who_is_approved_at_no_known_time_is_not_known_to_be() -> None:
    applications, *_ = tiny()
    times_known = applications["decided_at"].where(applications["application_id"] != 21)
    book = tiny_book(applications=applications.assign(decided_at=times_known, limit_cny=0))
    assert segments.snapshot(book).set_index("user_id")["lifecycle"][2] == "no_limit"
    assert segments.time_to_first_loan(book)["n"].iloc[0] == 2

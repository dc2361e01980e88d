"""Segments: the rules and their faults, who stands where on which day, the funnel, how borrowers move."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from book import book
from reads import SEGMENTS
from segment_tables import LIFECYCLE, A, J, R, registered, times, tiny

import loanpersona as lp
from loanpersona.analysis import segments
from loanpersona.analysis.snapshot import DAY_SECONDS
from loanpersona.core import catalog
from loanpersona.core.conditions import select
from loanpersona.core.errors import InputError
from loanpersona.core.strict_yaml import Faults, parse
from loanpersona.estimates.survival import kaplan_meier

OURS = "basis: assumed\n  because: ours\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        segments.rules(written(folder, text))
    return list(caught.value.faults)


# The rules that ship


@pytest.mark.parametrize(
    ("since", "idle", "loans", "balance", "segment"),
    [
        (0, 0, 0, 0, "new"),
        (30, 30, 0, 0, "new"),
        (30, 2, 1, 500, "new"),
        (30, 2, 2, 500, "active"),
        (31, 31, 0, 0, "silent"),
        (90, 90, 0, 0, "silent"),
        (180, 180, 0, 0, "silent"),
        (181, 181, 0, 0, "dormant"),
        (31, 31, 1, 0, "active"),
        (200, 90, 1, 0, "active"),
        (200, 91, 1, 0, "silent"),
        (200, 180, 1, 0, "silent"),
        (200, 181, 1, 0, "dormant"),
        (900, 800, 1, 0.01, "active"),
        (900, 800, 3, 1, "active"),
        (900, 90, 3, 0, "active"),
        (900, 90, 4, 0, "loyal"),
        (20, 3, 4, 0, "loyal"),
        (900, 800, 4, 1, "loyal"),
        (900, 91, 4, 0, "silent"),
        (900, 180, 99, 0, "silent"),
        (900, 181, 99, 0, "dormant"),
    ],
)
def test_the_lifecycle_turns_on_the_days_that_the_evidence_names(
    since: int, idle: int, loans: int, balance: float, segment: str
) -> None:
    row = pd.DataFrame([{"days_since_approval": since, "days_idle": idle, "n_loans": loans, "balance_cny": balance}])
    found = segments.rules().lifecycle.assign(row)
    assert found.tolist() == [segment]
    assert found.cat.ordered
    assert list(found.cat.categories) == LIFECYCLE


def test_the_cuts_of_quality_are_those_of_the_persona() -> None:
    groups = parse((catalog.FOLDER / "personas" / "article.yaml").read_text(encoding="utf-8")).child("variables")
    assert groups is not None
    stated: Any = groups.child("quality_tier").child("groups").value  # type: ignore[union-attr]
    scores = list(range(1001))
    found = segments.rules().quality.assign(pd.DataFrame({"risk_score": scores}))
    for tier, node in stated.items():
        assert [score for score in scores if found[score] == tier] == sorted(select(node, scores, Faults()))
    assert list(found.cat.categories) == list(stated)


def test_every_segmentation_cites_its_statement_and_says_why_in_both_languages() -> None:
    rules = segments.rules()
    assert [(one.name, one.statement) for one in (rules.process, rules.lifecycle, rules.quality)] == [
        ("process", "3.1a"),
        ("lifecycle", "3.1b"),
        ("quality", "3.1c"),
    ]
    assert all(one.because["en"] and one.because["zh"] for one in (rules.process, rules.lifecycle, rules.quality))
    assert (rules.process.basis, rules.lifecycle.basis, rules.quality.basis) == ("stated", "assumed", "assumed")


def test_the_shipped_file_is_read_once_and_a_copy_of_it_says_the_same(tmp_path: Path) -> None:
    text = (catalog.FOLDER / "segments.yaml").read_text(encoding="utf-8")
    assert segments.rules() is segments.rules(None)
    assert segments.rules(written(tmp_path, text)) == segments.rules()


def naive(name: str, rows: pd.DataFrame) -> list[list[str]]:
    """The segments of each row, with the conditions of the file read by an if of our own."""

    def meets(value: Any, condition: str) -> bool:
        low, dots, high = condition.partition("..")
        if not dots:
            return str(value) == condition
        return (not low or value >= int(low)) and (not high or value <= int(high))

    stated = catalog.load("segments")[name]["segments"]
    return [
        [
            segment
            for segment, rules in stated.items()
            if any(all(meets(row[name], condition) for name, condition in rule["when"].items()) for rule in rules)
        ]
        for row in rows.to_dict("records")
    ]


def test_every_row_is_where_the_conditions_of_the_file_put_it_and_nowhere_else() -> None:
    random = np.random.default_rng(3)
    near = np.array([0, 1, 29, 30, 31, 32, 89, 90, 91, 92, 179, 180, 181, 182, 1000])
    idle, more = random.choice(near, (2, 3_000))
    rows = pd.DataFrame(
        {
            "days_since_approval": idle + more,
            "days_idle": idle,
            "n_loans": random.integers(0, 7, 3_000),
            "balance_cny": random.choice([0, 0, 1, 800], 3_000),
        }
    )
    expected = naive("lifecycle", rows)
    assert {len(each) for each in expected} == {1}
    assert segments.rules().lifecycle.assign(rows).tolist() == [each[0] for each in expected]


def test_the_rules_can_be_told_as_the_file_states_them() -> None:
    found = segments.lifecycle_rules()
    stated = catalog.load("segments")["lifecycle"]["segments"]
    expected = [
        {"segment": segment, **{name: rule["when"].get(name, "any") for name in found.columns[1:]}}
        for segment, rules in stated.items()
        for rule in rules
    ]
    assert found.to_dict("records") == expected
    assert segments.quality_rules()["risk_score"].tolist() == ["..308", "309..400", "401..519", "520..623", "624.."]
    assert segments.rules().process.table()["outcome"].tolist() == ["incomplete", "approved", "rejected"]


# Rules of one's own


def test_a_file_changes_the_segmentations_it_names_and_no_other(tmp_path: Path) -> None:
    mine = segments.rules(
        written(
            tmp_path,
            f"""
quality:
  {OURS}  segments:
    good:
      - when: {{risk_score: ..500}}
    bad:
      - when: {{risk_score: [501..700, 900..]}}
      - when: {{risk_score: 701..899}}
""",
        )
    )
    assert mine.quality.assign(pd.DataFrame({"risk_score": [500, 501, 800, 1000]})).tolist() == ["good"] + ["bad"] * 3
    assert mine.quality.statement == "3.1c"
    assert mine.quality.because == {"en": "ours", "zh": "ours"}
    assert (mine.lifecycle, mine.process) == (segments.rules().lifecycle, segments.rules().process)


def lifecycle_of(new: str, active: str = "{n_loans: 1..}", more: str = "") -> str:
    return f"""
lifecycle:
  {OURS}  segments:
    new:
      - when: {new}
    active:
      - when: {active}
{more}"""


def test_a_gap_is_told_with_a_row_that_nobody_holds(tmp_path: Path) -> None:
    text = lifecycle_of("{days_since_approval: ..30, n_loans: ..0}")
    assert faults(tmp_path, text) == [
        "mine.yaml:5: lifecycle.segments: no segment for days_since_approval 31, n_loans 0. "
        "Allowed: each row in exactly one segment."
    ]


def test_an_overlap_is_told_with_a_row_that_two_hold_and_every_pair_is_told(tmp_path: Path) -> None:
    text = lifecycle_of("{n_loans: ..3}", "{n_loans: 3..}", "    old:\n      - when: {days_idle: 9000..}\n")
    assert faults(tmp_path, text) == [
        f"mine.yaml:5: lifecycle.segments: two segments, {one} and {other}, for {row}. "
        "Allowed: each row in exactly one segment."
        for one, other, row in (
            ("active", "old", "days_idle 9000, n_loans 3"),
            ("new", "active", "days_idle 0, n_loans 3"),
            ("new", "old", "days_idle 9000, n_loans 0"),
        )
    ]


def test_rows_that_no_borrower_can_be_are_neither_gap_nor_overlap(tmp_path: Path) -> None:
    # Whoever was approved within 30 days cannot have been idle for 91: the two rules never meet.
    silent = "    silent:\n      - when: {days_idle: 91..}\n"
    text = lifecycle_of("{days_since_approval: ..30}", "{days_since_approval: 31.., days_idle: ..90}", silent)
    assert list(segments.rules(written(tmp_path, text)).lifecycle.segments) == ["new", "active", "silent"]
    [fault] = faults(tmp_path, text.replace("..90}", "..89}"))
    assert "no segment for days_since_approval 90, days_idle 90." in fault
    [fault] = faults(tmp_path, text + "    ghost:\n      - when: {days_since_approval: ..5, days_idle: 8..9}\n")
    assert "nobody can be in ghost." in fault


def test_an_example_is_a_row_that_the_rules_do_leave_out(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    seen = set()
    for _ in range(60):
        ends = random.integers(0, 5, (3, 2, 2))
        whens = [{"a": sorted(map(int, a)), "b": sorted(map(int, b))} for a, b in ends]
        rules = "".join(
            f"    {name}: [{{when: {{risk_score: {w['a'][0]}..{w['a'][1]}}}}}]\n"
            for name, w in zip("xyz", whens, strict=True)
        )
        text = f"quality:\n  {OURS}  features: {{risk_score: {{range: 0..4}}}}\n  segments:\n{rules}"
        held = [[n for n, w in zip("xyz", whens, strict=True) if w["a"][0] <= v <= w["a"][1]] for v in range(5)]
        try:
            segments.rules(written(tmp_path, text))
            assert all(len(names) == 1 for names in held)
            seen.add("fine")
        except InputError as error:
            gaps = [v for v in range(5) if not held[v]]
            pairs = {pair for names in held for pair in itertools.combinations(names, 2)}
            said = " ".join(error.faults)
            assert said.count("two segments") == len(pairs)
            assert said.count("no segment") == bool(gaps)
            assert not gaps or f"no segment for risk_score {gaps[0]}." in said
            seen |= {"gap"} if gaps else {"overlap"}
    assert {"gap", "overlap"} <= seen


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mine.yaml:1: file: expected a mapping at the top, got nothing."),
        ("quality: [\n", "mine.yaml:2: not YAML: "),
        ("quality: {}\n", "mine.yaml:1: quality: names nothing. Allowed: statement, basis, "),
        ("quality: 3\n", "mine.yaml:1: quality = 3: not a mapping."),
        ("qualty: {a: 1}\n", "unknown segmentation 'qualty'. Did you mean 'quality'?"),
        (
            "quality: {basis: asumed, because: a, segments: {a: [{when: {risk_score: 0..}}]}}\n",
            "quality.basis = asumed: unknown basis. Did you mean 'assumed'?",
        ),
        ("quality: {because: a, segments: {a: [{when: {risk_score: 0..}}]}}\n", "quality: no rule without a basis."),
        ("quality: {basis: assumed, segments: {a: [{when: {risk_score: 0..}}]}}\n", "basis assumed without `because`"),
        (
            "quality: {basis: published, because: a, segments: {a: [{when: {risk_score: 0..}}]}}\n",
            "basis published without `source`",
        ),
        (
            "quality: {basis: stated, statement: 9.9z, segments: {a: [{when: {risk_score: 0..}}]}}\n",
            "unknown statement '9.9z'",
        ),
        (
            "quality: {basis: assumed, because: {en: a}, segments: {a: [{when: {risk_score: 0..}}]}}\n",
            "quality.because: not a text in both languages.",
        ),
        ("quality: {basis: assumed, because: a}\n", "quality: no segments."),
        ("quality: {basis: assumed, because: a, segments: [a]}\n", "quality.segments: no segments."),
        ("quality: {basis: assumed, because: a, segments: {a: b}}\n", "quality.segments.a = b: not a list of rules."),
        (
            "quality: {basis: assumed, because: a, segments: {a: [{whn: {risk_score: 0..}}]}}\n",
            "unknown key 'whn'. Did you mean 'when'?",
        ),
        (
            "quality: {basis: assumed, because: a, segments: {a: [{when: {risk_scor: 0..}}]}}\n",
            "unknown feature 'risk_scor'. Did you mean 'risk_score'?",
        ),
        (
            "quality: {basis: assumed, because: a, segments: {a: [{when: {risk_score: many}}]}}\n",
            "risk_score = many: not a number or a range.",
        ),
        (
            "quality: {basis: assumed, because: a, segments: {a: [{when: {risk_score: 1001..}}]}}\n",
            "picks nothing. Allowed: 0 to 1000.",
        ),
        (
            "quality: {basis: assumed, because: a, features: {risk: {range: 0..9}}, segments: {a: [{when: {}}]}}\n",
            "unknown feature 'risk'. ",
        ),
        (
            "quality: {basis: assumed, because: a, features: {risk_score: {range: 9..0}}, "
            "segments: {a: [{when: 3}]}}\n",
            "risk_score.range = 9..0: not a range. Allowed: whole numbers such as 0..100.",
        ),
        (
            "quality: {basis: assumed, because: a, features: {risk_score: {}}, segments: {a: [{when: 3}]}}\n",
            "risk_score: of no kind.",
        ),
        (
            "process: {basis: stated, segments: {a: [{when: {outcome: aproved}}]}}\n",
            "unknown level 'aproved'. Did you mean 'approved'?",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_line_path_and_hint(text: str, said: str, tmp_path: Path) -> None:
    found = faults(tmp_path, text)
    assert any(said in fault for fault in found), found
    assert all(fault.startswith("mine.yaml:") for fault in found)


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = "qualty: {a: 1}\nprocess: {basis: stated, segments: {a: [{when: {outcome: no}}]}}\n"
    found = faults(tmp_path, text + lifecycle_of("{n_loans: 1..}"))
    assert [fault.split(":")[1] for fault in found] == ["1", "2", "7", "7"]


def test_rules_that_cut_too_finely_are_refused_at_once(tmp_path: Path) -> None:
    many = ", ".join(str(2 * number) for number in range(600))
    text = lifecycle_of(f"{{days_since_approval: [{many}], days_idle: [{many}]}}")
    assert "the rules cut too finely" in faults(tmp_path, text)[0]


@pytest.mark.parametrize("path", ["nowhere.yaml", 3, Path(__file__).parent])
def test_what_is_no_file_is_an_input_error(path: Any) -> None:
    with pytest.raises(InputError, match=r"no such file|not a path|is a directory"):
        segments.rules(path)


def test_a_path_in_place_of_rules_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"rules = mine\.yaml: not rules\. Allowed: what lp\.segments\.rules"):
        segments.process_mix(tiny()[0], rules="mine.yaml")  # type: ignore[arg-type]


FINE = {"days_since_approval": [50, 40], "days_idle": [9, 4], "n_loans": [1, 2], "balance_cny": [0.5, 0.0]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"days_idle": [9, -1]}, r"no rule for days_since_approval 40, days_idle -1, n_loans 2, balance_cny 0\.0\."),
        ({"n_loans": [1, 10_000]}, r"n_loans 10000, .* Allowed: n_loans 0\.\.9999\."),
        ({"balance_cny": [np.nan, 0]}, "balance_cny nan"),
        ({"days_idle": [9, 300]}, r"days_idle 300, .* Allowed: days_idle at most days_since_approval\."),
        ({"n_loans": ["a", "b"]}, r"features\.n_loans: dtype is .*\. Wanted: numbers in 0\.\.9999\."),
    ],
)
def test_a_row_outside_the_declared_ranges_is_shown(change: dict[str, list[Any]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        segments.rules().lifecycle.assign(pd.DataFrame(FINE | change))


def test_missing_features_are_named_all_together_and_extra_columns_do_no_harm() -> None:
    lifecycle = segments.rules().lifecycle
    frame = pd.DataFrame(FINE, index=[7, 7])
    assert lifecycle.assign(frame.assign(more="x")).tolist() == ["active", "active"]
    assert lifecycle.assign(frame).index.tolist() == [7, 7]
    with pytest.raises(InputError) as caught:
        lifecycle.assign(frame[["n_loans"]])
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "features.days_since_approval",
        "features.days_idle",
        "features.balance_cny",
    ]


# A small book, worked by hand


def at(day: str, **more: Any) -> pd.DataFrame:
    return segments.standing(*tiny(), at=day, **more).set_index("user_id")


def test_a_standing_is_what_a_hand_works_out() -> None:
    found = at("2024-05-01")
    assert found.index.tolist() == [1, 2]
    assert found["n_loans"].tolist() == [2, 0]
    assert found["days_since_approval"].tolist() == [121, 90]  # 2024 is a leap year
    assert found["days_idle"].tolist() == [10, 90]
    assert found["balance_cny"].tolist() == [600.0, 0.0]
    assert found["approved_at"].tolist() == [pd.Timestamp("2024-01-01 08:10"), pd.Timestamp("2024-02-01 09:10")]
    assert found["last_loan_at"].tolist() == [pd.Timestamp("2024-04-21 00:10"), pd.NaT]
    assert found["last_seen_at"].tolist() == [pd.Timestamp("2024-04-20 23:50"), pd.Timestamp("2024-02-01 09:05")]


def test_a_loan_counts_from_the_day_its_money_arrives_and_is_owed_until_the_day_it_is_paid() -> None:
    assert at("2024-01-14")["balance_cny"].tolist() == [0.0]
    assert at("2024-01-15")["balance_cny"].tolist() == [1000.0]
    assert at("2024-02-14")["balance_cny"][1] == 1000.0
    assert at("2024-02-15")["balance_cny"][1] == 500.0
    assert at("2024-04-20")["n_loans"][1] == 1
    assert at("2024-04-21")["n_loans"][1] == 2
    assert at("2024-05-21")["balance_cny"][1] == 299.75


def test_the_day_is_by_default_the_last_one_seen_and_its_hour_is_irrelevant() -> None:
    whole = segments.standing(*tiny())
    assert whole["balance_cny"].tolist() == [299.75, 0.0, 0.0]
    pd.testing.assert_frame_equal(whole, segments.standing(*tiny(), at="2024-07-10 00:00"))
    pd.testing.assert_frame_equal(whole, segments.standing(*tiny(), at="2024-07-10 23:59"))


def test_whoever_has_a_loan_is_approved_by_then_even_if_the_application_is_missing() -> None:
    applications, loans, plan = tiny()
    found = segments.standing(applications[applications["user_id"] != 1], loans, plan, at="2024-05-01")
    assert found.set_index("user_id")["approved_at"][1] == pd.Timestamp("2024-01-15 10:30")


def test_segments_on_the_border_days_follow_from_the_rows() -> None:
    def of(day: str, base: str = "operable") -> dict[int, str]:
        found = segments.lifecycle(*tiny(), at=day, base=base)
        assert found["base"].unique().tolist() == [base]
        return dict(zip(found["user_id"], found["segment"], strict=True))

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
    assert of("2025-05-22", "ever_borrowers") == {1: "active", 5: "dormant"}
    assert of("2024-05-31", "ever_borrowers") == {1: "active"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"at": "2023-12-31"}, r"nobody was approved by 2023-12-31|is empty at the end of 2023-12-31"),
        ({"at": "soon"}, "soon: not a time"),
        ({"base": "all"}, "base = all: unknown base"),
        ({"at": "2024-01-10", "base": "ever_borrowers"}, "the base ever_borrowers is empty at the end of 2024-01-10"),
    ],
)
def test_a_day_or_base_that_holds_nobody_is_an_input_error(asked: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        segments.lifecycle(*tiny(), **asked)  # type: ignore[arg-type]
    if "base" not in asked:
        with pytest.raises(InputError, match=said):
            segments.standing(*tiny(), **asked)


def test_loans_and_instalments_that_lack_one_another_are_named() -> None:
    applications, loans, plan = tiny()
    with pytest.raises(InputError, match=r"instalments\.loan_id = 51: no such loan_id in loans"):
        segments.standing(applications, loans[:2], plan)
    with pytest.raises(InputError, match="instalments: loan 51 has none"):
        segments.standing(applications, loans, plan[:4])
    with pytest.raises(InputError, match=r"loans\.disbursed_at: missing column"):
        segments.standing(applications, loans.drop(columns="disbursed_at"), plan)


def test_process_goes_by_the_last_application_and_quality_by_the_last_score() -> None:
    applications, *_ = tiny()
    shuffled = applications.sample(frac=1, random_state=2)
    process = segments.process(shuffled).set_index("user_id")["segment"].astype(str).to_dict()
    assert process == {1: A, 2: A, 3: J, 4: R, 5: A}
    quality = segments.quality(shuffled).set_index("user_id")["segment"].astype(str).to_dict()
    assert quality == {1: "prime", 2: "medium", 3: "inferior", 5: "inferior"}
    with pytest.raises(InputError, match="no application has one"):
        segments.quality(applications[applications["risk_score"].isna()])


def test_applications_get_the_tiers_of_ones_own_cuts_and_keep_all_else(tmp_path: Path) -> None:
    applications, *_ = tiny()
    lenient = written(
        tmp_path,
        f"""
quality:
  {OURS}  segments:
    prime: [{{when: {{risk_score: ..650}}}}]
    inferior: [{{when: {{risk_score: 651..}}}}]
""",
    )
    found = segments.retiered(applications.set_index(pd.Index([*"abcdef"])), segments.rules(lenient))
    assert found["quality_tier"].astype(object).where(found["quality_tier"].notna(), None).tolist() == [
        "prime",
        None,
        "prime",
        "inferior",
        None,
        "prime",
    ]
    pd.testing.assert_frame_equal(found.drop(columns="quality_tier").reset_index(drop=True), applications)
    checked = lp.tables.check(found, "applications", ["quality_tier"])
    assert checked["quality_tier"].cat.categories[1] == "near_prime"


# The funnel, by hand

END = "2024-07-10"


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
    lent = pd.DataFrame({"user_id": [1], "borrowed_at": [drew]})
    with pytest.raises(InputError, match="nobody was watched for 121 days by 2024-04-30"):
        segments.funnel(people, asked, lent, until=drew - pd.Timedelta(days=1))
    # at the end of 1 May, 122 days have gone by
    found = segments.funnel(people, asked, lent, until="2024-05-01").set_index("stage")
    assert found.loc["drew_within_90", "k"].tolist() == [1, 1]


def test_a_funnel_is_what_a_hand_works_out() -> None:
    applications, loans, _ = tiny()
    found = segments.funnel(registered(), applications, loans, until=END)
    stages = found.pivot_table("k", "stage", "counted", sort=False)
    bottoms = found.pivot_table("n", "stage", "counted", sort=False)
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
    early = segments.funnel(registered(), applications, loans, until=END, days=26).set_index(["stage", "counted"])["k"]
    assert early["submission", "of_registered"] == 2  # without the second application of 2
    assert early["bank_card", "of_registered"] == 2  # which left at the bank card before
    with pytest.raises(InputError, match="nobody was watched for 121 days by 2024-02-01"):
        segments.funnel(registered(), applications, loans, until="2024-02-01")


def test_leaks_are_counted_of_those_who_came_there_by_the_last_application() -> None:
    applications, loans, _ = tiny()
    found = segments.leaks(applications, loans, until=END).set_index("place")
    assert found[["n", "k"]].to_numpy().tolist() == [[5, 0], [5, 1], [4, 0], [4, 0], [4, 1], [2, 1]]
    # By March 2 has had the limit for 90 days no more than 5 in July.
    assert segments.leaks(applications, loans, until="2024-04-10").set_index("place")["n"].tolist() == [
        4,
        4,
        3,
        3,
        3,
        1,
    ]


def test_needs_are_those_seen_since_the_last_application_began() -> None:
    applications, loans, _ = tiny()
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
    found = segments.leak_needs(applications, loans, signals, until=END)
    shown = {(row.place, row.need): (row.k, row.n) for row in found.itertuples()}
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
    applications, *_ = tiny()
    found = segments.returns(applications, until=END).set_index(["outcome", "measure"])
    assert found[["n", "k"]].to_numpy().tolist() == [[2, 1], [2, 1], [1, 0], [1, 0]]
    early = segments.returns(applications, until="2024-04-11").set_index(["outcome", "measure"])
    assert early["n"].tolist() == [1, 1, 1, 1]  # 4 left on 10 March: not watched for 90 days
    near = segments.returns(applications, until=END, days=20)
    assert near["k"].tolist() == [0, 0, 0, 0]


def test_waits_for_the_first_loan_are_censored_where_watching_ends() -> None:
    applications, loans, _ = tiny()
    found = segments.time_to_first_loan(applications, loans, until=END)
    # 1 drew after 14 days, 5 after 9; 2 was approved on 1 February at 9:10 and had not at the end of 10 July:
    # 28 + 31 + 30 + 31 + 30 + 10 days and 14:49:59 hours after
    expected = kaplan_meier([14, 9, 160], [True, True, False])
    assert found["not_drawn"].tolist() == expected["survival"].tolist()
    assert found["not_drawn"].tolist() == pytest.approx([1, 2 / 3, 1 / 3, 1 / 3])
    within = segments.first_drawdown(applications, loans, until=END, within=(9, 90, 161)).set_index("within_days")
    assert within["share"].round(6).tolist()[:2] == [0.333333, 0.666667]
    assert np.isnan(within["share"][161])
    assert (within["n"] == 3).all()


def test_the_process_mix_is_of_users_not_of_applications() -> None:
    found = segments.process_mix(tiny()[0])
    assert found["segment"].tolist() == [R, A, J]
    assert found["k"].tolist() == [1, 3, 1]
    assert found["n"].tolist() == [5] * 3


UNTIL = ["funnel", "leaks", "leak_needs", "returns", "time_to_first_loan", "first_drawdown"]


@pytest.mark.parametrize("name", UNTIL)
def test_the_day_named_is_looked_at_to_its_end_and_is_by_default_the_last(name: str) -> None:
    made = made_up("population")
    found = [
        getattr(segments, name)(*(made[table] for table in SEGMENTS[name]), **until)
        for until in ({"until": "2024-12-31"}, {"until": "2024-12-31 12:00"}, {})
    ]
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2])


def test_what_happens_on_the_last_day_counts() -> None:
    applications, loans, _ = tiny()
    # 5 began and was approved on 1 June at nine, and drew on 10 June at noon
    assert segments.leaks(applications, loans, until="2024-06-01").set_index("place")["n"]["decision"] == 4
    assert segments.leaks(applications, loans, until="2024-05-31").set_index("place")["n"]["decision"] == 3
    drew = [
        segments.time_to_first_loan(applications, loans, until=f"2024-06-{day:02}")["drew"].sum() for day in (9, 10)
    ]
    assert drew == [1, 2]
    # left at the bank card on 5 January at nine: 91 days have gone by at nine of 5 April, and all of that day counts
    left = applications[applications["user_id"] == 2]
    watched = [segments.returns(left, until=f"2024-04-0{day}")["n"].iloc[0] for day in (4, 5)]
    assert watched == [0, 1]


# Lifecycle over time, by hand


def test_the_mix_names_its_base_and_adds_up() -> None:
    found = segments.lifecycle_mix(*tiny(), at="2024-07-31")
    assert dict(zip(found["segment"], found["k"], strict=True)) == dict.fromkeys(LIFECYCLE, 0) | {
        "active": 2,
        "dormant": 1,
    }
    ever = segments.lifecycle_mix(*tiny(), at="2024-07-31", base="ever_borrowers")
    assert (ever["n"].unique().tolist(), ever["base"].unique().tolist()) == ([2], ["ever_borrowers"])


def test_months_are_those_that_have_ended_and_agree_with_the_mix_of_the_day() -> None:
    found = segments.lifecycle_by_month(*tiny(), at="2024-07-30")
    assert found["as_of"].drop_duplicates().dt.strftime("%m-%d").tolist() == [
        "01-31",
        "02-29",
        "03-31",
        "04-30",
        "05-31",
        "06-30",
    ]
    for day, part in found.groupby("as_of"):
        alone = segments.lifecycle_mix(*tiny(), at=day)
        pd.testing.assert_frame_equal(part.drop(columns="as_of").reset_index(drop=True), alone)
    with pytest.raises(InputError, match="no month has ended by 2024-01-30"):
        segments.lifecycle_by_month(*tiny(), at="2024-01-30")


def test_transitions_are_what_a_hand_works_out() -> None:
    # On 2 June: 1 active, 2 silent (122 days), 5 new. 90 days later, on 31 August: 1 active, 2 dormant, 5 active.
    found = segments.transitions(*tiny(), at="2024-08-31", pairs=1)
    moved = found[found["k"] > 0]
    assert moved[["segment", "segment_after", "n", "k"]].to_numpy().tolist() == [
        ["new", "active", 1, 1],
        ["active", "active", 1, 1],
        ["silent", "dormant", 1, 1],
    ]
    assert found["segment_after"].tolist() == [*LIFECYCLE, "left_base"] * 3
    # The span before: on 4 March 1 active and 2 silent, still so on 2 June. 1 was active twice: one cluster.
    two = segments.transitions(*tiny(), at="2024-08-31", pairs=2)
    active = two[(two["segment"] == "active") & (two["segment_after"] == "active")].iloc[0]
    assert (active["n"], active["k"], active["clusters"]) == (2, 2, 1)
    silent = two[two["segment"] == "silent"].set_index("segment_after")["share"]
    assert (silent["silent"], silent["dormant"]) == (0.5, 0.5)


def test_whoever_is_not_seen_for_a_year_leaves_the_operable_base_and_no_other() -> None:
    found = segments.transitions(*tiny(), at="2025-06-30", pairs=1)
    left = found[found["segment_after"] == "left_base"].set_index("segment")
    assert left["k"].to_dict() == {"active": 1, "dormant": 0}
    ever = segments.transitions(*tiny(), at="2025-06-30", pairs=1, base="ever_borrowers")
    assert (ever.loc[ever["segment_after"] == "left_base", "k"] == 0).all()
    with pytest.raises(InputError, match="was empty 90 days before 2024-02-01"):
        segments.transitions(*tiny(), at="2024-02-01", pairs=1)


def test_stays_are_counted_in_month_ends_and_censored_at_the_last() -> None:
    # 2 is new at the end of February only, silent from March to June (4), dormant from 31 July (day 181) on (3).
    # 5 is new at the end of June (29 days), active in July and August, silent from September on: watched once.
    # 1 was new at the first month end, so that stay is left out; active since February: 8 month ends.
    found = segments.time_in_segment(*tiny(), at="2024-09-30")
    ends = {
        segment: part[["months_there", "at_risk", "moved_on"]].to_numpy().tolist()
        for segment, part in found.groupby("segment", observed=True)
    }
    assert ends == {
        "new": [[0, 2, 0], [1, 2, 2]],
        "active": [[0, 2, 0], [2, 2, 1], [8, 1, 0]],
        "silent": [[0, 2, 0], [1, 2, 0], [4, 1, 1]],
        "dormant": [[0, 1, 0], [3, 1, 0]],
    }
    assert found["still_there"].tolist() == [1, 0, 1, 0.5, 0.5, 1, 1, 0, 1, 1]


def test_the_weight_of_segments_is_borrowers_balance_and_volume() -> None:
    found = segments.weight_of_segments(*tiny(), at="2024-06-30").pivot_table("k", "segment", "measure", sort=False)
    assert found.loc["active"].to_dict() == {"of_borrowers": 1, "of_balance": 299.75, "of_recent_volume": 600}
    assert found.loc["new"].to_dict() == {"of_borrowers": 1, "of_balance": 500, "of_recent_volume": 500}
    # The loan of 21 April is 90 days back on 20 July, and counts no more.
    later = segments.weight_of_segments(*tiny(), at="2024-07-20").set_index(["segment", "measure"])["k"]
    assert later["active", "of_recent_volume"] == 500


# Recency, frequency, money


def test_rfm_is_what_a_hand_works_out() -> None:
    _, loans, _ = tiny()
    found = segments.rfm(loans, at="2024-06-30")
    assert found.to_numpy().tolist() == [[1, 70, 2, 1600], [5, 20, 1, 500]]
    assert segments.rfm(loans, at="2024-04-20").to_numpy().tolist() == [[1, 96, 1, 1000]]
    cells = segments.rfm_cells(loans, at="2024-06-30")
    held = cells[cells["k"] > 0][["recency_band", "loans_band", "measure", "k", "n"]].to_numpy().tolist()
    assert held == [
        ["0..30", "1", "of_borrowers", 1, 2],
        ["0..30", "1", "of_volume", 500, 2],
        ["31..90", "2..3", "of_borrowers", 1, 2],
        ["31..90", "2..3", "of_volume", 1600, 2],
    ]
    assert cells.groupby("measure")["share"].sum().round(9).tolist() == [1, 1]
    with pytest.raises(InputError, match="none was paid out by 2024-01-01"):
        segments.rfm(loans, at="2024-01-01")


# No look-ahead, no persona, no haste


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


FRAMES: list[Callable[..., pd.DataFrame]] = [
    segments.standing,
    segments.lifecycle,
    segments.lifecycle_mix,
    segments.lifecycle_by_month,
    segments.transitions,
    segments.time_in_segment,
    segments.weight_of_segments,
]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("made", ["book", "population"])
def test_nothing_that_happens_later_changes_a_frame(frame: Callable[..., pd.DataFrame], made: str) -> None:
    tables = made_up(made)
    day = pd.Timestamp("2023-06-30")
    whole = frame(*(tables[name] for name in ("applications", "loans", "instalments")), at=day)
    pd.testing.assert_frame_equal(whole, frame(*cut(tables, day), at=day))


def test_a_balance_is_the_principal_of_a_loop_over_rows() -> None:
    tables = book(4, 400)
    day = pd.Timestamp("2023-06-30")
    found = segments.standing(tables["applications"], tables["loans"], tables["instalments"], at=day)
    end = day + pd.Timedelta(seconds=DAY_SECONDS - 1)
    lent = {row.loan_id: row for row in tables["loans"].itertuples() if row.disbursed_at <= end}
    owed: dict[int, float] = {}
    for row in tables["instalments"].itertuples():
        if row.loan_id in lent and not row.paid_on <= end:
            borrower = lent[row.loan_id].user_id
            owed[borrower] = owed.get(borrower, 0) + row.principal_cny
    expected = [owed.get(one, 0) for one in found["user_id"]]
    np.testing.assert_allclose(found["balance_cny"], expected, atol=0.006)
    assert len(owed) > 50


def test_both_bases_and_the_row_numbers_of_a_lenders_frames_are_as_they_should_be() -> None:
    tables = made_up("book")
    three = [tables[name] for name in ("applications", "loans", "instalments")]
    strange = [frame.sample(frac=1, random_state=1).set_index(np.zeros(len(frame), int)) for frame in three]
    for base in ("operable", "ever_borrowers"):
        for frame in FRAMES[2:]:
            pd.testing.assert_frame_equal(frame(*three, base=base), frame(*strange, base=base), check_exact=False)
            assert frame(*three, base=base)["base"].unique().tolist() == [base]


@pytest.mark.parametrize("name", ["no_limit", "no_score", "left_base"])
def test_a_segment_cannot_be_named_like_those_in_none(tmp_path: Path, name: str) -> None:
    lines = [
        "quality:",
        "  basis: assumed",
        "  because: mine",
        "  segments:",
        f"    {name}:",
        "      - when: {risk_score: 0..1000}",
    ]
    path = tmp_path / "mine.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=rf"segment '{name}' means people in no segment\. Allowed: another name\."):
        segments.rules(path)


@pytest.mark.parametrize("frame", [segments.segmented, segments.crossed, segments.lifecycle])
@pytest.mark.parametrize("given", [{}, "", 0])
def test_what_is_no_rules_is_refused_even_if_it_is_nothing(frame: Callable[..., pd.DataFrame], given: Any) -> None:
    with pytest.raises(InputError, match="not rules"):
        frame(*tiny(), rules=given)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "NaT",
        pd.NaT,
        float("nan"),
        20240630,
        True,
        [],
        "2024-06-30T12:00+08:00",
        pd.Timestamp("2024-06-30", tz="Asia/Shanghai"),
    ],
)
def test_what_is_no_local_time_is_refused(given: Any) -> None:
    applications, loans, _ = tiny()
    with pytest.raises(InputError, match=r"not a time\. Allowed: a date such as 2024-12-31, local and without a zone"):
        segments.standing(*tiny(), at=given)
    with pytest.raises(InputError, match="not a time"):
        segments.leaks(applications, loans, until=given)


@pytest.mark.parametrize("given", [None, {"user_id": [1]}, []])
def test_what_is_no_table_is_refused_by_its_name(given: Any) -> None:
    with pytest.raises(InputError, match=r"^loans: \w+ in place of a table"):
        segments.rfm(given)


@pytest.mark.parametrize("place", [0, 2])
def test_rows_that_stand_twice_are_refused_by_their_key(place: int) -> None:
    tables = list(tiny())
    tables[place] = pd.concat([tables[place], tables[place].head(1)], ignore_index=True)
    with pytest.raises(InputError, match=r"^(applications|instalments): 1 rows repeat"):
        segments.standing(*tables)


def test_loans_that_stand_twice_are_refused_by_their_key() -> None:
    _, loans, _ = tiny()
    twice = pd.concat([loans, loans.head(1)])
    for frame in (segments.rfm, segments.rfm_cells):
        with pytest.raises(InputError, match=r"^loans: 1 rows repeat loan_id, first 11\."):
            frame(twice)


def test_applications_whose_rows_are_numbered_twice_get_their_tiers() -> None:
    applications, *_ = tiny()
    found = segments.retiered(applications.set_axis([0, 0, 1, 1, 0, 1]))
    assert found.index.tolist() == [0, 0, 1, 1, 0, 1]
    assert found["quality_tier"].tolist() == segments.retiered(applications)["quality_tier"].tolist()


WHOLE = [
    ("funnel", "days", 0),
    ("returns", "days", 0),
    ("first_drawdown", "within", 0),
    ("transitions", "days", 1),
    ("transitions", "pairs", 1),
]


@pytest.mark.parametrize(("name", "parameter", "least"), WHOLE)
@pytest.mark.parametrize("given", [-1, 1.5, 90.0, "90", "x", None, True, np.nan])
def test_what_is_no_whole_number_is_refused_by_its_name(name: str, parameter: str, least: int, given: Any) -> None:
    tables = dict(zip(("applications", "loans", "instalments"), tiny(), strict=True)) | {"users": registered()}
    of = [tables[table] for table in SEGMENTS[name]]
    several = parameter == "within"
    with pytest.raises(InputError, match=rf"^{parameter} = .*: not a whole number from {least} on\."):
        getattr(segments, name)(*of, **{parameter: (given,) if several else given})
    fine = getattr(segments, name)(*of, until=END, days=np.int64(20)) if name in {"funnel", "returns"} else None
    assert fine is None or len(fine) > 0


@pytest.mark.parametrize("given", [(), 90, "90", None])
def test_what_is_no_list_of_whole_numbers_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match=r"^within = .*: not a list of whole numbers\. Allowed: one or more"):
        segments.first_drawdown(*tiny()[:2], within=given)


@pytest.mark.parametrize("days", [10**6, 10**9])
def test_a_span_longer_than_any_book_is_an_input_error(days: int) -> None:
    applications, loans, plan = tiny()
    with pytest.raises(InputError, match="nobody was watched"):
        segments.funnel(registered(), applications, loans, days=days)
    if days < 10**9:
        with pytest.raises(InputError, match=f"was empty {days} days before"):
            segments.transitions(applications, loans, plan, days=days)


def test_who_is_approved_without_a_time_is_refused() -> None:
    applications, loans, plan = tiny()
    timeless = applications.assign(decided_at=applications["decided_at"].where(applications["application_id"] != 21))
    said = r"^applications\.decided_at: missing, but application 21 is approved\. Allowed: the time of the decision\."
    for frame in (segments.standing, segments.lifecycle, segments.crossed):
        with pytest.raises(InputError, match=said):
            frame(timeless, loans, plan)
    for name in ("leaks", "time_to_first_loan", "first_drawdown"):
        with pytest.raises(InputError, match=said):
            getattr(segments, name)(timeless, loans)


def test_rules_without_the_segment_approved_are_named_where_it_is_needed(tmp_path: Path) -> None:
    mine = segments.rules(
        written(
            tmp_path,
            f"""
process:
  {OURS}  segments:
    handed_in: [{{when: {{outcome: [approved, rejected]}}}}]
    left: [{{when: {{outcome: incomplete}}}}]
""",
        )
    )
    applications, *rest = tiny()
    with pytest.raises(InputError, match=r"^rules: process has no segment 'approved' but handed_in, left\. Allowed"):
        segments.crossed_approved(applications.assign(limit_cny=0), *rest, rules=mine)


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ("{risk_score: {range: 9..0}}", "risk_score.range = 9..0: not a range."),
        ("{risk_score: {levels: [a, a]}}", "risk_score.levels"),
        ("{risk_score: {at_most: risk_score}}", "risk_score: of no kind."),
    ],
)
def test_conditions_on_a_feature_that_cannot_be_read_are_not_blamed(features: str, said: str, tmp_path: Path) -> None:
    text = f"quality:\n  {OURS}  features: {features}\n  segments:\n    a: [{{when: {{risk_score: 5..}}}}]\n"
    [fault] = faults(tmp_path, text)
    assert said in fault


def test_too_many_segments_are_told_as_that(tmp_path: Path) -> None:
    many = "".join(f"    s{number}: [{{when: {{risk_score: {number}}}}}]\n" for number in range(101))
    [fault] = faults(tmp_path, f"quality:\n  {OURS}  segments:\n{many}")
    assert fault.endswith("quality.segments: 101 segments. Allowed: at most 100.")


@pytest.mark.parametrize("k", [0, -1, 2.5, True])
def test_what_is_no_number_of_groups_is_refused(k: Any) -> None:
    with pytest.raises(InputError, match=f"^k = {k}: not a whole number from 1 on"):
        segments.clusters(*(made_up("book")[name] for name in ("applications", "loans", "instalments")), k=k)


def test_rules_of_ones_own_reach_every_frame(tmp_path: Path) -> None:
    mine = segments.rules(written(tmp_path, lifecycle_of("{n_loans: 0}")))
    three = [made_up("book")[name] for name in ("applications", "loans", "instalments")]
    for frame in FRAMES[1:]:
        assert set(frame(*three, rules=mine)["segment"]) <= {"new", "active"}

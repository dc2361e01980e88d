"""Rules of segments: those that ship, those of a file of one's own, and what is wrong with a file."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from segment_tables import LIFECYCLE, OURS, tiny_book, written

from loanpersona.analysis import segments
from loanpersona.core import catalog
from loanpersona.core.conditions import select
from loanpersona.core.errors import InputError
from loanpersona.core.strict_yaml import Faults, parse


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        segments.load_rules(written(folder, text))
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
    result = segments.load_rules().lifecycle.assign(row)
    assert result.tolist() == [segment]
    assert result.cat.ordered
    assert list(result.cat.categories) == LIFECYCLE


def test_the_cuts_of_quality_are_those_of_the_persona() -> None:
    groups = parse((catalog.FOLDER / "personas" / "article.yaml").read_text(encoding="utf-8")).child("variables")
    assert groups is not None
    stated: Any = groups.child("quality_tier").child("groups").value  # type: ignore[union-attr]
    scores = list(range(1001))
    result = segments.load_rules().quality.assign(pd.DataFrame({"risk_score": scores}))
    for tier, node in stated.items():
        assert [score for score in scores if result[score] == tier] == sorted(select(node, scores, Faults()))
    assert list(result.cat.categories) == list(stated)


def test_every_segmentation_cites_its_statement_and_says_why_in_both_languages() -> None:
    rules = segments.load_rules()
    assert [(one.name, one.statement) for one in (rules.process, rules.lifecycle, rules.quality)] == [
        ("process", "3.1a"),
        ("lifecycle", "3.1b"),
        ("quality", "3.1c"),
    ]
    assert all(
        dict(one.basis.because).keys() == {"en", "zh"} for one in (rules.process, rules.lifecycle, rules.quality)
    )
    assert (rules.process.basis.kind, rules.lifecycle.basis.kind, rules.quality.basis.kind) == (
        "stated",
        "assumed",
        "assumed",
    )


def test_the_shipped_file_is_read_once_and_a_copy_of_it_says_the_same(tmp_path: Path) -> None:
    text = (catalog.FOLDER / "segments.yaml").read_text(encoding="utf-8")
    assert segments.load_rules() is segments.load_rules(None)
    assert segments.load_rules(written(tmp_path, text)) == segments.load_rules()


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
    assert segments.load_rules().lifecycle.assign(rows).tolist() == [each[0] for each in expected]


def test_the_rules_can_be_told_as_the_file_states_them() -> None:
    result = segments.load_rules().table("lifecycle")
    stated = catalog.load("segments")["lifecycle"]["segments"]
    expected = [
        {"segment": segment, **{name: rule["when"].get(name, "any") for name in result.columns[1:]}}
        for segment, rules in stated.items()
        for rule in rules
    ]
    assert result.to_dict("records") == expected
    assert segments.load_rules().table("quality")["risk_score"].tolist() == [
        "..308",
        "309..400",
        "401..519",
        "520..623",
        "624..",
    ]
    assert segments.load_rules().table("process")["outcome"].tolist() == ["incomplete", "approved", "rejected"]


# Rules of one's own


def test_a_file_changes_the_segmentations_it_names_and_no_other(tmp_path: Path) -> None:
    mine = segments.load_rules(
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
    assert dict(mine.quality.basis.because) == {"en": "ours", "zh": "ours"}
    assert (mine.lifecycle, mine.process) == (segments.load_rules().lifecycle, segments.load_rules().process)


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
    assert list(segments.load_rules(written(tmp_path, text)).lifecycle.segments) == ["new", "active", "silent"]
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
            segments.load_rules(written(tmp_path, text))
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
        ("quality: {because: a, segments: {a: [{when: {risk_score: 0..}}]}}\n", "quality: no number without a basis."),
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
        (
            "quality: {basis: published, source: ours, segments: {a: [{when: {risk_score: 0..}}]}}\n",
            "quality.source = ours: unknown source.",
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
    result = faults(tmp_path, text)
    assert any(said in fault for fault in result), result
    assert all(fault.startswith("mine.yaml:") for fault in result)


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = "qualty: {a: 1}\nprocess: {basis: stated, segments: {a: [{when: {outcome: no}}]}}\n"
    result = faults(tmp_path, text + lifecycle_of("{n_loans: 1..}"))
    assert [fault.split(":")[1] for fault in result] == ["1", "2", "7", "7"]


def test_rules_that_cut_too_finely_are_refused_at_once(tmp_path: Path) -> None:
    many = ", ".join(str(2 * number) for number in range(600))
    text = lifecycle_of(f"{{days_since_approval: [{many}], days_idle: [{many}]}}")
    assert "the rules cut too finely" in faults(tmp_path, text)[0]


@pytest.mark.parametrize("path", ["nowhere.yaml", 3, Path(__file__).parent])
def test_what_is_no_file_is_an_input_error(path: Any) -> None:
    with pytest.raises(InputError, match=r"no such file|not a path|is a directory"):
        segments.load_rules(path)


def test_a_path_in_place_of_rules_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"rules = 'mine\.yaml': not rules\. Allowed: what lp\.segments\.load_rules"):
        segments.mix(tiny_book(), rules="mine.yaml")


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
        segments.load_rules().lifecycle.assign(pd.DataFrame(FINE | change))


def test_missing_features_are_named_all_together_and_extra_columns_do_no_harm() -> None:
    lifecycle = segments.load_rules().lifecycle
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
        segments.load_rules(path)


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


def test_a_file_may_list_the_sources_of_its_own_rules(tmp_path: Path) -> None:
    rule = "quality: {basis: published, source: ours, segments: {a: [{when: {risk_score: 0..}}]}}\n"
    path = written(tmp_path, "sources: {ours: {title: our own cuts}}\n" + rule)
    assert segments.load_rules(path).quality.basis.sources == ("ours",)

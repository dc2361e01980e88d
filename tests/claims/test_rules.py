"""What each kind of rule finds in small frames whose answer is known by hand, and how often it errs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from loanpersona.claims import Rule, judge, operating_characteristics
from loanpersona.claims.rules import KINDS
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import wilson, z

WIDE = z(0.99) / z(0.95)


def frame(**shares: tuple[float, float]) -> pd.DataFrame:
    """A frame of 1,000 people, with the share of each level and the half of its 95 % interval."""
    rows = [{"level": name, "n": 1_000, "share": at, "low": at - half, "high": at + half}
            for name, (at, half) in shares.items()]  # fmt: skip
    return pd.DataFrame(rows)


def rule(kind: str, line: float, *levels: str, **more: Any) -> Rule:
    than = {"level": (more.pop("than"),)} if "than" in more else None
    return Rule(kind, {"level": levels}, line, {}, than=than, **more)


def test_a_share_is_held_against_its_line_at_99_percent() -> None:
    result = judge(rule("above", 0.5, "a"), frame(a=(0.6, 0.05), b=(0.4, 0.05)))
    assert (result.word, result.value, result.n, result.clusters) == ("supported", 0.6, 1_000, 1_000)
    assert (result.low, result.high) == pytest.approx((0.6 - 0.05 * WIDE, 0.6 + 0.05 * WIDE))
    # 0.1 is two of those halves of 1.96 standard errors
    assert result.error == pytest.approx(2 * 4.44e-5, rel=0.01)


@pytest.mark.parametrize(
    ("made", "at", "word"),
    [
        (rule("above", 0.5, "a"), 0.55, "inconclusive"),
        (rule("above", 0.5, "a"), 0.40, "contradicted"),
        (rule("below", 0.5, "a"), 0.40, "supported"),
        (rule("below", 0.5, "a"), 0.60, "contradicted"),
        (rule("within", 0.2, "a", top=0.6), 0.40, "supported"),
        (rule("within", 0.2, "a", top=0.6), 0.70, "contradicted"),
        (rule("within", 0.2, "a", top=0.6), 0.58, "inconclusive"),
        (rule("ahead", 0, "a"), 0.60, "supported"),
        (rule("ahead", 0, "a"), 0.40, "inconclusive"),
        (rule("ahead", 0, "a"), 0.10, "contradicted"),
        (rule("times", 1.1, "a", than="b"), 0.60, "supported"),
        (rule("times", 1.1, "a", than="b"), 0.20, "contradicted"),
        (rule("times", 1.1, "a", than="b", top=1.2), 0.70, "contradicted"),
        (rule("rising", 0, "b", "a"), 0.60, "supported"),
        (rule("rising", 0, "a", "b"), 0.60, "contradicted"),
        (rule("above", 0.2, "a", "b", each=True), 0.60, "supported"),
        (rule("above", 0.2, "a", "b", each=True), 0.10, "contradicted"),
        (rule("below", 0.5, "a", "b", each=True), 0.60, "contradicted"),
        (rule("within", 0.2, "a", "b", each=True, top=0.6), 0.70, "contradicted"),
    ],
)
def test_a_kind_decides_by_where_the_interval_lies(made: Rule, at: float, word: str) -> None:
    assert judge(made, frame(a=(at, 0.05), b=(0.35, 0.05))).word == word


def test_every_kind_of_rule_is_tested_above_and_by_simulation() -> None:
    assert set(KINDS) == {"above", "below", "within", "ahead", "times", "rising"}
    assert {name.partition(",")[0] for name in operating_characteristics(draws=1)["rule"]} == set(KINDS)


def test_several_rows_of_one_whole_are_added_up() -> None:
    result = judge(rule("above", 0.5, "a", "b"), frame(a=(0.3, 0.05), b=(0.3, 0.05), c=(0.4, 0.05)))
    low, high = wilson(600, 1_000)
    assert result.value == pytest.approx(0.6)
    assert (result.low, result.high) == pytest.approx((0.6 - (0.6 - low) * WIDE, 0.6 + (high - 0.6) * WIDE))


def test_rows_of_different_days_are_averaged_with_the_error_of_their_mean() -> None:
    made = pd.DataFrame({"week": [1, 2], "n": 21, "rate_ratio": [0.7, 0.9], "low": [0.67, 0.86], "high": [0.73, 0.94]})
    result = judge(Rule("below", {"week": ("1", "2")}, 1.0, {}, column="rate_ratio"), made)
    assert result.value == pytest.approx(0.8)
    assert result.low == pytest.approx(0.8 * (1 - 0.025 / 0.8) ** WIDE)  # sqrt(0.03² + 0.04²) / 2


def test_whoever_compares_more_rows_has_wider_intervals() -> None:
    two, three = frame(a=(0.6, 0.05), b=(0.2, 0.05)), frame(a=(0.6, 0.05), b=(0.2, 0.05), c=(0.2, 0.05))
    assert judge(rule("ahead", 0, "a"), three).low < judge(rule("ahead", 0, "a"), two).low


def test_what_is_inconclusive_says_the_n_that_would_settle_it() -> None:
    result = judge(rule("above", 0.5, "a"), frame(a=(0.55, 0.05), b=(0.45, 0.05)))
    # the half has to shrink from 0.0657 to 0.05
    assert result.needed == pytest.approx(1_000 * WIDE**2, abs=3)
    assert judge(rule("above", 0.5, "a"), frame(a=(0.5, 0.05), b=(0.5, 0.05))).needed is None
    assert judge(rule("above", 0.5, "a"), frame(a=(0.9, 0.05), b=(0.1, 0.05))).needed is None


def test_a_missing_interval_decides_nothing() -> None:
    missing = float("nan")
    result = judge(rule("above", 0.5, "a"), frame(a=(0.9, missing)))
    assert (result.word, result.needed) == ("inconclusive", None)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (rule("above", 0.5, "aa"), "rule: level = aa: no such row. Did you mean 'a'?"),
        (Rule("above", {"levels": ("a",)}, 0.5, {}), "rule: levels = a: no such row."),
        (rule("above", 0.5, "a", column="shares"), "rule: column shares: not in the frame. Did you mean 'share'?"),
    ],
)
def test_a_row_or_column_that_is_not_there_is_named(made: Rule, said: str) -> None:
    with pytest.raises(InputError) as error:
        judge(made, frame(a=(0.5, 0.1)))
    assert said in str(error.value)


def test_no_kind_errs_in_more_than_one_draw_of_a_hundred_and_each_finds_what_the_article_says() -> None:
    found = operating_characteristics(draws=400).set_index(["rule", "truth"])
    at_line, as_stated = (found.xs(truth, level="truth") for truth in ("at_line", "as_stated"))
    assert len(at_line) == len(as_stated) == 7
    # Half a percent to each side is what 99 % intervals allow; 1 % and three standard errors of 400 draws.
    assert (at_line[["supported", "contradicted"]] <= 0.01 + 3 * (0.01 / 400) ** 0.5).all(axis=None)
    assert (as_stated["supported"] >= 0.95).all()

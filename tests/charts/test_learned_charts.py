"""Charts of the cross, of learned groups and of the scorecard: what is drawn, what is said, and odd frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, column, containers, plot, whiskers
from learned_tables import SCORED, own
from matplotlib import pyplot as plt
from matplotlib.container import BarContainer, ErrorbarContainer

import loanpersona as lp
from loanpersona.core.words import LANGUAGES, label, phrase

both_languages = pytest.mark.parametrize("lang", LANGUAGES)
WITH_TRUTH = {"score_comparison", "score_correlation"}


@cache
def people(seed: int, n: int) -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=n, seed=seed)


def book_of(name: str, seed: int) -> list[pd.DataFrame]:
    tables = ["applications", "loans", "instalments", *(["truth"] if name in WITH_TRUTH else [])]
    return [getattr(people(seed, 20_000), table) for table in ["users", *tables]]


def of(frame: pd.DataFrame, **picked: Any) -> pd.Series:
    """The share or value of the rows picked."""
    for by, what in picked.items():
        frame = frame[frame[by] == what]
    return frame["share" if "share" in frame else "value"]


def farthest(frame: pd.DataFrame) -> list[str]:
    ratio = frame["approval_ratio"].dropna()
    return ["0.80", f"{ratio[np.log(ratio).abs().idxmax()]:.2f}"]


def widest(frame: pd.DataFrame) -> list[str]:
    ends = frame.groupby("attribute")["score_points"].agg(["min", "max"])
    return [str(one) for one in ends.loc[(ends["max"] - ends["min"]).idxmax()]]


NAMES = SCORED
CLAIMED: dict[str, Callable[[pd.DataFrame], list[str]]] = {
    "scorecard": widest,
    "information_value": lambda f: [f"{f['information_value'][0]:.2f}"],
    "score_comparison": lambda f: [f"{one:.2f}" for one in of(f, measure="gini")],
    "score_correlation": lambda f: [f"{f['spearman'][place]:.2f}" for place in (1, 2)],
    "scorecard_stability": lambda f: [f"{f[one][0]:.2f}" for one in ("rank_median", "rank_low", "rank_high")],
    "cost_of_leaving_out": lambda f: [f"{f['gain'][4]:+.3f}".removeprefix("+")],
    "approval_ratios": farthest,
}
VALUES: dict[str, Callable[[pd.DataFrame], list[str]]] = {
    "scorecard": column("score_points", "{}"),
    "information_value": column("information_value", "{:.2f}"),
    "score_comparison": column("value", "{:.2f}"),
    "score_correlation": column("spearman", "{:.2f}"),
    "scorecard_stability": column("median_apart", "{}"),
    "cost_of_leaving_out": column("gini", "{:.2f}"),
    "approval_ratios": lambda f: [f"{one:.2f}" for one in f["approval_ratio"].dropna()],
}
BARS = {"information_value": "information_value"}
DOTS = {
    "scorecard_stability": "median_apart",
    "score_correlation": "spearman",
    "cost_of_leaving_out": "gini",
}
OTHERS = [
    "scorecard",
    "score_comparison",
    "approval_ratios",
]


class TestLearnedCharts(ChartRules):
    names, claimed, values, bars, dots, others = NAMES, CLAIMED, VALUES, BARS, DOTS, OTHERS
    samples = (7, 8)
    # the whiskers reach to the least and the greatest of the resamples
    without_interval = ("scorecard_stability",)

    @staticmethod
    def make(name: str, sample: Any) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(lp.credit, name)(*book_of(name, sample))
        return frame

    @staticmethod
    def of_one(name: str) -> pd.DataFrame:
        return own(name)


drawn = TestLearnedCharts.drawn


@both_languages
@pytest.mark.parametrize(("name", "by", "value"), [("score_comparison", "measure", "value")])
def test_series_side_by_side_have_their_values_and_intervals(name: str, by: str, value: str, lang: str) -> None:
    found = drawn(name, lang)
    kinds = [one for one in dict.fromkeys(found.frame[by]) if one != "chance"]
    bars, errors = containers(found.ax, BarContainer), containers(found.ax, ErrorbarContainer)
    for kind, drawn_bars, drawn_errors in zip(kinds, bars, errors, strict=True):
        part = found.frame[found.frame[by] == kind]
        assert [bar.get_width() for bar in drawn_bars] == part[value].tolist()
        np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(drawn_errors)], part[["low", "high"]])
    assert {label(kind, lang) for kind in kinds} <= {text.get_text() for text in found.ax.get_legend().get_texts()}


@both_languages
def test_every_band_has_its_weight_its_interval_and_its_points(lang: str) -> None:
    found = drawn("scorecard", lang)
    widths = sorted(bar.get_width() for bars in containers(found.ax, BarContainer) for bar in bars)
    assert widths == sorted(found.frame["woe"])
    [errors] = containers(found.ax, ErrorbarContainer)
    np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(errors)], found.frame[["woe_low", "woe_high"]])
    assert [text.get_text() for text in found.ax.texts] == [
        f"{one:+d}" if one else "0" for one in found.frame["score_points"]
    ]
    named = [tick.get_text() for tick in found.ax.get_yticklabels()]
    assert named[0].startswith(label("zhima_score", lang))
    assert len(set(named)) == len(found.frame)


def test_the_points_of_the_card_stand_beside_those_of_its_resamples() -> None:
    found = drawn("scorecard_stability", "en")
    [card] = [line for line in found.ax.get_lines() if line.get_marker() == "D"]
    assert card.get_xdata().tolist() == found.frame["points_apart"].tolist()
    assert {phrase("card_legend"), phrase("resamples_legend")} == {
        text.get_text() for text in found.ax.get_legend().get_texts()
    }


def test_ratios_stand_with_their_intervals_between_the_lines() -> None:
    found = drawn("approval_ratios", "en")
    known = found.frame[found.frame["approval_ratio"].notna()]
    for decided, errors in zip(("lender", "scorecard"), containers(found.ax, ErrorbarContainer), strict=True):
        part = known[known["decided_by"] == decided]
        np.testing.assert_array_equal(errors[0].get_xdata(), part["approval_ratio"])
        np.testing.assert_allclose(
            [[a[0], b[0]] for a, b in whiskers(errors)], part[["approval_ratio_low", "approval_ratio_high"]]
        )
    upright = {line.get_xdata()[0] for line in found.ax.get_lines() if len(set(line.get_xdata())) == 1}
    assert {0.8, 1, 1.25} <= upright
    assert found.ax.get_yticklabels()[0].get_text() == "Women / Men"


def said(name: str, frame: pd.DataFrame, lang: str = "en") -> str:
    ax = plot(name)(frame, lang=lang)
    plt.close(ax.figure)
    title: str = ax.get_title(loc="left")
    return title


def test_titles_claim_no_more_than_the_frame_holds() -> None:
    ratios = TestLearnedCharts.framed("approval_ratios")
    lower = pd.DataFrame(0.3, ratios.index, ["approval_ratio", "approval_ratio_low", "approval_ratio_high"]).where(
        ratios["group"] == "female", 0.0
    )
    beyond = ratios.assign(**{name: ratios[name] - lower[name] for name in lower})
    women = beyond["approval_ratio"][beyond["group"] == "female"].min()
    assert said("approval_ratios", beyond) == phrase(
        "approval_ratios_beyond_title", line="0.80", group="Women", ratio=f"{women:.2f}"
    )
    above = ratios.assign(**{name: ratios[name] + 0.5 * (ratios["group"] == "female") for name in lower})
    assert said("approval_ratios", above).startswith("The largest group is below four fifths (0.80) of: Women, 1.5")
    known = TestLearnedCharts.framed("score_correlation")
    assert said("score_correlation", known.head(1)).startswith("Scorecard and risk score rank applicants")
    cost = TestLearnedCharts.framed("cost_of_leaving_out")
    gaining = cost.assign(gain=0.05, gain_low=0.01, gain_high=0.09)
    assert said("cost_of_leaving_out", gaining) == phrase("cost_of_leaving_out_some_title", gain="+0.050")
    value = TestLearnedCharts.framed("information_value").assign(chance=9.0)
    assert said("information_value", value).startswith("No attribute by itself says more than chance")
    seen = TestLearnedCharts.framed("score_comparison")
    seen = seen[seen["score"] != "repayment_capacity"]
    assert "capacity" not in said("score_comparison", seen)


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_in_words_has_a_word_for_everything(name: str) -> None:
    shown = lp.labels.in_words(TestLearnedCharts.framed(name), "zh").reset_index().astype(str)
    left = [text for text in [*shown.columns, *shown.to_numpy().ravel()] if re.search(r"[a-z]|_|\.\.|nan", text)]
    assert left == []

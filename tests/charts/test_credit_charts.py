"""Charts of credit risk: artists' data against the frames, and what every chart has to hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, Claims, column, containers, plot, whiskers
from credit_tables import LAST, cohorts, hand, made
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer
from reads import CREDIT_TAKES

import loanpersona as lp
from loanpersona.charts.credit.risk_score import ENOUGH
from loanpersona.charts.drawing import SERIES
from loanpersona.core.words import LANGUAGES, phrase

NAMES = list(CREDIT_TAKES)
both_languages = pytest.mark.parametrize("lang", LANGUAGES)


def cut(frame: pd.DataFrame) -> list[str]:
    row = frame[frame["share_of_good"] <= 0.2].iloc[-1]
    return [f"{row['share_of_bad']:.1%}", f"{row['share_of_good']:.1%}", f"{row['cut_score']:.0f}"]


def greatest(frame: pd.DataFrame) -> list[str]:
    row = frame.loc[frame["separation"].idxmax()]
    return [
        f"{row['separation']:.2f}",
        f"{row['share_of_good']:.1%}",
        f"{row['share_of_bad']:.1%}",
        f"{row['risk_score']:.0f}",
    ]


def scoring_high(frame: pd.DataFrame) -> list[str]:
    high = frame[frame["score_band"].str.partition("..")[0].astype(int) >= 500].groupby("measure")["share"].sum()
    return [f"{high[of]:.1%}" for of in ("of_good", "of_bad")]


CLAIMED: Claims = {
    "score_distribution": scoring_high,
    "ks_curve": greatest,
    "roc": cut,
    "discrimination": lambda f: [f"{f['value'].iloc[1]:.2f}", f"{f['value'].iloc[2]:.2f}"],
    "calibration": lambda f: [str(f["share_expected"].between(f["low"], f["high"]).sum()), str(len(f))],
}
VALUES: Claims = {
    "score_distribution": lambda f: [f"{value:.1%}" for value in f["share"].dropna()],
    "discrimination": column("value", "{:.2f}"),
    "calibration": column("share", "{:.1%}"),
    "score_stability": column("psi", "{:.2f}"),
}


@cache
def population(sample: int) -> dict[str, pd.DataFrame]:
    made_of = lp.generate(lp.load_persona("article"), n=sample, seed=7)
    return dict(made_of.tables)


class TestCreditCharts(ChartRules):
    names, samples, claimed, values = NAMES, (20_000, 5_000), CLAIMED, VALUES
    bars, dots = {"calibration": "share"}, {"discrimination": "value"}
    others = tuple(name for name in NAMES if name not in {"calibration", "discrimination"})

    @staticmethod
    def make(name: str, sample: Any) -> pd.DataFrame:
        return made(name, population(sample))

    @staticmethod
    def of_one(name: str) -> pd.DataFrame:
        more = {} if name in {"calibration", "score_stability"} else {"until": LAST}
        return made(name, hand(name), **more)


def frame_and_axes(name: str, lang: str) -> tuple[pd.DataFrame, Axes]:
    found = TestCreditCharts.drawn(name, lang)
    return found.frame, found.ax


@both_languages
def test_good_and_bad_stand_side_by_side_with_the_bad_rate_where_enough_are_in_a_band(lang: str) -> None:
    frame, ax = frame_and_axes("score_distribution", lang)
    for bars, measure, (colour, hatch) in zip(
        containers(ax, BarContainer), ("of_good", "of_bad"), SERIES, strict=False
    ):
        part = frame[frame["measure"] == measure]
        np.testing.assert_array_equal([bar.get_height() for bar in bars], part["share"])
        assert {(to_hex(bar.get_facecolor()), bar.get_hatch() or "") for bar in bars} == {(colour, hatch)}
    *_, line = containers(ax, ErrorbarContainer)
    rate = frame[(frame["measure"] == "bad_rate") & (frame["n"] >= ENOUGH)]
    assert line[0].get_ydata().tolist() == rate["share"].tolist()
    np.testing.assert_allclose([[a[1], b[1]] for a, b in whiskers(line)], rate[["low", "high"]], atol=1e-12)
    assert rate["high"].max() < ax.get_ylim()[1]


def test_the_curves_are_those_of_their_frames() -> None:
    frame, ax = frame_and_axes("ks_curve", "en")
    for line, name in zip(ax.get_lines(), ("share_of_good", "share_of_bad", "separation"), strict=True):
        assert line.get_ydata().tolist() == frame[name].tolist()
    assert len({line.get_linestyle() for line in ax.get_lines()}) == 3
    frame, ax = frame_and_axes("roc", "zh")
    assert ax.get_lines()[1].get_ydata().tolist() == [0, *frame["share_of_bad"]]
    ends = (
        next(one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)).get_paths()[0].get_extents()
    )
    assert (ends.y0, ends.y1) == pytest.approx((frame["low"].min(), 1))


@both_languages
def test_stability_has_a_line_for_each_kind_and_one_for_chance(lang: str) -> None:
    frame, ax = frame_and_axes("score_stability", lang)
    later = frame.dropna(subset=["by_chance"])
    lines = iter(ax.get_lines())
    for _, part in later.groupby("counted"):
        assert next(lines).get_ydata().tolist() == part["psi"].tolist()
        assert next(lines).get_ydata().tolist() == part["by_chance"].tolist()
    assert [set(line.get_ydata()) for line in lines] == [{0.1}, {0.25}]


@both_languages
def test_scores_that_shift_are_said_to_shift(lang: str) -> None:
    even = list(range(1, 1001))
    ax = plot("score_stability")(made("score_stability", cohorts(even, even, even[500:] * 2)), lang=lang)
    assert ax.get_title(loc="left") == phrase("score_stability_shifted_title", lang, count=2, of=4)
    assert TestCreditCharts.drawn("score_stability", lang).title == phrase("score_stability_title", lang)

"""Charts of scores: artists' data against the frames."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from chart_rules import containers, whiskers
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, LineCollection
from matplotlib.container import BarContainer, ErrorbarContainer

import loanpersona as lp
from loanpersona.core.words import LANGUAGES, label, phrase

both_languages = pytest.mark.parametrize("lang", LANGUAGES)
CARD = {"zhima_score": [600, 650], "platforms": [2, 3]}


@cache
def population() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=6_000, seed=7)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def drawn(name: str, lang: str, **asked: Any) -> tuple[pd.DataFrame, Axes]:
    frame = getattr(lp.credit, name)(population(), **asked)
    return frame, lp.plot(frame, lang=lang)


def test_the_curves_are_those_of_their_frames() -> None:
    frame, ax = drawn("ks", "en")
    for line, name in zip(ax.get_lines(), ("share_of_good", "share_of_bad"), strict=True):
        assert line.get_ydata().tolist() == frame[name].tolist()
    assert len({line.get_linestyle() for line in ax.get_lines()}) == 2
    assert f"KS {frame['separation'].max():.2f}" in [text.get_text() for text in ax.texts]
    frame, ax = drawn("roc", "zh")
    assert ax.get_lines()[1].get_ydata().tolist() == [0, *frame["share_of_bad"]]
    band = next(one for one in ax.collections if isinstance(one, FillBetweenPolyCollection))
    ends = band.get_paths()[0].get_extents()
    assert (ends.y0, ends.y1) == pytest.approx((frame["low"].min(), 1))


@both_languages
def test_good_bad_and_bad_rate_have_a_panel_each_and_the_rate_of_few_is_left_out(lang: str) -> None:
    frame, ax = drawn("score_bands", lang)
    for panel, (measure, part) in zip(ax.child_axes, frame.groupby("measure", sort=False), strict=True):
        [bars] = containers(panel, BarContainer)
        np.testing.assert_array_equal([bar.get_width() for bar in bars], part["share"].where(part["n"] >= 30))
        assert panel.get_title(loc="left") == label(measure, lang)


@both_languages
@pytest.mark.parametrize("name", ["calibration", "information_value"])
def test_what_a_row_is_compared_with_stands_on_it_as_a_hollow_mark(name: str, lang: str) -> None:
    frame, ax = drawn(name, lang, **({"bands": CARD} if name == "information_value" else {}))
    column = "chance" if name == "information_value" else "share_expected"
    [marks] = [line for line in ax.get_lines() if line.get_marker() == "D"]
    assert (marks.get_xdata() if column == "chance" else marks.get_ydata()).tolist() == frame[column].tolist()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [label(column, lang)]


@both_languages
def test_stability_has_a_line_for_each_kind_and_one_for_chance(lang: str) -> None:
    frame, ax = drawn("population_stability", lang)
    lines = iter(ax.get_lines())
    for _, part in frame.dropna(subset=["by_chance"]).groupby("counted"):
        np.testing.assert_array_equal(next(lines).get_ydata(), part["psi"].where(part["n"] >= 30))
        assert next(lines).get_ydata().tolist() == part["by_chance"].tolist()
    assert [set(line.get_ydata()) for line in lines] == [{0.1}, {0.25}]


@both_languages
def test_every_band_has_its_weight_its_interval_and_its_points(lang: str) -> None:
    frame, ax = drawn("scorecard", lang, bands=CARD)
    widths = sorted(bar.get_width() for bars in containers(ax, BarContainer) for bar in bars)
    assert widths == sorted(frame["woe"])
    [errors] = containers(ax, ErrorbarContainer)
    np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(errors)], frame[["low", "high"]])
    points = [f"{one:+d}" if one else "0" for one in frame["score_points"]]
    assert [text.get_text() for text in ax.texts][: len(frame)] == points
    named = [tick.get_text() for tick in ax.get_yticklabels()]
    assert named[0].startswith(label("zhima_score", lang))
    assert len(set(named)) == len(frame)


def test_a_card_of_too_few_has_dashes_for_points() -> None:
    small = lp.generate(lp.load_persona("article"), n=400, seed=7)
    frame = lp.credit.scorecard(small)
    assert frame["score_points"].isna().all()
    assert {text.get_text() for text in lp.plot(frame).texts[: len(frame)]} == {"–"}


@both_languages
def test_the_points_of_the_card_stand_on_the_reach_of_its_resamples(lang: str) -> None:
    frame, ax = drawn("scorecard_resampling", lang, bands=CARD)
    assert ax.get_lines()[0].get_xdata().tolist() == frame["points_apart"].tolist()
    [reach] = [one for one in ax.collections if isinstance(one, LineCollection)]
    assert [[a[0], b[0]] for a, b in reach.get_segments()] == frame[["least", "greatest"]].to_numpy().tolist()
    said = [text.get_text().replace("\n", " " if lang == "en" else "") for text in ax.texts]
    assert any(phrase("resampled_note", lang) in words for words in said)


def test_ratios_stand_with_their_intervals_between_the_lines() -> None:
    frame, ax = drawn("fairness", "en", bands=CARD)
    known = frame[frame["approval_ratio"].notna()]
    for decided, errors in zip(("lender", "scorecard"), containers(ax, ErrorbarContainer), strict=True):
        part = known[known["decided_by"] == decided]
        np.testing.assert_array_equal(errors[0].get_xdata(), part["approval_ratio"])
        ends = part[["approval_ratio_low", "approval_ratio_high"]]
        np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(errors)], ends)
    upright = {line.get_xdata()[0] for line in ax.get_lines() if len(set(line.get_xdata())) == 1}
    assert {0.8, 1, 1.25} <= upright
    assert ax.get_yticklabels()[0].get_text() == "Women / Men"


@both_languages
def test_scores_side_by_side_have_a_panel_for_each_measure(lang: str) -> None:
    frame, ax = drawn("discrimination", lang, of=("scorecard", "risk_score"))
    for panel, (measure, part) in zip(ax.child_axes, frame.groupby("measure", sort=False), strict=True):
        [errors] = containers(panel, ErrorbarContainer)
        np.testing.assert_array_equal(errors[0].get_xdata(), part["value"])
        assert panel.get_title(loc="left") == label(measure, lang)

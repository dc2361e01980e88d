"""Charts of credit risk: artists' data against the frames, and what every chart has to hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, Claims, column, containers, lightness, plot, whiskers
from credit_tables import LAST, cohorts, hand, made
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.patches import Rectangle
from reads import CREDIT_TAKES

import loanpersona as lp
from loanpersona.charts.credit.risk_score import ENOUGH
from loanpersona.charts.drawing import SERIES
from loanpersona.core.words import LANGUAGES, in_words, label, phrase

NAMES = list(CREDIT_TAKES)
both_languages = pytest.mark.parametrize("lang", LANGUAGES)


def at_twelve(frame: pd.DataFrame) -> list[str]:
    """The latest vintage that is twelve months old, and what is said of it."""
    row = frame.query("ever_past_due == '90+' and counted == 'of_loans' and month_on_book == 12").dropna().iloc[-1]
    return [f"{row['share']:.1%}", row["vintage"]]


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


def best_and_worst(frame: pd.DataFrame) -> list[str]:
    rest = frame[(frame["component"] == "income_after_losses") & (frame["quality_tier"] != "everybody")]
    return [f"{rest['share_of_balance'].max():.1%}", f"{rest['share_of_balance'].min():.1%}"]


CLAIMED: Claims = {
    "score_distribution": scoring_high,
    "ks_curve": greatest,
    "roc": cut,
    "discrimination": lambda f: [f"{f['value'].iloc[1]:.2f}", f"{f['value'].iloc[2]:.2f}"],
    "calibration": lambda f: [str(f["share_expected"].between(f["low"], f["high"]).sum()), str(len(f))],
    "tier_table": lambda f: [
        f"{value:.1%}" for value in f.loc[f["measure"] == "bad_12_months", "value"].iloc[[0, -2, -1]]
    ],
    "tier_income": best_and_worst,
    "vintages": at_twelve,
    "roll_rates": lambda f: [f"{f.set_index(['dpd_bucket', 'next_bucket'])['share']['30-59', '60-89']:.1%}"],
}
VALUES: Claims = {
    "score_distribution": lambda f: [f"{value:.1%}" for value in f["share"].dropna()],
    "discrimination": column("value", "{:.2f}"),
    "calibration": column("share", "{:.1%}"),
    "score_stability": column("psi", "{:.2f}"),
    "tier_table": lambda f: in_words(f)["Value"].tolist(),
    "tier_income": lambda f: [
        f"{value:.1%}" for value in f.loc[f["component"] == "income_after_losses", "share_of_balance"]
    ],
    "roll_rates": lambda f: [f"{value:.1%}" for value in f["share"].dropna()],
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


@both_languages
def test_every_cell_of_the_tier_table_has_its_number_interval_and_bar(lang: str) -> None:
    frame, ax = frame_and_axes("tier_table", lang)
    tiers, measures = (list(dict.fromkeys(frame[name])) for name in ("quality_tier", "measure"))
    said = in_words(frame, lang)[[label(name, lang) for name in ("value", "low", "high")]].to_numpy().tolist()
    cells = {(int(x), int(y)): [] for x, y in (text.get_position() for text in ax.texts)}
    for text in ax.texts:
        cells[int(text.get_position()[0]), int(text.get_position()[1])].append(text.get_text())
    bars = {(int(bar.get_x()), int(bar.get_y())): bar for bar in ax.patches if isinstance(bar, Rectangle)}
    for row, (value, low, high) in zip(frame.to_dict("records"), said, strict=True):
        at = measures.index(row["measure"]), tiers.index(row["quality_tier"])
        assert cells[at] == ([value, f"{low} – {high}"] if row["low"] == row["low"] else [value])
        of = frame.loc[(frame["measure"] == row["measure"]) & (frame["quality_tier"] != "everybody"), "value"]
        assert (at in bars) == (row["quality_tier"] != "everybody")
        if at in bars:
            assert bars[at].get_width() == pytest.approx(0.9 * abs(row["value"]) / of.abs().max())
            assert bool(bars[at].get_hatch()) == (row["value"] < 0)
            assert lightness(bars[at].get_facecolor()) > 70
    assert [text.get_text().replace("\n", "").replace(" ", "") for text in ax.get_xticklabels()] == [
        label(one, lang).replace(" ", "") for one in measures
    ]


@both_languages
def test_costs_are_stacked_against_the_interest_and_what_is_left_stands_beside(lang: str) -> None:
    frame, ax = frame_and_axes("tier_income", lang)
    wide = frame.pivot(index="quality_tier", columns="component", values="share_of_balance")
    wide = wide.loc[list(dict.fromkeys(frame["quality_tier"]))]
    costs = [-wide["funding_cost"], -wide["operating_cost"], -wide["charged_off"] - wide["recovered"]]
    left = np.zeros(len(wide))
    for bars, cost in zip(containers(ax, BarContainer), costs, strict=True):
        np.testing.assert_allclose([bar.get_x() for bar in bars], left)
        np.testing.assert_allclose([bar.get_width() for bar in bars], cost)
        left = left + cost.to_numpy()
    marks = ax.get_lines()[0].get_xdata()
    np.testing.assert_allclose(marks, wide["interest_received"])
    np.testing.assert_allclose(marks - left, wide["income_after_losses"])
    rest = frame[frame["component"] == "income_after_losses"]
    assert [text.get_text() for text in ax.texts][1:] == [
        f"{row.share_of_balance:.1%} ({row.low:.1%} – {row.high:.1%})" for row in rest.itertuples()
    ]


def test_the_fan_has_a_curve_for_each_vintage_and_ends_where_not_all_was_watched() -> None:
    frame, ax = frame_and_axes("vintages", "en")
    known = frame[frame["counted"] == "of_loans"].dropna(subset=["share"])
    drawn = [line.get_ydata().tolist() for line in ax.get_lines() if len(line.get_xdata())]
    assert drawn == [part["share"].tolist() for _, part in known.groupby(["ever_past_due", "vintage"])]
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.get_lines() if line.get_label()[0] != "_"}
    assert len(looks) == 5
    told = known[(known["ever_past_due"] == "90+") & (known["vintage"] == at_twelve(frame)[1])]
    bold = max(ax.get_lines(), key=lambda line: line.get_linewidth())
    assert bold.get_ydata().tolist() == told["share"].tolist()
    [band] = [one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]
    assert band.get_paths()[0].get_extents().y1 == told["high"].max()


@both_languages
def test_the_heat_map_of_roll_rates_holds_each_share_with_half_its_interval(lang: str) -> None:
    frame, ax = frame_and_axes("roll_rates", lang)
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    assert mesh.get_array().ravel().tolist() == frame["share"].tolist()
    expected = [f"{100 * row.share:.1f}\n±{50 * (row.high - row.low):.1f}" for row in frame.itertuples()]
    assert [text.get_text() for text in ax.texts] == expected
    for text, ground in zip(ax.texts, mesh.get_facecolors(), strict=True):
        assert abs(lightness(text.get_color()) - lightness(ground)) >= 40

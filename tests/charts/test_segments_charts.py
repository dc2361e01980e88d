"""Charts of the segments: artists' data against the frames, both languages, grey print and odd frames."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, Claims, column, containers, lightness, plot, whiskers
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.container import BarContainer, ErrorbarContainer
from reads import SEGMENTS
from segment_tables import LIFECYCLE, registered, times, tiny

import loanpersona as lp
from loanpersona.analysis import segments
from loanpersona.core.words import LANGUAGES, label

NAMES = list(SEGMENTS)
BARS = {"process_mix": "share", "leaks": "share", "first_drawdown": "share"}
GROUPED = {"returns": "measure", "weight_of_segments": "measure"}
HEAT = {"leak_needs": ("place", "need"), "transitions": ("segment", "segment_after")}
CURVES = {"time_to_first_loan": ("days", "not_drawn"), "time_in_segment": ("months_there", "still_there")}
OTHERS = [*HEAT, *CURVES, "funnel", "lifecycle_mix", "lifecycle_by_month", "rfm_cells"]

both_languages = pytest.mark.parametrize("lang", LANGUAGES)


def shares_at(frame: pd.DataFrame, by: str, **where: str) -> list[str]:
    """The shares at these values of the columns, as a title writes them."""
    kept = frame[np.logical_and.reduce([frame[name] == value for name, value in where.items()])]
    return [f"{value:.1%}" for value in kept.set_index(by)["share"].reindex(kept[by].unique())]


def longest(frame: pd.DataFrame) -> list[str]:
    year = frame[frame["months_there"] <= 12].groupby("segment", observed=True)["still_there"].last()
    return [f"{year.max():.1%}"]


def heaviest(frame: pd.DataFrame) -> list[str]:
    held = frame.pivot_table("share", "segment", "measure", observed=True)
    most = held.loc[held["of_balance"].idxmax()]
    return [f"{most['of_borrowers']:.1%}", f"{most['of_balance']:.1%}"]


CLAIMED: Claims = {
    "process_mix": lambda f: [f"{f['share'].max():.1%}"],
    "funnel": lambda f: [
        shares_at(f, "counted", counted="of_registered", stage=stage)[0]
        for stage in ("submission", "approved", "drew_so_far")
    ],
    "leaks": lambda f: [f"{f['share'].max():.1%}"],
    "leak_needs": lambda f: shares_at(f, "need", place="drawdown", need="none_seen"),
    "returns": lambda f: shares_at(f, "outcome", measure="applied_again"),
    "time_to_first_loan": lambda f: [f"{f.loc[f['days'] <= 90, 'not_drawn'].min():.1%}"],
    "first_drawdown": lambda f: [f"{f['share'].iloc[-1]:.1%}"],
    "lifecycle_mix": lambda f: [f"{f['share'].max():.1%}"],
    "lifecycle_by_month": lambda f: [f"{f['share'].iloc[-5:].max():.1%}", "2024-12"],
    "transitions": lambda f: [f"{f.loc[f['segment'] == f['segment_after'], 'share'].max():.1%}", "90"],
    "time_in_segment": longest,
    "weight_of_segments": heaviest,
    "rfm_cells": lambda f: [f"{f.loc[f['measure'] == 'of_volume', 'share'].max():.1%}"],
}
VALUES = {name: column("share", "{:.1%}") for name in [*BARS, *GROUPED, *HEAT, "funnel", "lifecycle_mix"]}


@cache
def _population(seed: int) -> dict[str, pd.DataFrame]:
    return dict(lp.generate(lp.load_persona("article"), n=6_000 if seed == 7 else 1_500, seed=seed).tables)


class TestSegmentsCharts(ChartRules):
    names, claimed, values, bars, grouped, others = NAMES, CLAIMED, VALUES, BARS, GROUPED, OTHERS
    samples = (7, 8)

    @staticmethod
    def make(name: str, sample: Any) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(segments, name)(*[_population(sample)[table] for table in SEGMENTS[name]])
        return frame

    @staticmethod
    def of_one(name: str) -> pd.DataFrame:
        applications, loans, plan = tiny()
        signals = times(pd.DataFrame({"user_id": [4], "need": ["convenience"], "at": ["2024-03-10 09:10"]}))
        who = 4 if name in {"leak_needs", "returns"} else 1
        one = {
            "users": registered()[:1],
            "applications": applications[applications["user_id"] == who],
            "loans": loans[:2],
            "instalments": plan[:4],
            "signals": signals,
        }
        until = (
            {}
            if "instalments" in SEGMENTS[name] or name == "rfm_cells" or name == "process_mix"
            else {"until": "2024-08-01"}
        )
        frame: pd.DataFrame = getattr(segments, name)(*[one[table] for table in SEGMENTS[name]], **until)
        return frame


drawn = TestSegmentsCharts.drawn


def heat(ax: Axes) -> QuadMesh:
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    return mesh


def halves(frame: pd.DataFrame, between: str) -> list[str]:
    return [f"{100 * row.share:.1f}{between}±{50 * (row.high - row.low):.1f}" for row in frame.itertuples()]


@both_languages
@pytest.mark.parametrize("name", HEAT)
def test_a_heat_map_holds_each_share_with_half_its_interval(name: str, lang: str) -> None:
    frame, ax = drawn(name, lang).frame, drawn(name, lang).ax
    down, across = HEAT[name]
    assert heat(ax).get_array().ravel().tolist() == frame["share"].tolist()
    assert [text.get_text() for text in ax.texts] == halves(frame, "\n")
    for labels, by in ((ax.get_yticklabels(), down), (ax.get_xticklabels(), across)):
        assert [tick.get_text() for tick in labels] == [label(one, lang) for one in dict.fromkeys(frame[by])]
    for text, ground in zip(ax.texts, heat(ax).get_facecolors(), strict=True):
        assert abs(lightness(text.get_color()) - lightness(ground)) >= 40


@both_languages
def test_the_heat_map_of_rfm_holds_volume_above_and_borrowers_below(lang: str) -> None:
    frame, ax = drawn("rfm_cells", lang).frame, drawn("rfm_cells", lang).ax
    volume, people = (frame[frame["measure"] == measure] for measure in ("of_volume", "of_borrowers"))
    assert heat(ax).get_array().ravel().tolist() == volume["share"].tolist()
    both = zip(halves(volume, " "), halves(people, " "), strict=True)
    assert [text.get_text() for text in ax.texts] == [f"{one}\n{other}" for one, other in both]
    assert ax.get_yticklabels()[0].get_text() == label("0..30", lang)


@both_languages
def test_the_funnel_has_bars_of_the_registered_and_beside_them_the_stage_before(lang: str) -> None:
    frame, ax = drawn("funnel", lang).frame, drawn("funnel", lang).ax
    whole, before = (frame[frame["counted"] == counted] for counted in ("of_registered", "of_stage_before"))
    [bars] = containers(ax, BarContainer)
    assert [bar.get_width() for bar in bars] == whole["share"].tolist()
    [errors] = containers(ax, ErrorbarContainer)
    np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(errors)], whole[["low", "high"]], atol=1e-12)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [label(one, lang) for one in whole["stage"]]
    beside = [text.get_text() for text in ax.texts if text.xy[0] == 1.01]
    assert beside == [label("of_stage_before", lang), *(f"{share:.1%}" for share in before["share"])]


@both_languages
def test_the_mix_has_a_bar_a_segment_and_names_its_base(lang: str) -> None:
    frame, ax = drawn("lifecycle_mix", lang).frame, drawn("lifecycle_mix", lang).ax
    [bars] = containers(ax, BarContainer)
    assert [bar.get_width() for bar in bars] == frame["share"].tolist()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [label(one, lang) for one in LIFECYCLE]


@both_languages
@pytest.mark.parametrize("base", ["operable", "ever_borrowers"])
@pytest.mark.parametrize(
    "name", ["lifecycle_mix", "lifecycle_by_month", "transitions", "time_in_segment", "weight_of_segments"]
)
def test_every_title_of_the_lifecycle_names_its_base(name: str, base: str, lang: str) -> None:
    ax = plot(name)(getattr(segments, name)(*tiny(), at="2024-09-30", base=base), lang=lang)
    plt.close(ax.figure)
    assert label(base, lang) in ax.get_title(loc="left")


def areas(ax: Axes) -> list[FillBetweenPolyCollection]:
    return [one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]


@both_languages
def test_areas_are_the_shares_of_the_months_one_on_top_of_the_other(lang: str) -> None:
    frame, ax = drawn("lifecycle_by_month", lang).frame, drawn("lifecycle_by_month", lang).ax
    tops = frame.pivot_table("share", "as_of", "segment", observed=True).cumsum(axis=1)
    days = mdates.date2num(tops.index.to_numpy())
    for segment, area in zip(LIFECYCLE, areas(ax), strict=True):
        [outline] = area.get_paths()
        corners = {(round(x, 6), round(y, 9)) for x, y in outline.vertices}
        assert {(round(x, 6), round(y, 9)) for x, y in zip(days, tops[segment], strict=True)} <= corners
    last = frame.iloc[-5:]
    beside = [text.get_text() for text in ax.texts]
    assert beside == [
        f"{label(row.segment, lang)} {row.share:.1%}\n{row.low:.1%} – {row.high:.1%}" for row in last.itertuples()
    ]
    assert f"{(frame['high'] - frame['low']).max() / 2:.1%}" in ax.get_xlabel()


def test_areas_and_curves_can_be_told_apart_in_grey_print() -> None:
    found = areas(drawn("lifecycle_by_month", "en").ax)
    looks = [(lightness(area.get_facecolor()[0]), area.get_hatch()) for area in found]
    assert len(set(looks)) == len(looks)
    assert all(abs(one[0] - other[0]) >= 10 for one, other in pairwise(looks))
    lines = [line for line in drawn("time_in_segment", "en").ax.get_lines() if len(line.get_xdata())]
    styles = [(line.get_linestyle(), round(lightness(line.get_color()) / 15)) for line in lines]
    assert len(set(styles)) == len(lines) == 5


@both_languages
@pytest.mark.parametrize("name", CURVES)
def test_curves_and_bands_are_those_of_the_frame(name: str, lang: str) -> None:
    frame, ax = drawn(name, lang).frame, drawn(name, lang).ax
    x, value = CURVES[name]
    parts = [part for _, part in frame.groupby("segment", sort=False)] if "segment" in frame else [frame]
    lines = [line for line in ax.get_lines() if len(line.get_xdata())]
    for part, line, band in zip(parts, lines, areas(ax), strict=True):
        assert line.get_xdata().tolist() == part[x].tolist()
        assert line.get_ydata().tolist() == part[value].tolist()
        assert line.get_drawstyle() == "steps-post"
        ends = band.get_paths()[0].get_extents()
        assert (ends.y0, ends.y1) == pytest.approx((part["low"].min(), part["high"].max()))


def test_where_nobody_owes_anything_the_title_speaks_of_the_largest_segment() -> None:
    applications, loans, plan = tiny()
    paid = plan.assign(paid_on=plan["paid_on"].fillna(pd.Timestamp("2024-07-01")))
    frame = segments.weight_of_segments(applications, loans, paid, at="2024-08-15")
    ax = plot("weight_of_segments")(frame)
    plt.close(ax.figure)
    assert ax.get_title(loc="left") == "Operable base, Active: 33.3% of borrowers, – of the balance"


@both_languages
def test_a_place_whose_needs_are_all_seen_is_titled_by_the_most_frequent(lang: str) -> None:
    frame = segments.leak_needs(
        *tiny()[:2],
        times(
            pd.DataFrame(
                {
                    "user_id": [2, 3, 4],
                    "need": ["cheaper", "get_loan", "convenience"],
                    "at": ["2024-04-01 09:00", "2024-02-01 09:00", "2024-03-10 09:10"],
                }
            )
        ),
        until="2024-07-10",
    )
    ax = plot("leak_needs")(frame[frame["need"] != "none_seen"], lang=lang)
    plt.close(ax.figure)
    assert {
        "en": "No drawdown in 90 days: 100.0% showed a need: Cheaper interest",
        "zh": "90 天内未支用：100.0% 的人显示需求“利息更便宜”",
    }[lang] == ax.get_title(loc="left")

"""Charts of the habits: artists' data against the frames, both languages, grey print and odd frames."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from book import book
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.container import BarContainer, ErrorbarContainer
from reads import TAKES
from test_charts import CJK, Drawn, containers, lightness, whiskers

import loanpersona as lp
from loanpersona.analysis import habits
from loanpersona.charts import style
from loanpersona.charts.drawing import SERIES
from loanpersona.errors import InputError
from loanpersona.labels import LANGUAGES, label, phrase

mpl.use("agg")

NAMES = list(habits.__all__)
# Lying bars of one series, upright bars, lying bars of several series, dots: with the column that is drawn.
BARS = {"hour_windows": "share", "workday_daytime": "share", "revolvers": "share", "loans_per_borrower": "share",
        "loans_per_active_year": "share", "concentration": "share", "limit_use": "share", "utilisation": "share",
        "referral": "share", "referral_trees": "share", "referral_depth": "share",
        "referral_by_embarrassment": "share", "interest_by_term": "per_1000", "interest_by_tier": "per_1000",
        "inquiries": "share", "data_given": "share"}  # fmt: skip
COLUMNS = {"hours": "share", "weekdays": "relative", "day_of_month": "relative", "parts_of_month": "relative"}
GROUPED = {"borrowed_again": "ordinal", "repeat_share": "measure", "debt_service": "counted",
           "debt_service_above": "counted"}  # fmt: skip
DOTS = {"spring_festival": "rate_ratio", "median_wait": "median_days", "caution_by_use": "mean_caution",
        "reproduction": "per_user"}  # fmt: skip
OTHER = ["hour_by_weekday", "daily", "around_festival", "time_to_next_loan", "lorenz"]

every_chart = pytest.mark.parametrize("name", NAMES)
both_languages = pytest.mark.parametrize("lang", LANGUAGES)
both_books = pytest.mark.parametrize("seed", [7, 8])


def plot(name: str) -> Callable[..., Axes]:
    function: Callable[..., Axes] = getattr(lp.charts, f"plot_{name}")
    return function


@cache
def framed(name: str, seed: int = 7) -> pd.DataFrame:
    tables = _book(seed)
    frame: pd.DataFrame = getattr(habits, name)(*[tables[table] for table in TAKES[name]])
    return frame


@cache
def _book(seed: int) -> dict[str, pd.DataFrame]:
    return book(seed, 4_000 if seed == 7 else 900)


@cache
def drawn(name: str, lang: str, seed: int = 7) -> Drawn:
    frame = framed(name, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that no typeface has is a warning
        ax = plot(name)(frame, lang=lang)
        figure = ax.figure
        figure.canvas.draw()
    dots, ink = figure.dpi, figure.get_tightbbox()
    width, height = figure.get_size_inches()
    plt.close(figure)
    return Drawn(ax, frame, (-ink.x0 * dots, -ink.y0 * dots, (ink.x1 - width) * dots, (ink.y1 - height) * dots))


def test_every_frame_of_the_habits_has_its_chart() -> None:
    assert {f"plot_{name}" for name in NAMES} <= set(dir(lp.charts))
    assert sorted([*BARS, *COLUMNS, *GROUPED, *DOTS, *OTHER]) == sorted(NAMES)


# What is drawn


@both_languages
@pytest.mark.parametrize("name", BARS)
def test_bars_are_the_values_and_whiskers_their_intervals(name: str, lang: str) -> None:
    frame, ax, value = drawn(name, lang).frame, drawn(name, lang).ax, BARS[name]
    [bars] = containers(ax, BarContainer)
    assert [bar.get_width() for bar in bars] == frame[value].tolist()
    [errors] = containers(ax, ErrorbarContainer)
    ends = [[[low, row], [high, row]] for row, (low, high) in enumerate(zip(frame["low"], frame["high"], strict=True))]
    np.testing.assert_allclose(whiskers(errors), ends, atol=1e-12)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [label(str(one), lang) for one in frame.iloc[:, 0]]
    assert ax.get_xlim()[0] == 0
    assert ax.get_xlim()[1] > frame["high"].max()


@both_languages
@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_the_values_and_whiskers_their_intervals(name: str, lang: str) -> None:
    frame, ax, value = drawn(name, lang).frame, drawn(name, lang).ax, COLUMNS[name]
    [bars] = containers(ax, BarContainer)
    assert [bar.get_height() for bar in bars] == frame[value].tolist()
    [errors] = containers(ax, ErrorbarContainer)
    ends = [[[row, low], [row, high]] for row, (low, high) in enumerate(zip(frame["low"], frame["high"], strict=True))]
    np.testing.assert_allclose(whiskers(errors), ends, atol=1e-12)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [label(str(one), lang) for one in frame.iloc[:, 0]]
    if name == "hours":
        marked = [bar.get_hatch() is not None for bar in bars]
        assert marked == [8 <= hour < 12 for hour in range(24)]
    else:
        assert any(set(line.get_ydata()) == {1} for line in ax.get_lines())


@both_languages
@pytest.mark.parametrize("name", GROUPED)
def test_each_series_of_grouped_bars_has_its_colour_hatch_and_values(name: str, lang: str) -> None:
    frame, ax = drawn(name, lang).frame, drawn(name, lang).ax
    kinds = list(dict.fromkeys(frame[GROUPED[name]]))
    found = containers(ax, BarContainer)
    for kind, bars, errors in zip(kinds, found, containers(ax, ErrorbarContainer), strict=True):
        part = frame[frame[GROUPED[name]] == kind]
        np.testing.assert_array_equal([bar.get_width() for bar in bars], part["share"])
        np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(errors)], part[["low", "high"]], atol=1e-12)
    looks = [(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in found]
    assert len({hatch for _, hatch in looks}) == len(kinds)
    lights = [lightness(colour) for colour, _ in looks]
    assert all(abs(one - other) >= 10 for one, other in pairwise(lights))
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == [phrase("after_loan", lang, ordinal=kind) if name == "borrowed_again" else label(kind, lang)
                     for kind in kinds]  # fmt: skip


@both_languages
@pytest.mark.parametrize("name", DOTS)
def test_dots_stand_at_the_values_within_their_intervals(name: str, lang: str) -> None:
    frame, ax, value = drawn(name, lang).frame, drawn(name, lang).ax, DOTS[name]
    [dots] = containers(ax, ErrorbarContainer)
    assert dots[0].get_xdata().tolist() == frame[value].tolist()
    np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(dots)], frame[["low", "high"]], atol=1e-12)
    if name == "spring_festival":
        assert any(set(line.get_xdata()) == {1} for line in ax.get_lines())


@both_languages
def test_the_heat_map_of_hours_holds_each_share_with_half_its_interval(lang: str) -> None:
    frame, ax = drawn("hour_by_weekday", lang).frame, drawn("hour_by_weekday", lang).ax
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    assert mesh.get_array().ravel().tolist() == frame["share"].tolist()
    expected = [f"{100 * row.share:.2f}\n±{50 * (row.high - row.low):.2f}" for row in frame.itertuples()]
    assert [text.get_text() for text in ax.texts] == expected
    for text, ground in zip(ax.texts, mesh.get_facecolors(), strict=True):
        assert abs(lightness(text.get_color()) - lightness(ground)) >= 40


def test_the_calendar_has_each_day_at_its_place_and_the_festivals_marked() -> None:
    frame, ax = drawn("daily", "en").frame, drawn("daily", "en").ax
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    grid = np.ma.filled(mesh.get_array(), np.nan)
    assert np.nansum(grid) == frame["loans"].sum()
    assert np.isfinite(grid).sum() == len(frame)
    last = frame.iloc[-1]  # Tuesday 2024-12-31, in the fifty-third week of the fourth year
    assert grid[3 * 8 + 1, 52] == last["loans"]
    marked = sorted((patch.get_y(), patch.get_x()) for patch in ax.patches)
    # Friday 2021-02-12, Tuesday 2022-02-01, Sunday 2023-01-22, Saturday 2024-02-10
    assert marked == [(4, 6), (9, 5), (22, 3), (29, 5)]


def bands(ax: Axes) -> list[Any]:
    return [one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]


def test_curves_and_bands_are_those_of_the_frames() -> None:
    frame, ax = drawn("around_festival", "en").frame, drawn("around_festival", "en").ax
    assert ax.get_lines()[0].get_ydata().tolist() == frame["rate_ratio"].tolist()
    ends = bands(ax)[0].get_paths()[0].get_extents()
    assert (ends.y0, ends.y1) == pytest.approx((frame["low"].min(), frame["high"].max()))
    frame, ax = drawn("time_to_next_loan", "zh").frame, drawn("time_to_next_loan", "zh").ax
    lines = [line for line in ax.get_lines() if len(line.get_xdata())]
    for ordinal, line in zip((1, 2, 3), lines, strict=True):
        part = frame[frame["ordinal"] == ordinal]
        assert line.get_ydata().tolist() == part["survival"].tolist()
        assert line.get_drawstyle() == "steps-post"
    assert len({line.get_linestyle() for line in lines}) == len(bands(ax)) == 3
    frame, ax = drawn("lorenz", "en").frame, drawn("lorenz", "en").ax
    assert ax.get_lines()[1].get_ydata().tolist() == frame["share_of_volume"].tolist()
    assert len(bands(ax)) == 1


@both_languages
def test_the_lead_of_the_morning_stands_beside_each_rival(lang: str) -> None:
    found = drawn("hour_windows", lang)
    rivals = found.frame.dropna(subset=["difference"])
    leads = [f"{row.difference:.1%} ({row.difference_low:.1%} – {row.difference_high:.1%})" for row in
             rivals.itertuples()]  # fmt: skip
    assert [text.get_text() for text in found.ax.texts][-5:] == leads


# What is said

# What a title claims, from its frame, as it is written there.
CLAIMED: dict[str, Callable[[pd.DataFrame], list[str]]] = {
    "hour_by_weekday": lambda f: [f"{f['share'].max():.1%}"],
    "hours": lambda f: [f"{f['share'].max():.1%}"],
    "hour_windows": lambda f: [f"{f['difference'].min():.1%}"],
    "workday_daytime": lambda f: [f"{f['share'].iloc[2]:.1%}", f"{f['baseline'].iloc[2]:.1%}"],
    "weekdays": lambda f: [f"{f['relative'].max():.2f}"],
    "day_of_month": lambda f: [f"{f['relative'].max():.2f}"],
    "parts_of_month": lambda f: [f"{f['relative'].iloc[0]:.2f}"],
    "daily": lambda f: [f"{f['loans'].sum():,}", "2024-12-31"],
    "spring_festival": lambda f: [f"{f['rate_ratio'].iloc[-1]:.2f}"],
    "around_festival": lambda f: [f"{f['rate_ratio'].iloc[12]:.2f}", f"{f['rate_ratio'].iloc[13:16].mean():.2f}"],
    "time_to_next_loan": lambda f: [f"{1 - f[(f['ordinal'] == 1) & (f['days'] <= 365)]['survival'].min():.1%}"],
    "borrowed_again": lambda f: [f"{f['share'].iloc[3]:.1%}", "365"],
    "median_wait": lambda f: [f"{f['median_days'].iloc[0]:.0f}"],
    "repeat_share": lambda f: [f"{f['share'].iloc[-2]:.1%}"],
    "revolvers": lambda f: [f"{f['share'].iloc[0]:.1%}", f"{f['share'].iloc[2]:.1%}"],
    "loans_per_borrower": lambda f: [f"{f['share'].iloc[0]:.1%}"],
    "loans_per_active_year": lambda f: [f"{f['share'].iloc[0]:.1%}"],
    "lorenz": lambda f: [f"{1 - f['share_of_volume'].iloc[90]:.1%}"],
    "concentration": lambda f: [f"{f['share'].iloc[1]:.2f}"],
    "limit_use": lambda f: [f"{f['share'].iloc[0]:.1%}", f"{f['share'].iloc[1]:.1%}"],
    "utilisation": lambda f: [f"{f['share'].iloc[3:].sum():.1%}"],
    "caution_by_use": lambda f: [f"{f['mean_caution'].iloc[0]:.2f}", f"{f['mean_caution'].iloc[2]:.2f}"],
    "referral": lambda f: [f"{f['share'].iloc[0]:.1%}"],
    "reproduction": lambda f: [f"{f['per_user'].iloc[-1]:.2f}"],
    "referral_trees": lambda f: [f"{f['share'].iloc[0]:.1%}"],
    "referral_depth": lambda f: [f"{f['share'].iloc[0]:.1%}"],
    "referral_by_embarrassment": lambda f: [f"{f['share'].iloc[0]:.1%}", f"{f['share'].iloc[-1]:.1%}"],
    "interest_by_term": lambda f: [f"{f['per_1000'].iloc[4]:.0f}"],
    "interest_by_tier": lambda f: [f"{f['per_1000'].iloc[0]:.0f}", f"{f['per_1000'].iloc[-1]:.0f}"],
    "inquiries": lambda f: [f"{f['share'].iloc[3:].sum():.1%}"],
    "data_given": lambda f: [f"{f['share'].iloc[-1]:.1%}"],
    "debt_service": lambda f: [f"{f['share'].iloc[-2:].sum():.1%}"],
    "debt_service_above": lambda f: [f"{f['share'].iloc[-1]:.1%}"],
}


@both_languages
@every_chart
@both_books
def test_titles_say_what_the_frame_holds(name: str, lang: str, seed: int) -> None:
    found = drawn(name, lang, seed)
    for claim in CLAIMED[name](found.frame):
        assert re.search(rf"(?<![\d.]){re.escape(claim)}(?!\d)", found.title), (claim, found.title)
    assert bool(CJK.search(found.title)) == (lang == "zh")


def test_a_morning_that_does_not_lead_for_certain_is_not_said_to_lead() -> None:
    loans = _book(7)["loans"]
    flat = loans.assign(borrowed_at=loans["borrowed_at"].dt.normalize() + pd.to_timedelta(loans.index % 24, unit="h"))
    ax = plot("hour_windows")(habits.hour_windows(flat))
    plt.close(ax.figure)
    assert ax.get_title(loc="left") == phrase("hour_windows_title")
    late = loans.assign(borrowed_at=loans["borrowed_at"] + pd.Timedelta(hours=5))
    ax = plot("hour_windows")(frame := habits.hour_windows(late), lang="zh")
    plt.close(ax.figure)
    share = frame.set_index("hours")["share"]
    assert ax.get_title(loc="left") == f"12–15 时的借款多于早上：{share.max():.1%} 对 {share['8..11']:.1%}"


@every_chart
def test_texts_speak_the_language_asked_for(name: str) -> None:
    assert [text for text in drawn(name, "en").texts if CJK.search(text)] == []


@both_languages
@every_chart
def test_the_alt_text_holds_the_title_and_values_and_says_synthetic(name: str, lang: str) -> None:
    found = drawn(name, lang)
    alt = lp.charts.alt(found.ax)
    assert found.title in alt
    assert {"en": "Synthetic data.", "zh": "合成数据。"}[lang] in alt
    assert bool(CJK.search(alt)) == (lang == "zh")
    value = {**BARS, **COLUMNS, **DOTS, **dict.fromkeys(GROUPED, "share")}.get(name)
    if value in {"share", "relative", "rate_ratio"} and name != "concentration":
        written = "{:.1%}" if value == "share" else "{:,.2f}"
        assert [one for one in found.frame[value] if written.format(one) not in alt] == []


@both_languages
@every_chart
def test_every_chart_says_that_it_is_synthetic_and_what_its_interval_is(name: str, lang: str) -> None:
    written = "\n".join(drawn(name, lang).texts)
    assert phrase("synthetic_mark", lang) in written
    # a count of all loans has no interval
    assert ("95%" in written) == (name != "daily")


@both_languages
@every_chart
@both_books
def test_nothing_is_cut_off_at_the_edge_of_the_figure(name: str, lang: str, seed: int) -> None:
    assert max(drawn(name, lang, seed).ink) <= 1


# How it is used


@every_chart
def test_a_chart_draws_on_the_axes_given_and_leaves_frame_and_settings_alone(name: str) -> None:
    figure, (left, right) = plt.subplots(1, 2)
    frame = framed(name)
    copy = frame.copy(deep=True)
    before = dict(plt.rcParams)
    assert plot(name)(frame, ax=right, lang="zh") is right
    assert dict(plt.rcParams) == before
    plt.close(figure)
    assert CJK.search(right.get_title(loc="left"))
    assert (left.get_title(loc="left"), lp.charts.alt(left)) == ("", "")
    pd.testing.assert_frame_equal(frame, copy)


@every_chart
def test_an_unknown_language_is_refused_before_a_figure_is_opened(name: str) -> None:
    opened = plt.get_fignums()
    with pytest.raises(InputError, match=r"lang = cn: unknown language"):
        plot(name)(framed(name), lang="cn")
    assert plt.get_fignums() == opened


def of_one(name: str) -> pd.DataFrame:
    """The frame of the borrower with the most loans alone, or of the first users where it tells nothing of one."""
    tables = _book(7)
    who = tables["loans"]["borrower_id"].value_counts().index[0]
    kept = {table: frame[frame["borrower_id"] == who] for table, frame in tables.items() if table != "instalments"}
    kept["instalments"] = tables["instalments"][tables["instalments"]["loan_id"].isin(kept["loans"]["loan_id"])]
    kept["borrowers"] = kept["borrowers"].assign(referred_by=None)
    more = {"until": "2024-12-31"} if TAKES[name] == ("borrowers",) and name in {"referral", "reproduction"} else {}
    if name in {"spring_festival", "around_festival"}:
        kept["loans"] = tables["loans"]
    frame: pd.DataFrame = getattr(habits, name)(*[kept[table] for table in TAKES[name]], **more)
    return frame


@both_languages
@every_chart
def test_the_frame_of_one_borrower_is_drawn_without_a_warning_and_without_a_nan(name: str, lang: str) -> None:
    frame = of_one(name)
    ax = plot(name)(frame, lang=lang)
    plt.close(ax.figure)
    ax.figure.draw_without_rendering()
    shown = "\n".join([*Drawn(ax, frame, (0, 0, 0, 0)).texts, lp.charts.alt(ax)])
    assert not re.search(r"\b(nan|inf)\b", shown)


@pytest.mark.parametrize("name", ["time_to_next_loan", "borrowed_again", "median_wait"])
def test_waits_that_all_are_censored_are_drawn(name: str) -> None:
    loans = _book(7)["loans"]
    frame = getattr(habits, name)(loans[loans["ordinal"] == 1])
    ax = plot(name)(frame)
    plt.close(ax.figure)
    assert "nan" not in lp.charts.alt(ax)
    if name == "median_wait":
        assert ax.get_title(loc="left") == phrase("median_wait_open_title", ordinal=1)


@every_chart
def test_row_numbers_of_a_frame_do_not_move_anything(name: str) -> None:
    def marks(frame: pd.DataFrame) -> list[object]:
        ax = plot(name)(frame)
        found = [(text.get_text(), tuple(map(float, text.get_position()))) for text in ax.texts]
        plt.close(ax.figure)
        return [ax.get_ylim(), *found]

    frame = framed(name)
    assert marks(frame.set_axis(range(50, 50 + len(frame)))) == marks(frame)


def test_series_are_coloured_so_that_the_colour_blind_can_tell_them_apart() -> None:
    assert [colour for colour, _ in SERIES][:2] == [style.BLUE, style.ORANGE]
    assert len({hatch for _, hatch in SERIES}) == 3

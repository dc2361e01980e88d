"""Charts of the habits: artists' data against the frames, both languages, grey print and odd frames."""

from __future__ import annotations

from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from book import book
from chart_rules import ChartRules, Claims, column, containers, lightness, plot
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.container import BarContainer
from reads import TAKES

import loanpersona as lp
from loanpersona.analysis import habits
from loanpersona.charts import style
from loanpersona.charts.drawing import SERIES
from loanpersona.core.words import LANGUAGES, label, phrase

NAMES = list(habits.__all__)
# Lying bars of one series, upright bars, lying bars of several series, dots: with the column that is drawn.
BARS = {
    "hour_windows": "share",
    "workday_daytime": "share",
    "revolvers": "share",
    "loans_per_borrower": "share",
    "loans_per_active_year": "share",
    "concentration": "share",
    "limit_use": "share",
    "utilisation": "share",
    "referral": "share",
    "referral_trees": "share",
    "referral_depth": "share",
    "referral_by_embarrassment": "share",
    "interest_by_term": "per_1000",
    "interest_by_tier": "per_1000",
    "inquiries": "share",
    "data_given": "share",
}
COLUMNS = {"hours": "share", "weekdays": "relative", "day_of_month": "relative", "parts_of_month": "relative"}
GROUPED = {
    "borrowed_again": "ordinal",
    "repeat_share": "measure",
    "debt_service": "counted",
    "debt_service_above": "counted",
}
DOTS = {
    "spring_festival": "rate_ratio",
    "median_wait": "median_days",
    "caution_by_use": "mean_caution",
    "reproduction": "per_user",
}
OTHERS = ["hour_by_weekday", "daily", "around_festival", "time_to_next_loan", "lorenz"]

both_languages = pytest.mark.parametrize("lang", LANGUAGES)
FORMS = {"share": "{:.1%}", "relative": "{:,.2f}", "rate_ratio": "{:,.2f}"}
DRAWN = {**BARS, **COLUMNS, **DOTS, **dict.fromkeys(GROUPED, "share")}
VALUES = {name: column(value, FORMS[value]) for name, value in DRAWN.items() if value in FORMS}
VALUES["concentration"] = column("share", "{:.2f}")  # coefficients, not shares

# What a title claims, from its frame, as it is written there.
CLAIMED: Claims = {
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
    "debt_service_above": lambda f: ["55%", f"{f['share'].iloc[-1]:.1%}"],
}


@cache
def tables_of(seed: int) -> dict[str, pd.DataFrame]:
    return book(seed, 4_000 if seed == 7 else 900)


class TestHabitsCharts(ChartRules):
    names, samples, claimed, values = NAMES, (7, 8), CLAIMED, VALUES
    bars, columns, grouped, dots, others = BARS, COLUMNS, GROUPED, DOTS, OTHERS
    without_interval = ("daily",)  # a count of all loans has none

    @staticmethod
    def make(name: str, sample: Any) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(habits, name)(*[tables_of(sample)[table] for table in TAKES[name]])
        return frame

    @staticmethod
    def of_one(name: str) -> pd.DataFrame:
        """The frame of the borrower with the most loans alone, or of the first users where it tells nothing of one."""
        tables = tables_of(7)
        who = tables["loans"]["user_id"].value_counts().index[0]
        kept = {table: frame[frame["user_id"] == who] for table, frame in tables.items() if table != "instalments"}
        kept["instalments"] = tables["instalments"][tables["instalments"]["loan_id"].isin(kept["loans"]["loan_id"])]
        kept["users"] = kept["users"].assign(referred_by=None)
        more = {"until": "2024-12-31"} if TAKES[name] == ("users",) and name in {"referral", "reproduction"} else {}
        if name in {"spring_festival", "around_festival"}:
            kept["loans"] = tables["loans"]
        frame: pd.DataFrame = getattr(habits, name)(*[kept[table] for table in TAKES[name]], **more)
        return frame

    @staticmethod
    def series_named(name: str, kind: Any, lang: str) -> str:
        return phrase("after_loan", lang, ordinal=kind) if name == "borrowed_again" else label(kind, lang)


drawn = TestHabitsCharts.drawn


@both_languages
def test_the_hours_of_the_morning_are_hatched(lang: str) -> None:
    [bars] = containers(drawn("hours", lang).ax, BarContainer)
    assert [bar.get_hatch() is not None for bar in bars] == [8 <= hour < 12 for hour in range(24)]


@both_languages
@pytest.mark.parametrize("name", ["weekdays", "day_of_month", "parts_of_month", "spring_festival"])
def test_the_line_of_one_stands_at_one(name: str, lang: str) -> None:
    lines = drawn(name, lang).ax.get_lines()
    ends = [line.get_xdata() if name == "spring_festival" else line.get_ydata() for line in lines]
    assert any(set(each) == {1} for each in ends)


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
    leads = [
        f"{row.difference:.1%} ({row.difference_low:.1%} – {row.difference_high:.1%})" for row in rivals.itertuples()
    ]
    assert [text.get_text() for text in found.ax.texts][-5:] == leads


def test_a_morning_that_does_not_lead_for_certain_is_not_said_to_lead() -> None:
    loans = tables_of(7)["loans"]
    flat = loans.assign(borrowed_at=loans["borrowed_at"].dt.normalize() + pd.to_timedelta(loans.index % 24, unit="h"))
    ax = plot("hour_windows")(habits.hour_windows(flat))
    plt.close(ax.figure)
    assert ax.get_title(loc="left") == phrase("hour_windows_title")
    late = loans.assign(borrowed_at=loans["borrowed_at"] + pd.Timedelta(hours=5))
    ax = plot("hour_windows")(frame := habits.hour_windows(late), lang="zh")
    plt.close(ax.figure)
    share = frame.set_index("hours")["share"]
    assert ax.get_title(loc="left") == f"12–15 时的借款多于早上：{share.max():.1%} 对 {share['8..11']:.1%}"


@pytest.mark.parametrize("name", ["time_to_next_loan", "borrowed_again", "median_wait"])
def test_waits_that_all_are_censored_are_drawn(name: str) -> None:
    loans = tables_of(7)["loans"]
    frame = getattr(habits, name)(loans[loans["ordinal"] == 1])
    ax = plot(name)(frame)
    plt.close(ax.figure)
    assert "nan" not in lp.charts.alt(ax)
    if name == "median_wait":
        assert ax.get_title(loc="left") == phrase("median_wait_open_title", ordinal=1)


def test_series_are_coloured_so_that_the_colour_blind_can_tell_them_apart() -> None:
    assert [colour for colour, _ in SERIES][:2] == [style.BLUE, style.ORANGE]
    assert len({hatch for _, hatch in SERIES}) == 3

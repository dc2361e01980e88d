"""Charts of the habits: what is drawn is what the frames hold, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from book import book
from chart_rules import points
from habits_tables import half_year, taken
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.container import BarContainer

import loanpersona as lp
from loanpersona.core.words import LANGUAGES, label, phrase

mpl.use("agg")
both_languages = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture(scope="module")
def loans() -> lp.Book:
    return lp.Book(**book(7, 3_000))


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def drawn(frame: pd.DataFrame, lang: str = "en") -> Axes:
    ax = lp.plot(frame, lang=lang)
    assert "nan" not in lp.charts.alt(ax)
    return ax


def heights(ax: Axes) -> list[float]:
    bars = [one for one in ax.containers if isinstance(one, BarContainer)][-1]
    return [bar.get_y() + bar.get_height() for bar in bars]


def mesh(ax: Axes) -> Any:
    return np.ma.filled(next(one for one in ax.collections if isinstance(one, QuadMesh)).get_array(), np.nan)


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def bands(ax: Axes) -> list[Any]:
    return [one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]


@both_languages
@pytest.mark.parametrize("of", ["hour", "weekday", "day_of_month", "part_of_month"])
def test_columns_stand_around_the_line_of_one(loans: lp.Book, of: str, lang: str) -> None:
    frame = lp.habits.timing(loans, of=of)
    ax = drawn(frame, lang)
    assert heights(ax) == pytest.approx(frame["relative"])
    assert any(set(line.get_ydata()) == {1} for line in ax.get_lines())


@both_languages
def test_two_cells_are_a_map_and_only_few_have_their_numbers(loans: lp.Book, lang: str) -> None:
    frame = lp.habits.timing(loans, of=("weekday", "hour"))
    ax = drawn(frame, lang)
    assert mesh(ax).ravel().tolist() == frame["relative"].tolist()
    assert f"{frame['relative'].iloc[0]:.2f}" not in [text.get_text() for text in ax.texts]
    few = lp.habits.timing(loans, of=("working_day", "daytime"))
    said = [text.get_text() for text in drawn(few, lang).texts]
    assert [f"{one:.2f}" for one in few["relative"]] == said[: len(few)]


@both_languages
def test_the_lead_of_the_morning_stands_beside_each_rival(loans: lp.Book, lang: str) -> None:
    frame = lp.habits.timing(loans, of="window", against="8..11")
    ax = drawn(frame, lang)
    bars = [one for one in ax.containers if isinstance(one, BarContainer)][-1]
    assert [bar.get_width() for bar in bars] == frame["share"].tolist()
    rivals = frame.dropna(subset=["difference"]).itertuples()
    ends = [[f"{100 * one:.1f}" for one in (row.difference, row.difference_low, row.difference_high)] for row in rivals]
    leads = [phrase("percentage_points", lang, value=f"{value} ({low} – {high})") for value, low, high in ends]
    assert [text.get_text() for text in ax.texts if " – " in text.get_text()] == leads
    assert phrase("lead_of", lang, cell="8–11") in [text.get_text() for text in ax.texts]


def test_groups_of_hours_are_lines_and_those_of_parts_a_map(loans: lp.Book) -> None:
    frame = lp.habits.timing(loans, by="working_day")
    lines = [line for line in drawn(frame).get_lines() if len(line.get_xdata()) == 24]
    assert [line.get_ydata().tolist() for line in lines] == [
        part["relative"].tolist() for _, part in frame.groupby("working_day", sort=False, observed=True)
    ]
    frame = lp.habits.timing(loans, of="part_of_month", by="working_day")
    assert mesh(drawn(frame)).ravel().tolist() == frame["relative"].tolist()


@both_languages
def test_the_calendar_has_each_day_at_its_place_and_the_festivals_marked(loans: lp.Book, lang: str) -> None:
    frame = lp.habits.originations(loans, every="day")
    ax = drawn(frame, lang)
    grid = mesh(ax)
    assert np.nansum(grid) == frame["loans"].sum()
    assert np.isfinite(grid).sum() == len(frame)
    last = frame.iloc[-1]  # Tuesday 2024-12-31, in the fifty-third week of the fourth year
    assert grid[3 * 8 + 1, 52] == last["loans"]
    # Friday 2021-02-12, Tuesday 2022-02-01, Sunday 2023-01-22, Saturday 2024-02-10
    assert sorted((one.get_y(), one.get_x()) for one in ax.patches) == [(4, 6), (9, 5), (22, 3), (29, 5)]


def test_a_calendar_that_does_not_know_the_festivals_marks_none() -> None:
    early = taken(pd.date_range("2005-01-01", "2006-12-31")).assign(amount_cny=1)
    assert list(drawn(lp.habits.originations(loans=early, every="day")).patches) == []


def test_months_are_a_line_from_nought(loans: lp.Book) -> None:
    frame = lp.habits.originations(loans)
    ax = drawn(frame)
    assert ax.get_lines()[0].get_ydata().tolist() == frame["loans"].tolist()
    assert ax.get_ylim()[0] == 0


@both_languages
def test_weeks_and_years_around_the_festival_stand_around_one(loans: lp.Book, lang: str) -> None:
    frame = lp.habits.festival(loans)
    ax = drawn(frame, lang)
    assert ax.get_lines()[0].get_ydata().tolist() == frame["rate_ratio"].tolist()
    ends = bands(ax)[0].get_paths()[0].get_extents()
    assert (ends.y0, ends.y1) == pytest.approx((frame["low"].min(), frame["high"].max()))
    assert any(set(line.get_ydata()) == {1} for line in ax.get_lines())
    frame = lp.habits.festival(loans, of="year")
    ax = drawn(frame, lang)
    [dots] = points(ax)
    assert dots.get_xdata().tolist() == frame["rate_ratio"].tolist()
    assert any(set(line.get_xdata()) == {1} for line in ax.get_lines())


def test_a_festival_without_an_interval_is_drawn() -> None:
    days = half_year()
    after = (days - pd.Timestamp("2023-01-22")).days
    ax = drawn(lp.habits.festival(loans=taken(days[(after < 1) | (after > 30)]), of="year"))
    assert ax.get_title(loc="left") == label("habits.festival")


@both_languages
def test_waits_are_steps_that_rise_each_with_its_band_and_name(loans: lp.Book, lang: str) -> None:
    frame = lp.habits.time_to_next_loan(loans)
    ax = drawn(frame, lang)
    lines = [line for line in ax.get_lines() if len(line.get_xdata())]
    for ordinal, line in zip((1, 2, 3), lines, strict=True):
        of_year = (frame["ordinal"] == ordinal) & (frame["days"] <= 365)
        assert line.get_ydata().tolist() == frame.loc[of_year, "share"].tolist()
        assert line.get_drawstyle() == "steps-post"
        assert line.get_label() == phrase("after_loan", lang, ordinal=ordinal)
    assert len({line.get_color() for line in lines}) == 3
    assert [phrase("after_loan", lang, ordinal=one) in texts(ax) for one in (1, 2, 3)] == [True] * 3


def test_days_that_are_kept_are_bars_and_unwatched_ones_have_none(loans: lp.Book) -> None:
    frame = lp.habits.time_to_next_loan(loans, within=(30, 365, 9_999))
    ax = drawn(frame)
    widths = [bar.get_width() for one in ax.containers if isinstance(one, BarContainer) for bar in one]
    np.testing.assert_array_equal(widths, frame.sort_values(["ordinal", "days"])["share"])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["30", "365", "9999"]


def test_through_many_days_that_are_kept_runs_a_line_with_its_name_at_its_end(loans: lp.Book) -> None:
    frame = lp.habits.time_to_next_loan(loans, within=(30, 91, 182, 274, 365))
    ax = lp.plot(frame)
    assert [list(line.get_ydata())[1:] for line in ax.get_lines()] == [
        part["share"].tolist() for _, part in frame.groupby("ordinal")
    ]
    assert [one for one in texts(ax) if one.startswith("after loan")] != []


def test_waits_that_all_are_censored_are_drawn(loans: lp.Book) -> None:
    ax = drawn(lp.habits.time_to_next_loan(loans=loans.loans[loans.loans["ordinal"] == 1]))
    assert all(set(line.get_ydata()) <= {0.0} for line in ax.get_lines())


@both_languages
def test_the_gini_coefficient_stands_in_the_curve(loans: lp.Book, lang: str) -> None:
    frame = lp.habits.lorenz(loans, by="referred")
    ax = drawn(frame, lang)
    curves = [line for line in ax.get_lines() if len(line.get_xdata()) == 101]
    assert curves[0].get_ydata().tolist() == frame.loc[frame["referred"] == "everybody", "share_of_volume"].tolist()
    said = next(text.get_text() for text in ax.texts if "\n" in text.get_text())
    for line, (_, part) in zip(said.split("\n"), frame.groupby("referred", sort=False, observed=True), strict=True):
        assert f"{part['gini'].iloc[0]:.2f} ({part['gini_low'].iloc[0]:.2f} – {part['gini_high'].iloc[0]:.2f})" in line


@both_languages
def test_debt_service_has_both_platforms_in_each_band(loans: lp.Book, lang: str) -> None:
    frame = lp.habits.debt_service(loans)
    bars = [one for one in drawn(frame, lang).containers if isinstance(one, BarContainer)]
    for counted, one in zip(("this_platform", "all_platforms"), bars, strict=True):
        assert [bar.get_width() for bar in one] == frame.loc[frame["counted"] == counted, "share"].tolist()


@both_languages
@pytest.mark.parametrize(("name", "panels"), [("repeat_share", 2), ("loan_counts", 3), ("footprint", 2)])
def test_what_is_measured_of_different_wholes_stands_in_panels(
    loans: lp.Book, name: str, panels: int, lang: str
) -> None:
    ax = drawn(getattr(lp.habits, name)(loans), lang)
    assert len(ax.child_axes) == panels
    names = [[text.get_text() for text in one.get_yticklabels()] for one in ax.child_axes]
    assert names[0]
    assert any(names[1]) == (name == "footprint")


def test_referral_is_compared_with_one(loans: lp.Book) -> None:
    ax = drawn(lp.habits.referral(loans, by="cohort"))
    assert any(set(line.get_xdata()) == {1} for line in ax.get_lines())

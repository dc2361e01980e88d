"""Charts: every one by its artists' data against its frame, in both languages, with warnings as errors."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.patches import Rectangle, StepPatch
from matplotlib.text import Text

import loanpersona as lp
from loanpersona import catalog
from loanpersona.analysis import habits, profile
from loanpersona.charts import style
from loanpersona.errors import InputError
from loanpersona.labels import LANGUAGES, label, phrase

mpl.use("agg")

NAMES = list(profile.__all__)
BARS = ["borrower_class", "sex", "age", "region", "city_tier", "education", "occupation", "work", "income",
        "income_below", "bank_credit", "marital_status"]  # fmt: skip
COMPARED = ["sex", "age", "region"]
RANGES = ["income_by_occupation", "income_stability"]
CJK = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@dataclass(frozen=True)
class Drawn:
    """A chart that was drawn once: its axes, the frame behind it, and how far its ink reaches in pixels."""

    ax: Axes
    frame: pd.DataFrame
    ink: tuple[float, float, float, float]

    @property
    def title(self) -> str:
        return self.ax.get_title(loc="left")

    @property
    def texts(self) -> list[str]:
        """Every text of the figure that can be read."""
        return [text.get_text() for text in self.ax.figure.findobj(Text) if text.get_visible() and text.get_text()]


def plot(name: str) -> Callable[..., Axes]:
    function: Callable[..., Axes] = getattr(lp.charts, f"plot_{name}")
    return function


@cache
def borrowers(persona: str) -> pd.DataFrame:
    return lp.generate(lp.load_persona(persona), n=20_000, seed=7).borrowers


@cache
def framed(name: str, persona: str = "article") -> pd.DataFrame:
    frame: pd.DataFrame = getattr(profile, name)(borrowers(persona))
    return frame


@cache
def drawn(name: str, lang: str, persona: str = "article") -> Drawn:
    frame = framed(name, persona)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that no typeface has is a warning
        ax = plot(name)(frame, lang=lang)
        figure = ax.figure
        figure.canvas.draw()
    dots, ink = figure.dpi, figure.get_tightbbox()
    width, height = figure.get_size_inches()
    plt.close(figure)
    # pixels beyond the left, lower, right and upper edge
    return Drawn(ax, frame, (-ink.x0 * dots, -ink.y0 * dots, (ink.x1 - width) * dots, (ink.y1 - height) * dots))


every_chart = pytest.mark.parametrize("name", NAMES)
both_languages = pytest.mark.parametrize("lang", LANGUAGES)


def test_every_frame_of_the_profile_has_its_chart_and_there_are_nineteen() -> None:
    found = {name for name in dir(lp.charts) if name.startswith("plot_")} - {f"plot_{name}" for name in habits.__all__}
    assert found == {f"plot_{name}" for name in NAMES}
    assert len(found) == 19
    assert sorted([*BARS, *RANGES, "age_by_sex", "province", "education_by_occupation", "marital_by_age_and_sex",
                   "lift"]) == sorted(NAMES)  # fmt: skip


# What is drawn


def containers(ax: Axes, kind: type) -> list[Any]:
    return [container for container in ax.containers if isinstance(container, kind)]


def whiskers(container: ErrorbarContainer) -> list[list[list[float]]]:
    """The two ends of every whisker."""
    [lines] = container[2]
    return [segment.tolist() for segment in lines.get_segments()]


def across(lows: Any, highs: Any) -> list[Any]:
    """Horizontal lines, one a row, as they should be."""
    return [[[low, row], [high, row]] for row, (low, high) in enumerate(zip(lows, highs, strict=True))]


def words_of(frame: pd.DataFrame, lang: str) -> list[str]:
    return [label(str(one), lang) for one in frame.iloc[:, 0]]


@both_languages
@pytest.mark.parametrize("name", BARS)
def test_bars_are_the_shares_and_whiskers_their_intervals(name: str, lang: str) -> None:
    found = drawn(name, lang)
    frame, ax = found.frame, found.ax
    [bars] = containers(ax, BarContainer)
    assert [bar.get_width() for bar in bars] == frame["share"].tolist()
    assert [bar.get_y() + bar.get_height() / 2 for bar in bars] == pytest.approx(range(len(frame)))
    [errors] = containers(ax, ErrorbarContainer)
    np.testing.assert_allclose(whiskers(errors), across(frame["low"], frame["high"]), atol=1e-12)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == words_of(frame, lang)
    beside = [text.get_text() for text in sorted(ax.texts, key=lambda text: text.xy[1])]
    assert beside == [f"{share:.1%}" for share in frame["share"]]
    assert ax.get_xlim()[0] == 0
    assert ax.get_xlim()[1] > frame["high"].max()


@both_languages
@pytest.mark.parametrize("name", COMPARED)
def test_diamonds_are_the_baselines(name: str, lang: str) -> None:
    found = drawn(name, lang)
    [diamonds] = [line for line in found.ax.get_lines() if line.get_marker() == "D"]
    assert diamonds.get_xdata().tolist() == found.frame["baseline"].tolist()
    assert list(diamonds.get_ydata()) == list(range(len(found.frame)))
    named = [text.get_text() for text in found.ax.get_legend().get_texts()]
    assert phrase("borrowers_legend", lang) in named
    assert any("2020" in words for words in named)


@both_languages
def test_the_pyramid_has_men_on_the_left_and_the_census_as_its_outline(lang: str) -> None:
    ax, frame = drawn("age_by_sex", lang).ax, drawn("age_by_sex", lang).frame
    sides = zip((-1, 1), ("male", "female"), containers(ax, BarContainer), containers(ax, ErrorbarContainer),
                [patch for patch in ax.patches if isinstance(patch, StepPatch)], strict=True)  # fmt: skip
    for side, sex, bars, errors, outline in sides:
        part = frame[frame["sex"] == sex]
        assert [bar.get_width() for bar in bars] == (side * part["share"]).tolist()
        ends = [part["low"], part["high"]] if side == 1 else [-part["high"], -part["low"]]
        np.testing.assert_allclose(whiskers(errors), across(*ends), atol=1e-12)
        assert outline.get_data().values.tolist() == (side * part["baseline"]).tolist()
        assert bars.get_label() == label(sex, lang)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [label(band) for band in profile.AGE_BANDS]
    assert {text.get_text() for text in ax.get_xticklabels()} >= {"0%", "10%"}


def test_the_whiskers_of_no_men_stay_on_the_left() -> None:
    women = borrowers("article").query("sex == 'female'")
    ax = plot("age_by_sex")(profile.age_by_sex(women))
    plt.close(ax.figure)
    for segment in whiskers(containers(ax, ErrorbarContainer)[0]):
        assert max(x for x, _ in segment) <= 0


def tiles_of(ax: Axes) -> dict[tuple[float, float], list[str]]:
    """The texts that stand on each tile."""
    tiles = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    boxes = [(tile.get_x() + tile.get_width() / 2, tile.get_y() + tile.get_height() / 2) for tile in tiles]
    return {
        (round(x), round(y)): [t.get_text() for t in ax.texts if abs(t.get_position()[0] - x) < 0.5
                               and abs(t.get_position()[1] - y) < 0.5]
        for x, y in boxes
    }  # fmt: skip


@both_languages
@pytest.mark.parametrize("people", [20_000, 40])
def test_the_map_has_a_tile_for_each_province_with_people(people: int, lang: str) -> None:
    frame = profile.province(borrowers("article").head(people))
    ax = plot("province")(frame, lang=lang)
    plt.close(ax.figure)
    here = frame[frame["k"] > 0]
    assert len(here) == 31 if people == 20_000 else 0 < len(here) < 31
    expected = {}
    for row in here.itertuples():
        down, right, *short = catalog.load("tiles")[row.province]
        lift = [f"{row.lift:.2f}", f"{row.lift_low:.2f}–{row.lift_high:.2f}"]
        expected[(int(right), int(down))] = [short[LANGUAGES.index(lang)], *lift]
    assert tiles_of(ax) == expected


def test_tiles_are_orange_where_there_are_more_and_purple_where_there_are_fewer() -> None:
    found = drawn("province", "en")
    lifts = found.frame.set_index("province")["lift"]
    where = {(int(right), int(down)): name for name, (down, right, *_) in catalog.load("tiles").items()}
    tiles = [patch for patch in found.ax.patches if isinstance(patch, Rectangle)]
    for tile in tiles:
        red, _, blue = to_rgb(tile.get_facecolor())
        name = where[(round(tile.get_x() + 0.48), round(tile.get_y() + 0.48))]
        assert (red > blue) == (lifts[name] > 1), name
    assert len(tiles) == 31


@both_languages
@pytest.mark.parametrize("name", RANGES)
def test_ranges_are_quantiles_and_dots_medians(name: str, lang: str) -> None:
    found = drawn(name, lang)
    frame, ax = found.frame, found.ax
    thin, thick = [lines for lines in ax.collections if isinstance(lines, LineCollection)][:2]
    assert thin.get_linewidth()[0] < thick.get_linewidth()[0]
    assert [segment.tolist() for segment in thin.get_segments()] == across(frame["p10"], frame["p90"])
    assert [segment.tolist() for segment in thick.get_segments()] == across(frame["p25"], frame["p75"])
    [medians] = containers(ax, ErrorbarContainer)
    assert medians[0].get_xdata().tolist() == frame["p50"].tolist()
    np.testing.assert_allclose(whiskers(medians), across(frame["median_low"], frame["median_high"]))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == words_of(frame, lang)


@both_languages
def test_the_line_of_ten_thousand_is_at_ten_thousand(lang: str) -> None:
    found = drawn("income_by_occupation", lang)
    [line] = [line for line in found.ax.get_lines() if line.get_label() == phrase("ten_thousand", lang)]
    assert set(line.get_xdata()) == {10_000}
    column = [text.get_text() for text in sorted(found.ax.texts, key=lambda text: text.xy[1])]
    below = [f"{share:.1%}" for share in found.frame["share_below_10000"]]
    assert column == [label("share_below_10000", lang), *below]


@both_languages
def test_the_heat_map_holds_each_share_with_half_its_interval(lang: str) -> None:
    found = drawn("education_by_occupation", lang)
    frame, ax = found.frame, found.ax
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    assert mesh.get_array().ravel().tolist() == frame["share"].tolist()
    expected = [f"{row.share:.0%}\n±{(row.high - row.low) / 2:.1%}" for row in frame.itertuples()]
    assert [text.get_text() for text in ax.texts] == expected
    down = [label(one, lang) for one in frame["occupation"].unique()]
    right = [label(one, lang) for one in frame["education"].unique()]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == down
    assert [tick.get_text().replace("\n", " ") for tick in ax.get_xticklabels()] == right


@both_languages
def test_the_lines_of_marriage_are_the_shares_of_each_band(lang: str) -> None:
    found = drawn("marital_by_age_and_sex", lang)
    lines = containers(found.ax, ErrorbarContainer)
    series = [(sex, status) for sex in ("male", "female") for status in ("married", "never_married")]
    for (sex, status), line in zip(series, lines, strict=True):
        part = found.frame[(found.frame["sex"] == sex) & (found.frame["marital_status"] == status)]
        assert line[0].get_ydata().tolist() == part["share"].tolist()
        ends = [[[x, row.low], [x, row.high]] for x, row in enumerate(part.itertuples())]
        np.testing.assert_allclose(whiskers(line), ends, atol=1e-12)
        assert label(sex, lang) in line.get_label()
        assert line.get_label().endswith(label(status, lang))
    assert [tick.get_text() for tick in found.ax.get_xticklabels()] == [label(band) for band in profile.AGE_BANDS]


@both_languages
def test_the_dots_of_lift_stand_at_the_lifts_around_one(lang: str) -> None:
    found = drawn("lift", lang)
    frame, ax = found.frame.sort_values("lift", ascending=False), found.ax
    [dots] = containers(ax, ErrorbarContainer)
    assert dots[0].get_xdata().tolist() == frame["lift"].tolist()
    np.testing.assert_allclose(whiskers(dots), across(frame["lift_low"], frame["lift_high"]))
    assert any(set(line.get_xdata()) == {1} for line in ax.get_lines())
    assert ax.get_xscale() == "log"
    beside = [f"{row.lift:.2f}  ({row.share:.0%} / {row.baseline:.0%})" for row in frame.itertuples()]
    assert [text.get_text() for text in ax.texts] == beside
    for tick, row in zip(ax.get_yticklabels(), frame.itertuples(), strict=True):
        assert tick.get_text().startswith(label(row.trait, lang) + "\n")


# What is said


@every_chart
def test_titles_and_texts_speak_the_language_asked_for(name: str) -> None:
    assert CJK.search(drawn(name, "zh").title)
    assert drawn(name, "en").title
    assert [text for text in drawn(name, "en").texts if CJK.search(text)] == []


# The shares that a title claims, from its frame; a title that is not here claims none.
CLAIMED: dict[str, Callable[[pd.Series], list[float]]] = {
    "borrower_class": lambda share: [share["consumer"]],
    "sex": lambda share: [share["male"]],
    "age": lambda share: [share["25..29"] + share["30..34"]],
    "region": lambda share: [share["southeast_coast"]],
    "city_tier": lambda share: [share["tier1"] + share["new_tier1"] + share["tier2"]],
    "education": lambda share: [1 - share["bachelor"] - share["master"]],
    "occupation": lambda share: [share.max()],
    "work": lambda share: [share["blue_collar"] + share["small_owner"]],
    "income": lambda share: [1 - share["10000.."]],
    "bank_credit": lambda share: [share["everybody"]],
    "marital_status": lambda share: [share["married"], share["never_married"]],
}


@both_languages
@every_chart
@pytest.mark.parametrize("persona", ["article", "evidence"])
def test_no_title_claims_a_share_that_its_frame_does_not_hold(name: str, lang: str, persona: str) -> None:
    found = drawn(name, lang, persona)
    claimed = CLAIMED[name](found.frame.set_index(found.frame.columns[0])["share"]) if name in CLAIMED else []
    assert re.findall(r"[\d.]+%", found.title) == [f"{share:.1%}" for share in claimed]


@both_languages
@pytest.mark.parametrize("persona", ["article", "evidence"])
def test_titles_with_a_ratio_hold_that_of_the_frame(lang: str, persona: str) -> None:
    provinces, variation = drawn("province", lang, persona), drawn("income_stability", lang, persona)
    most = provinces.frame.loc[provinces.frame["lift"].idxmax()]
    assert label(most["province"], lang) in provinces.title
    assert re.findall(r"[\d.]+", provinces.title) == [f"{most['lift']:.1f}"]
    median = variation.frame.set_index("borrower_class")["p50"]
    assert re.findall(r"[\d.]+", variation.title) == [f"{median['owner'] / median['consumer']:.1f}"]


def test_the_title_of_occupations_names_the_largest() -> None:
    found = drawn("occupation", "en")
    assert label(found.frame.loc[found.frame["share"].idxmax(), "occupation"]) in found.title


def said(name: str, frame: pd.DataFrame) -> list[str]:
    """The values that the alt text has to hold."""
    if name in RANGES:
        return [f"{value:,.2f}" for value in frame["p50"]]
    if name in {"province", "lift"}:
        return [f"{value:.2f}" for value in frame["lift"]]
    if name == "education_by_occupation":
        return [f"{value:.0%}" for value in frame.groupby("occupation", observed=True)["share"].max()]
    shown = frame[frame["marital_status"] != "divorced_widowed"] if name == "marital_by_age_and_sex" else frame
    return [f"{value:.1%}" for value in shown["share"]]


@both_languages
@every_chart
def test_the_alt_text_holds_the_title_and_the_values_and_says_synthetic(name: str, lang: str) -> None:
    found, alt = drawn(name, lang), lp.charts.alt(drawn(name, lang).ax)
    values = alt.replace(found.title, "", 1)
    assert values != alt
    held = re.findall(r"[\d.,]*\d%?", values)
    missing = [value for value in said(name, found.frame) if value not in held]
    assert missing == []
    assert {"en": "Synthetic data.", "zh": "合成数据。"}[lang] in alt
    assert bool(CJK.search(alt)) == (lang == "zh")


@pytest.mark.parametrize(("name", "series"), [("age_by_sex", 2), ("marital_by_age_and_sex", 4)])
@both_languages
def test_the_alt_text_names_every_series(name: str, series: int, lang: str) -> None:
    alt = lp.charts.alt(drawn(name, lang).ax)
    named = [text.get_text() for text in drawn(name, lang).ax.get_legend().get_texts()]
    assert sum(words in alt for words in named) == series


@both_languages
@every_chart
def test_every_chart_says_that_it_is_synthetic_and_what_its_interval_is(name: str, lang: str) -> None:
    written = "\n".join(drawn(name, lang).texts)
    assert phrase("synthetic_mark", lang) in written
    assert "95%" in written


@both_languages
@every_chart
@pytest.mark.parametrize("persona", ["article", "evidence"])
def test_nothing_is_cut_off_at_the_edge_of_the_figure(name: str, lang: str, persona: str) -> None:
    assert max(drawn(name, lang, persona).ink) <= 1


# How it is used


@every_chart
def test_a_chart_draws_on_the_axes_given_and_leaves_settings_figures_and_frame_alone(name: str) -> None:
    figure, (left, right) = plt.subplots(1, 2)
    opened, frame = plt.get_fignums(), framed(name)
    copy = frame.copy(deep=True)
    with mpl.rc_context({"font.family": ["serif"], "axes.grid.axis": "y", "savefig.dpi": 33.0}):
        before = dict(plt.rcParams)
        assert plot(name)(frame, ax=right, lang="zh") is right
        assert dict(plt.rcParams) == before
    plt.close(figure)
    assert plt.get_fignums() == [number for number in opened if number != figure.number]
    assert CJK.search(right.get_title(loc="left"))
    assert (left.get_title(loc="left"), lp.charts.alt(left)) == ("", "")
    pd.testing.assert_frame_equal(frame, copy)


@every_chart
def test_an_unknown_language_is_refused_before_a_figure_is_opened(name: str) -> None:
    opened = plt.get_fignums()
    with pytest.raises(InputError, match=r"lang = cn: unknown language\. .*Known: en, zh"):
        plot(name)(framed(name), lang="cn")
    assert plt.get_fignums() == opened


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    seen: list[tuple[Any, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda figure, metadata: seen.append((figure, metadata)))
    return seen


def test_show_displays_the_figure_with_its_alt_text_and_closes_it(displayed: list[tuple[Any, Any]]) -> None:
    ax = plot("sex")(framed("sex"), lang="zh")
    lp.charts.show(ax)
    assert displayed == [(ax.figure, {"image/png": {"alt": lp.charts.alt(ax)}})]
    assert "男" in lp.charts.alt(ax)
    assert not plt.fignum_exists(ax.figure.number)


def test_two_charts_in_a_figure_keep_their_own_alt_texts_and_are_shown_with_both(displayed: list[Any]) -> None:
    _, (left, right) = plt.subplots(1, 2)
    plot("sex")(framed("sex"), ax=left)
    plot("work")(framed("work"), ax=right)
    assert "Women" in lp.charts.alt(left)
    assert "Blue-collar" in lp.charts.alt(right)
    lp.charts.show(left)
    [(_, metadata)] = displayed
    assert metadata == {"image/png": {"alt": f"{lp.charts.alt(left)} {lp.charts.alt(right)}"}}


def test_axes_that_no_chart_was_drawn_on_have_no_alt_text() -> None:
    figure, ax = plt.subplots()
    plt.close(figure)
    assert lp.charts.alt(ax) == ""


# Grey print


def lightness(colour: Any) -> float:
    """CIE L* of a colour, 0 for black and 100 for white."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    y = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return float(116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y)


def test_the_colours_are_those_that_the_colour_blind_can_tell_apart() -> None:
    palette = [mpl.colors.to_hex(colour) for colour in sns.color_palette("colorblind")]
    assert {style.BLUE, style.ORANGE, style.RED} <= set(palette)


def series_of(name: str) -> list[tuple[Any, Any]]:
    """The colour of each series, and what else sets it apart."""
    ax = drawn(name, "en").ax
    if name == "marital_by_age_and_sex":
        lines = [errors[0] for errors in containers(ax, ErrorbarContainer)]
        return [(line.get_color(), (line.get_marker(), line.get_linestyle())) for line in lines]
    bars = [(each[0].get_facecolor(), each[0].get_hatch()) for each in containers(ax, BarContainer)]
    return bars + [(line.get_color(), "D") for line in ax.get_lines() if line.get_marker() == "D"]


@pytest.mark.parametrize(("name", "count"), [("sex", 2), ("age", 2), ("region", 2), ("age_by_sex", 2),
                                             ("marital_by_age_and_sex", 4)])  # fmt: skip
def test_two_series_can_be_told_apart_in_grey_print(name: str, count: int) -> None:
    series = series_of(name)
    assert len(series) == count
    for one, (colour, mark) in enumerate(series):
        for other, other_mark in series[one + 1 :]:
            assert mark != other_mark or abs(lightness(colour) - lightness(other)) >= 10
    # the pyramid and the lines of marriage hold men and women apart by colour as well
    assert len({lightness(colour) for colour, _ in series}) == 2
    assert abs(lightness(style.BLUE) - lightness(style.ORANGE)) >= 10


@pytest.mark.parametrize("name", ["province", "education_by_occupation"])
def test_texts_on_coloured_ground_stand_out_in_grey_print(name: str) -> None:
    ax = drawn(name, "en").ax
    if name == "province":
        grounds = [patch.get_facecolor() for patch in ax.patches if isinstance(patch, Rectangle) for _ in range(3)]
    else:
        [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
        grounds = list(mesh.get_facecolors())
    for text, ground in zip(ax.texts, grounds, strict=True):
        assert abs(lightness(text.get_color()) - lightness(ground)) >= 40, text.get_text()


# Frames of a lender who knows less


ODD: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "one borrower": lambda b: b.head(1),
    "women over forty, none an owner": lambda b: b[
        (b["sex"] == "female") & (b["age_years"] > 40) & (b["borrower_class"] == "consumer")
    ],
    "words in place of categories": lambda b: b.head(200).astype(dict.fromkeys(b.select_dtypes("category"), str)),
}


@every_chart
@pytest.mark.parametrize("people", ODD)
def test_odd_frames_are_drawn_without_a_warning_and_without_a_nan(name: str, people: str) -> None:
    frame = getattr(profile, name)(ODD[people](borrowers("article")))
    ax = plot(name)(frame)
    plt.close(ax.figure)
    ax.figure.draw_without_rendering()
    shown = "\n".join([*Drawn(ax, frame, (0, 0, 0, 0)).texts, lp.charts.alt(ax)])
    assert not re.search(r"\b(nan|inf)\b", shown)


def test_a_share_of_nobody_is_a_dash() -> None:
    consumers = borrowers("article").query("borrower_class == 'consumer'")
    ax = plot("bank_credit")(profile.bank_credit(consumers))
    plt.close(ax.figure)
    assert ax.texts[2].get_text() == "–"
    assert ax.texts[2].xy[0] == 0
    assert "Small owner –" in lp.charts.alt(ax)


def test_a_trait_that_nobody_was_asked_about_is_not_drawn() -> None:
    middle_aged = borrowers("article").query("age_years > 40")
    ax = plot("lift")(profile.lift(middle_aged))
    plt.close(ax.figure)
    assert len(ax.get_yticklabels()) == 4
    assert "Never married" not in lp.charts.alt(ax)


def test_a_province_that_is_not_on_the_map_is_left_out() -> None:
    people = borrowers("article").head(200).astype({"province": str})
    moved = people.assign(province=people["province"].where(people.index > 20, "elsewhere"))
    ax = plot("province")(profile.province(moved))
    plt.close(ax.figure)
    assert "elsewhere" not in lp.charts.alt(ax)
    assert len(tiles_of(ax)) == moved["province"].nunique() - 1


def test_a_map_of_nobody_is_refused() -> None:
    frame = profile.province(pd.DataFrame({"province": ["guang_dong", "guang_dong"]}))
    with pytest.raises(InputError, match=r"^province: nobody lives on the map\. Did you mean 'guangdong'"):
        plot("province")(frame)
    assert plt.get_fignums() == []


@every_chart
def test_row_numbers_of_a_frame_do_not_move_anything(name: str) -> None:
    def marks(frame: pd.DataFrame) -> list[object]:
        ax = plot(name)(frame)
        found = [(text.get_text(), tuple(map(float, text.get_position()))) for text in ax.texts]
        plt.close(ax.figure)
        return [ax.get_ylim(), *found]

    frame = framed(name)
    assert marks(frame.set_axis(range(50, 50 + len(frame)))) == marks(frame)


def test_a_number_stands_inside_its_bar_where_the_baseline_would_be_in_its_way() -> None:
    frame = framed("region", "evidence")
    ax = plot("region")(frame)
    colours = {text.get_text(): text.get_color() for text in ax.texts}
    plt.close(ax.figure)
    inland = frame[frame["region"] == "inland"].iloc[0]
    coast = frame[frame["region"] == "southeast_coast"].iloc[0]
    assert inland["high"] < inland["baseline"] < inland["high"] + 0.1
    assert colours[style.percent(inland["share"])] == "white"
    assert colours[style.percent(coast["share"])] != "white"

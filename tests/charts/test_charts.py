"""Charts: every one by its artists' data against its frame, in both languages, with warnings as errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from chart_rules import ChartRules, Claims, across, column, containers, lightness, plot, texts_of, whiskers, words_of
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.patches import Rectangle, StepPatch

import loanpersona as lp
from loanpersona.analysis import profile
from loanpersona.analysis.profile import traits
from loanpersona.charts import style
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.core.words import LANGUAGES, label, phrase

NAMES = list(profile.__all__)
BARS = [
    "borrower_class",
    "sex",
    "age",
    "region",
    "city_tier",
    "education",
    "occupation",
    "work",
    "income",
    "income_below",
    "bank_credit",
    "marital_status",
]
COMPARED = ["sex", "age", "region"]
RANGES = ["income_by_occupation", "income_stability"]
OTHERS = [*RANGES, "age_by_sex", "province", "education_by_occupation", "marital_by_age_and_sex", "lift"]


def shares(frame: pd.DataFrame, *rows: str) -> float:
    """The share of some rows together."""
    return float(frame.set_index(frame.columns[0])["share"].loc[list(rows)].sum())


def spread(frame: pd.DataFrame) -> float:
    """How many times as much the median income of owners varies as that of consumers."""
    median = frame.set_index("borrower_class")["p50"]
    return float(median["owner"] / median["consumer"])


# What a title claims, from its frame, as it is written there.
CLAIMED: Claims = {
    "borrower_class": lambda f: [f"{shares(f, 'consumer'):.1%}"],
    "sex": lambda f: [f"{shares(f, 'male'):.1%}"],
    "age": lambda f: [f"{shares(f, '25..29', '30..34'):.1%}"],
    "region": lambda f: [f"{shares(f, 'southeast_coast'):.1%}"],
    "province": lambda f: [f"{f['lift'].max():.1f}"],
    "city_tier": lambda f: [f"{shares(f, 'tier1', 'new_tier1', 'tier2'):.1%}"],
    "education": lambda f: [f"{1 - shares(f, 'bachelor', 'master'):.1%}"],
    "occupation": lambda f: [f"{f['share'].max():.1%}"],
    "work": lambda f: [f"{shares(f, 'blue_collar', 'small_owner'):.1%}"],
    "income": lambda f: [f"{1 - shares(f, '10000..'):.1%}"],
    "income_stability": lambda f: [f"{spread(f):.1f}"],
    "bank_credit": lambda f: [f"{shares(f, 'everybody'):.1%}"],
    "marital_status": lambda f: [f"{shares(f, 'married'):.1%}", f"{shares(f, 'never_married'):.1%}"],
}


def largest(frame: pd.DataFrame) -> list[str]:
    """The share of the most frequent education within each occupation."""
    return [f"{share:.0%}" for share in frame.groupby("occupation", observed=True)["share"].max()]


def drawn_lines(frame: pd.DataFrame) -> list[str]:
    """The shares of the married and the never married."""
    return column("share", "{:.1%}")(frame[frame["marital_status"] != "divorced_widowed"])


VALUES: Claims = {
    **dict.fromkeys([*BARS, "age_by_sex"], column("share", "{:.1%}")),
    **dict.fromkeys(RANGES, column("p50", "{:,.2f}")),
    **dict.fromkeys(["province", "lift"], column("lift", "{:.2f}")),
    "education_by_occupation": largest,
    "marital_by_age_and_sex": drawn_lines,
}

both_languages = pytest.mark.parametrize("lang", LANGUAGES)


@cache
def users(persona: str) -> pd.DataFrame:
    return lp.generate(lp.load_persona(persona), n=20_000, seed=7).users


class TestProfileCharts(ChartRules):
    names, samples, claimed, values = NAMES, ("article", "evidence"), CLAIMED, VALUES
    bars, others = dict.fromkeys(BARS, "share"), OTHERS

    @staticmethod
    def make(name: str, sample: Any) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(profile, name)(users(sample))
        return frame

    @staticmethod
    def of_one(name: str) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(profile, name)(users("article").head(1))
        return frame


framed, drawn = TestProfileCharts.framed, TestProfileCharts.drawn


def test_every_chart_is_of_a_frame_of_some_room_and_nineteen_are_of_the_profile() -> None:
    rooms = [
        room
        for room in (getattr(lp, name) for name in lp.__all__)
        if getattr(room, "__name__", "").startswith("loanpersona.analysis.")
    ]
    frames = {f"plot_{frame}" for room in rooms for frame in room.__all__}
    assert [name for name in dir(lp.charts) if name.startswith("plot_") and name not in frames] == []
    assert len(NAMES) == 19


# What is drawn


@both_languages
@pytest.mark.parametrize("name", BARS)
def test_nothing_but_its_share_stands_beside_a_bar(name: str, lang: str) -> None:
    found = drawn(name, lang)
    beside = [text.get_text() for text in sorted(found.ax.texts, key=lambda text: text.xy[1])]
    assert beside == VALUES[name](found.frame)


@both_languages
@pytest.mark.parametrize("name", COMPARED)
def test_diamonds_are_the_baselines(name: str, lang: str) -> None:
    found = drawn(name, lang)
    [diamonds] = [line for line in found.ax.get_lines() if line.get_marker() == "D"]
    assert diamonds.get_xdata().tolist() == found.frame["baseline"].tolist()
    assert list(diamonds.get_ydata()) == list(range(len(found.frame)))
    named = [text.get_text() for text in found.ax.get_legend().get_texts()]
    assert phrase("users_legend", lang) in named
    assert any("2020" in words for words in named)


@both_languages
def test_the_pyramid_has_men_on_the_left_and_the_census_as_its_outline(lang: str) -> None:
    ax, frame = drawn("age_by_sex", lang).ax, drawn("age_by_sex", lang).frame
    sides = zip(
        (-1, 1),
        ("male", "female"),
        containers(ax, BarContainer),
        containers(ax, ErrorbarContainer),
        [patch for patch in ax.patches if isinstance(patch, StepPatch)],
        strict=True,
    )
    for side, sex, bars, errors, outline in sides:
        part = frame[frame["sex"] == sex]
        assert [bar.get_width() for bar in bars] == (side * part["share"]).tolist()
        ends = [part["low"], part["high"]] if side == 1 else [-part["high"], -part["low"]]
        np.testing.assert_allclose(whiskers(errors), across(*ends), atol=1e-12)
        assert outline.get_data().values.tolist() == (side * part["baseline"]).tolist()
        assert bars.get_label() == label(sex, lang)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [label(band) for band in traits.AGE_BANDS]
    assert {text.get_text() for text in ax.get_xticklabels()} >= {"0%", "10%"}


def test_the_whiskers_of_no_men_stay_on_the_left() -> None:
    women = users("article").query("sex == 'female'")
    ax = plot("age_by_sex")(profile.age_by_sex(women))
    plt.close(ax.figure)
    for segment in whiskers(containers(ax, ErrorbarContainer)[0]):
        assert max(x for x, _ in segment) <= 0


def tiles_of(ax: Axes) -> dict[tuple[float, float], list[str]]:
    """The texts that stand on each tile."""
    tiles = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    boxes = [(tile.get_x() + tile.get_width() / 2, tile.get_y() + tile.get_height() / 2) for tile in tiles]
    return {
        (round(x), round(y)): [
            t.get_text() for t in ax.texts if abs(t.get_position()[0] - x) < 0.5 and abs(t.get_position()[1] - y) < 0.5
        ]
        for x, y in boxes
    }


@both_languages
@pytest.mark.parametrize("people", [20_000, 40])
def test_the_map_has_a_tile_for_each_province_with_people(people: int, lang: str) -> None:
    frame = profile.province(users("article").head(people))
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
    assert [tick.get_text() for tick in found.ax.get_xticklabels()] == [label(band) for band in traits.AGE_BANDS]


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


@both_languages
@pytest.mark.parametrize("persona", ["article", "evidence"])
def test_titles_name_what_is_most(lang: str, persona: str) -> None:
    for name, value in {"province": "lift", "occupation": "share"}.items():
        found = drawn(name, lang, persona)
        assert label(found.frame.loc[found.frame[value].idxmax(), name], lang) in found.title


@both_languages
def test_the_title_of_marriage_has_the_married_first(lang: str) -> None:
    found = drawn("marital_status", lang)
    assert re.findall(r"[\d.]+%", found.title) == CLAIMED["marital_status"](found.frame)


@pytest.mark.parametrize(("name", "series"), [("age_by_sex", 2), ("marital_by_age_and_sex", 4)])
@both_languages
def test_the_alt_text_names_every_series(name: str, series: int, lang: str) -> None:
    alt = lp.charts.alt(drawn(name, lang).ax)
    named = [text.get_text() for text in drawn(name, lang).ax.get_legend().get_texts()]
    assert sum(words in alt for words in named) == series


# How it is used


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


@pytest.mark.parametrize(
    ("name", "count"), [("sex", 2), ("age", 2), ("region", 2), ("age_by_sex", 2), ("marital_by_age_and_sex", 4)]
)
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
    "women over forty, none an owner": lambda b: b[
        (b["sex"] == "female") & (b["age_years"] > 40) & (b["borrower_class"] == "consumer")
    ],
    "words in place of categories": lambda b: b.head(200).astype(dict.fromkeys(b.select_dtypes("category"), str)),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("people", ODD)
def test_odd_frames_are_drawn_without_a_warning_and_without_a_nan(name: str, people: str) -> None:
    frame = getattr(profile, name)(ODD[people](users("article")))
    ax = plot(name)(frame)
    plt.close(ax.figure)
    ax.figure.draw_without_rendering()
    shown = "\n".join([*texts_of(ax), lp.charts.alt(ax)])
    assert not re.search(r"\b(nan|inf)\b", shown)


def test_a_share_of_nobody_is_a_dash() -> None:
    consumers = users("article").query("borrower_class == 'consumer'")
    ax = plot("bank_credit")(profile.bank_credit(consumers))
    plt.close(ax.figure)
    assert ax.texts[2].get_text() == "–"
    assert ax.texts[2].xy[0] == 0
    assert "Small owner –" in lp.charts.alt(ax)


def test_a_trait_that_nobody_was_asked_about_is_not_drawn() -> None:
    middle_aged = users("article").query("age_years > 40")
    ax = plot("lift")(profile.lift(middle_aged))
    plt.close(ax.figure)
    assert len(ax.get_yticklabels()) == 4
    assert "Never married" not in lp.charts.alt(ax)


def test_a_province_that_is_not_on_the_map_is_left_out() -> None:
    people = users("article").head(200).astype({"province": str})
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

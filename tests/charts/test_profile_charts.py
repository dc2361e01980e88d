"""Charts of the profile: their marks against their frames, in both languages, with warnings as errors."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from chart_rules import across, collisions, containers, lightness, texts_of, whiskers
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.patches import Rectangle, StepPatch

import loanpersona as lp
from loanpersona.analysis import baselines
from loanpersona.core import catalog
from loanpersona.core.errors import InputError
from loanpersona.core.words import LANGUAGES, label, phrase

BASES = ("registered", "approved", "borrowed")
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "class": ("shares", {"of": "borrower_class"}),
    "sex": ("shares", {"of": "sex"}),
    "sex of each base": ("shares", {"of": "sex", "who": BASES}),
    "age": ("shares", {"of": "age_band"}),
    "region": ("shares", {"of": "region"}),
    "pyramid": ("shares", {"of": ("sex", "age_band")}),
    "map": ("shares", {"of": "province"}),
    "occupation": ("shares", {"of": "occupation"}),
    "education": ("shares", {"of": "education", "by": "occupation"}),
    "income": ("shares", {"of": "income_cny_month", "by": "borrower_class", "bands": (10_000,)}),
    "bank": ("shares", {"of": "has_bank_credit", "by": "borrower_class"}),
    "marriage": ("shares", {"of": "marital_status", "by": ("sex", "age_band")}),
    "marriage by age": ("shares", {"of": "marital_status", "by": "age_band"}),
    "income by occupation": ("spread", {"of": "income_cny_month", "by": "occupation", "below": 10_000}),
    "variation": ("spread", {"of": "income_variation", "by": "borrower_class"}),
    "income of each base": ("spread", {"of": "income_cny_month", "who": BASES}),
    "lift": ("lift", {}),
    "lift of each base": ("lift", {"who": ("registered", "borrowed")}),
}
both_languages = pytest.mark.parametrize("lang", LANGUAGES)


@cache
def population(n: int = 20_000, persona: str = "article") -> lp.Population:
    return lp.generate(lp.load_persona(persona), n=n, seed=7)


@cache
def framed(name: str, n: int = 20_000, persona: str = "article") -> pd.DataFrame:
    function, arguments = ASKED[name]
    result: pd.DataFrame = getattr(lp.profile, function)(population(n, persona), **arguments)
    return result


def plotted(frame: pd.DataFrame, lang: str = "en") -> Axes:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that no typeface has is a warning
        ax = lp.plot(frame, lang=lang)
        plt.close(ax.figure)
        ax.figure.draw_without_rendering()
    return ax


@cache
def drawn(name: str, lang: str = "en", n: int = 20_000, persona: str = "article") -> Axes:
    return plotted(framed(name, n, persona), lang)


@both_languages
@pytest.mark.parametrize("name", ASKED)
def test_nothing_is_cut_and_no_text_runs_into_another(name: str, lang: str) -> None:
    ax = drawn(name, lang)
    width, height = ax.figure.get_size_inches()
    ink = ax.figure.get_tightbbox()
    assert min(ink.x0, ink.y0, width - ink.x1, height - ink.y1) > -0.02
    mark = phrase("synthetic_mark", lang)
    assert [pair for pair in collisions(ax) if mark not in pair] == []
    assert mark in texts_of(ax)


@both_languages
@pytest.mark.parametrize("name", ASKED)
def test_few_people_are_drawn_without_a_nan(name: str, lang: str) -> None:
    ax = drawn(name, lang, n=300)
    assert not re.search(r"\b(nan|inf)\b", "\n".join([*texts_of(ax), lp.charts.alt(ax)]))


@both_languages
@pytest.mark.parametrize("name", ASKED)
def test_a_title_names_what_is_looked_at_and_no_value(name: str, lang: str) -> None:
    title = drawn(name, lang).get_title(loc="left").replace("\n", " " if lang == "en" else "")
    frame = framed(name)
    for column in (*frame.attrs["of"], *frame.attrs["by"]):
        assert label(column, lang)[1:] in title
    assert not re.search(r"\d", title)


@both_languages
@pytest.mark.parametrize("name", ["sex", "age", "region"])
def test_ticks_are_the_population_and_numbers_the_shares(name: str, lang: str) -> None:
    ax, frame = drawn(name, lang), framed(name)
    [ticks] = [one for one in ax.collections if isinstance(one, LineCollection) and one.get_linewidth()[0] > 2]
    assert [segment[0][0] for segment in ticks.get_segments()] == frame["baseline"].tolist()
    [bars] = containers(ax, BarContainer)
    assert [bar.get_width() for bar in bars] == frame["share"].tolist()
    np.testing.assert_allclose(whiskers(containers(ax, ErrorbarContainer)[0]), across(frame["low"], frame["high"]))
    beside = [text.get_text() for text in sorted(ax.texts, key=lambda text: text.xy[1] if hasattr(text, "xy") else 99)]
    assert beside[:-1] == [f"{share:.1%}" for share in frame["share"]]
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    whom = baselines.population(frame["compared_with"].iloc[0], lang)
    assert set(named) == {label("who.registered", lang), whom}


def test_a_number_stands_inside_its_bar_where_the_tick_would_be_in_its_way() -> None:
    ax, frame = drawn("region", persona="evidence"), framed("region", persona="evidence").set_index("region")
    colours = {text.get_text(): text.get_color() for text in ax.texts}
    assert frame.loc["inland", "high"] < frame.loc["inland", "baseline"] < frame.loc["inland", "high"] + 0.1
    assert colours[f"{frame.loc['inland', 'share']:.1%}"] == "white"
    assert colours[f"{frame.loc['southeast_coast', 'share']:.1%}"] != "white"


@both_languages
def test_the_pyramid_has_men_on_the_left_and_the_population_as_its_outline(lang: str) -> None:
    ax, frame = drawn("pyramid", lang), framed("pyramid")
    outlines = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    both = zip(containers(ax, BarContainer), containers(ax, ErrorbarContainer), outlines, strict=True)
    for side, sex, (bars, errors, outline) in zip((-1, 1), ("male", "female"), both, strict=True):
        part = frame[frame["sex"] == sex]
        assert [bar.get_width() for bar in bars] == (side * part["share"]).tolist()
        ends = [part["low"], part["high"]] if side == 1 else [-part["high"], -part["low"]]
        np.testing.assert_allclose(whiskers(errors), across(*ends), atol=1e-12)
        assert outline.get_data().values.tolist() == (side * part["baseline"]).tolist()
        assert bars.get_label() == label(sex, lang)


def test_the_whiskers_of_no_men_stay_on_the_left() -> None:
    women = population().users.query("sex == 'female'").drop(columns="referred_by")
    ax = plotted(lp.profile.shares(users=women, of=("sex", "age_band")))
    assert all(x <= 0 for segment in whiskers(containers(ax, ErrorbarContainer)[0]) for x, _ in segment)


def test_one_base_or_groups_within_a_pair_are_no_pyramid() -> None:
    conditional = lp.profile.shares(population(), of="age_band", by="sex")
    assert [patch for patch in plotted(conditional).patches if isinstance(patch, StepPatch)] == []


def tiles_of(ax: Axes) -> dict[tuple[int, int], tuple[Any, list[str]]]:
    """The colour of each tile and the texts on it."""
    result = {}
    for tile in (patch for patch in ax.patches if isinstance(patch, Rectangle)):
        x, y = round(tile.get_x() + 0.48), round(tile.get_y() + 0.48)
        there = [text for text in ax.texts if text.get_transform() == ax.transData]
        near = [t for t in there if abs(t.get_position()[0] - x) < 0.5 and abs(t.get_position()[1] - y) < 0.5]
        result[x, y] = to_rgb(tile.get_facecolor()), [text.get_text() for text in near]
    return result


@both_languages
@pytest.mark.parametrize("n", [20_000, 300])
def test_the_map_shades_the_provinces_that_separate_and_no_other(n: int, lang: str) -> None:
    frame, tiles = framed("map", n), tiles_of(drawn("map", lang, n))
    here = frame[frame["k"] > 0]
    for row in here.itertuples():
        down, right, *short = catalog.load("tiles")[row.province]
        (red, green, blue), texts = tiles.pop((int(right), int(down)))
        ends = f"{row.lift_low:.2f}–{row.lift_high:.2f}"
        assert texts == [short[LANGUAGES.index(lang)], f"{row.lift:.2f}", ends]
        if row.lift_low <= 1 <= row.lift_high:
            assert (red, green, blue) == (1, 1, 1), row.province
        elif (red, green, blue) != (1, 1, 1):
            assert (red > blue) == (row.lift > 1), row.province
    assert tiles == {}
    white = sum(colour == (1, 1, 1) for colour, _ in tiles_of(drawn("map", lang, n)).values())
    assert white < 3 if n == 20_000 else white > 5


def test_a_province_that_is_not_on_the_map_is_left_out_and_a_map_of_nobody_is_refused() -> None:
    people = population(300).users.astype({"province": str})
    moved = people.assign(province=people["province"].where(people.index > 20, "elsewhere"))
    assert "elsewhere" not in lp.charts.alt(plotted(lp.profile.shares(users=moved, of="province")))
    nobody = lp.profile.shares(users=pd.DataFrame({"user_id": range(40), "province": "guang_dong"}), of="province")
    with pytest.raises(InputError, match=r"^province: nobody lives on the map\. Did you mean 'guangdong'"):
        lp.plot(nobody)
    assert plt.get_fignums() == []


@both_languages
def test_ranges_are_quantiles_dots_medians_and_the_line_stands_where_it_was_asked_for(lang: str) -> None:
    frame, ax = framed("income by occupation"), drawn("income by occupation", lang)
    ordered = pd.concat([frame.iloc[:1], frame.iloc[1:].sort_values("p50", ascending=False, kind="stable")])
    thin, thick = [lines for lines in ax.collections if isinstance(lines, LineCollection)][:2]
    assert [segment.tolist() for segment in thin.get_segments()] == across(ordered["p10"], ordered["p90"])
    assert [segment.tolist() for segment in thick.get_segments()] == across(ordered["p25"], ordered["p75"])
    [medians] = containers(ax, ErrorbarContainer)
    assert medians[0].get_xdata().tolist() == ordered["p50"].tolist()
    np.testing.assert_allclose(whiskers(medians), across(ordered["low"], ordered["high"]))
    assert any(set(line.get_xdata()) == {10_000} for line in ax.get_lines())
    assert [f"{share:.1%}" for share in ordered["share_below"]] == [t.get_text() for t in ax.texts[1:-1]]


@both_languages
def test_the_heat_map_holds_each_share_with_half_its_interval(lang: str) -> None:
    frame, ax = framed("education"), drawn("education", lang)
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    assert mesh.get_array().ravel().tolist() == frame["share"].tolist()
    expected = [f"{row.share:.1%}\n±{(row.high - row.low) / 2:.1%}" for row in frame.itertuples()]
    assert [text.get_text() for text in ax.texts[:-1]] == expected
    for text, ground in zip(ax.texts, mesh.get_facecolors(), strict=False):
        assert abs(lightness(text.get_color()) - lightness(ground)) >= 40, text.get_text()


@both_languages
def test_a_line_is_the_share_of_a_level_along_the_ages_men_beside_women(lang: str) -> None:
    frame, ax = framed("marriage"), drawn("marriage", lang)
    for sex, panel in zip(("male", "female"), ax.child_axes, strict=True):
        assert panel.get_xlabel() == label(sex, lang)
        part = frame[(frame["sex"] == sex) & (frame["n"] >= 30)]
        for status, line in zip(frame["marital_status"].unique(), containers(panel, ErrorbarContainer), strict=True):
            assert line[0].get_ydata().tolist() == part.loc[part["marital_status"] == status, "share"].tolist()
            assert line.get_label() == label(status, lang)
    looks = [(line[0].get_color(), line[0].get_linestyle()) for line in containers(panel, ErrorbarContainer)]
    assert len({dash for _, dash in looks}) == len(looks)


def test_of_yes_and_no_the_yes_is_drawn() -> None:
    frame, ax = framed("bank"), drawn("bank")
    yes = frame[frame["has_bank_credit"] == "yes"]
    assert [bar.get_width() for bar in containers(ax, BarContainer)[0]] == yes["share"].tolist()
    assert "No" not in lp.charts.alt(ax)


def test_many_levels_stand_the_largest_first_and_all_others_last() -> None:
    ax = drawn("occupation")
    widths = [bar.get_width() for bar in containers(ax, BarContainer)[0]]
    assert widths == sorted(framed("occupation")["share"], reverse=True)
    titles = pd.DataFrame({"user_id": range(3_000), "occupation": [f"title {number}" for number in range(3_000)]})
    words = [tick.get_text() for tick in plotted(lp.profile.shares(users=titles, of="occupation")).get_yticklabels()]
    assert (len(words), words[-1]) == (21, label("other_levels"))


@both_languages
def test_dots_of_lift_stand_around_one_with_whom_they_are_compared(lang: str) -> None:
    frame, ax = framed("lift"), drawn("lift", lang)
    [dots] = containers(ax, ErrorbarContainer)
    assert dots[0].get_xdata().tolist() == frame["lift"].tolist()
    np.testing.assert_allclose(whiskers(dots), across(frame["low"], frame["high"]))
    assert any(set(line.get_xdata()) == {1} for line in ax.get_lines())
    assert ax.get_xscale() == "log"
    for tick, row in zip(ax.get_yticklabels(), frame.itertuples(), strict=True):
        assert tick.get_text() == f"{label(row.trait, lang)}\n{baselines.population(row.compared_with, lang)}"
    other_ages = frame.loc[frame["ages"].isin(["6..", "all_ages"]), "compared_with"].drop_duplicates()
    assert all(re.search("ages|年龄", baselines.population(name, lang)) for name in other_ages)


def test_a_trait_that_cannot_be_looked_at_is_not_drawn() -> None:
    middle_aged = population().users.query("age_years > 40").drop(columns="referred_by")
    ax = plotted(lp.profile.lift(users=middle_aged))
    assert len(ax.get_yticklabels()) == 5
    assert "Never married" not in lp.charts.alt(ax)


def test_the_axis_says_whose_shares_they_are() -> None:
    borrowed = lp.profile.shares(population(), of="education", who="borrowed")
    assert "Borrowers" in plotted(borrowed).get_xlabel()
    assert "Borrowers (n)" in lp.in_words(borrowed)
    assert [text.get_text() for text in drawn("sex of each base").get_legend().get_texts()] == [
        label(base) for base in BASES
    ]

"""Charts of the profile: their marks against their frames, in both languages, with warnings as errors."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from chart_rules import across, collisions, containers, points, texts_of
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.patches import StepPatch

import loanpersona as lp
from loanpersona.analysis import baselines
from loanpersona.charts.style import DEEPEST, EVIDENCE, INK, PAPER, POP, POP2, percent
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
def population(n: int = 6_000, persona: str = "article") -> lp.Population:
    return lp.generate(lp.load_persona(persona), n=n, seed=7)


@cache
def framed(name: str, n: int = 6_000, persona: str = "article") -> pd.DataFrame:
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
def drawn(name: str, lang: str = "en", n: int = 6_000, persona: str = "article") -> Axes:
    return plotted(framed(name, n, persona), lang)


@both_languages
@pytest.mark.parametrize("name", ASKED)
def test_nothing_is_cut_and_no_text_runs_into_another(name: str, lang: str) -> None:
    ax = drawn(name, lang)
    width, height = ax.figure.get_size_inches()
    ink = ax.figure.get_tightbbox()
    assert min(ink.x0, ink.y0, width - ink.x1, height - ink.y1) > -0.02
    assert collisions(ax) == []
    assert phrase("synthetic_mark", lang) in texts_of(ax)


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
    *_, ticks = [one for one in ax.collections if isinstance(one, LineCollection)]
    assert [segment[0][0] for segment in ticks.get_segments()] == frame["baseline"].tolist()
    widths = [bar.get_width() for bar in containers(ax, BarContainer)[-1]]
    assert widths == frame["share"].tolist()
    beside = [text.get_text() for text in ax.texts]
    assert [said for said in map(percent, frame["share"]) if said not in beside] == []
    whom = baselines.population(frame["compared_with"].iloc[0], lang)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [whom]
    assert whom in lp.charts.alt(ax)


def test_a_published_range_is_a_band_and_a_number_that_was_put_in_is_hollow() -> None:
    ax = drawn("sex")
    band, bars = containers(ax, BarContainer)
    assert [(one.get_x(), one.get_x() + one.get_width()) for one in band] == [pytest.approx((0.60, 0.84))]
    assert to_hex(band[0].get_facecolor()) == EVIDENCE
    assert {to_hex(bar.get_facecolor()) for bar in bars} == {PAPER}
    assert [to_hex(bar.get_edgecolor()) for bar in bars] == [POP, POP2]
    assert "published 60% to 84% (" in lp.charts.alt(ax)


def own_rows(people: pd.DataFrame) -> pd.DataFrame:
    """The same people as rows of somebody's own table."""
    result = people.drop(columns="referred_by")
    result.attrs = {}
    return result


def test_a_users_own_book_has_no_number_that_was_put_in() -> None:
    own = lp.profile.shares(lp.Book(users=population(300).users.pipe(own_rows)), of="sex")
    assert {to_hex(bar.get_facecolor()) for bar in containers(plotted(own), BarContainer)[-1]} == {POP, POP2}


def test_whiskers_are_drawn_where_chance_moves_the_shares_visibly() -> None:
    assert containers(drawn("age"), ErrorbarContainer) == []
    assert containers(drawn("age", n=300), ErrorbarContainer) != []


@both_languages
def test_the_pyramid_has_men_on_the_left_and_the_population_as_its_outline(lang: str) -> None:
    ax, frame = drawn("pyramid", lang), framed("pyramid")
    outlines = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    both = zip(containers(ax, BarContainer), outlines, strict=True)
    for side, sex, (bars, outline) in zip((-1, 1), ("male", "female"), both, strict=True):
        part = frame[frame["sex"] == sex]
        assert [bar.get_width() for bar in bars] == (side * part["share"]).tolist()
        assert outline.get_data().values.tolist() == (side * part["baseline"]).tolist()
        assert label(sex, lang) in texts_of(ax)


def test_one_base_or_groups_within_a_pair_are_no_pyramid() -> None:
    conditional = lp.profile.shares(population(), of="age_band", by="sex")
    assert [patch for patch in plotted(conditional).patches if isinstance(patch, StepPatch)] == []


@both_languages
@pytest.mark.parametrize("n", [6_000, 300])
def test_the_map_has_three_colours_and_white_is_what_does_not_separate(n: int, lang: str) -> None:
    ax = drawn("map", lang, n)
    frame = framed("map", n).set_index("province")
    tiles = {(round(one.get_x() + 0.48), round(one.get_y() + 0.48)): one for one in ax.patches}
    colours = {}
    for name, (down, right, *_) in catalog.load("tiles").items():
        if name in frame.index and frame.loc[name, "k"] > 0:
            colours[name] = tiles.pop((int(right), int(down))).get_facecolor()
    assert tiles == {}
    assert len(set(colours.values())) <= 3
    for name, colour in colours.items():
        ends = frame.loc[name, ["lift_low", "lift_high"]]
        if ends.iloc[0] <= 1 <= ends.iloc[1]:
            assert colour[3] == 0, name
        elif colour[3]:
            assert (to_hex(colour) == POP) == (frame.loc[name, "lift"] > 1), name
    assert label("guangdong", lang) in "".join(texts_of(ax))


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
    assert points(ax)[0].get_xdata().tolist() == ordered["p50"].tolist()
    assert any(set(line.get_xdata()) == {10_000} for line in ax.get_lines())
    said = [text.get_text() for text in ax.texts if text.get_text().endswith("%")]
    assert said == [percent(share) for share in ordered["share_below"]]


@both_languages
def test_the_heat_map_holds_each_share_in_ink_on_a_light_ground(lang: str) -> None:
    frame, ax = framed("education"), drawn("education", lang)
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    assert mesh.get_array().ravel().tolist() == frame["share"].tolist()
    assert [text.get_text() for text in ax.texts[: len(frame)]] == [percent(share) for share in frame["share"]]
    assert mesh.get_facecolors()[:, 3].max() <= DEEPEST
    assert {text.get_color() for text in ax.texts[: len(frame)]} == {INK}


@both_languages
def test_a_line_is_the_share_of_a_level_along_the_ages_men_beside_women(lang: str) -> None:
    frame, ax = framed("marriage"), drawn("marriage", lang)
    for sex, panel in zip(("male", "female"), ax.child_axes, strict=True):
        assert panel.get_title(loc="left") == label(sex, lang)
        part = frame[(frame["sex"] == sex) & (frame["n"] >= 30)]
        for status, line in zip(frame["marital_status"].unique(), points(panel), strict=True):
            assert line.get_ydata().tolist() == part.loc[part["marital_status"] == status, "share"].tolist()
            assert label(status, lang) in [text.get_text().replace("\n", " ") for text in panel.texts]
    looks = [(line.get_color(), line.get_linestyle()) for line in points(panel)]
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
    assert points(ax)[0].get_xdata().tolist() == frame["lift"].tolist()
    assert any(set(line.get_xdata()) == {1} for line in ax.get_lines())
    assert ax.get_xscale() == "log"
    for tick, row in zip(ax.get_yticklabels(), frame.itertuples(), strict=True):
        name = f"{label(row.trait, lang)}\n{baselines.population(row.compared_with, lang)}"
        assert "".join(tick.get_text().split()) == "".join(name.split())
    other_ages = frame.loc[frame["ages"].isin(["6..", "all_ages"]), "compared_with"].drop_duplicates()
    assert all(re.search("ages|年龄", baselines.population(name, lang)) for name in other_ages)


def test_a_trait_that_cannot_be_looked_at_is_not_drawn() -> None:
    middle_aged = population().users.query("age_years > 40").drop(columns="referred_by")
    ax = plotted(lp.profile.lift(users=middle_aged))
    assert len(ax.get_yticklabels()) == 5
    assert "Never married" not in lp.charts.alt(ax)


def test_the_axis_says_whose_shares_they_are() -> None:
    borrowed = lp.profile.shares(population(), of="education", who="borrowed")
    assert "Share (Borrowers)" in texts_of(plotted(borrowed))
    assert "Borrowers (n)" in lp.in_words(borrowed)
    named = [text.get_text() for text in drawn("sex of each base").get_legend().get_texts()]
    assert named[1:] == [label(base) for base in BASES]

"""Charts of the segments against their frames: what stands where, and beside what."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest
from chart_rules import points
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.container import BarContainer

import loanpersona as lp
from loanpersona.charts.style import percent
from loanpersona.core.words import LANGUAGES, label

both_languages = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture(scope="module")
def people() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=6_000, seed=7)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def bars(ax: Axes) -> list[list[float]]:
    return [[bar.get_width() for bar in one] for one in ax.containers if isinstance(one, BarContainer)]


@both_languages
@pytest.mark.parametrize("base", ["operable", "borrowed"])
def test_a_mix_is_bars_that_name_their_base(people: lp.Population, base: str, lang: str) -> None:
    frame = lp.segments.mix(people, base=base)
    ax = lp.plot(frame, lang=lang)
    assert bars(ax)[-1] == frame["share"].tolist()
    assert any(label(base, lang) in words for words in texts(ax))


@both_languages
def test_months_are_areas_that_fill_the_whole_with_the_last_month_beside(people: lp.Population, lang: str) -> None:
    frame = lp.segments.mix(people, every="month")
    ax = lp.plot(frame, lang=lang)
    areas = [one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]
    last = frame[frame["as_of"] == frame["as_of"].max()]
    heights = [np.ptp([y for x, y in one.get_paths()[0].vertices if x == ax.get_xlim()[1]]) for one in areas]
    assert heights == pytest.approx(last["share"].tolist(), abs=1e-9)
    for row, words in zip(last.sort_index().itertuples(), texts(ax), strict=False):
        assert words == f"{label(row.lifecycle, lang)} {percent(row.share)}"
    assert len({(one.get_facecolor().tobytes(), one.get_hatch()) for one in areas}) == 5


def test_a_matrix_has_a_panel_for_users_and_for_each_kind_of_money(people: lp.Population) -> None:
    frame = lp.segments.matrix(people)
    panels = lp.plot(frame).child_axes
    titles = [one.get_title(loc="left") for one in panels]
    assert titles == [label(one) for one in dict.fromkeys(frame["measure"])]
    for panel, (_, part) in zip(panels, frame.groupby("measure", sort=False), strict=True):
        [mesh] = [one for one in panel.collections if isinstance(one, QuadMesh)]
        assert mesh.get_array().ravel().tolist() == part["share"].tolist()
    alone = lp.segments.matrix(people, of="lifecycle", base="operable", volume="90 days")
    shares = [part["share"].tolist() for _, part in alone.groupby("measure", sort=False)]
    assert [bars(panel)[0] for panel in lp.plot(alone).child_axes] == shares


def test_transitions_are_cells_from_left_to_below(people: lp.Population) -> None:
    frame = lp.segments.transitions(people)
    ax = lp.plot(frame)
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    known = frame["share"].where(frame["n"] >= 30)
    np.testing.assert_array_equal(np.ma.filled(mesh.get_array(), np.nan).ravel(), known)
    assert ax.get_xlabel() == "90 days later · Users that can be reached"


@both_languages
@pytest.mark.parametrize("name", ["time_in_segment", "time_to_first_loan"])
def test_curves_have_their_bands_and_steps(people: lp.Population, name: str, lang: str) -> None:
    frame = getattr(lp.segments, name)(people)
    ax = lp.plot(frame, lang=lang)
    parts = [part for _, part in frame.groupby("segment", sort=False)] if "segment" in frame else [frame]
    lines = ax.get_lines()
    parts = [part[part["days"] <= 365] if "days" in part else part for part in parts]
    assert [line.get_ydata().tolist() for line in lines] == [part["share"].tolist() for part in parts]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == len(parts)


@both_languages
def test_a_funnel_has_the_share_of_the_stage_before_at_its_right(people: lp.Population, lang: str) -> None:
    frame = lp.segments.funnel(people)
    ax = lp.plot(frame, lang=lang)
    assert frame.loc[frame["counted"] == "of_registered", "share"].tolist() in bars(ax)
    before = frame.loc[frame["counted"] == "of_stage_before", "share"]
    assert [one for one in map(percent, before) if one not in texts(ax)] == []


def test_groups_are_validated_in_two_panels_on_axes_of_their_own(people: lp.Population) -> None:
    frame = lp.segments.cluster_validation(people, numbers=(2, 3, 4), resamples=3)
    for panel, value in zip(lp.plot(frame).child_axes, ("silhouette", "ari_median"), strict=True):
        assert points(panel)[0].get_xdata().tolist() == frame[value].tolist()


def test_cells_of_the_profiles_hold_means(people: lp.Population) -> None:
    frame = lp.segments.cluster_profiles(people, k=3)
    ax = lp.plot(frame, lang="zh")
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    np.testing.assert_allclose(mesh.get_array().ravel(), frame["relative_to_all"].fillna(0))
    first = frame.iloc[0]
    assert texts(ax)[0] == percent(first["value"])


@both_languages
def test_agreement_stands_beside_that_of_a_classifier_that_learned_and_chance(people: lp.Population, lang: str) -> None:
    frame = lp.segments.cluster_agreement(people, k=3)
    ax = lp.plot(frame, lang=lang)
    methods = ["found", "found_same_number", "supervised"]
    assert bars(ax) == [frame.loc[frame["method"] == one, "ari"].tolist() for one in methods]
    assert {label(one, lang) for one in (*methods, "chance")} == {one.get_text() for one in ax.get_legend().get_texts()}


def test_a_sheet_is_not_drawn(people: lp.Population) -> None:
    for frame in (lp.segments.snapshot(people), lp.segments.clusters(people, k=2)):
        with pytest.raises(lp.InputError, match="not an estimate"):
            lp.plot(frame)

"""Charts of the needs against their frames: what stands where, and beside what."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
from chart_rules import points
from matplotlib.collections import QuadMesh
from matplotlib.container import BarContainer

import loanpersona as lp
from loanpersona.charts.style import PAPER
from loanpersona.core.words import LANGUAGES, label

both_languages = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture(scope="module")
def people() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=6_000, seed=7)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@both_languages
def test_reasons_are_bars_side_by_side_for_few_groups(people: lp.Population, lang: str) -> None:
    frame = lp.needs.reasons(people, by="borrower_class")
    ax = lp.plot(frame, lang=lang)
    bars = [one for one in ax.containers if isinstance(one, BarContainer)]
    for level, one in zip(["everybody", "consumer", "owner"], bars, strict=True):
        assert [bar.get_width() for bar in one] == frame.loc[frame["borrower_class"] == level, "share"].tolist()
        assert one.get_label() == label(level, lang)
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        label(one, lang) for one in people.loans["reason"].cat.categories
    ]


def test_reasons_are_a_heat_map_for_many_groups(people: lp.Population) -> None:
    frame = lp.needs.reasons(people, by="loan_number")
    ax = lp.plot(frame)
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    assert mesh.get_array().ravel().tolist() == frame["share"].tolist()
    rows = [text.get_text() for text in ax.get_yticklabels()]
    assert rows[:2] == ["Everybody", "Number of the loan: 1"]


@pytest.mark.parametrize(("of", "column"), [("owed_months", "value"), ("still_owing", "value")])
def test_each_group_has_its_line_with_intervals(people: lp.Population, of: str, column: str) -> None:
    frame = lp.needs.debt_buildup(people, of=of)
    frame = frame[frame["n"] >= 30]
    ax = lp.plot(frame)
    lines = points(ax)
    levels = list(dict.fromkeys(frame["debt_first"]))
    for level, line in zip(levels, lines, strict=True):
        assert line.get_ydata().tolist() == frame.loc[frame["debt_first"] == level, column].tolist()
    assert len({line.get_color() for line in lines}) == 3


@both_languages
def test_each_stage_has_its_panel_and_all_of_them_one_scale(people: lp.Population, lang: str) -> None:
    frame = lp.needs.stages(people, by="borrower_class")
    ax = lp.plot(frame, lang=lang)
    panels = ax.child_axes
    assert [one.get_title(loc="left") for one in panels] == [
        label(f"needs.stages.{stage}", lang) for stage in ("before", "during", "after")
    ]
    assert len({one.get_xlim() for one in panels}) == 1
    for stage, panel in zip(("before", "during", "after"), panels, strict=True):
        drawn = [bar.get_width() for one in panel.containers if isinstance(one, BarContainer) for bar in one]
        assert sorted(drawn) == sorted(frame.loc[frame["stage"] == stage, "share"])
    assert ax.get_legend() is not None
    assert [one.get_legend() for one in panels] == [None] * 3


def test_a_dot_is_filled_where_the_article_names_the_lever(people: lp.Population) -> None:
    frame = lp.needs.levers(people)
    ax = lp.plot(frame)
    levers = list(dict.fromkeys(frame["lever"]))
    dots = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    assert [line.get_markerfacecolor() != PAPER for line in dots] == (frame["basis"] == "stated").tolist()
    assert [levers[int(line.get_xdata()[0])] for line in dots] == frame["lever"].tolist()
    named = [text.get_text() for text in ax.get_yticklabels()]
    shares = frame.drop_duplicates(["stage", "need"])["share"]
    assert [name.endswith(f"{share:.1%}") for name, share in zip(named, shares, strict=True)] == [True] * len(named)

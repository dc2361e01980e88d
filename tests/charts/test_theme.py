"""A figure as wide as a column of a journal: legible, whole, in PDF and SVG."""

from __future__ import annotations

from io import BytesIO

import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

import loanpersona as lp
from loanpersona.core.errors import InputError

SMALLEST_LETTER = 4.5


@pytest.fixture(scope="module")
def population() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=3_000, seed=7)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("frame", "asked"), [("profile.shares", {"of": "education"}), ("habits.limit_use", {})])
def test_a_column_wide_figure_holds_all_its_words(
    frame: str, asked: dict[str, str], lang: str, population: lp.Population
) -> None:
    room, _, name = frame.partition(".")
    with lp.charts.theme(width=3.3, font=7):
        ax = lp.plot(getattr(getattr(lp, room), name)(population, **asked), lang=lang)
    figure = ax.figure
    figure.canvas.draw()
    assert figure.get_figwidth() == 3.3
    beyond = {
        tick.label1
        for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim()))
        for tick in axis.get_major_ticks()
        if not min(limits) <= tick.get_loc() <= max(limits)
    }  # which are not drawn
    for words in set(figure.findobj(Text)) - beyond:
        if words.get_visible() and words.get_text().strip():
            box = words.get_window_extent()
            assert words.get_fontsize() >= SMALLEST_LETTER
            assert -1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1, words.get_text()
    for form in ("pdf", "svg"):
        figure.savefig(out := BytesIO(), format=form)
        assert len(out.getvalue()) > 1_000
    plt.close(figure)


@pytest.mark.parametrize("sizes", [{"width": 0}, {"width": "3.3"}, {"font": True}, {"font": 99}, {"width": None}])
def test_a_size_that_is_none_is_refused(sizes: dict[str, float]) -> None:
    with pytest.raises(InputError, match="not a size"), lp.charts.theme(**sizes):
        pass


def test_the_usual_sizes_come_back_after_the_block(population: lp.Population) -> None:
    result = lp.profile.shares(population, of="sex")
    with lp.charts.theme(width=3.3, font=7):
        pass
    ax = lp.plot(result)
    assert ax.figure.get_figwidth() == 7.2
    plt.close(ax.figure)

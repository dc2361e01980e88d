"""What every chart of a room has to hold, once per chart, language and sample: inherit from `ChartRules`.

    class TestNeedsCharts(ChartRules):
        names, claimed, bars, others, values = NAMES, CLAIMED, BARS, OTHERS, VALUES

        @staticmethod
        def make(name: str, sample: Any) -> pd.DataFrame: ...

        @staticmethod
        def of_one(name: str) -> pd.DataFrame: ...

`make` and `of_one` are called once per frame. Tests of single charts stand in the same file as functions and take what
is drawn already from `TestNeedsCharts.drawn(name, lang)`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from typing import Any, ClassVar

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.text import Text

import loanpersona as lp
from loanpersona.core.errors import InputError
from loanpersona.core.words import LANGUAGES, label, phrase

mpl.use("agg")

CJK = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
NUMBER = r"[-−]?(?:\d[\d,]*\.\d+%?|\d+%)"  # with digits or a percent sign: what a title can only have from its frame
Claims = Mapping[str, Callable[[pd.DataFrame], list[str]]]


@dataclass(frozen=True)
class Drawn:
    """A chart that was drawn once: its axes, the frame behind it, what sticks out and what runs into each other."""

    ax: Axes
    frame: pd.DataFrame
    ink: tuple[float, float, float, float]  # pixels beyond the left, lower, right and upper edge
    collisions: list[tuple[str, str]]

    @property
    def title(self) -> str:
        return self.ax.get_title(loc="left")

    @property
    def texts(self) -> list[str]:
        return texts_of(self.ax)


def plot(name: str) -> Callable[..., Axes]:
    function: Callable[..., Axes] = getattr(lp.charts, f"plot_{name}")
    return function


def draw(name: str, frame: pd.DataFrame, lang: str) -> Drawn:
    """Lay a chart out to the last text, and close its figure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that no typeface has is a warning
        ax = plot(name)(frame, lang=lang)
        plt.close(figure := ax.figure)
        figure.draw_without_rendering()
    dots, ink = figure.dpi, figure.get_tightbbox()
    width, height = figure.get_size_inches()
    beyond = (-ink.x0 * dots, -ink.y0 * dots, (ink.x1 - width) * dots, (ink.y1 - height) * dots)
    return Drawn(ax, frame, beyond, collisions(ax))


def texts_of(ax: Axes) -> list[str]:
    """Every text of the figure that can be read."""
    return [text.get_text() for text in ax.figure.findobj(Text) if text.get_visible() and text.get_text()]


def collisions(ax: Axes) -> list[tuple[str, str]]:
    """The texts around and on axes that run into each other by more than a pixel."""
    legend = ax.get_legend().get_texts() if ax.get_legend() else []
    named = [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label]
    texts = [text for text in [*ax.texts, *named, *legend, *ticks(ax)] if text.get_visible() and text.get_text()]
    # the box around a slanted text holds much that is empty
    boxes = [(text, text.get_window_extent()) for text in texts if text.get_rotation() % 90 == 0]
    return [
        (one.get_text(), other.get_text())
        for (one, a), (other, b) in combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]


def ticks(ax: Axes) -> Iterator[Text]:
    """The words at the ticks that are within the axes."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        yield from (tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)


def containers(ax: Axes, kind: type) -> list[Any]:
    return [container for container in ax.containers if isinstance(container, kind)]


def whiskers(container: ErrorbarContainer) -> list[list[list[float]]]:
    """The two ends of every whisker."""
    [lines] = container[2]
    return [segment.tolist() for segment in lines.get_segments()]


def across(lows: Any, highs: Any) -> list[Any]:
    """Lying lines, one a row, as they should be."""
    return [[[low, row], [high, row]] for row, (low, high) in enumerate(zip(lows, highs, strict=True))]


def words_of(frame: pd.DataFrame, lang: str) -> list[str]:
    return [label(str(one), lang) for one in frame.iloc[:, 0]]


def lightness(colour: Any) -> float:
    """CIE L* of a colour, 0 for black and 100 for white."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    y = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return float(116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y)


def column(name: str, form: str) -> Callable[[pd.DataFrame], list[str]]:
    """For `claimed` and `values`: each value of a column as it is written, such as `column("share", "{:.1%}")`."""
    return lambda frame: [form.format(value) for value in frame[name]]


def holds(text: str, words: str) -> bool:
    """Whether a text holds a number, not as a part of a longer one."""
    return re.search(rf"(?<!\d)(?<!\d[.,]){re.escape(words)}(?![\d%]|[.,]\d)", text) is not None


class ChartRules:
    """The charts of a room against the frames of that room; a subclass says what is in the room."""

    names: ClassVar[Sequence[str]]
    samples: ClassVar[Sequence[Any]] = (7,)
    """What the frames are made from, such as seeds or personas; the first for checks that need only one."""
    claimed: ClassVar[Claims]
    """Every number that a title claims, from its frame and as it is written; none for a chart that is not here."""
    values: ClassVar[Claims] = {}
    """The values that the alt text holds, as they are written there; for bars one a row, beside which they stand."""
    bars: ClassVar[Mapping[str, str]] = {}
    """Lying bars of one series: chart and column. The names of the rows are the first column."""
    columns: ClassVar[Mapping[str, str]] = {}
    """Upright bars of one series: chart and column."""
    grouped: ClassVar[Mapping[str, str]] = {}
    """Lying bars of several series: chart and the column that names the series; the value is `share`."""
    dots: ClassVar[Mapping[str, str]] = {}
    """Dots, one a row: chart and column."""
    others: ClassVar[Collection[str]] = ()
    """Charts of other marks, which tests of their own have to check."""
    without_interval: ClassVar[Collection[str]] = ()
    ends: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """The columns of an interval where they are not `low` and `high`."""

    @staticmethod
    def make(name: str, sample: Any) -> pd.DataFrame:
        """The frame of a chart."""
        raise NotImplementedError

    @staticmethod
    def of_one(name: str) -> pd.DataFrame:
        """The smallest sensible frame, such as that of one borrower."""
        raise NotImplementedError

    @staticmethod
    def series_named(name: str, kind: Any, lang: str) -> str:  # noqa: ARG004
        """What the legend of grouped bars calls a series."""
        return label(str(kind), lang)

    @classmethod
    @cache
    def framed(cls, name: str, sample: Any = None) -> pd.DataFrame:
        """The frame as it was made; the checks draw copies of it."""
        return cls.make(name, sample) if sample is not None else cls.framed(name, cls.samples[0])

    @classmethod
    @cache
    def drawn(cls, name: str, lang: str, sample: Any = None) -> Drawn:
        """The chart of a frame, laid out once for all checks."""
        if sample is None:
            return cls.drawn(name, lang, cls.samples[0])
        return draw(name, cls.framed(name, sample).copy(), lang)

    @classmethod
    @cache
    def _one(cls, name: str) -> pd.DataFrame:
        return cls.of_one(name)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        marked = [*self.bars, *self.columns, *self.grouped, *self.dots]
        known = {"name": self.names, "marked": marked, "lang": LANGUAGES, "sample": self.samples}
        for argument in [one for one in metafunc.fixturenames if one in known]:
            metafunc.parametrize(argument, known[argument], ids=str)

    def test_every_frame_has_its_chart_and_its_checks(self) -> None:
        assert {f"plot_{name}" for name in self.names} <= set(dir(lp.charts))
        checked = [*self.bars, *self.columns, *self.grouped, *self.dots, *self.others]
        assert sorted(checked) == sorted(self.names)
        assert {*self.claimed, *self.values, *self.without_interval, *self.ends} <= set(self.names)

    # What is drawn

    def test_marks_are_the_values_and_whiskers_their_intervals(self, marked: str, lang: str) -> None:
        result = self.drawn(marked, lang)
        if marked in self.grouped:
            self._check_grouped(marked, result, lang)
        elif marked in self.dots:
            [marks] = containers(result.ax, ErrorbarContainer)
            np.testing.assert_array_equal(marks[0].get_xdata(), result.frame[self.dots[marked]])
            np.testing.assert_allclose(whiskers(marks), across(*self._ends(marked, result.frame)), atol=1e-12)
        else:
            self._check_bars(marked, result, lang)

    def _ends(self, name: str, frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
        low, high = self.ends.get(name, ("low", "high"))
        return frame[low], frame[high]

    def _whiskers(self, name: str, result: Drawn) -> list[Any]:
        """The whiskers of each series; none has any where no interval is known."""
        errors = containers(result.ax, ErrorbarContainer)
        assert (errors == []) == (name in self.without_interval)
        return [whiskers(each) for each in errors]

    def _check_bars(self, name: str, result: Drawn, lang: str) -> None:
        frame, ax, lying = result.frame, result.ax, name in self.bars
        value = frame[self.bars[name] if lying else self.columns[name]]
        [bars] = containers(ax, BarContainer)
        np.testing.assert_array_equal([bar.get_width() if lying else bar.get_height() for bar in bars], value)
        middles = [bar.get_y() + bar.get_height() / 2 if lying else bar.get_x() + bar.get_width() / 2 for bar in bars]
        assert middles == pytest.approx(range(len(frame)))
        top = value.max()
        for drawn in self._whiskers(name, result):
            lows, highs = self._ends(name, frame)
            ends = across(lows, highs)
            np.testing.assert_allclose(drawn, ends if lying else [[a[::-1], b[::-1]] for a, b in ends], atol=1e-12)
            top = highs.max()
        words = ax.get_yticklabels() if lying else ax.get_xticklabels()
        assert [text.get_text() for text in words] == words_of(frame, lang)
        low, high = ax.get_xlim() if lying else ax.get_ylim()
        assert low == 0
        assert high > top
        if lying and name in self.values:
            beside = [{text.get_text() for text in ax.texts if text.xy[1] == row} for row in range(len(frame))]
            written = self.values[name](frame)
            assert [words for words, texts in zip(written, beside, strict=True) if words not in texts] == []

    def _check_grouped(self, name: str, result: Drawn, lang: str) -> None:
        frame, ax, by = result.frame, result.ax, self.grouped[name]
        kinds, series = list(dict.fromkeys(frame[by])), containers(ax, BarContainer)
        parts = [frame[frame[by] == kind] for kind in kinds]
        for part, bars in zip(parts, series, strict=True):
            np.testing.assert_array_equal([bar.get_width() for bar in bars], part["share"])
        if name not in self.without_interval:
            for part, bars, drawn in zip(parts, series, self._whiskers(name, result), strict=True):
                np.testing.assert_allclose(
                    [[a[0], b[0]] for a, b in drawn], np.transpose(self._ends(name, part)), atol=1e-12
                )
                middles = [bar.get_y() + bar.get_height() / 2 for bar in bars]
                np.testing.assert_allclose([[a[1], b[1]] for a, b in drawn], np.transpose([middles, middles]))
        looks = [(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in series]
        assert len({hatch for _, hatch in looks}) == len(kinds)
        lights = [lightness(colour) for colour, _ in looks]
        assert all(abs(one - other) >= 10 for one, other in pairwise(lights))
        named = [text.get_text() for text in ax.get_legend().get_texts()]
        assert named == [self.series_named(name, kind, lang) for kind in kinds]

    # What is said

    def test_titles_say_what_the_frame_holds_and_no_other_number(self, name: str, lang: str, sample: Any) -> None:
        result = self.drawn(name, lang, sample)
        claims = self.claimed[name](result.frame) if name in self.claimed else []
        assert result.title
        assert [claim for claim in claims if not holds(result.title, claim)] == [], result.title
        said = sorted(re.findall(NUMBER, result.title))
        assert said == sorted(claim for claim in claims if re.fullmatch(NUMBER, claim)), result.title
        assert bool(CJK.search(result.title)) == (lang == "zh")

    def test_texts_speak_the_language_asked_for(self, name: str) -> None:
        assert [text for text in self.drawn(name, "en").texts if CJK.search(text)] == []

    def test_the_alt_text_holds_the_title_and_the_values_and_says_synthetic(self, name: str, lang: str) -> None:
        result = self.drawn(name, lang)
        alt = lp.charts.alt(result.ax)
        values = alt.replace(result.title, "", 1)
        assert values != alt
        assert {"en": "Synthetic data.", "zh": "合成数据。"}[lang] in alt
        assert bool(CJK.search(alt)) == (lang == "zh")
        due = self.values[name](result.frame) if name in self.values else []
        assert [value for value in due if not holds(values, value)] == []

    def test_every_chart_says_that_it_is_synthetic_and_what_its_interval_is(self, name: str, lang: str) -> None:
        written = "\n".join(self.drawn(name, lang).texts)
        assert phrase("synthetic_mark", lang) in written
        assert ("95%" in written) == (name not in self.without_interval)

    def test_nothing_is_cut_off_at_the_edge_of_the_figure(self, name: str, lang: str, sample: Any) -> None:
        assert max(self.drawn(name, lang, sample).ink) <= 1

    def test_no_text_runs_into_another(self, name: str, lang: str, sample: Any) -> None:
        assert self.drawn(name, lang, sample).collisions == []

    # How it is used

    def test_a_chart_draws_on_the_axes_given_and_leaves_settings_figures_and_frame_alone(self, name: str) -> None:
        figure, (left, right) = plt.subplots(1, 2)
        opened, frame = plt.get_fignums(), self.framed(name).copy()
        with mpl.rc_context({"font.family": ["serif"], "axes.grid.axis": "y", "savefig.dpi": 33.0}):
            before = dict(plt.rcParams)
            assert plot(name)(frame, ax=right, lang="zh") is right
            assert dict(plt.rcParams) == before
        plt.close(figure)
        assert plt.get_fignums() == [number for number in opened if number != figure.number]
        assert CJK.search(right.get_title(loc="left"))
        assert (left.get_title(loc="left"), lp.charts.alt(left)) == ("", "")
        pd.testing.assert_frame_equal(frame, self.framed(name))

    def test_an_unknown_language_is_refused_before_a_figure_is_opened(self, name: str) -> None:
        opened = plt.get_fignums()
        with pytest.raises(InputError, match=r"lang = cn: unknown language\. .*Known: en, zh"):
            plot(name)(self.framed(name).copy(), lang="cn")
        assert plt.get_fignums() == opened

    def test_the_smallest_frame_is_drawn_without_a_warning_and_without_a_nan(self, name: str, lang: str) -> None:
        ax = plot(name)(self._one(name), lang=lang)
        plt.close(ax.figure)
        ax.figure.draw_without_rendering()
        assert not re.search(r"\b(nan|inf)\b", "\n".join([*texts_of(ax), lp.charts.alt(ax)]))

    def test_row_numbers_of_a_frame_do_not_move_anything(self, name: str) -> None:
        frame = self.framed(name)
        ax = plot(name)(frame.set_axis(range(50, 50 + len(frame))))
        plt.close(ax.figure)
        assert places(ax) == places(self.drawn(name, "en").ax)


def places(ax: Axes) -> list[object]:
    """Where everything stands on axes, as far as it was put there by numbers."""
    texts = [(text.get_text(), *map(float, text.get_position())) for text in ax.texts]
    patches = [patch.get_path().get_extents(patch.get_patch_transform()).extents.tolist() for patch in ax.patches]
    lines = [np.column_stack([line.get_xdata(), line.get_ydata()]).tolist() for line in ax.get_lines()]
    return [ax.get_xlim(), ax.get_ylim(), texts, repr(patches), repr(lines)]

"""Charts of loans: artists' data against the frames."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from chart_rules import containers, lightness
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.container import BarContainer
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import loanpersona as lp
from loanpersona.analysis.frame import declaration
from loanpersona.analysis.written import cell
from loanpersona.charts.forms import names_of_rows
from loanpersona.core.words import LANGUAGES, label, phrase

both_languages = pytest.mark.parametrize("lang", LANGUAGES)


@cache
def population() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=6_000, seed=7)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def drawn(name: str, lang: str, **asked: Any) -> tuple[pd.DataFrame, Axes]:
    frame = getattr(lp.credit, name)(population(), **asked)
    ax = lp.plot(frame, lang=lang)
    ax.figure.canvas.draw()
    return frame, ax


@both_languages
def test_each_measure_has_a_panel_with_the_ratio_below_its_share(lang: str) -> None:
    frame, ax = drawn("delinquency", lang, by="platforms", bands=(1, 2, 3), against="1")
    panels = dict(zip(frame["measure"].unique(), ax.child_axes, strict=True))
    for measure, part in frame.groupby("measure"):
        [bars] = containers(panels[measure], BarContainer)
        assert [bar.get_width() for bar in bars] == part["share"].tolist()
        said = [text.get_text() for text in panels[measure].texts]
        assert ["\n" in one for one in said] == part["risk_ratio"].notna().tolist()
        assert all(
            f"{row.risk_ratio:.2f}" in one for one, row in zip(said, part.itertuples(), strict=True) if "\n" in one
        )
        assert panels[measure].get_title(loc="left") == label(measure, lang)


@both_languages
def test_every_cell_of_the_tier_table_has_its_number_interval_and_bar(lang: str) -> None:
    frame, ax = drawn("tier_table", lang)
    tiers, measures = (list(dict.fromkeys(frame[name])) for name in ("quality_tier", "measure"))
    cells: dict[tuple[int, int], list[str]] = {}
    for text in ax.texts[:-1]:  # the last one is the mark
        cells.setdefault((int(text.get_position()[0]), int(text.get_position()[1])), []).append(text.get_text())
    bars = {(int(bar.get_x()), int(bar.get_y())): bar for bar in ax.patches if isinstance(bar, Rectangle)}
    for row in frame.to_dict("records"):
        form = declaration(frame).form("value", row["measure"])
        value, low, high = (cell(form, row[name], lang) for name in ("value", "low", "high"))
        at = measures.index(row["measure"]), tiers.index(row["quality_tier"])
        assert cells[at] == ([value, f"{low} – {high}"] if row["low"] == row["low"] else [value])
        of = frame.loc[(frame["measure"] == row["measure"]) & (frame["quality_tier"] != "everybody"), "value"]
        assert (at in bars) == (row["quality_tier"] != "everybody")
        if at in bars:
            assert bars[at].get_width() == pytest.approx(0.9 * abs(row["value"]) / of.abs().max())
            assert bool(bars[at].get_hatch()) == (row["value"] < 0)
            assert lightness(bars[at].get_facecolor()) > 70
    assert [text.get_text().replace("\n", "").replace(" ", "") for text in ax.get_xticklabels()] == [
        label(one, lang).replace(" ", "") for one in measures
    ]


@both_languages
@pytest.mark.parametrize("by", [None, "quality_tier", ("sex", "borrower_class")])
def test_costs_are_stacked_against_the_interest_and_what_is_left_stands_beside(lang: str, by: Any) -> None:
    frame, ax = drawn("unit_economics", lang, by=by)
    groups = names_of_rows(frame, [by] if isinstance(by, str) else list(by or []), lang)
    wide = frame.assign(group=groups).pivot(index="group", columns="component", values="share_of_balance")
    wide = wide.loc[list(dict.fromkeys(groups))]
    assert [text.get_text() for text in ax.get_yticklabels()] == wide.index.tolist()
    costs = [-wide["funding_cost"], -wide["operating_cost"], -wide["charged_off"] - wide["recovered"]]
    left = np.zeros(len(wide))
    for bars, cost in zip(containers(ax, BarContainer), costs, strict=True):
        np.testing.assert_allclose([bar.get_x() for bar in bars], left, atol=1e-12)
        np.testing.assert_allclose([bar.get_width() for bar in bars], cost)
        left = left + cost.to_numpy()
    marks = ax.get_lines()[0].get_xdata()
    np.testing.assert_allclose(marks, wide["interest_received"])
    np.testing.assert_allclose(marks - left, wide["income_after_losses"])
    rest = frame[frame["component"] == "income_after_losses"]
    for text, row in zip(ax.texts, rest.itertuples(), strict=False):
        assert text.get_text().startswith(f"{row.share_of_balance:.1%} ({row.low:.1%} – {row.high:.1%})")
        assert text.get_text().endswith(label("few_losses", lang)) == (row.k < 30)


def test_the_fan_has_a_curve_for_each_vintage_and_ends_where_not_all_was_watched() -> None:
    frame, ax = drawn("vintages", "en")
    known = frame[(frame["counted"] == "of_loans") & (frame["n"] >= 30)].dropna(subset=["share"])
    curves = [line.get_ydata().tolist() for line in ax.get_lines()]
    assert curves == [part["share"].tolist() for _, part in known.groupby(["ever_past_due", "vintage"])]
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.get_legend().get_lines()}
    assert len(looks) == 5
    of_90 = known[known["ever_past_due"] == "90+"]
    youngest = of_90[of_90["month_on_book"] == 12]["vintage"].iloc[-1]
    bold = max(ax.get_lines(), key=lambda line: line.get_linewidth())
    assert bold.get_ydata().tolist() == of_90[of_90["vintage"] == youngest]["share"].tolist()
    [band] = [one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]
    assert band.get_paths()[0].get_extents().y1 == of_90[of_90["vintage"] == youngest]["high"].max()


def test_each_group_of_vintages_has_a_panel_of_the_same_height() -> None:
    frame, ax = drawn("vintages", "zh", by="borrower_class", every="year")
    assert len(ax.child_axes) == frame["borrower_class"].nunique() == 3
    assert len({own.get_ylim() for own in ax.child_axes}) == 1


@both_languages
def test_prices_stand_beside_what_is_kept(lang: str) -> None:
    frame, ax = drawn("pricing", lang)
    said = [text.get_text() for text in ax.texts]
    for row in frame.itertuples():
        assert any(f"{row.apr:.1%}" in one and f"{row.interest_12:.0f}" in one for one in said)
    assert any(set(line.get_xdata()) == {0} for line in ax.get_lines())


@pytest.mark.parametrize("name", ["loan_outcomes", "borrower_outcomes"])
def test_a_sheet_has_no_chart_and_says_what_sums_it_up(name: str) -> None:
    with pytest.raises(lp.InputError, match=rf"^credit\.{name}: a row is one of .* Hint: other frames of lp\.credit"):
        lp.plot(getattr(lp.credit, name)(population()))


def test_a_chart_says_which_of_its_groups_are_known_only_later() -> None:
    for by, is_later in (("debt_ever", True), ("debt_first", False)):
        _, ax = drawn("delinquency", "en", by=by)
        texts = {text.get_text().replace("\n", " ") for text in ax.get_figure().findobj(Text)}
        assert any(phrase("ahead_note", "en", column=label(by, "en")) in text for text in texts) == is_later

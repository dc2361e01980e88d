"""Charts of loans: artists' data against the frames."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from chart_rules import containers
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.container import BarContainer
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
        ratios = [phrase("times_as_many", lang, ratio=f"{one:.2f}") for one in part["risk_ratio"].dropna()]
        assert [one for one in ratios if not any(words.endswith(one) for words in said)] == []
        assert panels[measure].get_title(loc="left") == label(measure, lang)


@both_languages
def test_each_measure_of_the_tiers_is_a_panel_of_bars_with_their_numbers(lang: str) -> None:
    frame, ax = drawn("tier_table", lang)
    tiers = frame[frame["quality_tier"] != "everybody"]
    for panel, (measure, part) in zip(ax.child_axes, tiers.groupby("measure", sort=False), strict=True):
        assert panel.get_title(loc="left") == label(measure, lang)
        [bars] = containers(panel, BarContainer)
        assert [bar.get_width() for bar in bars] == pytest.approx(part["value"].tolist(), nan_ok=True)
        form = declaration(frame).form("value", measure)
        assert [cell(form, one, lang) for one in part["value"]] == [text.get_text() for text in panel.texts]


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
        assert text.get_text().startswith(f"{row.share_of_balance:.1%}")
        assert text.get_text().endswith(label("few_losses", lang)) == (row.k < 30)


def test_vintages_are_their_median_in_the_band_of_all() -> None:
    frame, ax = drawn("vintages", "en")
    known = frame[(frame["counted"] == "of_loans") & (frame["n"] >= 30)].dropna(subset=["share"])
    medians = known.groupby(["ever_past_due", "month_on_book"])["share"].median()
    ever = dict.fromkeys(known["ever_past_due"].sort_values())
    assert [line.get_ydata().tolist() for line in ax.get_lines()] == [medians[one].tolist() for one in ever]
    bands = [one for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]
    for one, band in zip(ever, bands, strict=True):
        assert band.get_paths()[0].get_extents().y1 == known.loc[known["ever_past_due"] == one, "share"].max()


def test_each_group_of_vintages_has_a_panel_of_the_same_height() -> None:
    frame, ax = drawn("vintages", "zh", by="borrower_class", every="year")
    assert len(ax.child_axes) == frame["borrower_class"].nunique() == 3
    assert len({own.get_ylim() for own in ax.child_axes}) == 1


@both_languages
def test_prices_stand_beside_what_is_kept(lang: str) -> None:
    frame, ax = drawn("pricing", lang)
    said = [text.get_text() for text in ax.get_yticklabels()]
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

"""Charts of the needs: what they draw and say against the frames, and the flow picture band by band."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, Claims, column, containers, lightness, plot
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Polygon, Rectangle
from reads import NEEDS_TAKE

import loanpersona as lp
from loanpersona.analysis import needs
from loanpersona.core.words import LANGUAGES, label

NAMES = list(needs.__all__)
BARS = {"reasons": "share", "refusals_by_platforms": "share", "debt_by_loan_number": "share"}
GROUPED = {
    "reasons_by_class": "borrower_class",
    "platforms_of_debt_borrowers": "kind",
    "reject_reasons_by_platforms": "held",
    "owner_risk": "borrower_class",
    "debt_risk": "kind",
    "needs_by_stage": "borrower_class",
}
DOTS = {"loans_a_year": "loans_per_year", "owner_price": "kept"}
HEAT = {
    "reasons_by_platforms": ("platforms", "reason"),
    "reasons_by_income": ("income_band", "reason"),
    "reasons_by_month": ("reason", "month"),
    "reasons_around_festival": ("season", "reason"),
}
CURVES = {"owed_when_borrowing": "owed_months", "still_owing": "share"}
NAMED_BARS = ["debt_borrowers", "need_sources", "aims"]  # the names of the rows are put together
OTHERS = [
    *HEAT,
    *CURVES,
    *NAMED_BARS,
    "amount_by_reason",
    "risk_by_platforms",
    "needs_by_segment",
    "need_flow",
    "needs_levers",
]

SHARES = [
    name
    for name in NAMES
    if name
    not in {"amount_by_reason", "owner_price", "owed_when_borrowing", "need_flow", "needs_levers", "loans_a_year"}
]
VALUES = {
    **{name: column("share", "{:.1%}") for name in SHARES},
    "owner_price": column("kept", "{:.1%}"),
    "amount_by_reason": column("mean_cny", "{:,.0f}"),
    "loans_a_year": column("loans_per_year", "{:.2f}"),
    "owed_when_borrowing": column("owed_months", "{:.2f}"),
}


def ends(frame: pd.DataFrame) -> list[str]:
    return [f"{frame['share'].iloc[place]:.1%}" for place in (0, -1)]


def ratio(frame: pd.DataFrame, row: int = 0) -> list[str]:
    return [f"{frame[name].iloc[row]:.2f}" for name in ("risk_ratio", "risk_ratio_low", "risk_ratio_high")]


def spiral(frame: pd.DataFrame, value: str, form: str) -> list[str]:
    part = frame[frame["kind"] == "debt_borrowers"][value]
    return [form.format(part.iloc[1]), form.format(part.iloc[-1])]


def of(frame: pd.DataFrame, name: str, level: str, value: str = "share") -> pd.Series:
    return frame.loc[frame[name] == level, value]


CLAIMED: Claims = {
    "reasons": lambda f: [f"{f['share'].max():.1%}"],
    "reasons_by_class": lambda f: [f"{of(f, 'borrower_class', one).max():.1%}" for one in ("owner", "consumer")],
    "reasons_by_platforms": lambda f: ends(f[f["reason"] == "debt_for_debt"]),
    "reasons_by_income": lambda f: ends(f[f["reason"] == "consumption"]),
    "reasons_by_month": lambda f: [
        f"{of(f, 'reason', 'consumption').min():.1%}",
        f"{of(f, 'reason', 'consumption').max():.1%}",
    ],
    "reasons_around_festival": lambda f: ends(f[f["reason"] == "consumption"]),
    "amount_by_reason": lambda f: [f"{f['mean_cny'].iloc[place]:,.0f}" for place in (2, 1)],
    "debt_borrowers": lambda f: [f"{f['share'].iloc[0]:.1%}"],
    "platforms_of_debt_borrowers": lambda f: [f"{1 - share:.1%}" for share in of(f, "platforms", "1")],
    "debt_risk": lambda f: ratio(f, 4),
    "risk_by_platforms": ratio,
    "owner_risk": ratio,
    "refusals_by_platforms": ends,
    "reject_reasons_by_platforms": lambda f: [f"{of(f, 'held', 'several_platforms').max():.1%}"],
    "loans_a_year": lambda f: [f"{f['loans_per_year'].iloc[place]:.2f}" for place in (2, 3)],
    "debt_by_loan_number": ends,
    "owed_when_borrowing": lambda f: spiral(f, "owed_months", "{:.2f}"),
    "still_owing": lambda f: spiral(f, "share", "{:.1%}"),
    "owner_price": lambda f: [f"{f['kept'].iloc[place]:.1%}" for place in (1, 3)],
    "needs_by_stage": lambda f: [f"{of(f, 'borrower_class', 'everybody').max():.1%}"],
    "needs_by_segment": lambda f: [f"{f['share'].max():.1%}"],
    "need_sources": lambda f: [f"{f['share'].max():.1%}"],
    "need_flow": lambda f: [
        f"{f['user_needs'].sum() / 3:,.0f}",
        f"{of(f, 'to', 'transactions', 'user_needs').sum() / f['user_needs'].sum() * 3:.1%}",
    ],
    "aims": lambda f: [f"{share:.1%}" for share in f["share"]],
    "needs_levers": lambda f: [f"{(f['basis'] == 'stated').sum()}", f"{len(f)}"],
}


@cache
def tables(seed: int) -> dict[str, pd.DataFrame]:
    return lp.generate(lp.load_persona("article"), n=6_000, seed=seed).tables


def made(name: str, given: dict[str, pd.DataFrame]) -> pd.DataFrame:
    frame: pd.DataFrame = getattr(needs, name)(*[given[table] for table in NEEDS_TAKE[name]])
    return frame


class TestNeedsCharts(ChartRules):
    names, claimed, values, others = NAMES, CLAIMED, VALUES, OTHERS
    bars, grouped, dots, without_interval = BARS, GROUPED, DOTS, ("need_flow", "needs_levers")

    @staticmethod
    def make(name: str, sample: Any) -> pd.DataFrame:
        return made(name, tables(sample))

    @staticmethod
    def of_one(name: str) -> pd.DataFrame:
        """The frame of the borrower with the most loans alone, or of a few where it tells nothing of one."""
        given = tables(7)
        who = [given["loans"]["user_id"].value_counts().index[0]]
        if name in {"owner_price", "reject_reasons_by_platforms", "reasons_around_festival"}:
            who = list(given["users"]["user_id"])[:1_000]
        kept = {table: frame[frame["user_id"].isin(who)] for table, frame in given.items() if table != "instalments"}
        kept["instalments"] = given["instalments"][given["instalments"]["loan_id"].isin(kept["loans"]["loan_id"])]
        return made(name, kept)


def drawn(name: str, lang: str = "en") -> tuple[pd.DataFrame, Axes]:
    found = TestNeedsCharts.drawn(name, lang)
    return found.frame, found.ax


both_languages = pytest.mark.parametrize("lang", LANGUAGES)


@both_languages
@pytest.mark.parametrize("name", HEAT)
def test_a_heat_map_holds_each_share_with_half_its_interval(name: str, lang: str) -> None:
    frame, ax = drawn(name, lang)
    rows, across = HEAT[name]
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    grid = frame.pivot_table("share", rows, across, observed=True, sort=False)
    np.testing.assert_array_equal(mesh.get_array(), grid)
    expected = {f"{100 * row.share:.1f}\n±{50 * (row.high - row.low):.1f}" for row in frame.itertuples()}
    assert {text.get_text() for text in ax.texts} == expected
    for text, ground in zip(ax.texts, mesh.get_facecolors(), strict=True):
        assert abs(lightness(text.get_color()) - lightness(ground)) >= 40
    assert [text.get_text() for text in ax.get_yticklabels()] == [label(str(one), lang) for one in grid.index]


def test_segments_that_cannot_show_a_need_have_no_cell() -> None:
    frame, ax = drawn("needs_by_segment")
    [mesh] = [one for one in ax.collections if isinstance(one, QuadMesh)]
    shown = np.ma.filled(mesh.get_array(), np.nan)
    assert shown.shape == (9, 3)
    assert np.isfinite(shown).sum() == len(frame) == len(ax.texts) < 27
    assert sorted(shown[np.isfinite(shown)]) == sorted(frame["share"])


@both_languages
@pytest.mark.parametrize("name", CURVES)
def test_each_kind_has_its_curve_with_its_intervals(name: str, lang: str) -> None:
    frame, ax = drawn(name, lang)
    kinds = list(dict.fromkeys(frame["kind"]))
    for kind, found in zip(kinds, containers(ax, ErrorbarContainer), strict=True):
        part = frame[frame["kind"] == kind]
        assert found[0].get_ydata().tolist() == part[CURVES[name]].tolist()
        [lines] = found[2]
        known = [[ends[0][1], ends[1][1]] for ends in lines.get_segments() if len(ends)]
        np.testing.assert_allclose(known, part[["low", "high"]].dropna(), atol=1e-12)  # one borrower has no interval
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [label(kind, lang) for kind in kinds]
    assert len({found[0].get_linestyle() for found in containers(ax, ErrorbarContainer)}) == len(kinds)


@both_languages
@pytest.mark.parametrize("name", NAMED_BARS)
def test_bars_with_names_put_together_are_the_shares_with_their_intervals(name: str, lang: str) -> None:
    frame, ax = drawn(name, lang)
    bars = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [bar.get_width() for bar in bars] == frame["share"].tolist()
    [errors] = containers(ax, ErrorbarContainer)
    [lines] = errors[2]
    np.testing.assert_allclose([[a[0], b[0]] for a, b in lines.get_segments()], frame[["low", "high"]], atol=1e-12)
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert len(set(names)) == len(frame)
    last = (
        "level" if name == "debt_borrowers" else {"needs_by_stage": "need", "need_sources": "source"}.get(name, "aim")
    )
    assert [said.endswith(label(str(one), lang)) for said, one in zip(names, frame[last], strict=True)]


def test_ratios_stand_below_the_name_of_their_group() -> None:
    frame, ax = drawn("debt_risk")
    names = [text.get_text() for text in ax.get_yticklabels()]
    rows = frame[frame["risk_ratio"].notna()]
    assert len(names) == len(rows) == 4
    for said, row in zip(names, rows.itertuples(), strict=True):
        assert said.endswith(
            f"Debt for debt: ×{row.risk_ratio:.2f} ({row.risk_ratio_low:.2f} to {row.risk_ratio_high:.2f})"
        )


def test_prices_stand_beside_what_is_kept() -> None:
    frame, ax = drawn("owner_price")
    said = [text.get_text() for text in ax.texts][-4:]
    assert said == [f"APR {row.apr:.1%}, interest {row.interest_12:.0f} CNY" for row in frame.itertuples()]
    assert any(set(line.get_xdata()) == {0} for line in ax.get_lines())


def test_money_stands_beside_each_aim() -> None:
    frame, ax = drawn("aims")
    for row in frame.itertuples():
        words = f"lent {row.lent_cny / 1e6:,.1f} million CNY, interest {row.interest_paid_cny / 1e6:,.1f} million"
        assert any(words in text.get_text() for text in ax.texts)


def test_a_dot_is_filled_where_the_article_names_the_lever() -> None:
    frame, ax = drawn("needs_levers")
    levers = list(dict.fromkeys(frame["lever"]))
    dots = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    assert [line.get_color() != "white" for line in dots] == (frame["basis"] == "stated").tolist()
    assert [levers[int(line.get_xdata()[0])] for line in dots] == frame["lever"].tolist()


# The flow picture


@both_languages
def test_a_band_is_as_wide_as_its_row_and_bars_as_high_as_what_flows_through(lang: str) -> None:
    frame, ax = drawn("need_flow", lang)
    bands = [patch.get_path().vertices for patch in ax.patches if isinstance(patch, Polygon)]
    wide = [corners[0, 1] - corners[-2, 1] for corners in bands]
    scale = sum(wide[: (frame["link"] == "stage_to_need").sum()]) / frame["user_needs"].sum() * 3
    assert sorted(wide) == pytest.approx(sorted(scale * frame["user_needs"]))
    nodes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    every = frame["user_needs"].sum() / 3
    for place in range(4):
        high = [node.get_height() for node in nodes if abs(node.get_x() + node.get_width() / 2 - place) < 0.01]
        assert sum(high) == pytest.approx(scale * every)
    middle = frame.loc[frame["link"] == "need_to_lever"].groupby("to", sort=False)["user_needs"].sum()
    high = [node.get_height() for node in nodes if abs(node.get_x() + node.get_width() / 2 - 2) < 0.01]
    assert high == pytest.approx((scale * middle).tolist())


def test_bands_begin_and_end_at_their_bars_and_do_not_overlap_there() -> None:
    _, ax = drawn("need_flow")
    nodes = [node for node in ax.patches if isinstance(node, Rectangle)]
    bands = [patch.get_path().vertices for patch in ax.patches if isinstance(patch, Polygon)]
    for place in range(3):
        for side, bars in ((0, place), (39, place + 1)):
            spans = sorted(
                (corners[-2 - side, 1], corners[side, 1]) for corners in bands if abs(corners[0, 0] - place) < 0.1
            )
            tops = [
                (node.get_y(), node.get_y() + node.get_height()) for node in nodes if abs(node.get_x() - bars) < 0.1
            ]
            assert all(low >= before - 1e-9 for (_, before), (low, _) in pairwise(spans))
            assert all(any(low >= a - 1e-9 and high <= b + 1e-9 for a, b in tops) for low, high in spans)


def test_the_bands_of_both_aims_differ_in_lightness_and_hatch() -> None:
    _, ax = drawn("need_flow")
    looks = {(patch.get_facecolor()[:3], patch.get_hatch() or "") for patch in ax.patches if isinstance(patch, Polygon)}
    assert len(looks) == len({hatch for _, hatch in looks}) + 1 == 3
    lights = sorted(lightness(colour) for colour, _ in looks)
    assert min(b - a for a, b in pairwise(lights)) >= 10


def test_a_flow_without_a_stage_is_drawn() -> None:
    signals = tables(7)["signals"]
    ax = plot("need_flow")(needs.need_flow(signals[signals["stage"] == "after"]))
    plt.close(ax.figure)
    assert "Before the limit" not in lp.charts.alt(ax)

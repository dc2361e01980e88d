"""Charts of the cross, of learned groups and of the scorecard: what is drawn, what is said, and odd frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chart_rules import ChartRules, column, containers, lightness, plot, whiskers
from learned_tables import GROUPED, SCORED, lent, own
from matplotlib import pyplot as plt
from matplotlib.collections import QuadMesh
from matplotlib.container import BarContainer, ErrorbarContainer

import loanpersona as lp
from loanpersona.core.words import LANGUAGES, label, phrase

both_languages = pytest.mark.parametrize("lang", LANGUAGES)
WITH_TRUTH = {"cluster_agreement", "score_comparison", "score_correlation"}


@cache
def people(seed: int, n: int) -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=n, seed=seed)


def book_of(name: str, seed: int) -> list[pd.DataFrame]:
    tables = ["applications", "loans", "instalments", *(["truth"] if name in WITH_TRUTH else [])]
    # a scorecard wants more bad borrowers than groups want people
    n = 20_000 if name in SCORED else 5_000
    return [getattr(people(seed, n), table) for table in (["users", *tables] if name in SCORED else tables)]


def of(frame: pd.DataFrame, **picked: Any) -> pd.Series:
    """The share or value of the rows picked."""
    for by, what in picked.items():
        frame = frame[frame[by] == what]
    return frame["share" if "share" in frame else "value"]


def loyal(frame: pd.DataFrame) -> list[str]:
    sums = frame.groupby(["measure", "lifecycle"])["share"].sum()
    state = sums["of_year_volume"].idxmax()
    return [f"{sums['of_users'][state]:.1%}", f"{sums['of_year_volume'][state]:.1%}"]


def farthest(frame: pd.DataFrame) -> list[str]:
    ratio = frame["approval_ratio"].dropna()
    return ["0.80", f"{ratio[np.log(ratio).abs().idxmax()]:.2f}"]


def widest(frame: pd.DataFrame) -> list[str]:
    ends = frame.groupby("attribute")["score_points"].agg(["min", "max"])
    return [str(one) for one in ends.loc[(ends["max"] - ends["min"]).idxmax()]]


NAMES = [*GROUPED, *SCORED]
CLAIMED: dict[str, Callable[[pd.DataFrame], list[str]]] = {
    "crossed": lambda f: [f"{of(f, process=one).sum():.1%}" for one in ("incomplete", "approved", "rejected")],
    "crossed_approved": loyal,
    "choice_of_k": lambda f: [f"{f['silhouette'].max():.2f}", f"{f['n_clusters'][f['silhouette'].idxmax()]}"],
    "cluster_profiles": lambda f: [
        f"{of(f, measure=one, cluster='1').iloc[0]:.1%}" for one in ("share_of_users", "share_of_amount")
    ],
    "cluster_agreement": lambda f: [f"{f['ari'][0]:.2f}", f"{f['ari'][2]:.2f}"],
    "cluster_stability": lambda f: [f"{f['median_ari'].max():.2f}"],
    "scorecard": widest,
    "information_value": lambda f: [f"{f['information_value'][0]:.2f}"],
    "score_comparison": lambda f: [f"{one:.2f}" for one in of(f, measure="gini")],
    "score_correlation": lambda f: [f"{f['spearman'][place]:.2f}" for place in (1, 2)],
    "scorecard_stability": lambda f: [f"{f[one][0]:.2f}" for one in ("rank_median", "rank_low", "rank_high")],
    "cost_of_leaving_out": lambda f: [f"{f['gain'][4]:+.3f}".removeprefix("+")],
    "approval_ratios": farthest,
}
VALUES: dict[str, Callable[[pd.DataFrame], list[str]]] = {
    "crossed": column("share", "{:.1%}"),
    "crossed_approved": column("share", "{:.1%}"),
    "choice_of_k": column("silhouette", "{:.2f}"),
    "cluster_agreement": column("ari", "{:.2f}"),
    "cluster_stability": column("median_ari", "{:.2f}"),
    "scorecard": column("score_points", "{}"),
    "information_value": column("information_value", "{:.2f}"),
    "score_comparison": column("value", "{:.2f}"),
    "score_correlation": column("spearman", "{:.2f}"),
    "scorecard_stability": column("median_apart", "{}"),
    "cost_of_leaving_out": column("gini", "{:.2f}"),
    "approval_ratios": lambda f: [f"{one:.2f}" for one in f["approval_ratio"].dropna()],
}
BARS = {"information_value": "information_value"}
DOTS = {
    "cluster_stability": "median_ari",
    "scorecard_stability": "median_apart",
    "score_correlation": "spearman",
    "cost_of_leaving_out": "gini",
}
OTHERS = [
    "crossed",
    "crossed_approved",
    "choice_of_k",
    "cluster_profiles",
    "cluster_agreement",
    "scorecard",
    "score_comparison",
    "approval_ratios",
]


class TestLearnedCharts(ChartRules):
    names, claimed, values, bars, dots, others = NAMES, CLAIMED, VALUES, BARS, DOTS, OTHERS
    samples = (7, 8)
    # the whiskers reach to the least and the greatest of the resamples
    without_interval = ("cluster_stability", "scorecard_stability")

    @staticmethod
    def make(name: str, sample: Any) -> pd.DataFrame:
        room = lp.credit if name in SCORED else lp.segments
        frame: pd.DataFrame = getattr(room, name)(*book_of(name, sample))
        return frame

    @staticmethod
    def of_one(name: str) -> pd.DataFrame:
        if name in SCORED:
            return own(name)
        if name.startswith("crossed"):
            one = {table: frame.head(1) for table, frame in lent().items()}
            return getattr(lp.segments, name)(one["applications"], one["loans"], one["instalments"])
        frame = TestLearnedCharts.framed(name)
        first = {"cluster_profiles": "cluster", "cluster_agreement": "target"}.get(name, "n_clusters")
        alone = frame[frame[first] == frame[first].iloc[0]].assign(low=np.nan, high=np.nan)
        return alone.assign(chosen=True) if name == "choice_of_k" else alone


drawn = TestLearnedCharts.drawn


@both_languages
@pytest.mark.parametrize("name", ["crossed", "crossed_approved"])
def test_areas_of_a_mosaic_are_the_shares_of_its_cells(name: str, lang: str) -> None:
    found = drawn(name, lang)
    areas = [patch.get_width() * patch.get_height() for patch in found.ax.patches[::2]]
    frame = found.frame
    if name == "crossed_approved":
        frame = frame[frame["measure"].isin(["of_users", "of_year_volume"])]
    assert sorted(area for area in areas if area > 1e-12) == pytest.approx(sorted(frame["share"][frame["share"] > 0]))
    rejected = frame["process" if name == "crossed" else "lifecycle"] == ("rejected" if name == "crossed" else "loyal")
    first = frame[rejected & (frame.iloc[:, 0] == frame[rejected].iloc[0, 0])]
    word = label("rejected" if name == "crossed" else "loyal", lang)
    assert f"{word} {first['share'].sum():.1%}" in [tick.get_text() for tick in found.ax.get_xticklabels()]


def test_tiers_are_told_apart_in_grey_print() -> None:
    handles = drawn("crossed", "en").ax.get_legend().get_patches()
    looks = [(lightness(one.get_facecolor()), one.get_hatch() or "") for one in handles]
    assert len(looks) == 6
    for number, (light, hatch) in enumerate(looks):
        for other, other_hatch in looks[number + 1 :]:
            assert abs(light - other) >= 10 or hatch != other_hatch


def test_silhouettes_have_their_intervals_and_what_is_left_stands_beside() -> None:
    found = drawn("choice_of_k", "en")
    [errors] = containers(found.ax, ErrorbarContainer)
    np.testing.assert_array_equal(errors[0].get_xdata(), found.frame["silhouette"])
    np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(errors)], found.frame[["low", "high"]], atol=1e-12)
    assert any(np.array_equal(line.get_xdata(), found.frame["share_within"]) for line in found.ax.get_lines())


def test_cells_of_the_profiles_hold_means_with_half_their_intervals() -> None:
    found = drawn("cluster_profiles", "zh")
    [mesh] = [one for one in found.ax.collections if isinstance(one, QuadMesh)]
    np.testing.assert_allclose(mesh.get_array().ravel(), found.frame["relative_to_all"].fillna(0))
    texts = [text.get_text() for text in found.ax.texts]
    first = found.frame.iloc[0]
    assert texts[0] == f"{first['value']:.1%}\n±{50 * (first['high'] - first['low']):.1f}"
    for text, ground in zip(found.ax.texts, mesh.get_facecolors(), strict=True):
        assert abs(lightness(text.get_color()) - lightness(ground)) >= 35


@both_languages
@pytest.mark.parametrize(
    ("name", "by", "value"), [("cluster_agreement", "measure", "ari"), ("score_comparison", "measure", "value")]
)
def test_series_side_by_side_have_their_values_and_intervals(name: str, by: str, value: str, lang: str) -> None:
    found = drawn(name, lang)
    kinds = [one for one in dict.fromkeys(found.frame[by]) if one != "chance"]
    bars, errors = containers(found.ax, BarContainer), containers(found.ax, ErrorbarContainer)
    for kind, drawn_bars, drawn_errors in zip(kinds, bars, errors, strict=True):
        part = found.frame[found.frame[by] == kind]
        assert [bar.get_width() for bar in drawn_bars] == part[value].tolist()
        np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(drawn_errors)], part[["low", "high"]])
    assert {label(kind, lang) for kind in kinds} <= {text.get_text() for text in found.ax.get_legend().get_texts()}


@both_languages
def test_every_band_has_its_weight_its_interval_and_its_points(lang: str) -> None:
    found = drawn("scorecard", lang)
    widths = sorted(bar.get_width() for bars in containers(found.ax, BarContainer) for bar in bars)
    assert widths == sorted(found.frame["woe"])
    [errors] = containers(found.ax, ErrorbarContainer)
    np.testing.assert_allclose([[a[0], b[0]] for a, b in whiskers(errors)], found.frame[["woe_low", "woe_high"]])
    assert [text.get_text() for text in found.ax.texts] == [
        f"{one:+d}" if one else "0" for one in found.frame["score_points"]
    ]
    named = [tick.get_text() for tick in found.ax.get_yticklabels()]
    assert named[0].startswith(label("zhima_score", lang))
    assert len(set(named)) == len(found.frame)


def test_the_points_of_the_card_stand_beside_those_of_its_resamples() -> None:
    found = drawn("scorecard_stability", "en")
    [card] = [line for line in found.ax.get_lines() if line.get_marker() == "D"]
    assert card.get_xdata().tolist() == found.frame["points_apart"].tolist()
    assert {phrase("card_legend"), phrase("resamples_legend")} == {
        text.get_text() for text in found.ax.get_legend().get_texts()
    }


def test_ratios_stand_with_their_intervals_between_the_lines() -> None:
    found = drawn("approval_ratios", "en")
    known = found.frame[found.frame["approval_ratio"].notna()]
    for decided, errors in zip(("lender", "scorecard"), containers(found.ax, ErrorbarContainer), strict=True):
        part = known[known["decided_by"] == decided]
        np.testing.assert_array_equal(errors[0].get_xdata(), part["approval_ratio"])
        np.testing.assert_allclose(
            [[a[0], b[0]] for a, b in whiskers(errors)], part[["approval_ratio_low", "approval_ratio_high"]]
        )
    upright = {line.get_xdata()[0] for line in found.ax.get_lines() if len(set(line.get_xdata())) == 1}
    assert {0.8, 1, 1.25} <= upright
    assert found.ax.get_yticklabels()[0].get_text() == "Women / Men"


def said(name: str, frame: pd.DataFrame, lang: str = "en") -> str:
    ax = plot(name)(frame, lang=lang)
    plt.close(ax.figure)
    title: str = ax.get_title(loc="left")
    return title


def test_titles_claim_no_more_than_the_frame_holds() -> None:
    ratios = TestLearnedCharts.framed("approval_ratios")
    lower = pd.DataFrame(0.3, ratios.index, ["approval_ratio", "approval_ratio_low", "approval_ratio_high"]).where(
        ratios["group"] == "female", 0.0
    )
    beyond = ratios.assign(**{name: ratios[name] - lower[name] for name in lower})
    women = beyond["approval_ratio"][beyond["group"] == "female"].min()
    assert said("approval_ratios", beyond) == phrase(
        "approval_ratios_beyond_title", line="0.80", group="Women", ratio=f"{women:.2f}"
    )
    above = ratios.assign(**{name: ratios[name] + 0.5 * (ratios["group"] == "female") for name in lower})
    assert said("approval_ratios", above).startswith("The largest group is below four fifths (0.80) of: Women, 1.5")
    stable = TestLearnedCharts.framed("cluster_stability").assign(median_ari=0.95, low=0.9, high=0.99)
    stable.loc[0, ["median_ari", "low", "high"]] = 0.995, 0.991, 1.0
    assert said("cluster_stability", stable) == phrase("cluster_stability_title", k=2, value=f"{0.995:.2f}")
    stable.loc[[1, 2], "high"] = 0.992
    assert said("cluster_stability", stable).endswith("ranges of 2 others overlap")
    known = TestLearnedCharts.framed("score_correlation")
    assert said("score_correlation", known.head(1)).startswith("Scorecard and risk score rank applicants")
    cost = TestLearnedCharts.framed("cost_of_leaving_out")
    gaining = cost.assign(gain=0.05, gain_low=0.01, gain_high=0.09)
    assert said("cost_of_leaving_out", gaining) == phrase("cost_of_leaving_out_some_title", gain="+0.050")
    value = TestLearnedCharts.framed("information_value").assign(chance=9.0)
    assert said("information_value", value).startswith("No attribute by itself says more than chance")
    agreed = TestLearnedCharts.framed("cluster_agreement").assign(near_best=True)
    assert "near the taught" in said("cluster_agreement", agreed)
    seen = TestLearnedCharts.framed("score_comparison")
    seen = seen[seen["score"] != "repayment_capacity"]
    assert "capacity" not in said("score_comparison", seen)
    assert lp.labels.in_words(TestLearnedCharts.framed("crossed_approved"), "zh", across="quality").shape == (20, 5)


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_in_words_has_a_word_for_everything(name: str) -> None:
    shown = lp.labels.in_words(TestLearnedCharts.framed(name), "zh").reset_index().astype(str)
    left = [text for text in [*shown.columns, *shown.to_numpy().ravel()] if re.search(r"[a-z]|_|\.\.|nan", text)]
    assert left == []

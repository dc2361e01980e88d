"""The flow picture stage → need → lever → aim (2.2d): bands as wide as the users and needs that they carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke

from loanpersona.charts.drawing import LIGHT, caption, whole
from loanpersona.charts.style import BLUE, INK, MARKS, ORANGE, Caption, chart, percent
from loanpersona.core.words import label

COLUMNS = ("stage", "need", "lever", "aim")
LINKS = ("stage_to_need", "need_to_lever", "lever_to_aim")
HALF = 0.025
"""Half the width of a node, of the distance between two columns."""
LEAST_GAP = 0.022
"""Between two nodes of the column with the most of them, of the height of the picture."""
AIMS = {"transactions": (BLUE, ""), "fee_income": (ORANGE, "///")}
"""Colour and hatch of the bands that end in an aim; all others are grey."""
STEPS = np.linspace(0, 1, 40)


@dataclass
class Node:
    """A bar of a column: its upper end, its height, and how far the bands on each side reach down so far."""

    top: float
    height: float
    left: float = 0.0
    right: float = 0.0


@chart(width=8.4, height=5.4)
def plot_need_flow(frame: pd.DataFrame, ax: Axes, lang: str) -> Caption:
    """Bands of the frame `needs.need_flow`, one a row, and nodes with their number of users and needs."""
    sizes = _sizes(frame)
    scale = (1 - LEAST_GAP * (max(map(len, sizes)) - 1)) / float(sizes[0].sum())
    columns = [_column(counts, scale) for counts in sizes]
    for place, link in enumerate(LINKS):
        rows = frame[frame["link"] == link]
        for row in _ordered(rows, list(columns[place]), list(columns[place + 1])).to_dict("records"):
            ends = columns[place][row["from"]], columns[place + 1][row["to"]]
            _band(ax, place, *ends, scale * row["user_needs"], *AIMS.get(row["to"], (LIGHT, "")))
    for place, (nodes, counts) in enumerate(zip(columns, sizes, strict=True)):
        for name, node in nodes.items():
            ax.add_patch(Rectangle((place - HALF, node.top - node.height), 2 * HALF, node.height, color=INK, lw=0))
            ax.text(
                place + HALF + 0.02,
                node.top - node.height / 2,
                f"{label(name, lang)} {whole(counts[name])}",
                fontsize=8,
                va="center",
                path_effects=[withStroke(linewidth=2.5, foreground="white")],
            )
    ax.set(xlim=(-0.1, len(COLUMNS) - 0.32), ylim=(-0.01, 1.06))
    for place, name in enumerate(COLUMNS):
        ax.text(place - HALF, 1.03, label(name, lang), fontsize=10, va="bottom")
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    return _caption(sizes, lang)


def _sizes(frame: pd.DataFrame) -> list[pd.Series]:
    """Users and needs at each node of the four columns, in the order in which the frame first names them."""
    every = [frame[frame["link"] == link] for link in LINKS]
    into = [part.groupby("to", sort=False)["user_needs"].sum() for part in every]
    return [every[0].groupby("from", sort=False)["user_needs"].sum(), *into]


def _column(sizes: pd.Series, scale: float) -> dict[str, Node]:
    """The nodes of a column from top to bottom, spread over the height of the picture."""
    gap = (1 - scale * float(sizes.sum())) / max(len(sizes) - 1, 1)
    tops = 1 - np.concatenate([[0.0], (scale * sizes.to_numpy() + gap).cumsum()[:-1]])
    return {str(name): Node(float(top), scale * size) for (name, size), top in zip(sizes.items(), tops, strict=True)}


def _ordered(rows: pd.DataFrame, left: list[str], right: list[str]) -> pd.DataFrame:
    """The rows by their nodes from top to bottom, so that bands of one node do not cross one another."""
    places = pd.DataFrame({"from": rows["from"].map(left.index), "to": rows["to"].map(right.index)})
    return rows.loc[places.sort_values(["from", "to"]).index]


def _band(ax: Axes, place: int, one: Node, other: Node, wide: float, colour: str, hatch: str) -> None:
    """A band from the right side of a node to the left side of another, below the bands that are there already."""
    start, end = one.top - one.right, other.top - other.left
    one.right, other.left = one.right + wide, other.left + wide
    x = place + HALF + STEPS * (1 - 2 * HALF)
    upper = start + (end - start) * STEPS**2 * (3 - 2 * STEPS)  # flat at both ends
    corners = np.concatenate([np.column_stack([x, upper]), np.column_stack([x, upper - wide])[::-1]])
    ax.add_patch(Polygon(corners, facecolor=colour, edgecolor="white", hatch=hatch, lw=0.6, alpha=0.75))


def _caption(sizes: list[pd.Series], lang: str) -> Caption:
    marks = MARKS[lang]
    words = marks.semicolon.join(
        f"{label(column, lang)}{marks.colon}"
        + marks.comma.join(f"{label(str(name), lang)} {whole(size)}" for name, size in counts.items())
        for column, counts in zip(COLUMNS, sizes, strict=True)
    )
    count = sizes[0].sum()
    share = percent(sizes[-1].get("transactions", 0.0) / count)
    return caption("need_flow", lang, "flow_note", words, count=whole(count), share=share)

"""A renderer of matplotlib that writes lean SVG: text stays text, colours are variables, nothing has an id.

What a clip would hide is cut off by geometry, so that two pictures on one page share no names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Transform

from loanpersona.charts.layout import Ruler

ANCHORS = {"center": ("middle", 0.5), "right": ("end", 1.0)}
HATCH = 16
"""Pixels between two lines of a hatch."""


class Pen(Ruler):
    """Draws a figure of 72 dots an inch as SVG elements, `parts`; `names` are the variables of colours."""

    def __init__(self, width: float, height: float, font: float, names: Mapping[str, str]) -> None:
        super().__init__(dpi=72)
        self.width, self.height, self.font, self.names = width, height, font, names
        self.parts: list[str] = []

    def flipy(self) -> bool:
        """Text is placed from the top down."""
        return True

    def get_canvas_width_height(self) -> tuple[float, float]:
        """The size in pixels."""
        return self.width, self.height

    def points_to_pixels(self, points: Any) -> Any:
        """A point is a pixel."""
        return points

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: Any = None) -> None:  # noqa: N803
        """A line, or a shape with its edge and hatch."""
        look = {**self._filled(gc, rgbFace), **self._stroked(gc)}
        if look.get("fill") == "none" and "stroke" not in look:
            return
        data = self._data(gc, path, transform, filled=rgbFace is not None)
        if data:
            self.parts.append(f'<path d="{data}"{_attributes(look)}/>')
        if (gc.get_hatch() or "").startswith("/") and rgbFace is not None:
            self._hatch(path.get_extents(transform))

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Text | None = None,
    ) -> None:
        """A line of text, anchored as it is aligned, so that another typeface does not move it."""
        anchor, part = ANCHORS.get(mtext.get_horizontalalignment() if mtext else "", ("", 0.0))
        x += part * self.get_text_width_height_descent(s, prop, ismath)[0]
        look: dict[str, Any] = {"x": _short(x), "y": _short(y)}
        look |= {"text-anchor": anchor} if anchor else {}
        look |= {"fill": self._name(gc.get_rgb())}
        if (size := prop.get_size_in_points()) != self.font:
            look["font-size"] = _short(size)
        if prop.get_weight() in {"bold", 700}:
            look["font-weight"] = "700"
        if angle:
            look["transform"] = f"rotate({-angle:g} {_short(x)} {_short(y)})"
        self.parts.append(f"<text{_attributes(look)}>{escape(s)}</text>")

    def _filled(self, gc: GraphicsContextBase, face: Any) -> dict[str, str]:
        if face is None:
            return {"fill": "none"}
        opacity = (gc.get_alpha() if gc.get_forced_alpha() else face[3]) if len(face) > 3 else gc.get_alpha()
        if opacity == 0:
            return {"fill": "none"}
        return {"fill": self._name(face)} | ({} if opacity == 1 else {"fill-opacity": f"{opacity:.2g}"})

    def _stroked(self, gc: GraphicsContextBase) -> dict[str, str]:
        colour, width = gc.get_rgb(), gc.get_linewidth()
        if not width or colour[3] == 0:
            return {}
        look = {"stroke": self._name(colour)} | ({} if width == 1 else {"stroke-width": f"{width:.2g}"})
        dashes: Any = gc.get_dashes()[1]
        if dashes is not None:
            look["stroke-dasharray"] = " ".join(_short(one) for one in dashes)
        return look | ({"stroke-opacity": f"{colour[3]:.2g}"} if colour[3] < 1 else {})

    def _name(self, colour: Any) -> str:
        return self.names.get(to_hex(colour[:3]), to_hex(colour[:3]))

    def _data(self, gc: GraphicsContextBase, path: Path, transform: Transform, *, filled: bool) -> str:
        clip = gc.get_clip_rectangle()
        ends: Any = None if clip is None or filled else tuple(clip.extents)
        if clip is not None and filled and not _within(path.get_extents(transform).extents, clip.extents):
            path, transform = transform.transform_path(path).clip_to_bbox(clip), None  # type: ignore[assignment]
        segments = path.iter_segments(transform, clip=ends, simplify=not filled and len(path) > 20, curves=True)
        return "".join(_steps(segments, self.height))

    def _hatch(self, box: Any) -> None:
        """Slanted lines across the box of a bar."""
        x0, x1 = box.x0, box.x1
        if not np.isfinite(box.extents).all():  # a bar of nothing
            return
        low, high = self.height - box.y1, self.height - box.y0
        tall = high - low
        lines = []
        for start in np.arange(x0 - tall + HATCH / 2, x1, HATCH):
            left, right = max(start, x0), min(start + tall, x1)
            if right > left:
                rise, run = _short(high - (left - start)), _short(right - left)
                lines.append(f"M{_short(left)} {rise}l{run} -{run}")
        if lines:
            self.parts.append(f'<path d="{"".join(lines)}" fill="none" stroke="var(--paper)"/>')


def _within(inner: Any, outer: Any) -> bool:
    return bool(
        inner[0] >= outer[0] - 1 and inner[1] >= outer[1] - 1 and inner[2] <= outer[2] + 1 and inner[3] <= outer[3] + 1
    )


def _steps(segments: Any, height: float) -> Iterator[str]:
    """The commands of a path: rounded, relative to the point before, flat ones without their other coordinate."""
    at = (0.0, 0.0)
    for points, code in segments:
        flat = [round(float(one), 1) for one in points]
        flat[1::2] = [round(height - one, 1) for one in flat[1::2]]
        if code == Path.CLOSEPOLY:
            yield "z"
            continue
        if code == Path.MOVETO:
            yield f"M{flat[0]:g} {flat[1]:g}"
        elif code == Path.LINETO:
            yield _line(flat[0] - at[0], flat[1] - at[1])
        else:
            away = [_short(one - at[number % 2]) for number, one in enumerate(flat)]
            yield {Path.CURVE3: "q", Path.CURVE4: "c"}[code] + " ".join(away)
        at = (flat[-2], flat[-1])


def _line(right: float, down: float) -> str:
    right, down = round(right, 1), round(down, 1)
    if not right and not down:
        return ""
    return f"v{down:g}" if not right else f"h{right:g}" if not down else f"l{right:g} {down:g}"


def _short(value: float) -> str:
    return f"{round(float(value), 1):g}"


def _attributes(look: Mapping[str, Any]) -> str:
    return "".join(f' {name}="{escape(str(value))}"' for name, value in look.items())

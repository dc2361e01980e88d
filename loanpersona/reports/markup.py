"""HTML of outputs and prose, made harmless and tidy.

nbconvert's own `sanitize_html` cannot be used: its list of tags knows neither `th` nor `p` nor headings and
would print them as text. So a cleaner (nh3) works here with a list made for reports; what is not on it is shown
as the text it is. The page's content policy blocks scripts a second time.
"""

from __future__ import annotations

import re

import nh3
from bs4 import BeautifulSoup, Tag

_BLOCKS = "h1 h2 h3 h4 h5 h6 p br hr div span blockquote ul ol li dl dt dd pre code kbd a details summary"
_WORDS = "abbr b strong i em u s del mark small sub sup"
_TABLES = "table caption colgroup col thead tbody tfoot tr th td figure figcaption img"
_TAGS = frozenset(f"{_BLOCKS} {_WORDS} {_TABLES}".split())
_ATTRIBUTES = {
    "*": {"class", "id", "title", "lang", "colspan", "rowspan", "scope", "alt", "width", "height", "open"},
    "a": {"href"},
    "img": {"src"},
}
# What the parts of our own pages hold besides: sections, and pictures drawn as SVG.
_SHAPES = ["g", "path", "rect", "circle", "line", "polyline", "polygon", "text", "tspan"]
_PART_TAGS = _TAGS | {"section", "svg", "title", "desc", *_SHAPES}
_LOOKS = (
    "d x y x1 x2 y1 y2 cx cy r rx ry dx dy points transform fill fill-opacity stroke stroke-width stroke-opacity "
    "stroke-dasharray stroke-linejoin stroke-linecap text-anchor font-size font-weight opacity style"
)
_PART_ATTRIBUTES = {
    **_ATTRIBUTES,
    "*": _ATTRIBUTES["*"] | {"role", "tabindex", "aria-label", "aria-labelledby", "aria-hidden"},
    **{tag: set(_LOOKS.split()) for tag in _SHAPES},
    "svg": {"viewBox", "font-size"},
}
# Of styles only where a mark of a strip lies; no attribute of a drawing names anything outside it.
_PLACES = re.compile(r"(--[a-z0-9]{1,8}:\s*-?\d{1,5}(\.\d{1,3})?px;?\s*)+")
_OUTSIDE = re.compile(r"url|[\\@<]|expression|image|//", re.IGNORECASE)
_DRAWN = {"fill", "stroke", "transform", "points", "d"}
# A tag by its opening angle bracket.
_TAG = re.compile(r"<(?=/?([a-zA-Z][^\s/>]*))")
# What browsers pass over in an address.
_BLANK = re.compile(r"[\x00-\x20]+")
# pandas puts a style sheet of its own into every table; the page has one.
_STYLE = re.compile(r"<style\b.*?</style\s*>", re.DOTALL | re.IGNORECASE)
# Below a table that it cuts pandas counts the rows, in English; the dots in the table say enough.
_CUT = re.compile(r"<p>\d+ rows × \d+ columns</p>")
_NUMBER = re.compile(r"[-+−±≈<>≤≥~]?\s*[¥$]?\d[\d.,\s]*(e[-+]?\d+)?\s*[%‰]?", re.IGNORECASE)
_JOINTS = re.compile(r"\s*(?:–|—|\.\.|\bto\b|,\s+|[()\[\]至]|\s(?=±))\s*")
_NOTHING = frozenset({"", "NaN", "nan", "NaT", "<NA>", "None", "-", "–", "—", "..."})


def safe_html(html: str) -> str:
    """Return HTML that can only show: listed tags, no script, no style, no picture from outside."""
    clean: str = nh3.clean(
        _TAG.sub(_shown, _CUT.sub("", _STYLE.sub("", html))),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    return _tidy(clean) if "<table" in clean or "<img" in clean else clean


def safe_part(html: str) -> str:
    """Return a part of a page of our own, drawings included, such that it can only show; see `safe_html`."""
    clean: str = nh3.clean(
        html,
        tags=set(_PART_TAGS),
        attributes=_PART_ATTRIBUTES,
        attribute_filter=_allowed_in_part,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return clean


def _allowed_in_part(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return value if _PLACES.fullmatch(value) else None
    if (tag, name) == ("a", "href"):
        return _allowed(tag, name, value)
    if name in _DRAWN:
        return None if _OUTSIDE.search(value) else value
    return _allowed(tag, name, value)


def _shown(tag: re.Match[str]) -> str:
    """The bracket of a listed tag; of any other, one that shows: nh3 alone would drop the tag and what it says."""
    return "<" if tag[1].lower() in _TAGS else "&lt;"


def _allowed(tag: str, name: str, value: str) -> str | None:
    address = _BLANK.sub("", value).lower()
    if (tag, name) == ("img", "src"):
        return value if address.startswith("data:image/") else None
    if (tag, name) == ("a", "href"):  # a link waits for the reader; a picture from outside would load
        return None if address.startswith("data:") else value
    return value


def _tidy(html: str) -> str:
    soup = BeautifulSoup(html, "html.parser")
    for image in soup.find_all("img"):
        if image.get("src"):
            image["alt"] = str(image.get("alt", ""))  # or nbconvert writes an English sentence there
        else:
            image.replace_with(str(image.get("alt", "")))
    for table in soup.find_all("table"):
        _align_numbers(table)
        table.wrap(soup.new_tag("div", attrs={"class": "table", "tabindex": "0"}))
    return str(soup)


def _align_numbers(table: Tag) -> None:
    """Mark the columns that hold only numbers, heads included, so that the page can align them."""
    rows = [row.find_all(["td", "th"]) for row in table.find_all("tr")]
    body = [cells for cells in rows if any(cell.name == "td" for cell in cells)]
    width = max((len(cells) for cells in body), default=0)
    for place in range(width):
        column = [cells[place - width] for cells in body if len(cells) >= width - place]
        data = [cell.get_text() for cell in column if cell.name == "td"]
        if not any(map(_is_number, data)) or not all(map(_is_number_or_gap, data)):
            continue
        heads = [cells[place] for cells in rows if len(cells) == width and cells not in body]
        for cell in column + heads:
            cell["class"] = " ".join(filter(None, [*cell.get_attribute_list("class"), "number"]))


def _is_number(text: str) -> bool:
    """Tell whether a cell holds a number or several: a range, an interval in brackets."""
    parts = [part for part in _JOINTS.split(text.strip()) if part]
    return bool(parts) and all(_NUMBER.fullmatch(part) for part in parts)


def _is_number_or_gap(text: str) -> bool:
    return text.strip() in _NOTHING or _is_number(text)

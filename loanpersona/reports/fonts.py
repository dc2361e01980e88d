"""Chinese glyphs carried inside a page, because a reader's machine may have none."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path

FONT = Path(__file__).resolve().parent.parent / "catalog" / "fonts" / "LoanpersonaSansSC-Regular.ttf"
FAMILY = "Loanpersona Sans SC"

# A page holds this mark inside its style sheet; the font rule takes its place.
MARK = "/*glyphs*/"

_FIRST_CJK = "\u2e80"  # radicals and everything after: punctuation, ideographs, full-width forms


def with_glyphs(page: str) -> str:
    """Put the glyphs of the page's own Chinese characters into the page; a page without any stays bare."""
    wanted = frozenset(character for character in page if character >= _FIRST_CJK)
    rule = _font_face(wanted) if wanted and FONT.is_file() else ""
    return page.replace(MARK, rule, 1)


@lru_cache(8)
def _font_face(characters: frozenset[str]) -> str:
    data = base64.b64encode(_subset(characters)).decode("ascii")
    source = f"url(data:font/woff;base64,{data}) format('woff')"
    # The style sheet names it first, for Chinese alone: further down the list Chromium at times leaves boxes where it
    # laid out a word before the font was there.
    return f"@font-face {{ font-family: '{FAMILY}'; src: {source}; unicode-range: U+2E80-10FFFF; }}"


def _subset(characters: frozenset[str]) -> bytes:
    """Cut the font down to some characters; those it has not are left to the reader's own fonts."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    # WOFF compresses with zlib, which is always there; WOFF2 would need one more package.
    options = Options(flavor="woff", hinting=False, notdef_outline=True)
    # Glyphs are kept as they are: to reckon their boxes again takes longer than all else.
    with TTFont(FONT, lazy=True, recalcTimestamp=False, recalcBBoxes=False) as font:
        subsetter = Subsetter(options)
        subsetter.populate(text="".join(sorted(characters)))
        subsetter.subset(font)
        font.flavor = "woff"
        file = io.BytesIO()
        font.save(file)
    return file.getvalue()

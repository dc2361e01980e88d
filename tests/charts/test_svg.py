"""Charts for pages: text is text, colours are variables, nothing is cut, and no sentence hangs on a seed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import loanpersona as lp
from loanpersona.charts.style import VARIABLES
from loanpersona.charts.svg import picture
from loanpersona.core.words import LANGUAGES, phrase

N = 3_000
SEEDS = (1, 2, 3)
MOST_BYTES = 15_000
FRAMES: dict[str, Callable[[lp.Book], pd.DataFrame]] = {
    "sex": lambda book: lp.profile.shares(book, of="sex"),
    "pyramid": lambda book: lp.profile.shares(book, of=("sex", "age_band")),
    "map": lambda book: lp.profile.shares(book, of="province"),
    "education": lambda book: lp.profile.shares(book, of="education", by="occupation"),
    "income": lambda book: lp.profile.spread(book, of="income_cny_month", by="occupation", below=10_000),
    "weekday": lambda book: lp.habits.timing(book, of="weekday"),
    "lead": lambda book: lp.habits.timing(book, of="window", against="8..11"),
    "festival": lambda book: lp.habits.festival(book, of="year"),
    "waits": lambda book: lp.habits.time_to_next_loan(book),
    "repeat": lambda book: lp.habits.repeat_share(book),
    "lorenz": lambda book: lp.habits.lorenz(book),
    "reasons": lambda book: lp.needs.reasons(book, by="borrower_class"),
    "stages": lambda book: lp.needs.stages(book, by="borrower_class"),
    "funnel": lambda book: lp.segments.funnel(book),
    "mix": lambda book: lp.segments.mix(book),
    "transitions": lambda book: lp.segments.transitions(book),
    "tiers": lambda book: lp.credit.tier_table(book),
    "vintages": lambda book: lp.credit.vintages(book),
}
STYLE = Path(lp.__file__).parent / "reports/template/loanpersona/style.css"
every_frame = pytest.mark.parametrize("name", FRAMES)


@cache
def population(seed: int) -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=N, seed=seed)


@cache
def framed(name: str, seed: int = 7) -> pd.DataFrame:
    return FRAMES[name](population(seed))


@every_frame
@pytest.mark.parametrize("width", [820, 343])
def test_a_picture_is_small_and_has_its_colours_from_the_page_and_no_id(name: str, width: int) -> None:
    drawn = lp.charts.svg(framed(name), lang="zh", width=width)
    assert len(drawn.encode()) <= MOST_BYTES
    assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawn)) <= {"none", *VARIABLES.values()}
    assert not re.search(r"\bid=|url\(|<style|<script|rotate", drawn)
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("viewBox", "").split()[2] == str(width)


@every_frame
@pytest.mark.parametrize("width", [820, 343])
def test_no_text_of_a_picture_begins_or_ends_beyond_its_edge(name: str, width: int) -> None:
    root = ElementTree.fromstring(lp.charts.svg(framed(name), width=width))
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        wide = 0.45 * 13 * len(text.text or "")
        part = {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor", ""), 0.0)
        left = float(text.get("x", 0)) - part * wide
        assert -1 <= left <= left + wide <= width + 1, text.text
        assert float(text.get("font-size", 13)) >= 13, text.text


def test_the_same_frame_gives_the_same_picture_and_its_label_says_units_and_what_is_published() -> None:
    frame = framed("sex")
    first = picture(frame, lang="en")
    assert first == picture(frame, lang="en")
    label = ElementTree.fromstring(first.svg).get("aria-label", "")
    assert label == first.alt
    for words in ("Share (Registered users)", "published 60% to 84%", "2020: Men 51%", phrase("synthetic_mark")):
        assert words in label


@pytest.mark.parametrize("width", [0, 10_000, 343.0, True, None])
def test_a_width_that_is_none_is_refused(width: object) -> None:
    with pytest.raises(lp.InputError, match="not a width"):
        lp.charts.svg(framed("sex"), width=width)  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["sex", "weekday", "lead", "festival", "transitions"])
def test_title_unit_and_note_are_the_same_whatever_the_seed(name: str, lang: str) -> None:
    said = set()
    for seed in SEEDS:
        caption = picture(framed(name, seed), lang=lang).caption
        said.add((caption.title, caption.unit, caption.published))
    assert len(said) == 1


@pytest.mark.parametrize("name", sorted(set(VARIABLES.values())))
def test_every_colour_of_a_chart_is_set_by_the_page_in_light_in_dark_and_on_paper(name: str) -> None:
    assert STYLE.read_text("utf-8").count(f"{name[4:-1]}: #") == 3


def test_a_picture_without_whiskers_leaves_the_intervals_to_the_table() -> None:
    frame = framed("weekday")
    assert frame["low"].lt(frame["high"]).all()
    with_them, without = (picture(frame, whiskers=one).svg.count("<path") for one in (True, False))
    assert without < with_them


def test_what_is_published_about_weekdays_is_drawn_and_told_with_its_source() -> None:
    drawn = lp.charts.svg(framed("weekday"))
    assert "published, PPDai 2017: Monday 1.08" in drawn
    assert drawn.count("var(--ev-ink)") >= 7


def test_a_bar_left_out_among_hatched_ones_draws_nothing() -> None:
    frame = lp.needs.amounts(population(7))
    few = frame["n"] < 30
    assert (few & (frame["borrower_class"] == "owner")).any()
    assert lp.charts.svg(frame).startswith("<svg")

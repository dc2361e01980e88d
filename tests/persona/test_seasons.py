"""Window and calendar in a persona file: what is read, changed, extended, told, and what is refused or remarked."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from importlib import metadata
from pathlib import Path

import pytest
from cases import CASES

import loanpersona as lp
from loanpersona.cli import main
from loanpersona.core import chinese_days, words
from loanpersona.persona.seasons import PARTS, factor

TIMED = CASES / "valid" / "24-a-window-and-a-calendar.yaml"
HOLIDAYS = f"holidays {metadata.version('holidays')}"


@pytest.fixture(scope="module")
def timed() -> lp.Persona:
    return lp.load_persona(TIMED)


def written(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The file with some of its text replaced."""
    text = TIMED.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = tmp_path / "timed.yaml"
    path.write_text(text, encoding="utf-8")
    return path


# What is read


def test_the_articles_people_borrow_for_four_years_as_it_says(article: lp.Persona) -> None:
    window, calendar = article.window, article.calendar
    assert window is not None
    assert calendar is not None
    assert (window.first, window.last, window.days) == (date(2021, 1, 1), date(2024, 12, 31), 1461)
    assert article.notes == ()
    assert sum(calendar.hour) == 100
    assert max(calendar.hour) == calendar.hour[10] == Fraction("9.6")
    assert sum(calendar.weekday) / 7 == 1
    assert [factor(calendar.day_of_month, day) for day in (1, 6, 11, 21, 26)] == [
        Fraction(text) for text in ("1.25", "1.12", "1", "0.92", "0.88")
    ]
    around = [factor(calendar.spring_festival, day) for day in (-15, -14, 0, 30, 31, 45, 46)]
    assert around == [Fraction(text) for text in ("1", "1.1", "0.8", "0.8", "0.84", "0.96", "1")]
    bases = {name: (basis.kind, *basis.sources) for name, basis in calendar.bases}
    assert bases == {
        "hour": ("stated", "1.4b", "1.4c"),
        "weekday": ("stated", "1.4b"),
        "public_holiday": ("stated", "1.4b"),
        "day_of_month": ("stated", "1.4a"),
        "spring_festival": ("stated", "1.4d"),
        "daily_noise": ("assumed",),
    }


def test_published_shapes_take_the_place_of_the_articles_part_by_part(article: lp.Persona) -> None:
    evidence = lp.load_persona("evidence")
    mine, theirs = evidence.calendar, article.calendar
    assert mine is not None
    assert theirs is not None
    assert evidence.window == article.window
    published = [name for name, basis in mine.bases if basis.sources == ("ppd17",)]
    assert published == ["hour", "weekday", "day_of_month", "spring_festival"]
    assert (mine.public_holiday, mine.sigma) == (theirs.public_holiday, theirs.sigma)
    total = sum(mine.hour)
    blocks = [
        float(sum(mine.hour[start:stop]) / total) for start, stop in ((0, 6), (6, 9), (9, 12), (12, 18), (18, 23))
    ]
    assert blocks == pytest.approx([share / 100.2 for share in (8.6, 12.3, 13.4, 39.2, 24.0)])
    thirds = [
        sum(factor(mine.day_of_month, day) for day in days) / len(days)
        for days in (range(1, 11), range(11, 21), range(21, 32))
    ]
    assert [float(mean) for mean in thirds] == pytest.approx([0.975, 0.953, 1.051], abs=5e-4)


def test_extending_merges_window_and_calendar_key_by_key(timed: lp.Persona) -> None:
    changed = lp.load_persona(CASES / "valid" / "25-extends-and-restates-parts-of-a-calendar.yaml")
    assert changed.window is not None
    assert changed.calendar is not None
    assert timed.calendar is not None
    assert (changed.window.first, changed.window.last) == (date(2021, 1, 1), date(2022, 12, 31))
    assert changed.window.basis.kind == "assumed"  # its last day changed, and the file gives no reason
    assert dict(changed.window.basis.because)["en"] == "changed from the persona timed"
    assert changed.calendar.hour[-1] == Fraction(1, 3)
    bases = dict(changed.calendar.bases)
    assert (bases["hour"].kind, bases["hour"].sources) == ("assumed", ())  # a new basis comes with its own reasons
    assert bases["weekday"] == dict(timed.calendar.bases)["weekday"]
    assert changed.calendar.sigma == 0
    assert changed.calendar.weekday == timed.calendar.weekday


def test_a_persona_of_people_only_has_neither_and_keeps_its_digest() -> None:
    people = lp.load_persona(CASES / "valid" / "tiny.yaml")
    assert people.window is people.calendar is None
    assert "When they borrow" not in people.describe()
    assert people.digest[:12] == "cf8df15875df"  # as before there were calendars


def test_the_digest_counts_both_sections(timed: lp.Persona) -> None:
    changes: list[dict[str, object]] = [
        {"window.last": "2024-12-30"},
        {"window.first": "2021-01-02"},
        {"calendar.hour.weights[9]": 3},
        {"calendar.weekday.factors.sunday": 0.4},
        {"calendar.public_holiday.factor": 0.4},
        {"calendar.day_of_month.factors.1..10": 3},
        {"calendar.spring_festival.holiday": 0.2},
        {"calendar.spring_festival.factors.-7..-1": 2},
        {"calendar.daily_noise.sigma": 0.1},
        {"calendar.daily_noise.because": "why not"},
        {"window.because": "why not"},
    ]
    result = {timed.replace(change).digest for change in changes}
    assert len(result | {timed.digest}) == len(changes) + 1


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("lp.load_persona('article')", "holidays"),
        ("lp.load_persona('evidence')", "holidays.countries"),
        ("lp.generate(lp.load_persona('article'), n=10)", "holidays.countries"),
        ("lp.generate(lp.load_persona('article'), n=10)", "scipy.special"),
    ],
)
def test_what_takes_long_to_import_is_imported_where_it_counts_only(line: str, module: str) -> None:
    script = f"import sys, loanpersona as lp; {line}; print({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "False\n"


# What is refused, beside the corpus


@pytest.mark.parametrize("year", [chinese_days.FIRST - 1, chinese_days.LAST + 1])
def test_a_date_beyond_the_table_of_holidays_names_the_table(
    year: int, tmp_path: Path, faults_of: Callable[[Path], tuple[str, ...]]
) -> None:
    path = written(tmp_path, ("first: 2021-01-01", f"first: {year}-06-01"))
    assert faults_of(path) == (
        f"timed.yaml:9: window.first = {year}-06-01: outside the Chinese holidays of {HOLIDAYS}. "
        "Allowed: 2008-01-01 to 2099-12-31.",
    )


def test_both_dates_and_all_parts_are_looked_at_in_one_go(
    tmp_path: Path, faults_of: Callable[[Path], tuple[str, ...]]
) -> None:
    path = written(
        tmp_path,
        ("first: 2021-01-01", "first: soon"),
        ("last: 2024-12-31", "last: 2024-02-30"),
        ("sunday: 0.5", "sunday: -1"),
        ("[0, 0, 0,", "[0, 0,"),
        ("male: 0.6", "male: 0.7"),
    )
    assert [fault.split(": ")[1].split(" = ")[0] for fault in faults_of(path)] == [
        "window.first",
        "window.last",
        "calendar.hour.weights",
        "calendar.weekday.factors.sunday",
        "variables.sex.shares",
    ]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"window.last": "2020-01-01"}, "change: window.last = 2020-01-01: before the first day, 2021-01-01. "),
        (
            {"calendar.hour.weights[24]": 1},
            "change: calendar.hour.weights[24]: no entry '[24]' of 'calendar.hour.weights'. Allowed: [0] to [23], [+] ",
        ),
        ({"calendar.weekday.factors.mondya": 1}, "change: calendar.weekday.factors.mondya = 1: unknown weekday "),
        ({"calendar.noon.factor": 1}, "change: calendar.noon.factor: unknown path 'noon'. "),
    ],
)
def test_a_change_is_checked_as_a_file_is(changes: dict[str, object], fault: str, timed: lp.Persona) -> None:
    with pytest.raises(lp.InputError) as caught:
        timed.replace(changes)
    [result] = caught.value.faults
    assert result.startswith(fault)


# What is remarked


def test_a_window_that_nobody_has_announced_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], timed: lp.Persona
) -> None:
    since = chinese_days.announced() + 1
    note = f"window: calendar projected from {since} on ({HOLIDAYS})."
    path = written(tmp_path, ("last: 2024-12-31", f"last: {since + 5}-06-30"))
    with warnings.catch_warnings(record=True) as remarked:
        warnings.simplefilter("always")
        persona = lp.load_persona(path)
    assert [str(warning.message) for warning in remarked] == [f"timed.yaml:8: {note}"]
    assert persona.notes == (f"timed.yaml:8: {note}",)
    assert persona.describe().count("projected") == 1
    main_says = ["describe", str(TIMED), "--set", f"window.last={since + 5}-06-30"]
    with pytest.raises(SystemExit) as left:
        main(main_says)
    assert left.value.code == 0
    assert capsys.readouterr().err.splitlines() == [f"note: {TIMED.name}:8: {note}"]
    assert timed.replace({"window.last": f"{chinese_days.announced()}-12-31"}).notes == ()


def test_a_window_all_of_which_is_projected_says_from_its_first_year(timed: lp.Persona) -> None:
    first = chinese_days.announced() + 3
    with pytest.warns(lp.PersonaWarning, match=rf"calendar projected from {first} on \(holidays "):
        timed.replace({"window.first": f"{first}-01-01", "window.last": f"{first + 1}-12-31"})


# Changed, kept, told


def test_a_changed_number_counts_as_assumed(timed: lp.Persona) -> None:
    changed = timed.replace(
        "calendar.public_holiday.factor: 0.75\ncalendar.hour.weights[9]: 5\nwindow.last: 2023-12-31"
    )
    assert changed.calendar is not None
    assert changed.window is not None
    bases = dict(changed.calendar.bases)
    assert (changed.calendar.public_holiday, changed.calendar.hour[9]) == (Fraction(3, 4), 5)
    assert changed.window.last == date(2023, 12, 31)
    assert [name for name, basis in bases.items() if basis.kind == "assumed"] == [
        "hour",
        "public_holiday",
        "daily_noise",
    ]
    assert dict(bases["hour"].because)["en"] == "changed from the persona timed"
    own = timed.replace({"calendar.public_holiday": {"factor": 1, "basis": "stated", "source": "1.4b"}})
    assert dict(own.calendar.bases)["public_holiday"].sources == ("1.4b",)  # type: ignore[union-attr]


def test_a_day_of_python_is_taken_too(timed: lp.Persona) -> None:
    assert timed.replace({"window.last": date(2023, 12, 31)}) == timed.replace({"window.last": "2023-12-31"})


def test_both_sections_can_be_added_by_a_change(timed: lp.Persona) -> None:
    from loanpersona.core.strict_yaml import plain

    people = lp.load_persona(CASES / "valid" / "tiny.yaml")
    text = plain(timed.document)
    added = people.replace({"window": text["window"], "calendar": text["calendar"]})
    assert (added.window, added.calendar) == (timed.window, timed.calendar)


@pytest.mark.parametrize("name", ["article", "evidence"])
def test_the_null_twin_keeps_window_and_calendar(name: str) -> None:
    persona = lp.load_persona(name)
    assert (persona.null().window, persona.null().calendar) == (persona.window, persona.calendar)


@pytest.mark.parametrize("lang", words.LANGUAGES)
def test_the_calendar_is_told_with_its_numbers_and_reasons(lang: str, article: lp.Persona) -> None:
    text = article.describe(lang)
    start = text.index(f"## {words.label('calendar', lang)}\n")
    said = text[start : text.index("\n## ", start + 5)]
    assert [line.removeprefix("### ") for line in said.splitlines() if line.startswith("### ")] == [
        words.label(part, lang) for part in PARTS
    ]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines() if line[:2] == "| "]
    assert ["6–11", "1.8%", "3.4%", "6.0%", "8.6%", "9.6%", "8.4%", "37.8%"] in cells
    assert ["× 1.1", "× 1.08", "× 1.06", "× 1.05", "× 1.03", "× 0.86", "× 0.82"] in cells
    assert words.label("monday", lang) in said
    assert [words.phrase("told_range", lang, low=26, high=31), "× 0.88"] in cells
    assert [words.phrase("told_range", lang, low=-14, high=-1), "× 1.1"] in cells
    for number in ("2021-01-01", "2024-12-31", "1,461", "0.65", "1.064", "0.55", "0.2", "1.4a", "1.4b, 1.4c", "1.4d"):
        assert number in said, number
    assert article.calendar is not None
    for _, basis in article.calendar.bases:
        assert dict(basis.because)[lang] in said
    assert "[ppd17]" in lp.load_persona("evidence").describe(lang)


def test_the_schema_knows_both_sections() -> None:
    result = lp.Persona.schema()["properties"]
    assert set(result["calendar"]["properties"]) == set(PARTS)
    assert {"first", "last", "zone"} <= set(result["window"]["properties"])
    weights = result["calendar"]["properties"]["hour"]["properties"]["weights"]
    assert (weights["minItems"], weights["maxItems"]) == (24, 24)

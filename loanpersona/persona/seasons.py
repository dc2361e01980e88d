"""When people borrow: the window of a persona, and how borrowing falls on its hours and days."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from loanpersona.core import chinese_days
from loanpersona.core.errors import did_you_mean
from loanpersona.core.sourced import BASIS_KEYS, Basis
from loanpersona.core.strict_yaml import Fault, Node
from loanpersona.persona.idle import Idle
from loanpersona.persona.scope import BrokenBlockError, Scope
from loanpersona.persona.values import band_ends

DayFactors = tuple[tuple[int, int, Fraction], ...]
"""First and last day of each band, and its factor."""

ZONE = "Asia/Shanghai"
HOURS = 24
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH = (1, 31)
NEAR_NEW_YEAR = (-90, 120)
MOST_DAYS = 7305
"""Twenty years with five leap days."""
WINDOW = ("first", "last", "zone")
_MAY_BE_OFF = range(-7, 15)
"""Days from New Year's Day that can belong to its days off; a band with another day needs no look at the holidays."""
_WORKDAYS = 5
_DATE = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})")


@dataclass(frozen=True)
class Window:
    """The days that are told of, in the time of China; both ends count."""

    first: date
    last: date
    basis: Basis

    @property
    def days(self) -> int:
        """How many days it holds."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Seasons:
    """How borrowing falls on hours and days; only ratios count, a year keeps its total."""

    hour: tuple[Fraction, ...]
    """A weight per hour, from midnight on."""
    weekday: tuple[Fraction, ...]
    """A factor per weekday, Monday first; a make-up workday counts as the mean of Monday to Friday."""
    public_holiday: Fraction
    """In place of that of the weekday."""
    day_of_month: DayFactors
    spring_festival: DayFactors
    """By days from New Year's Day; 1 on other days."""
    festival_holiday: Fraction
    """On the days off around New Year's Day, in place of weekday, public holiday and `spring_festival`."""
    sigma: Fraction
    """Standard deviation of the logarithm of a day's luck, whose mean is one."""
    bases: tuple[tuple[str, Basis], ...]
    """Where the numbers of each part come from."""


def factor(bands: DayFactors, day: int) -> Fraction:
    """The factor of a day; 1 where no band holds it.

    >>> factor(((1, 5, Fraction(5, 4)),), 5)
    Fraction(5, 4)
    """
    return next((result for first, last, result in bands if first <= day <= last), Fraction(1))


def notes(node: Node | None, window: Window | None) -> Iterator[str]:
    """What is allowed but worth a word: no Spring Festival inside, a stretch that nobody has announced yet."""
    if node is None or window is None:
        return
    years = range(window.first.year, window.last.year + 1)
    if window.days < chinese_days.LONGEST_YEAR and not any(
        window.first <= chinese_days.year(year).new_year <= window.last for year in years
    ):
        yield str(Fault(node.file, node.line, "window: no Spring Festival falls in it."))
    if chinese_days.projected(window.last.year):
        since = max(window.first.year, chinese_days.announced() + 1)
        said = f"window: calendar projected from {since} on ({chinese_days.version()})."
        yield str(Fault(node.file, node.line, said))


def idle_days(calendar: Node | None, window: Window | None, seasons: Seasons | None) -> Iterator[Idle]:
    """The factors of a calendar that change nobody: no day has them, or all have and a year keeps its total."""
    if calendar is None or window is None or seasons is None:
        return
    month, [(_, _, of_month), *more] = _factors(calendar, "day_of_month"), seasons.day_of_month
    if not more and of_month != 1:  # one says that days of the month do not matter
        yield Idle(
            f"calendar.day_of_month.factors.{next(iter(month))}",
            next(iter(month.values())),
            "it is for every day, and a year keeps its total",
        )
    bands = zip(_factors(calendar, "spring_festival").items(), seasons.spring_festival, strict=True)
    close = [(key, node, first, last) for (key, node), (first, last, _) in bands if {first, last} <= set(_MAY_BE_OFF)]
    read = {day for day, off in _near_new_year(window) if not off} if close else set()
    for key, node, first, last in close:
        if read.isdisjoint(range(first, last + 1)):
            why = "all its days are days off, which `holiday` covers"
            yield Idle(f"calendar.spring_festival.factors.{key}", node, why)


def _factors(calendar: Node, part: str) -> dict[str, Node]:
    stated = calendar.child(part)
    factors = stated.child("factors") if stated is not None else None
    return factors.value if factors is not None and isinstance(factors.value, dict) else {}


def _near_new_year(window: Window) -> Iterator[tuple[int, bool]]:
    """The days of the window's years near a New Year's Day, counted from it, and whether they are off around it."""
    years = range(window.first.year, window.last.year + 1)
    for number in range(years[0] - 1, years[-1] + 2):
        result = chinese_days.year(number)
        run = range(*_days_off(result))
        for day in range(NEAR_NEW_YEAR[0], NEAR_NEW_YEAR[1] + 1):
            if (result.new_year + timedelta(day)).year in years:
                yield day, day in run


def _days_off(year: chinese_days.Year) -> tuple[int, int]:
    """The first day off around New Year's Day, and the first on which people work again."""
    ends = []
    for way in (-1, 1):
        day = 0
        while (date_ := year.new_year + timedelta(day)) in year.off or (
            date_.weekday() >= _WORKDAYS and date_ not in year.make_up
        ):
            day += way
        ends.append(day)
    return ends[0] + 1, ends[1]


def read_seasons(document: Node, scope: Scope) -> tuple[Window | None, Seasons | None]:
    """The window and the calendar of a persona, or None for what it does not state; all faults are noted."""
    window, calendar = document.child("window"), document.child("calendar")
    if window is not None and calendar is None:
        scope.faults.add(window, "nothing says how borrowing falls in it", allowed="a window with a calendar")
    if calendar is not None and window is None:
        scope.faults.add(calendar, "no window to lie in", allowed="a calendar with a window")
    return _window(window, scope), _seasons(calendar, scope)


def _window(node: Node | None, scope: Scope) -> Window | None:
    if node is None:
        return None
    try:
        scope.only(node, (*WINDOW, *BASIS_KEYS))
        basis = scope.basis(node)
        first, last, _ = scope.each(
            lambda: _day(scope, scope.child(node, "first")),
            lambda: _day(scope, scope.child(node, "last")),
            lambda: _zone(scope, scope.child(node, "zone")),
        )
        return _lasting(scope, node, Window(first, last, basis))
    except BrokenBlockError:
        return None


def _day(scope: Scope, node: Node) -> date:
    result = _DATE.fullmatch(node.value) if isinstance(node.value, str) else None
    if result is None:
        scope.stop(node, "not a date", allowed="year, month and day such as 2021-01-01")
    year, month, day = map(int, result.groups())
    if not chinese_days.FIRST <= year <= chinese_days.LAST:
        known = f"{chinese_days.FIRST}-01-01 to {chinese_days.LAST}-12-31"
        scope.stop(node, f"outside the Chinese holidays of {chinese_days.version()}", allowed=known)
    if not 1 <= month <= 12:
        scope.stop(node, "no such month", allowed="01 to 12")
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        scope.stop(node, "no such day", allowed=f"{year}-{month:02}-01 to {year}-{month:02}-{last}")
    return date(year, month, day)


def _zone(scope: Scope, node: Node) -> None:
    if node.value != ZONE:
        scope.stop(node, "China keeps one time, without daylight saving", allowed=ZONE)


def _lasting(scope: Scope, node: Node, window: Window) -> Window:
    """The window, which must neither be reversed nor last too long."""
    last = scope.child(node, "last")
    if window.days < 1:
        scope.stop(last, f"before the first day, {window.first}", allowed=f"{window.first} or later")
    if window.days > MOST_DAYS:
        scope.stop(last, f"a window of {window.days:,} days", allowed=f"at most {MOST_DAYS:,}, twenty years")
    return window


def _seasons(node: Node | None, scope: Scope) -> Seasons | None:
    if node is None:
        return None
    try:
        scope.only(node, tuple(_READS))
        parts = scope.each(*(lambda key=key: _part(scope, node, key) for key in _READS))
    except BrokenBlockError:
        return None
    [[hour], [weekday], [public], [month], [holiday, festival], [sigma]] = [numbers for numbers, _ in parts]
    bases = tuple((key, basis) for key, (_, basis) in zip(_READS, parts, strict=True))
    return Seasons(hour, weekday, public, month, festival, holiday, sigma, bases)


def _part(scope: Scope, node: Node, key: str) -> tuple[list[Any], Basis]:
    """The numbers of one part of a calendar, and where they come from."""
    part, reads = scope.child(node, key), _READS[key]
    scope.only(part, (*reads, *BASIS_KEYS))
    basis = scope.basis(part)
    result = scope.each(
        *(lambda name=name, read=read: read(scope, scope.child(part, name)) for name, read in reads.items())
    )
    return result, basis


def _hours(scope: Scope, node: Node) -> tuple[Fraction, ...]:
    stated = node.value if isinstance(node.value, tuple) else None
    if stated is None:
        scope.stop(node, "not a list", allowed=f"{HOURS} weights, from midnight on")
    if len(stated) != HOURS:
        scope.stop(node, f"{len(stated)} weights", allowed=f"{HOURS}, one an hour from midnight on")
    weights = scope.each(*(lambda at=at: _factor(scope, at, "weight") for at in stated))
    return tuple(_some(scope, node, weights, "weight"))


def _weekdays(scope: Scope, node: Node) -> tuple[Fraction, ...]:
    stated = scope.mapping(node, "a factor per weekday")
    unknown = [key for key in stated if key not in WEEKDAYS]
    for key in unknown:
        scope.faults.add(stated[key], f"unknown weekday '{key}'", hint=did_you_mean(key, WEEKDAYS))
    missing = [day for day in WEEKDAYS if day not in stated]
    if missing and not unknown:  # what follows from a misspelt weekday is no fault of its own
        scope.stop(node, f"no factor for {', '.join(missing)}", allowed="every weekday")
    if unknown:
        raise BrokenBlockError
    factors = scope.each(*(lambda day=day: _factor(scope, stated[day]) for day in WEEKDAYS))
    return tuple(_some(scope, node, factors, "factor"))


def _month(scope: Scope, node: Node) -> DayFactors:
    bands = _bands(scope, node, MONTH, "no day of a month")
    for (_, last, _), (start, _, _) in pairwise(bands):
        if start != last + 1:
            gap = f"day {last + 1}" if start == last + 2 else f"days {last + 1} to {start - 1}"
            scope.stop(node, f"nothing for {gap}", allowed="every day of 1 to 31 once")
    if (bands[0][0], bands[-1][1]) != MONTH:
        shown = f"{bands[0][0]} to {bands[-1][1]}"
        scope.stop(node, f"factors for the days {shown} only", allowed="every day of 1 to 31 once")
    _some(scope, node, [result for *_, result in bands], "factor")
    return bands


def _festival(scope: Scope, node: Node) -> DayFactors:
    return _bands(scope, node, NEAR_NEW_YEAR, "too far from New Year's Day")


def _bands(scope: Scope, node: Node, within: tuple[int, int], beyond: str) -> DayFactors:
    """Bands of whole days with their factors, in rising order; gaps may lie between."""
    stated = scope.mapping(node, "a factor per band of days")
    if not stated:
        scope.stop(node, "names no days", allowed="bands such as 1..5")
    result = scope.each(*(lambda key=key, at=at: _band(scope, key, at) for key, at in stated.items()))
    for (first, last, _), at in zip(result, stated.values(), strict=True):
        if not within[0] <= first <= last <= within[1]:
            scope.stop(at, beyond, allowed=f"{within[0]} to {within[1]}")
    for (first, last, _), (start, stop, _) in pairwise(result):
        if start <= last:
            what = f"the bands {first}..{last} and {start}..{stop} overlap or stand in the wrong order"
            scope.stop(node, what, hint="Both ends count.")
    return tuple(result)


def _band(scope: Scope, key: str, at: Node) -> tuple[int, int, Fraction]:
    (first, last), result = scope.each(lambda: band_ends(scope, key, at, Fraction(1)), lambda: _factor(scope, at))
    if first.denominator != 1:
        scope.stop(at, f"the band {key} is not one of whole days", allowed="such as 1..5")
    return int(first), int(last), result


def _factor(scope: Scope, node: Node, what: str = "factor") -> Fraction:
    value = scope.number(node)
    if value < 0:
        scope.stop(node, f"a negative {what}", allowed="0 or more")
    return value


def _some(scope: Scope, node: Node, numbers: Sequence[Fraction], what: str) -> Sequence[Fraction]:
    """The numbers, of which one at least must be above zero."""
    if not sum(numbers):
        scope.stop(node, "the sum is 0", allowed=f"at least one {what} above 0")
    return numbers


def _sigma(scope: Scope, node: Node) -> Fraction:
    value = scope.number(node)
    if not 0 <= value <= 1:
        scope.stop(node, "not a spread that days may have", allowed="0 to 1")
    return value


_READS: dict[str, dict[str, Callable[[Scope, Node], Any]]] = {
    "hour": {"weights": _hours},
    "weekday": {"factors": _weekdays},
    "public_holiday": {"factor": _factor},
    "day_of_month": {"factors": _month},
    "spring_festival": {"holiday": _factor, "factors": _festival},
    "daily_noise": {"sigma": _sigma},
}
PARTS = {key: tuple(reads) for key, reads in _READS.items()}
"""The parts of a calendar, and the numbers of each."""

"""When people borrow, told back in words and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from loanpersona.core.markdown import table
from loanpersona.core.sourced import Basis
from loanpersona.core.words import label, phrase
from loanpersona.persona.seasons import HOURS, WEEKDAYS, DayFactors, Seasons, Window

_ROW = 6
_WORKDAYS = 5


def seasons_in_words(window: Window, seasons: Seasons, lang: str, reason: Callable[[Basis], str]) -> Iterator[str]:
    """The lines on window and calendar; `reason` says in words where a number comes from."""
    said = phrase("told_window", lang, first=window.first, last=window.last, days=f"{window.days:,}")
    yield from ("", f"## {label('calendar', lang)}", "", said, "", reason(window.basis))
    parts = {
        "hour": [_hours(seasons, lang)],
        "weekday": [_weekdays(seasons, lang)],
        "public_holiday": [_public_holiday(seasons, lang)],
        "day_of_month": [_bands(seasons.day_of_month, lang)],
        "spring_festival": [
            phrase("told_festival_holiday", lang, factor=_number(seasons.festival_holiday)),
            _bands(seasons.spring_festival, lang),
        ],
        "daily_noise": [phrase("told_noise", lang, sigma=_number(seasons.sigma))],
    }
    for key, basis in seasons.bases:
        yield from ("", f"### {label(key, lang)}")
        for part in (*parts[key], reason(basis)):
            yield from ("", part)


def _hours(seasons: Seasons, lang: str) -> str:
    """The share of each hour, six a row."""
    shares = [weight / sum(seasons.hour) for weight in seasons.hour]
    heads = [label("told_hours", lang), *(f"+{n}" for n in range(_ROW))]
    rows = [
        [
            f"{start}–{start + _ROW - 1}",
            *map(_percent, shares[start : start + _ROW]),
            _percent(sum(shares[start : start + _ROW], Fraction(0))),
        ]
        for start in range(0, HOURS, _ROW)
    ]
    return table([*heads, label("told_together", lang)], rows)


def _weekdays(seasons: Seasons, lang: str) -> str:
    return table([label(day, lang) for day in WEEKDAYS], [[f"× {_number(result)}" for result in seasons.weekday]])


def _public_holiday(seasons: Seasons, lang: str) -> str:
    mean = sum(seasons.weekday[:_WORKDAYS], Fraction(0)) / _WORKDAYS
    word = label("public_holiday", lang)
    return phrase(
        "told_public_holiday", lang, public_holiday=word, factor=_number(seasons.public_holiday), mean=_number(mean)
    )


def _bands(bands: DayFactors, lang: str) -> str:
    heads = [label("told_days", lang), label("told_times", lang)]
    return table(heads, [[_days(first, last, lang), f"× {_number(result)}"] for first, last, result in bands])


def _days(first: int, last: int, lang: str) -> str:
    return f"{first}" if first == last else phrase("told_range", lang, low=first, high=last)


def _number(value: Fraction) -> str:
    return f"{float(value):g}"


def _percent(share: Fraction) -> str:
    return f"{float(share):.1%}"

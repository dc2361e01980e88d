"""When they borrow (1.4a to 1.4c): hours, weekdays and days of the month of loans, clustered by borrower.

Every share is of loans: n loans, k of them counted, clusters the borrowers behind them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loanpersona.analysis.frames import columns
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import LEVEL, clustered_ratio, clustered_share, clustered_shares

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS_OF_MONTH = ("1..5", "6..10", "11..20", "21..25", "26..31")
DAYTIME = (9, 18)
"""Hours of the daytime: from 09:00 to before 18:00."""


def hour_by_weekday(loans: pd.DataFrame) -> pd.DataFrame:
    """Shares of loans by weekday and hour (1.4b, 1.4c), 168 rows that add up to one.

    Columns: weekday, hour (0 to 23), n, k, share, low, high, clusters, design_effect, effective_n.
    """
    taken = _times(loans)
    cells = taken["weekday"] * 24 + taken["hour"]
    found = clustered_shares(taken.assign(cell=cells), "cell", range(168))
    found.insert(0, "weekday", [WEEKDAYS[cell // 24] for cell in found["cell"]])
    return found.assign(cell=found["cell"] % 24).rename(columns={"cell": "hour"})


def hours(loans: pd.DataFrame) -> pd.DataFrame:
    """Shares of loans by hour of the day (1.4c); columns: hour (0 to 23), n, k, share, low, high, clusters, …"""
    return clustered_shares(_times(loans), "hour", range(24))


def hour_windows(loans: pd.DataFrame, *, shift: int = 0, level: float = LEVEL) -> pd.DataFrame:
    """Six four-hour windows, and by how much the morning (8 to before 12) leads each of its rivals (1.4c).

    Columns: hours (such as `8..11`), n, k, share, low, high, clusters, design_effect, effective_n, difference
    (share of the morning minus that of this window), difference_low, difference_high. The five differences hold
    together at `level` (Bonferroni): the morning leads all others if every `difference_low` is above zero.
    With `shift` all windows begin so many hours later, to see whether the answer hangs on their edges.
    """
    taken = _times(loans)
    window = (taken["hour"] - shift) % 24 // 4
    names = [f"{(start + shift) % 24}..{(start + shift + 3) % 24}" for start in range(0, 24, 4)]
    found = clustered_shares(taken.assign(hours=window.map(dict(enumerate(names)))), "hours", names, level)
    together = 1 - (1 - level) / 5
    gaps = [_gap(window, rival, taken["user_id"], together) for rival in range(6)]
    return pd.concat([found, pd.DataFrame(gaps)], axis=1)


def _gap(window: pd.Series, rival: int, users: pd.Series, level: float) -> dict[str, float]:
    """The morning's share minus the rival's, as the mean of +1, −1 and 0 over loans."""
    if rival == 2:
        return {"difference": np.nan, "difference_low": np.nan, "difference_high": np.nan}
    score = (window == 2).astype(float) - (window == rival)
    gap = clustered_ratio(score, np.ones(len(score)), users, level)
    return {"difference": gap["value"], "difference_low": gap["low"], "difference_high": gap["high"]}


def workday_daytime(
    loans: pd.DataFrame, days: pd.DataFrame | None = None, *, daytime: tuple[int, int] = DAYTIME
) -> pd.DataFrame:
    """Shares of loans on workdays, in the daytime, and in both (1.4b), against loans spread evenly.

    Monday to Friday are workdays, unless `days` says otherwise: a frame with the columns `day` and `day_type`,
    where the type `workday` is a workday and any other is not. Daytime is from 09:00 to before 18:00.
    Columns: time (on_workdays, in_daytime, on_workdays_in_daytime), n, k, share, low, high, clusters,
    design_effect, effective_n, baseline (the share if every hour of every day were alike).
    """
    taken = _times(loans)
    calendar = _calendar(taken)
    working = _workdays(calendar, days)
    start, end = daytime
    on_workdays = taken["day"].isin(calendar[working])
    in_daytime = taken["hour"].between(start, end - 1)
    even = [working.mean(), (end - start) / 24]
    # time, where it holds, its share if loans were spread evenly
    times = [
        ("on_workdays", on_workdays, even[0]),
        ("in_daytime", in_daytime, even[1]),
        ("on_workdays_in_daytime", on_workdays & in_daytime, even[0] * even[1]),
    ]
    rows = [{"time": time, **clustered_share(holds, taken["user_id"]), "baseline": base} for time, holds, base in times]
    return pd.DataFrame(rows)


def _workdays(calendar: pd.DatetimeIndex, days: pd.DataFrame | None) -> np.ndarray:
    if days is None:
        return np.asarray(calendar.day_of_week < 5)
    missing = [f"days.{name}: missing column." for name in ("day", "day_type") if name not in days]
    if missing:
        raise InputError(*missing)
    types = pd.Series(days["day_type"].astype(str).to_numpy(), pd.DatetimeIndex(days["day"]).normalize())
    unknown = calendar.difference(pd.DatetimeIndex(types.index))
    if len(unknown):
        raise InputError(f"days: {unknown[0]:%Y-%m-%d} is missing. Wanted: every day of the loans.")
    return np.asarray(types[~types.index.duplicated()].reindex(calendar) == "workday")


def weekdays(loans: pd.DataFrame) -> pd.DataFrame:
    """Loans a day on each weekday relative to the mean day (1.4b); 1 is as many as on any day.

    Columns: weekday, n, k, days (of that weekday in the window), relative, low, high, clusters.
    """
    taken = _times(loans)
    return _relative(taken, "weekday", range(7), _calendar(taken).day_of_week, names=WEEKDAYS)


def day_of_month(loans: pd.DataFrame) -> pd.DataFrame:
    """Loans per calendar day of each number relative to the mean day (1.4a), right for short months too.

    Columns: day_number (1 to 31), n, k, days (of that number in the window), relative, low, high, clusters.
    A number that the window does not hold has no relative.
    """
    taken = _times(loans)
    return _relative(taken, "day_number", range(1, 32), _calendar(taken).day)


def parts_of_month(loans: pd.DataFrame) -> pd.DataFrame:
    """Loans per calendar day of five parts of the month relative to the mean day (1.4a).

    Columns: part (`1..5` to `26..31`, the end), n, k, days, relative, low, high, clusters.
    """
    taken = _times(loans)
    return _relative(taken.assign(part=_part(taken["day_number"])), "part", PARTS_OF_MONTH, _part(_calendar(taken).day))


def _part(numbers: pd.Series | pd.Index) -> np.ndarray:
    starts = [int(part.partition("..")[0]) for part in PARTS_OF_MONTH]
    return np.asarray([PARTS_OF_MONTH[place - 1] for place in np.searchsorted(starts, numbers, side="right")])


def _relative(
    taken: pd.DataFrame, by: str, levels: Sequence[object], calendar: np.ndarray, names: Sequence[str] = ()
) -> pd.DataFrame:
    """The share of loans at each level over its share of the days of the window."""
    rows = []
    for one in levels:
        found = clustered_share(taken[by] == one, taken["user_id"])
        days = int((calendar == one).sum())
        scale = len(calendar) / days if days else np.nan
        ends = {"relative": found["share"] * scale, "low": found["low"] * scale, "high": found["high"] * scale}
        counts = {"n": found["n"], "k": found["k"], "days": days}
        rows.append({by: names[int(str(one))] if names else one, **counts, **ends, "clusters": found["clusters"]})
    return pd.DataFrame(rows)


def _times(loans: pd.DataFrame) -> pd.DataFrame:
    taken = columns(loans, "loans", ["user_id", "borrowed_at"])
    at = taken["borrowed_at"].dt
    return taken.assign(day=at.normalize(), hour=at.hour, weekday=at.day_of_week, day_number=at.day)


def _calendar(taken: pd.DataFrame) -> pd.DatetimeIndex:
    """Every day from the first loan to the last."""
    return pd.date_range(taken["day"].min(), taken["day"].max(), unit="s")

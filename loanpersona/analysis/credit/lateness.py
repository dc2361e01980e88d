"""How loans are repaid: late on the first day, cured, gone bad, of any groups and against one of them."""

from __future__ import annotations

import pandas as pd

from loanpersona.analysis.arguments import Bands, By, Day
from loanpersona.analysis.credit.sheets import LENT
from loanpersona.analysis.frame import frame
from loanpersona.analysis.groups import CONTRAST, by_group, with_contrast, with_groups, with_why
from loanpersona.analysis.outcomes import BAD_DAYS, BAD_MONTHS, outcomes
from loanpersona.core.errors import InputError
from loanpersona.estimates.shares import clustered_part
from loanpersona.tables.book import Book


@frame(
    statements="2.1c 2.1e 3.1c",
    counts="things_measured",
    keys="measure",
    reads=LENT,
    written=CONTRAST,
    assumes="cure_days",
)
def delinquency(
    book: Book,
    *,
    by: By = None,
    against: str | None = None,
    bands: Bands = None,
    until: Day = None,
    months: int = BAD_MONTHS,
    days: int = BAD_DAYS,
) -> pd.DataFrame:
    """How often loans are late, cured and bad (2.1c, 2.1e, 3.1c), rows of one borrower together.

    Measures: late_first_day (of the instalments that fell due on loans not behind before: D1), cure_rate (of those
    late longer ago than the cure days assumed, 30, paid within them) and bad_rate (of the loans old enough, ever `days`
    past due by month on book `months`). Columns: those of `by`, measure, n, k, share, low, high, clusters,
    design_effect, effective_n; with `against` also difference (its ends hold together) and risk_ratio. Raises
    InputError where no instalment was due by `until`, or no loan is old enough.

    >>> import loanpersona as lp
    >>> population = lp.generate(lp.load_persona("article"), n=500, seed=7)
    >>> lp.credit.delinquency(population, by="borrower_class", against="consumer")["measure"].tolist()[::3]
    ['late_first_day', 'cure_rate', 'bad_rate']
    """
    lent = with_groups(book, outcomes(book, until, months, days), by, "loan", until, bands)
    if not lent["due"].any():
        raise InputError(f"instalments: none fell due before {until:%Y-%m-%d}. Allowed: at least one.")
    if lent["bad"].isna().all():
        raise InputError(f"loans: none is {months} months old at {until:%Y-%m-%d}. Allowed: at least one.")
    counted = {
        "late_first_day": (lent["late"], lent["due"]),
        "cure_rate": (lent["cured"], lent["late_long_ago"]),
        "bad_rate": (lent["bad"].fillna(value=False).astype(int), lent["bad"].notna().astype(int)),
    }
    parts = []
    for measure, (some, of) in counted.items():
        rows = lent.assign(some=some, of=of)[of > 0]
        result = by_group(rows, by, lambda part: clustered_part(part["some"], part["of"], part["user_id"]))
        result.insert(len(by), "measure", measure)
        parts.append(with_contrast(result, rows, by, against, "some", "of"))
    return with_why(pd.concat(parts, ignore_index=True))

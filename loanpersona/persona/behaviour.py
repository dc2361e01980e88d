"""How often people act: rates that no year can hold are refused, and one of zero is worth a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from loanpersona.core.strict_yaml import Fault, Faults, Node
from loanpersona.persona.joint import Conditional

MOST_A_YEAR = 100
"""Loans in an active year that a mean may reach."""
_MONTHS = 12


def _mean(conditional: Conditional) -> float:
    return float(conditional.margin @ np.array(conditional.variable.values, float))


def check_rates(above: Mapping[str, Conditional], blocks: Mapping[str, Node], faults: Faults) -> None:
    """Note a borrowing rate whose mean no year can hold, as one per month or day taken for a year is not."""
    if "borrowing_rate" in above and (mean := _mean(above["borrowing_rate"])) > MOST_A_YEAR:
        what = f"a mean of {mean:,.0f} loans per active year, which is {mean / _MONTHS:,.1f} a month"
        hint = "The rate counts loans in a year, not in a month or a day."
        faults.add(blocks["borrowing_rate"], what, allowed=f"a mean of at most {MOST_A_YEAR} a year", hint=hint)


def rate_notes(above: Mapping[str, Conditional], blocks: Mapping[str, Node]) -> Iterator[str]:
    """A line where nobody can ever borrow."""
    if "borrowing_rate" in above and _mean(above["borrowing_rate"]) == 0:
        node = blocks["borrowing_rate"]
        yield str(Fault(node.file, node.line, "variables.borrowing_rate: its mean is 0: nobody ever borrows."))

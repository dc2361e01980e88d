"""Use what the core promises and knock at the doors that need an extra; print as JSON what came of each.

python tests/support/core.py [PACKAGE ...]: the packages named are hidden, as if they were not installed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def outcome(call: Callable[[], Any]) -> str:
    """What a call gives, by type; the message of one of our errors."""
    from loanpersona import LoanpersonaError

    try:
        return type(call()).__name__
    except LoanpersonaError as error:
        return f"{type(error).__name__}: {error}"


def command(*words: str) -> str:
    """The exit code of a command."""
    from loanpersona.cli import main

    try:
        main(words)
    except SystemExit as left:
        return str(left.code)
    return "0"


def frames(population: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every frame of the analysis rooms, asked of the population."""
    from calls import CALLS

    from loanpersona.analysis.frame import declarations

    for name, declared in declarations().items():
        yield name, lambda name=name, declared=declared: declared.call(population, **CALLS.get(name, {}))


def doors(folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Ways into the rooms that need an extra."""
    import loanpersona as lp
    from loanpersona.reports import update_index

    yield "lp.charts", lambda: lp.charts
    yield "loanpersona.charts", lambda: import_module("loanpersona.charts")
    yield "loanpersona.charts.style", lambda: import_module("loanpersona.charts.style")
    yield "render_report", lambda: lp.render_report("01_profile", out=folder / "reports", n=50)
    yield "render_reports", lambda: lp.render_reports(["01_profile"], out=folder / "reports", n=50)
    yield "update_index", lambda: update_index(folder)


def used(folder: Path) -> dict[str, str]:
    """What became of each use; nothing but our own errors is caught."""
    import loanpersona as lp

    population = lp.generate(lp.load_persona("article"), n=4_000, seed=7)
    same = {
        f"saved as {form}": str(lp.load_population(population.save(folder / form, format=form)).digest)
        for form in ("parquet", "csv")
    }
    commands = [
        ["generate", "--n", "50", "--out", str(folder / "people")],
        ["describe", "evidence", "--lang", "zh"],
        ["digest", "--n", "50"],
        ["doctor"],
        ["report", "01_profile", "--n", "50", "--out", str(folder / "pages")],
    ]
    return {
        "digest": population.digest,
        **same,
        **{name: outcome(call) for name, call in (*frames(population), *doors(folder))},
        **{f"loanpersona {words[0]}": command(*words) for words in commands},
    }


def main(hidden: Sequence[str]) -> None:
    """Hide packages, then use everything; the last line printed is the JSON."""
    sys.modules.update(dict.fromkeys(hidden))  # None in place of a module: importing it fails
    with TemporaryDirectory() as folder:
        print(json.dumps(used(Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1:])

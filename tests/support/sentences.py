"""What a population says in words: the verdict that chooses the headline of each finding, and the title of each chart.

A sentence that another seed turns is no finding but luck.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calls import CALLS

import loanpersona as lp
from loanpersona.analysis.frame import declarations
from loanpersona.charts.svg import picture
from loanpersona.core.errors import InputError
from loanpersona.reports.finding import chapters

USERS = 20_000
FINDINGS = [one for chapter in chapters().values() for one in chapter.findings]


def verdicts(population: lp.Population) -> dict[str, str]:
    """The verdict of each finding, which decides its headline."""
    found = {one.id: lp.finding(population, one.id).verdict for one in FINDINGS}
    return {name: verdict.word if verdict else "nothing" for name, verdict in found.items()}


def titles(population: lp.Population) -> dict[str, str]:
    """The title of the chart of each frame that has one."""
    charts = {name: one for name, one in declarations().items() if not one.sheet}
    return {name: _title(population, name) for name in charts}


def _title(population: lp.Population, name: str) -> str:
    try:
        return picture(declarations()[name].call(population, **CALLS.get(name, {}))).caption.title
    except InputError as reason:
        return str(reason)


def said(number: int) -> dict[str, str]:
    """Every verdict and title of the population of `article` that a seed gives."""
    population = lp.generate(lp.load_persona("article"), n=USERS, seed=number)
    return verdicts(population) | titles(population)


def changing(each: Iterable[Mapping[str, str]]) -> dict[str, set[str]]:
    """What is said in more than one way, by finding or chart."""
    listed = list(each)
    ways = {name: {one[name] for one in listed} for name in listed[0]}
    return {name: said for name, said in ways.items() if len(said) > 1}

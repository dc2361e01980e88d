"""Headlines survive chance: another seed gives the same verdict, so the same sentence."""

from __future__ import annotations

import pytest
from sentences import FINDINGS, USERS, changing, verdicts

import loanpersona as lp
from loanpersona.reports.finding import VERDICTS

MOST_WORDS = 22
SEEDS = (1, 2, 3)
"""A few; `make verify` looks at twenty fresh ones, and at the titles of charts too."""


@pytest.fixture(scope="module")
def said() -> list[dict[str, str]]:
    """What is found for each seed at the default size, by finding."""
    persona = lp.load_persona("article")
    return [verdicts(lp.generate(persona, n=USERS, seed=seed)) for seed in SEEDS]


@pytest.mark.parametrize("name", [one.id for one in FINDINGS])
def test_another_seed_gives_the_same_verdict(name: str, said: list[dict[str, str]]) -> None:
    assert name not in changing(said)
    assert said[0][name] in VERDICTS


@pytest.mark.parametrize("name", [one.id for one in FINDINGS])
def test_a_headline_is_one_sentence_of_at_most_22_words_in_english(name: str) -> None:
    [about] = [one for one in FINDINGS if one.id == name]
    for texts in about.headline.values():
        assert len(texts["en"].split()) <= MOST_WORDS
        assert not texts["en"].endswith(".")
        assert not texts["zh"].endswith("。")


def test_no_headline_names_the_greatest_of_days_hours_or_provinces() -> None:
    said = " ".join(texts["en"] for one in FINDINGS for texts in one.headline.values())
    assert not [word for word in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Guangdong") if word in said]

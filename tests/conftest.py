"""What several tests share: a small persona as text, a way to write it down, the faults it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cases import TINY
from lives import SEED, Lives

import loanpersona as lp

pytest.register_assert_rewrite("chart_rules")  # its checks say what they saw, as those of a test file do


@pytest.fixture(scope="session")
def tiny_text() -> str:
    """The whole small persona; its line 14 holds the shares of sex."""
    return TINY


@pytest.fixture
def tiny_with(tmp_path: Path) -> Callable[..., Path]:
    """Writes the small persona down with some of its text replaced, and gives the path."""

    def write(*changes: tuple[str, str], more: str = "") -> Path:
        text = TINY
        for old, new in changes:
            assert old in text, f"the small persona does not hold {old!r}"
            text = text.replace(old, new, 1)
        path = tmp_path / "tiny.yaml"
        path.write_bytes((text + more).encode())
        return path

    return write


@pytest.fixture
def faults_of() -> Callable[[Path], tuple[str, ...]]:
    """The faults of a persona file, one line each."""

    def load(path: Path) -> tuple[str, ...]:
        with pytest.raises(lp.InputError) as caught:
            lp.load_persona(path)
        assert caught.value.exit_code == 2
        assert str(caught.value).splitlines() == list(caught.value.faults)
        return caught.value.faults

    return load


@pytest.fixture(scope="session")
def article() -> lp.Persona:
    return lp.load_persona("article")


@pytest.fixture(scope="session")
def population(article: lp.Persona) -> lp.Population:
    """One hundred thousand of the article's users, seed 7."""
    return lp.generate(article, n=100_000, seed=7)


@pytest.fixture(scope="session")
def lives(article: lp.Persona) -> Lives:
    """Two hundred thousand of the article's users with all that happens to them."""
    return Lives(lp.generate(article, n=200_000, seed=SEED), article)

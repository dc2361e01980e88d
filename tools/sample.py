"""Make the sample population of the repository anew."""

from __future__ import annotations

from pathlib import Path

import loanpersona as lp

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"
N, SEED = 2_000, 7


def main() -> None:
    """Draw the sample and put it in place of the old one."""
    population = lp.generate(lp.load_persona("article"), n=N, seed=SEED)
    population.save(SAMPLE, format="csv")
    print(population)


if __name__ == "__main__":
    main()

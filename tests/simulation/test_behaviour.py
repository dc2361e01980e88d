"""Behaviour: rates that no year can hold are refused, and what nobody could wait for is never begun."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from lives import SEED, Lives, unstated

import loanpersona as lp
from loanpersona.simulation import generation
from loanpersona.simulation.expectation import MOST_ROWS, rows

MANY = {"borrowing_rate.most": "999", "borrowing_rate.step": "0.1"}
FAST = MANY | {"borrowing_rate.gamma.mean": "90"}


def test_a_rate_per_day_taken_for_one_per_year_is_refused_with_its_monthly_figure(article: lp.Persona) -> None:
    with pytest.raises(lp.InputError) as caught:
        article.replace(MANY | {"borrowing_rate.gamma.mean": "300"})
    (fault,) = caught.value.faults
    assert re.search(
        r"variables\.borrowing_rate: a mean of 14\d loans per active year, which is 1[12]\.\d a month\. "
        r"Allowed: a mean of at most 100 a year\. The rate counts loans in a year, not in a month or a day\.$",
        fault,
    )
    assert re.match(r".+:\d+: ", fault)


def test_the_mean_that_is_refused_is_that_of_all_people_and_100_is_the_most(article: lp.Persona) -> None:
    free = unstated(article, "rules")
    with pytest.raises(lp.InputError, match=r"a mean of 101 loans per active year, which is 8\.4 a month"):
        free.replace({"borrowing_rate": {"bands": {"101": 1}, "basis": "assumed", "because": "x"}})
    even = free.replace(
        {"borrowing_rate": {"bands": {"0": "0.5", "1..199": 0, "200": "0.5"}, "basis": "assumed", "because": "x"}}
    )
    assert even.conditionals["borrowing_rate"].margin[[0, -1]].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("share", ["1.2", "-0.1"])
def test_a_chance_beyond_one_is_refused(share: str, article: lp.Persona) -> None:
    for name in ("payment.shares.late", "approved.shares.yes", "would_refer.shares.yes"):
        with pytest.raises(lp.InputError, match=name.replace(".", r"\.")):
            article.replace({name: share})


def test_a_persona_in_which_nobody_borrows_is_allowed_and_said(article: lp.Persona) -> None:
    idle = {"borrowing_rate": {"bands": {"0": 1}, "basis": "assumed", "because": "x"}}
    with pytest.warns(lp.PersonaWarning, match=r"borrowing_rate: its mean is 0: nobody ever borrows\.$"):
        persona = unstated(article, "rules").replace(idle)
    assert not [note for note in article.notes if "borrowing_rate" in note]
    made = lp.generate(persona, n=1_000, seed=1)
    assert made.tables["loans"].empty
    assert (made.tables["applications"]["limit_cny"] > 0).sum() > 100


# More than can be wanted


def test_a_runaway_is_refused_before_the_start_with_the_number_expected(
    article: lp.Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "Block", lambda *_: pytest.fail("work began"))
    started = time.perf_counter()
    with pytest.raises(lp.InputError) as caught:
        lp.generate(article, n=10**9, seed=7, tables=("loans", "instalments"))
    assert time.perf_counter() - started < 2
    assert [re.sub(r"about [\d,]+", "about N", fault) for fault in caught.value.faults] == [
        f"n = 1,000,000,000: about N {name} are to be expected. Allowed: at most 1,000,000,000 rows. Take a smaller n, "
        "a lower borrowing_rate or a shorter window."
        for name in ("loans", "instalments")
    ]
    for fault in caught.value.faults:
        assert int(re.search(r"about ([\d,]+)", fault)[1].replace(",", "")) > MOST_ROWS
    with pytest.raises(lp.InputError, match="instalments are to be expected"):
        list(generation.parts(article, n=10**9, seed=7, tables=("instalments",)))


def test_a_higher_rate_and_a_longer_window_are_refused_at_a_smaller_size(article: lp.Persona) -> None:
    long = article.replace({"window.first": "2010-01-01", **FAST})
    size = 3_000_000
    with pytest.raises(lp.InputError, match="instalments are to be expected"):
        generation.kept_tables(long, n=size, seed=7, tables=("instalments",))
    assert generation.kept_tables(article, n=size, seed=7, tables=("instalments",))


def test_the_rows_expected_are_more_than_there_are_but_not_many_times_more(lives: Lives) -> None:
    for schema in lives.population.schemas:
        made = len(lives.population.tables[schema.name])
        assert made <= rows(lives.persona, lives.population.n, schema) < 2.5 * made, schema.name


# What is not stated


@pytest.mark.parametrize(
    ("path", "table", "lacks"),
    [
        ("window calendar", "loans", "window, calendar"),
        ("window calendar", "applications", "window, calendar"),
        ("variables.asks_for", "signals", "asks_for"),
        ("variables.asks_for", "instalments", "asks_for"),
        ("variables.diverted_to_partner", "applications", "diverted_to_partner"),
    ],
)
def test_a_table_that_a_persona_does_not_state_enough_for_is_refused_with_what_it_lacks(
    path: str, table: str, lacks: str, article: lp.Persona
) -> None:
    persona = unstated(article, *path.split())
    with pytest.raises(lp.InputError, match=f"^tables: {table}: the persona article does not state {lacks}\\.$"):
        lp.generate(persona, n=10, seed=1, tables=(table,))
    assert table not in lp.generate(persona, n=10, seed=1).tables


def test_a_persona_without_time_has_people_but_no_dates(article: lp.Persona) -> None:
    timeless = unstated(article, "window", "calendar")
    made = lp.generate(timeless, n=500, seed=SEED)
    assert list(made.tables) == ["users", "truth"]
    whole = lp.generate(article, n=500, seed=SEED, tables=("users", "truth"))
    assert set(whole.users) - set(made.users) == {"registered_at", "referred_by"}
    for name in made.users:
        assert made.users[name].equals(whole.users[name])


def test_no_tables_at_all_are_refused(article: lp.Persona) -> None:
    with pytest.raises(lp.InputError, match=r"^tables: names no table\. Allowed: users, applications, loans,"):
        lp.generate(article, n=10, seed=1, tables=())


def test_an_application_cannot_depend_on_a_loan_and_the_line_is_named(tmp_path: Path, article: lp.Persona) -> None:
    text = article.to_yaml()
    old = "  minutes_to_decide:\n"
    assert text.count(old) == 1
    head, block = text.split(old)
    body, _, rest = block.partition("\n  limit_factor:\n")
    moved = head + "  limit_factor:\n" + rest.replace("\n  complains_of_wait:\n", "\n  @\n", 1)
    assert body
    path = tmp_path / "late.yaml"
    tail = old + body + "\n    times:\n      - {when: {reason: consumption}, by: 2}\n"
    path.write_text(moved.replace("\n  @\n", "\n" + tail + "  complains_of_wait:\n"), encoding="utf-8")
    line = path.read_text(encoding="utf-8").splitlines().index("  minutes_to_decide:") + 1
    with pytest.raises(lp.InputError) as caught:
        lp.load_persona(path)
    assert any(
        fault.startswith(
            f"late.yaml:{line}: variables.minutes_to_decide: 'minutes_to_decide' is decided for each "
            "application and cannot depend on 'reason', decided for each loan. "
            "Allowed: what is decided for each user, application."
        )
        for fault in caught.value.faults
    )

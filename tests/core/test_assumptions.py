"""What analyses assume: sourced, replaced by a file or in code, carried by a book; and where numbers come from."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from calls import CALLS

import loanpersona as lp
from loanpersona.analysis.frame import declarations
from loanpersona.core import catalog
from loanpersona.core.assumptions import NAMES, RANGES, WHOLE
from loanpersona.core.sourced import Basis, load, read_basis, sources_of
from loanpersona.core.strict_yaml import Faults, parse
from loanpersona.tables.store import manifest

SHIPPED = lp.assumptions()
SHOWING: dict[tuple[str, str], dict[str, Any]] = {
    ("segments.matrix", "operable_days"): {"base": "operable"},
    ("credit.population_stability", "psi_shifted"): {"of": "cohort"},
    ("credit.scorecard_resampling", "score_base"): {"bands": None, "resamples": 2},
}
"""Calls that show how a frame leans on an assumption where the usual one of a small book does not."""
LEANING = [(name, one) for name, frame in declarations().items() for one in frame.assumes]


@pytest.fixture(scope="module")
def book() -> lp.Population:
    return lp.generate(lp.load_persona("article"), n=3_000, seed=7)


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def other(name: str) -> float:
    """Quite another number for an assumption, in its range and not below the one that never exceeds it."""
    one, limits = getattr(SHIPPED, name), any(each.at_most == name for each in SHIPPED)
    return 2 * one.value + 1 if one.unit in WHOLE else RANGES[one.unit][1] if limits else 0.45 * one.value


def test_a_text_states_assumptions_line_by_line() -> None:
    changed = lp.assumptions("recovery: 0.3\ncure_days: {value: 10, basis: assumed, because: {en: a, zh: b}}")
    assert changed.changed == ("recovery", "cure_days")
    assert (changed.recovery, changed.cure_days.value) == (lp.assumptions(recovery=0.3).recovery, 10)
    assert lp.assumptions("") == SHIPPED
    with pytest.raises(lp.InputError, match=r"^assumptions:2: recvery: .*Did you mean 'recovery'"):
        lp.assumptions("cure_days: 10\nrecvery: 0.3")
    with pytest.raises(lp.InputError, match=r"^assumptions:1: recovery = 2: out of range"):
        lp.assumptions("recovery: 2")
    with pytest.raises(lp.InputError, match="nowhere"):
        lp.assumptions("nowhere.yaml")


# Every file with sourced numbers


def bases(content: Any) -> int:
    """How many bases there are in what a file holds."""
    below = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return isinstance(content, Basis) + sum(bases(one) for one in below)


@pytest.mark.parametrize("name", sorted(path.stem for path in catalog.FOLDER.glob("*.yaml")))
def test_every_basis_of_the_catalog_is_one_that_the_reader_takes(name: str) -> None:
    if name in {"labels", "statements", "tables"}:  # in which `basis` and `because` are words to translate
        return
    # what stands in `published` is published all of it, and says by whom and when
    assert bool(bases(load(name))) == (name not in {"ledger", "published", "sources", "tiles"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: {value: 1}", "m.yaml:1: a: no number without a basis. Allowed: basis: stated, published, assumed."),
        ("a: {basis: guessed}", "m.yaml:1: a.basis = guessed: unknown basis. Known: stated, published, assumed."),
        ("a: {basis: assumed}", "m.yaml:1: a: basis assumed without `because`. Allowed: because: …."),
        ("a: {basis: published, source: nobody}", "m.yaml:1: a.source = nobody: unknown source. Known: "),
        ("a: {basis: published, source: cbrc-2004}", "m.yaml:1: a.source = cbrc-2004: recalled, not read."),
        ("a: {basis: stated, source: '9.9'}", "m.yaml:1: a.source = '9.9': unknown statement. "),
        ("a: {basis: assumed, because: {en: x}}", "m.yaml:1: a.because: not a text in both languages. "),
        ("a: {basis: assumed, because: [x]}", "m.yaml:1: a.because: not a reason. "),
    ],
)
def test_a_basis_that_is_none_is_told_with_its_line(text: str, fault: str) -> None:
    root, faults = parse(text, file="m.yaml"), Faults()
    node = root.child("a")
    assert node is not None
    read_basis(node, faults, sources_of(root))
    assert [str(result)[: len(fault)] for result in faults.collected] == [fault]


# The assumptions that ship


def test_every_assumption_is_a_number_in_its_range_with_a_reason_in_both_languages() -> None:
    for one in SHIPPED:
        least, most = RANGES[one.unit]
        assert least <= one.value <= most
        assert isinstance(one.value, int) == (one.unit in WHOLE)
        assert dict(one.basis.because).keys() == dict(one.meaning).keys() == {"en", "zh"}
    assert SHIPPED.changed == ()
    assert lp.assumptions() == SHIPPED


def test_assumptions_show_each_number_with_unit_basis_and_reason() -> None:
    assert "recovery: 0.12 (share). Assumed: lenders publish no recovery after 90 days" in repr(SHIPPED)
    table = SHIPPED.table("zh")
    assert tuple(table.index) == NAMES
    assert table.loc["cure_days"].tolist()[1:4] == ["30", "天", "假设"]
    html = SHIPPED._repr_html_()
    assert html.count("<tr") == len(NAMES) + 1
    assert "four-fifths-1978" in html


def test_assumptions_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        SHIPPED.recovery = SHIPPED.operating_cost  # type: ignore[misc]


# Replaced


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_number_counts_as_changed_and_assumed_and_nothing_else_changes(name: str) -> None:
    before = getattr(SHIPPED, name)
    result = lp.assumptions(**{name: other(name)})
    one = getattr(result, name)
    assert (result.changed, one.value, one.unit) == ((name,), other(name), before.unit)
    assert one.basis.kind == "assumed"
    assert dict(one.basis.because)["en"] == f"changed from {before.value:g}"
    assert [each for each in result if each.name != name] == [each for each in SHIPPED if each.name != name]


def test_a_number_that_stays_the_same_keeps_what_it_rests_on() -> None:
    assert lp.assumptions(approval_line=0.8) == SHIPPED


def test_a_file_restates_some_with_a_basis_of_its_own_and_code_changes_what_the_file_says(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        "sources:\n  our-book: {title: what we recovered}\n"
        "recovery: {value: 0.3, basis: published, source: our-book}\ncure_days: {value: 60}\n",
    )
    result = lp.assumptions(path)
    assert result.changed == ("recovery", "cure_days")
    assert (result.recovery.basis.kind, result.recovery.basis.sources) == ("published", ("our-book",))
    assert dict(result.cure_days.basis.because)["zh"] == "由 30 改动而来"
    both = lp.assumptions(str(path), recovery=0.2)
    assert (both.recovery.value, both.cure_days.value) == (0.2, 60)
    assert dict(both.recovery.basis.because)["en"] == "changed from 0.3"


def test_all_faults_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        "recovery: {value: 1.2}\ncure_days: {value: 30.5}\npsi_watch: {value: 0.3}\nrecover: {value: 0.1}\n"
        "operating_cost: {value: 3%, unit: share}\nfunding_cost_owner: {basis: published}\nplatform_burden: 0.1\n",
    )
    with pytest.raises(lp.InputError) as error:
        lp.assumptions(path)
    assert [fault.partition(" Known:")[0] for fault in error.value.faults] == [
        "mine.yaml:1: recovery.value = 1.2: out of range. Allowed: a number from 0 to 1.",
        "mine.yaml:2: cure_days.value = 30.5: out of range. Allowed: a whole number from 1 to 3,650.",
        "mine.yaml:3: psi_watch: psi_watch (0.3) is above psi_shifted (0.25). Allowed: at most psi_shifted.",
        "mine.yaml:4: recover: unknown assumption 'recover'. Did you mean 'recovery'?",
        "mine.yaml:5: operating_cost.unit = share: unknown key 'unit'.",
        "mine.yaml:5: operating_cost.value = 3%: not a number. Allowed: a finite decimal such as 0.6. "
        "Write 0.6 for 60%.",
        "mine.yaml:6: funding_cost_owner: basis published without `source`. Allowed: source: ….",
        "mine.yaml:6: funding_cost_owner: no `value`. Allowed: funding_cost_owner: {value: 0.0445}.",
        "mine.yaml:7: platform_burden = 0.1: no `value`. Allowed: platform_burden: {value: 0.08}.",
    ]


@pytest.mark.parametrize("value", [None, "many", float("nan"), float("inf"), -0.1, True, [0.1], {}, 10**30, 1e-40])
def test_what_is_no_such_number_in_code_is_refused(value: Any) -> None:
    with pytest.raises(lp.InputError, match=r"^assumptions: recovery\.value"):
        lp.assumptions(recovery=value)


@pytest.mark.parametrize("name", ["recover", "sources", "value"])
def test_an_unknown_name_in_code_is_refused(name: str) -> None:
    with pytest.raises(lp.InputError, match=f"^assumptions: {name}: unknown assumption '{name}'"):
        lp.assumptions(**{name: 0.1})


def test_the_lower_line_follows_where_the_upper_is_lowered() -> None:
    with pytest.raises(lp.InputError, match=r"psi_watch \(0\.1\) is above psi_shifted \(0\.05\)"):
        lp.assumptions(psi_shifted=0.05)
    assert lp.assumptions(psi_watch=0.01, psi_shifted=0.05).changed == ("psi_watch", "psi_shifted")


# Carried by a book


def test_a_book_carries_its_assumptions_and_the_one_it_came_from_keeps_its_own(book: lp.Population) -> None:
    made = book.with_assumptions(lp.assumptions(recovery=0.3))
    assert isinstance(made, lp.Population)
    assert (made.assumptions.changed, book.assumptions.changed) == (("recovery",), ())
    assert made.loans is book.loans
    assert made.without_truth().assumptions == made.assumptions
    plain = lp.Book(loans=book.loans, instalments=book.instalments)
    assert plain.with_assumptions(made.assumptions).assumptions == made.assumptions
    with pytest.raises(lp.InputError, match=r"^assumptions: str\. Allowed: what lp\.assumptions gives"):
        book.with_assumptions("mine.yaml")  # type: ignore[arg-type]


@cache
def frame(name: str, book: lp.Book, assumption: str = "") -> pd.DataFrame:
    return declarations()[name].call(book, **CALLS.get(name, {}) | SHOWING.get((name, assumption), {}))


@pytest.mark.parametrize(("name", "assumption"), LEANING)
def test_a_changed_assumption_moves_each_frame_that_declares_it(
    name: str, assumption: str, book: lp.Population
) -> None:
    changed = book.with_assumptions(lp.assumptions(**{assumption: other(assumption)}))
    result = frame(name, changed, assumption)
    assert not result.equals(frame(name, book, assumption))
    assert result.attrs["assumed"][assumption] == other(assumption)


@pytest.mark.parametrize("name", declarations())
def test_no_frame_leans_on_an_assumption_that_it_does_not_declare(name: str, book: lp.Population) -> None:
    undeclared = {one: other(one) for one in NAMES if one not in declarations()[name].assumes}
    assert frame(name, book.with_assumptions(lp.assumptions(**undeclared))).equals(frame(name, book))


def test_every_assumption_is_one_that_a_frame_leans_on() -> None:
    assert {one for _, one in LEANING} == set(NAMES)


# Saved and printed


def test_a_saved_population_states_its_assumptions_and_has_them_again(book: lp.Population, tmp_path: Path) -> None:
    text = "recovery: {value: 0.3, basis: assumed, because: {en: a guess, zh: 猜测}}\n"
    mine = lp.assumptions(own(tmp_path, text), cure_days=45)
    folder = book.with_assumptions(mine).save(tmp_path / "people")
    stated = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["assumptions"]
    assert tuple(stated) == NAMES
    assert stated["recovery"] == {"value": 0.3, "basis": "assumed", "because": {"en": "a guess", "zh": "猜测"}}
    assert stated["debt_service_warn"]["source"] == ["cbrc-2004"]
    loaded = lp.load_population(folder)
    assert (loaded.assumptions, loaded.digest) == (mine, book.digest)
    assert "cure_days = 45" in loaded._repr_mimebundle_()[0]["text/html"]


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ({"recovery": {"value": 3}}, r"assumptions\.recovery\.value = 3: out of range"),
        ({"recovery": 3}, r"assumptions\.recovery = 3: no `value`"),
        (["recovery"], r"assumptions: expected a mapping"),
        ("all", r"assumptions = all: expected a mapping"),
    ],
)
def test_a_manifest_with_other_assumptions_is_refused(
    stated: Any, fault: str, book: lp.Population, tmp_path: Path
) -> None:
    folder = book.save(tmp_path / "people", format="parquet")
    path = folder / "manifest.json"
    whole = json.loads(path.read_text(encoding="utf-8")) | {"assumptions": stated}
    path.write_text(json.dumps(manifest.sealed(whole)), encoding="utf-8")
    with pytest.raises(lp.InputError, match=rf"manifest\.json: {fault}"):
        lp.load_population(folder)


def test_a_manifest_of_an_earlier_version_has_those_that_ship_and_of_a_later_one_those_that_are_known(
    book: lp.Population, tmp_path: Path
) -> None:
    for given, changed in ((None, ()), ({"recovery": {"value": 0.3}, "tides": {"value": 9}}, ("recovery",))):
        folder = book.save(tmp_path / "people")
        path = folder / "manifest.json"
        whole = json.loads(path.read_text(encoding="utf-8"))
        rest = {key: value for key, value in whole.items() if key != "assumptions"}
        path.write_text(json.dumps(manifest.sealed(rest | ({"assumptions": given} if given else {}))), encoding="utf-8")
        assert lp.load_population(folder).assumptions.changed == changed
        shutil.rmtree(folder)

"""Faulty persona files: each fault is one line with file, line, path, value and what is allowed."""

from __future__ import annotations

import errno
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cases import CASES

import loanpersona as lp
from loanpersona.cli import main
from loanpersona.core import catalog, strict_yaml

Write = Callable[..., Path]
FaultsOf = Callable[[Path], tuple[str, ...]]

SEX = "variables.sex"
SHARES = "variables.sex.shares"
BANDS = "variables.age_years.bands"
WHEN = "variables.sex.odds[0].when"
TABLE = "variables.education.table"
PET = """\
  pet:
    shares: {cat: 0.5, dog: 0.5}
    label: {en: Pet, zh: 宠物}
    labels: {cat: {en: Cat, zh: 猫}, dog: {en: Dog, zh: 狗}}
    basis: assumed
    because: somebody has to
"""
SIZE = """\
  size:
    normal: {mean: 5, sd: 2}
    least: 0
    most: 10
    step: 1
    label: {en: Size, zh: 大小}
    unit: count
    basis: assumed
    because: somebody has to
"""


def test_the_small_persona_loads_and_can_be_calibrated(tiny_with: Write) -> None:
    persona = lp.load_persona(tiny_with(more=PET + SIZE))
    assert list(persona.conditionals) == ["age_years", "sex", "education", "pet", "size"]


# The file


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "tiny.yaml:1: file: expected a mapping at the top, got nothing."),
        (b"# only a comment\n", "tiny.yaml:1: file: expected a mapping at the top, got nothing."),
        (b"hello\n", "tiny.yaml:1: file: expected a mapping at the top, got words."),
        (b"- one\n", "tiny.yaml:1: file: expected a mapping at the top, got a list."),
        (
            "persona：tiny\n".encode(),
            "tiny.yaml:1: file: expected a mapping at the top, got words. Line 1: "
            "'：' (U+FF1A, full-width colon) stands ",
        ),
        ("title: 的\n".encode("gbk"), "tiny.yaml: not UTF-8 (GBK perhaps) at byte 7. Save it as UTF-8."),
        ("title: 小\n".encode("utf-16"), "tiny.yaml: not UTF-8 but UTF-16 at byte 0. Save it as UTF-8."),
        (b"title: \xff\xff\n", "tiny.yaml: not UTF-8 at byte 7. Save it as UTF-8."),
        (b"#" * 5_000_001, "tiny.yaml: too large. Allowed: at most 5,000,000 bytes."),
        (b"a: b\n\tc: d\n", "tiny.yaml:2: not YAML: found … Indent with spaces, not tabs."),
        (b"a: 'b\n", "tiny.yaml:2: not YAML: found unexpected end of stream"),
        (
            b"a: b\nc:d\n",
            "tiny.yaml:3: not YAML: could not find expected ':', at column 1. Line 2: No space after the colon.",
        ),
        (b"a: b\n---\nc: d\n", "tiny.yaml:2: file: a second document starts here. Allowed: one document a file."),
        (b"a: b\n\x00", "tiny.yaml:1: not YAML: "),
    ],
)
def test_a_file_that_is_no_persona_is_named_with_what_it_is(
    content: bytes, fault: str, tmp_path: Path, faults_of: FaultsOf
) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_bytes(content)
    (result,) = faults_of(path)
    start, _, end = fault.partition(" … ")  # libyaml words some faults of form its own way
    assert result.startswith(start)
    assert result.endswith(end)


def test_a_missing_file_a_directory_and_a_path_below_a_file_are_named_with_the_reason(
    tmp_path: Path, tiny_with: Write, faults_of: FaultsOf
) -> None:
    below = tiny_with() / "more.yaml"
    assert faults_of(tmp_path / "none.yaml") == (f"{tmp_path / 'none.yaml'}: no such file.",)
    assert faults_of(tmp_path) == (f"{tmp_path}: is a directory. Allowed: a YAML file.",)
    assert faults_of(below) == (f"{below}: cannot be read (Not a directory).",)


def test_a_file_that_may_not_be_read_is_named_with_the_reason(
    tiny_with: Write, faults_of: FaultsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_with()

    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    assert faults_of(path) == (f"{path}: cannot be read (Permission denied).",)


@pytest.mark.parametrize("name", ["x" * 5_000, "a\0b", "a\0b.yaml", ""])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(lp.InputError):
        lp.load_persona(name)


def test_an_unknown_persona_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(lp.InputError, match=r"^persona = artcle: unknown persona\. Did you mean 'article'\? Known: "):
        lp.load_persona("artcle")


def test_a_byte_order_mark_is_accepted(tmp_path: Path, tiny_text: str) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny_text, encoding="utf-8-sig")
    assert lp.load_persona(path).name == "tiny"


# What a file of the corpus cannot show a reader


@pytest.mark.parametrize(
    ("old", "new", "line", "fault"),
    [
        ("male: 0.6", "male: " + "9" * 5_000, 14, f"{SHARES}.male = {'9' * 60}: too many digits. Allowed: at most 20."),
        ("easy to work by hand", "[" * 10_000, 12, f"variables.age_years.because{'[0]' * 29}: nested too deeply."),
        ("easy to work by hand", "{a: " * 10_000, 12, f"variables.age_years.because{'.a' * 28}: nested too deeply."),
        ("Tiny", "Ti\x07ny", 1, "not YAML: unacceptable character #x0007: control characters are not allowed."),
    ],
)
def test_what_is_too_long_or_cannot_be_shown_is_named(
    old: str, new: str, line: int, fault: str, tiny_with: Write, faults_of: FaultsOf
) -> None:
    (result,) = faults_of(tiny_with((old, new)))
    assert result.startswith(f"tiny.yaml:{line}: {fault}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("male: 0.6, female: 0.4", "male: 0.6, femal: 0.4"),
        ("junior_secondary: 0.3", "junior_secondry: 0.3"),
        ("      female: {j", "      femal: {j"),
        ("basis: stated", "basis: state"),
        (
            "product:\n  apr_most: {value: 0.24, basis: published, source: cap-24}\n"
            "  limit_cny_most: {value: 200000, basis: published, source: limit-200k}\n",
            "",
        ),
        ("age_years: 20..24}", "ag_years: 20..24}"),
        ("20..24: 0.25", "20..24: x"),
    ],
)
def test_one_slip_of_the_pen_is_one_fault_and_not_a_string_of_them(
    old: str, new: str, tiny_with: Write, faults_of: FaultsOf
) -> None:
    assert len(faults_of(tiny_with((old, new)))) == 1


def test_a_parent_that_stands_below_is_refused_with_where_to_move_it(tiny_with: Write, faults_of: FaultsOf) -> None:
    path = tiny_with(("age_years: 20..24}", "size: 5}"), more=SIZE)
    assert faults_of(path) == (
        f"tiny.yaml:16: {WHEN}.size = 5: 'size' stands below. Move it above sex: blocks are drawn in their order.",
    )


def test_a_circle_is_refused_with_the_way_round_it(tiny_with: Write, faults_of: FaultsOf) -> None:
    path = tiny_with(("age_years: 20..24}", "education: bachelor}"), ("bachelor: 0.7}", "bachelor: 0.7} # x"))
    (fault,) = faults_of(path)
    assert f"{WHEN}.education = bachelor: depends on itself: sex → education → sex. Break the circle." in fault


def test_a_longer_circle_shows_every_step(tiny_with: Write, faults_of: FaultsOf) -> None:
    steered = SIZE.replace("    least", "    plus:\n      - {when: {education: bachelor}, by: 1}\n    least")
    result = faults_of(tiny_with(("age_years: 20..24}", "size: 5}"), more=steered))
    assert (
        f"tiny.yaml:16: {WHEN}.size = 5: depends on itself: sex → size → education → sex. Break the circle." in result
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("{20..24: 0.25, 25..39: 0.5, 40..59: 0.25}", "{17..24: 0.25, 25..39: 0.5, 40..59: 0.25}", "starts at age 17"),
        ("{20..24: 0.25, 25..39: 0.5, 40..59: 0.25}", "{0..24: 0, 25..59: 1}", "starts at age 0"),
    ],
)
def test_nobody_under_18_is_in_a_persona_not_even_with_no_share(
    old: str, new: str, fault: str, tiny_with: Write, faults_of: FaultsOf
) -> None:
    result = faults_of(tiny_with((old, new), ("age_years: 20..24}", "age_years: 25}")))
    assert f"tiny.yaml:9: variables.age_years: {fault}. Allowed: 18 or older." in result


def test_a_column_of_whole_numbers_takes_no_halves(tiny_with: Write, faults_of: FaultsOf) -> None:
    bands = "    bands: {20..24: 0.25, 25..39: 0.5, 40..59: 0.25}\n"
    halves = "    normal: {mean: 30, sd: 5}\n    least: 20\n    most: 59\n    step: 0.5\n"
    fault = "variables.age_years: 'age_years' holds whole numbers. Take a whole least and step."
    assert faults_of(tiny_with((bands, halves))) == (f"tiny.yaml:9: {fault}",)


def test_a_yes_or_no_column_takes_no_other_levels(tiny_with: Write, faults_of: FaultsOf) -> None:
    block = "  has_car:\n    shares: {yes: 0.5, nope: 0.5}\n    basis: assumed\n    because: x\n"
    fault = "variables.has_car.shares.nope = 0.5: unknown level 'nope' of has_car. Did you mean 'no'? Known: no, yes."
    assert faults_of(tiny_with(more=block)) == (f"tiny.yaml:27: {fault}",)


def test_a_column_of_words_takes_no_numbers(tiny_with: Write, faults_of: FaultsOf) -> None:
    path = tiny_with(
        ("    shares: {male: 0.6, female: 0.4}\n", "    bands: {1..2: 1}\n"), ("multiply: {male", "multiply: {1")
    )
    assert "tiny.yaml:13: variables.sex: 'sex' holds levels. Its type is category." in faults_of(path)


def test_a_yes_or_no_column_needs_both(tiny_with: Write, faults_of: FaultsOf) -> None:
    block = "  has_car:\n    shares: {yes: 1}\n    basis: assumed\n    because: x\n"
    fault = "tiny.yaml:26: variables.has_car: a yes-or-no variable. Allowed: the levels yes and no."
    assert faults_of(tiny_with(more=block)) == (fault,)


def test_all_independent_faults_come_at_once_in_the_order_of_the_file(tiny_with: Write, faults_of: FaultsOf) -> None:
    path = tiny_with(
        ("value: 0.24", "value: 0.36"),
        ("20..24: 0.25", "20..24: 60%"),
        ("male: 0.6", "male: 0.7"),
        ("jiguang-2018", "jiguang-2081"),
        ("because: easy", "becuse: x\n    because: easy"),
    )
    result = faults_of(path)
    lines = [int(text.split(":")[1]) for text in result]
    assert lines == [6, 10, 12, 15, 26]
    assert [text.split(" ")[1].rstrip(":") for text in result] == [
        "product.apr_most.value",
        f"{BANDS}.20..24",
        "variables.age_years.becuse",
        SHARES,
        "variables.education.source",
    ]


def test_a_tag_runs_nothing(tiny_with: Write, faults_of: FaultsOf, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    payload = f"persona: !!python/object/apply:os.mkdir ['{ran}']"
    yaml.unsafe_load(payload)
    assert ran.exists(), "the payload works where tags are on"
    ran.rmdir()
    assert faults_of(tiny_with(("persona: tiny", payload)))[0].startswith("tiny.yaml:1: persona: tags are off")
    assert not ran.exists()


def of_size(start: str, part: str, end: str = "") -> str:
    """A file as large as may be read."""
    return start + part * ((strict_yaml.MAX_BYTES - len(start + end)) // len(part.encode())) + end


LAUGHS = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
LARGE = {
    "laughs": LAUGHS,
    "word": of_size("", "x"),
    "number": of_size("a: ", "9"),
    "deep": of_size("a: ", "["),
    "dashes": of_size("", "- "),
    "questions": of_size("", "? "),
    "list": of_size("a: [", "1,", "]"),
    "lists": of_size("a: [", "[],", "]"),
    "rows": of_size("a:\n", "- b\n"),
    "keys": "".join(f"{i}: 1\n" for i in range(400_000)),
    "same key": of_size("", "a: b\n"),
    "long key": of_size("? ", "k", "\n: x"),
    "aliases": of_size("a: [&b c", ",*b", "]"),
    "anchors": of_size("a:\n", "- &x y\n"),
    "tags": of_size("a:\n", "- !x y\n"),
    "hidden": of_size("a:\n", "- \u200b\n"),
    "documents": of_size("", "---\n"),
    "directives": of_size("", "%A b\n"),
    "colons": of_size("a: ", ":"),
    "late": of_size("a: b\n", "# y\n", "x: y: z"),
    "lines": of_size("a: >\n", "  x\n"),
    "quoted": of_size('a: "', "\\n", '"'),
    "full-width": of_size("", "a："),
    "full-width lines": of_size("", "a：b\n"),
}
SLOTS = ("easy to work by hand", "male: 0.6", "jiguang-2018", "20..24}", "tiny", "sex]")


def seconds(path: Path) -> tuple[float, str]:
    """CPU time of loading a file, and what is said of it."""
    start = time.process_time()
    try:
        lp.load_persona(path)
        said = ""
    except lp.InputError as error:
        said = str(error)
    return time.process_time() - start, said


@pytest.mark.parametrize("top", ["", "persona: x\n"], ids=["stranger", "persona"])
@pytest.mark.parametrize("shape", LARGE)
def test_what_is_as_large_as_may_be_is_refused_at_once_and_in_few_words(shape: str, top: str, tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes((top + LARGE[shape]).encode()[: strict_yaml.MAX_BYTES])
    usual = min(seconds(catalog.FOLDER / "personas" / "article.yaml")[0] for _ in range(2))
    taken, said = seconds(path)
    assert said
    assert taken < max(1, 5 * usual)
    assert len(said) <= (strict_yaml.MAX_TOLD + 1) * (strict_yaml.MAX_TEXT + 100)
    assert len(said.splitlines()) <= strict_yaml.MAX_TOLD + 1


@pytest.mark.parametrize("slot", SLOTS)
def test_a_value_as_long_as_may_be_is_read_or_refused_at_once(slot: str, tiny_with: Write) -> None:
    path = tiny_with((slot, slot.rstrip("}]") + "0" * 4_900_000 + slot[len(slot.rstrip("}]")) :]))
    taken, said = seconds(path)
    assert taken < 1
    assert len(said) < 3 * strict_yaml.MAX_TEXT


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ("many: {shares: {no: 0.5, yes: 0.5}}", "variables. Allowed: at most 120"),
        (
            "wide: {given: v0, table: {" + ", ".join(f"{i}..9000: {{no: 1, yes: 0}}" for i in range(3000)) + "}}",
            "the conditions so far pick too much. Allowed: 1,000,000 values",
        ),
        (
            "far: {shares: {no: 0.5, yes: 0.5}, odds: [{when: {"
            + ", ".join(f"w{i}: no..yes" for i in range(99))
            + "}, multiply: {yes: 2}}]}",
            "more than 24 variables hang together",
        ),
    ],
)
def test_a_small_file_that_asks_for_much_work_is_refused(block: str, fault: str, tiny_with: Write) -> None:
    rest = "label: {en: a, zh: b}, basis: assumed, because: x}"
    grid = f"  v0: {{bands: {{0..9000: 1}}, unit: count, {rest}\n"
    many = "".join(f"  w{i}: {{shares: {{no: 0.5, yes: 0.5}}, {rest}\n" for i in range(300 if "many" in block else 99))
    taken, said = seconds(tiny_with(more=f"{grid}{many}  {block[:-1]}, {rest}\n"))
    assert fault in said
    assert taken < 2


@pytest.mark.parametrize("text", ['a: "\\UFFFFFFFF"', 'a: "\\ud800"', "a: [", "%YAML 9.0\n--- a", "a: b: c"])
def test_the_pure_python_parser_lets_nothing_else_out_either(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_yaml, "_LOADER", yaml.BaseLoader)
    with pytest.raises(lp.InputError):
        strict_yaml.parse(text)


# Extending


def test_a_persona_extends_another_and_its_faults_name_the_file_they_stand_in(
    tiny_with: Write, tmp_path: Path, faults_of: FaultsOf
) -> None:
    tiny_with()
    child = tmp_path / "child.yaml"
    child.write_text("persona: child\nextends: tiny.yaml\nvariables:\n  sex:\n    shares: {male: 0.6, female: 0.5}\n")
    assert faults_of(child) == (
        f"child.yaml:5: {SHARES}: the shares sum to 1.1, not 1. Allowed: exactly 1. male 0.6 + female 0.5.",
    )
    child.write_text(child.read_text().replace("0.5}", "0.4}"))
    assert (
        lp.load_persona(child).variables["education"] == lp.load_persona(tmp_path / "tiny.yaml").variables["education"]
    )


CHILD = "persona: child\nformat: 1\nextends: tiny.yaml\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("variables: [a]\n", "child.yaml:4: variables: expected a mapping. Allowed: a block per variable."),
        (
            "variables:\n  sex: 3\n",
            "child.yaml:5: variables.sex = 3: expected a block with a law and its basis, got 3.",
        ),
        ("product: 3\n", "child.yaml:4: product = 3: expected a mapping."),
        (
            "product:\n  apr_most: {value: 0.3, basis: assumed, because: x}\n",
            "child.yaml:5: product.apr_most.value = 0.3: ",
        ),
        ("variables:\n  sex:\n    basis: assumed\n", "child.yaml:5: variables.sex: basis assumed without `because`."),
    ],
)
def test_a_fault_in_what_is_restated_is_the_only_one(
    text: str, fault: str, tiny_with: Write, tmp_path: Path, faults_of: FaultsOf
) -> None:
    tiny_with()
    (tmp_path / "child.yaml").write_text(CHILD + text)
    result = faults_of(tmp_path / "child.yaml")
    assert result[0].startswith(fault), result
    assert len(result) == 1


def test_a_base_that_is_broken_itself_is_named(tiny_with: Write, tmp_path: Path, faults_of: FaultsOf) -> None:
    tiny_with(("  sex:\n    shares: {male: 0.6, female: 0.4}\n", "  sex: 3\n  x:\n"))
    (tmp_path / "child.yaml").write_text(CHILD + "variables:\n  sex:\n    shares: {male: 0.5, female: 0.5}\n")
    assert any(fault.startswith("child.yaml:5: variables.sex: ") for fault in faults_of(tmp_path / "child.yaml"))


def test_restating_keeps_what_is_not_restated_and_drops_what_went_with_the_old(
    tiny_with: Write, tmp_path: Path
) -> None:
    base = lp.load_persona(tiny_with())
    child = tmp_path / "child.yaml"
    child.write_text(
        CHILD + "product:\n  apr_most: {value: 0.18, basis: assumed, because: cheaper}\nvariables:\n"
        "  age_years:\n    normal: {mean: 35, sd: 8}\n    least: 20\n    most: 59\n    step: 1\n"
        "    basis: published\n    source: geo-2016\n  sex:\n    shares: {male: 0.5, female: 0.5}\n"
    )
    result = lp.load_persona(child)
    assert (result.product.limit_cny_most, float(result.product.apr_most)) == (200_000, 0.18)
    assert list(result.variables) == list(base.variables)
    assert result.variables["age_years"].law.family == "normal"
    assert base.variables["age_years"].basis.because
    assert not result.variables["age_years"].basis.because, "the reason was that of the other basis"
    assert [odds.factors for odds in result.variables["sex"].law.odds] == [(3, 1)]
    assert result.variables["sex"].basis.kind == "assumed", "the source was that of the other numbers"
    assert result.variables["sex"].law.odds[0].basis == base.variables["sex"].law.odds[0].basis
    assert result.title == base.title


def test_a_shipped_persona_is_extended_from_any_folder(tmp_path: Path, article: lp.Persona) -> None:
    (tmp_path / "article.yaml").write_text("not this one")
    (tmp_path / "child.yaml").write_text("persona: child\nextends: article\n")
    assert dict(lp.load_persona(tmp_path / "child.yaml").variables) == dict(article.variables)


@pytest.mark.parametrize(
    ("base", "fault"),
    [
        ("artcle", "tiny.yaml:3: extends = artcle: unknown persona. Did you mean 'article'?"),
        ("[article]", "tiny.yaml:3: extends: expected the name or path of one persona."),
        ("tiny.yaml", "tiny.yaml: extends: personas extend one another in a circle (tiny.yaml → tiny.yaml)."),
        ("x" * 5_000, "tiny.yaml:3: extends = xxx"),
    ],
)
def test_extending_nothing_or_itself_is_refused(base: str, fault: str, tiny_with: Write, faults_of: FaultsOf) -> None:
    (result,) = faults_of(tiny_with(("format: 1", f"format: 1\nextends: {base}")))
    assert result.startswith(fault)


def test_a_circle_of_two_personas_is_refused_with_the_chain(tmp_path: Path, faults_of: FaultsOf) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"persona: {name}\nextends: {base}.yaml\n")
    (result,) = faults_of(tmp_path / "a.yaml")
    assert result.endswith("in a circle (a.yaml → b.yaml → a.yaml).")


def test_extending_stays_in_the_folder_of_the_file_unless_allowed(
    tiny_with: Write, tmp_path: Path, faults_of: FaultsOf
) -> None:
    tiny_with()
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "link.yaml").symlink_to(tmp_path / "tiny.yaml")
    child = inner / "child.yaml"
    for base in ("../tiny.yaml", str(tmp_path / "tiny.yaml"), "link.yaml", "../inner/../tiny.yaml"):
        child.write_text(f"persona: child\nextends: {base}\n")
        (fault,) = faults_of(child)
        assert fault.startswith(f"child.yaml:2: extends = {base[:60]}: outside the folder of child.yaml.")
        assert lp.load_persona(child, extends_anywhere=True).name == "child"
        with pytest.raises(SystemExit) as left:
            main(["describe", str(child), "--extends-anywhere", "--yaml"])
        assert left.value.code == 0
    (inner / "below").mkdir()
    (inner / "below" / "tiny.yaml").write_bytes((tmp_path / "tiny.yaml").read_bytes())
    child.write_text("persona: child\nextends: below/tiny.yaml\n")
    assert lp.load_persona(child).name == "child"


def test_personas_extend_one_another_eight_deep_and_no_deeper(
    tiny_with: Write, tmp_path: Path, faults_of: FaultsOf
) -> None:
    tiny_with()
    for deep in range(1_500):
        base = f"p{deep - 1}.yaml" if deep else "tiny.yaml"
        (tmp_path / f"p{deep}.yaml").write_text(f"persona: p{deep}\nextends: {base}\n")
    assert lp.load_persona(tmp_path / "p7.yaml").name == "p7"
    for deep in (8, 1_499):
        assert faults_of(tmp_path / f"p{deep}.yaml")[0].startswith(f"p{deep}.yaml: extends: too deep. Allowed: 8 ")


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, faults_of: FaultsOf) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "link.yaml").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe.yaml", tmp_path / "link.yaml", Path("/dev/null")):
        assert faults_of(path) == (f"{path}: is no regular file. Allowed: a YAML file.",)
        if path.parent == tmp_path:
            (tmp_path / "child.yaml").write_text(f"persona: child\nextends: {path.name}\n")
            assert faults_of(tmp_path / "child.yaml")


SECRET = "hunter2"


@pytest.mark.parametrize("parser", [strict_yaml._LOADER, yaml.BaseLoader])
@pytest.mark.parametrize(
    "text",
    [
        f"root:{SECRET}:0:0\n",
        f"a: {SECRET}: b\n",
        f"- {SECRET}\n",
        f"{SECRET}\n",
        f"password: {SECRET}\n",
        f"{SECRET}: [\n",
        f"a: &{SECRET} b\n",
        f"a: *{SECRET}\n",
        f"a: !{SECRET} b\n",
        f"a: !{SECRET}!x b\n",
        f"%TAG !{SECRET}! x\n%TAG !{SECRET}! x\n--- a\n",
        f"{SECRET}: a\n{SECRET}: b\n",
        f"{SECRET}: \n",
        f"{SECRET}：1\n",
        f"{SECRET}: {'[' * 99}",
        f"{{{SECRET}: [a]: b",
        f"{SECRET}:x\nb: c: d\n",
        f"? [{SECRET}]\n: a\n",
        f"{SECRET}: a\u200b\n",
        f"a: b\n--- {SECRET}\n",
        f'"a": "\\{SECRET}"\n',
        f"x: {SECRET * 99}\nx: y\n",
        f"{SECRET}\t: a\n\tb: c\n",
        f"? {SECRET * 99}\n: x\n",
        f"extends: {SECRET}\n",
        f"a: '{SECRET}",
        f"variables: {{{SECRET}: x}}\n",
    ],
)
def test_not_a_word_of_a_file_that_is_no_persona_comes_back(
    text: str, parser: object, tmp_path: Path, faults_of: FaultsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict_yaml, "_LOADER", parser)
    path = tmp_path / "shadow.yaml"
    path.write_text(text, encoding="utf-8")
    for fault in faults_of(path):
        assert re.match(r"shadow\.yaml:\d+: ", fault)
        assert "hunter" not in fault


def test_faults_of_ones_own_file_come_first_and_without_what_only_follows_from_them(
    tmp_path: Path, faults_of: FaultsOf
) -> None:
    child = tmp_path / "zebra.yaml"  # its name sorts behind that of what it extends
    for bands, own in (("{20..24: 0.5, 25..39: 0.6}", 1), ("{20..24: 0.4, 25..39: 0.6}", 0)):
        child.write_text(f"persona: child\nextends: article\nvariables:\n  age_years:\n    bands: {bands}\n")
        result = faults_of(child)
        assert [fault.startswith("zebra.yaml:5: ") for fault in result] == [True] * own or not own
        assert own or all(fault.startswith("article.yaml:") for fault in result)
    child.write_text(child.read_text() + "rules:\n  r: {never: {sx: male}, basis: assumed, because: x}\n")
    files = [fault.partition(":")[0] for fault in faults_of(child)]
    assert files[0] == "zebra.yaml"
    assert set(files[1:]) == {"article.yaml"}, "what has another cause is told all the same"


def test_faults_of_a_change_come_without_what_only_follows_from_them(article: lp.Persona) -> None:
    with pytest.raises(lp.InputError) as caught:
        article.replace({"age_years.bands": {"20..24": 0.5}})
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["change"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("variables:", "variables：", 8),
        ("format: 1", "format：1", 2),
        ("title: {", "title：{", 3),
        ("title: {en: ", "title: {en： ", 3),
        ("male: 0.6, f", "male: 0.6，f", 14),
        ("title: {", "title: ｛", 3),
        ("0.4}", "0.4｝", 14),
        ("[sex]", "［sex］", 20),
        ("female: 0.4", "female：0.4", 14),
        ("- {when", "－ {when", 16),
        ("  sex:", "\u3000sex:", 13),
        ("persona: tiny", "persona: “tiny”", 1),
        ("persona: tiny", "persona: ‘tiny’", 1),
    ],
)
def test_a_full_width_mark_where_yaml_reads_a_plain_one_is_named(
    old: str, new: str, line: int, tiny_with: Write, faults_of: FaultsOf
) -> None:
    (mark,) = {c for c in new if not c.isascii()} - set("”’］｝" if old != "0.4}" else "")
    (fault,) = faults_of(tiny_with((old, new)))
    assert f"(U+{ord(mark):04X}, " in fault
    assert fault.startswith(f"tiny.yaml:{line}: ") or f"Line {line}: " in fault


PLANTED = {
    6: ("value: 0.24", "value: 0.36"),
    7: ("value: 200000", "value: 1e9"),
    10: ("20..24: 0.25", "20..24: 60%"),
    11: ("basis: assumed", "basis: guessed"),
    12: ("because: easy to work by hand", "because: ''"),
    14: ("female: 0.4", "female: 0.5"),
    16: ("multiply: {male: 3}", "multiply: {mal: 3}"),
    18: ("source: 1.2a", "source: 9.9z"),
    22: ("male: {junior_secondary: 0.5,", "male: {junior_secondary: 0.6,"),
    23: ("female: {junior_secondary: 0.3,", "female: {junior_secondary: -0.3,"),
    25: ("source: jiguang-2018", "source: jiguang-2081"),
}
"""Faults that have nothing to do with one another, by the line they stand in."""


def test_of_two_hundred_files_with_several_faults_each_fault_is_shown(tiny_text: str, tmp_path: Path) -> None:
    luck = random.Random(20230301)
    for _ in range(200):
        lines = sorted(luck.sample(sorted(PLANTED), luck.randint(2, 5)))
        text = tiny_text
        for old, new in (PLANTED[line] for line in lines):
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "tiny.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(lp.InputError) as caught:
            lp.load_persona(tmp_path / "tiny.yaml")
        assert [int(fault.split(":")[1]) for fault in caught.value.faults] == lines


# Changes from code


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"sex.shares": {"male": 0.5, "female": 0.6}}, "change: sex.shares: the shares sum to 1.1, not 1."),
        ({"sex.shares.male": True}, "change: sex.shares.male = True: not a number."),
        ({"sex.shares.male": None}, "change: sex.shares.male = None: not a number."),
        ({"sex.shares.male": float("nan")}, "change: sex.shares.male = nan: not a number."),
        ({"sx.shares": {"male": 1}}, "change: sx.shares: unknown path 'sx'. Did you mean 'sex'?"),
        ({"sex.shares.male.x": 1}, "change: sex.shares.male.x: nothing stands below"),
        ({"sex.shres": {"male": 1}}, "change: sex.shres: unknown key 'shres'. Did you mean 'shares'?"),
        ({"title.en": "a\u202eb"}, "change: title.en: holds the invisible character U+202E."),
        ({"title.en": "\ud800"}, "change: title.en: holds the invisible character U+D800."),
        ({"product.apr_most.value": 0.36}, "change: product.apr_most.value = 0.36: no persona may go beyond."),
        ({"": 1}, "change: "),
    ],
)
def test_a_change_from_code_meets_the_checks_of_a_file(
    changes: dict[str, object], fault: str, article: lp.Persona
) -> None:
    with pytest.raises(lp.InputError) as caught:
        article.replace(changes)
    assert any(text.startswith(fault) for text in caught.value.faults), caught.value.faults


# Anything


def test_whatever_is_done_to_a_persona_file_it_loads_or_says_in_lines_what_is_wrong() -> None:
    script = CASES.parent / "support" / "fuzz.py"
    run = subprocess.run([sys.executable, str(script), "200"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3_000:]
    assert run.stdout.startswith("200 mutants: ")

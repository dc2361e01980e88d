"""Faulty persona files: each fault is one line with file, line, path, value and what is allowed."""

from __future__ import annotations

import errno
import random
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import loanpersona as lp
from loanpersona import catalog, strict_yaml
from loanpersona.persona.calibration import calibrate

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
    basis: assumed
    because: somebody has to
"""


def test_the_small_persona_loads_and_can_be_calibrated(tiny_with: Write) -> None:
    persona = lp.load_persona(tiny_with(more=PET + SIZE))
    assert list(calibrate(persona)) == ["age_years", "sex", "education", "pet", "size"]


# The file


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "tiny.yaml:1: file: expected a mapping at the top, got nothing."),
        (b"# only a comment\n", "tiny.yaml:1: file: expected a mapping at the top, got nothing."),
        (b"hello\n", "tiny.yaml:1: file: expected a mapping at the top, got hello."),
        (b"- one\n", "tiny.yaml:1: file: expected a mapping at the top, got a list."),
        ("persona：tiny\n".encode(), "tiny.yaml:1: file: expected a mapping at the top, got persona：tiny. Line 1 "),
        ("title: 的\n".encode("gbk"), "tiny.yaml: not UTF-8 (GBK perhaps) at byte 7. Save it as UTF-8."),
        ("title: 小\n".encode("utf-16"), "tiny.yaml: not UTF-8 but UTF-16 at byte 0. Save it as UTF-8."),
        (b"title: \xff\xff\n", "tiny.yaml: not UTF-8 at byte 7. Save it as UTF-8."),
        (b"#" * 5_000_001, "tiny.yaml: too large. Allowed: at most 5,000,000 bytes."),
        (b"a: b\n\tc: d\n", "tiny.yaml:2: not YAML: found … c: d. Indent with spaces, not tabs."),
        (b"a: 'b\n", "tiny.yaml:2: not YAML: found unexpected end of stream"),
        (b"a: b\nc:d\n", "tiny.yaml:3: not YAML: could not find expected ':', at column 1: the end of the file. "
                         "Line 2 looks like 'key:value'"),
        (b"a: b\n---\nc: d\n", "tiny.yaml:2: file: a second document starts here. Allowed: one document a file."),
        (b"a: b\n\x00", "tiny.yaml:1: not YAML: "),
    ],
)  # fmt: skip
def test_a_file_that_is_no_persona_is_named_with_what_it_is(
    content: bytes, fault: str, tmp_path: Path, faults_of: FaultsOf
) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_bytes(content)
    (found,) = faults_of(path)
    start, _, end = fault.partition(" … ")  # libyaml words some faults of form its own way
    assert found.startswith(start)
    assert found.endswith(end)


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


# One line changed: the text that is replaced, the text in its place, where the fault must stand, what it must say.
# Where the fault is "" the file is right.

NUMBERS = [
    ("male: 0.6", "male: -0.1", 14, f"{SHARES}.male = -0.1: not a share. Allowed: 0 to 1."),
    ("male: 0.6", "male: 1.5", 14, f"{SHARES}.male = 1.5: not a share. Allowed: 0 to 1. Write 0.6 for 60 %."),
    ("male: 0.6", "male: 60%", 14, f"{SHARES}.male = 60%: not a number. Allowed: a finite decimal such as 0.6. "
                                   "Write 0.6 for 60%."),
    ("male: 0.6", "male: 0．6", 14, f"{SHARES}.male = 0．6: not a number. Allowed: a finite decimal such as 0.6. "
                                    "Write plain digits: 0.6."),
    ("male: 0.6", "male: ６", 14, f"{SHARES}.male = ６: not a number."),
    ("{male: 0.6, female: 0.4}", "\n      male: 0,6\n      female: 0.4", 15, f"{SHARES}.male = 0,6: not a number. "
                                 "Allowed: a finite decimal such as 0.6. Write a point: 0.6."),
    *(("male: 0.6", f"male: {text}", 14, f"{SHARES}.male = {text}: not a number. Allowed: a finite decimal")
      for text in ("nan", ".nan", "inf", "-inf", "1.0e+999", "true", "yes", "~", "null", "'0.6'", "1_0", "1/0", "0x1",
                   "20:30", "2019-13-45", "六成")),
    ("male: 0.6", "male: [0.6]", 14, f"{SHARES}.male: not a number."),
    ("male: 0.6", "male: {a: 0.6}", 14, f"{SHARES}.male: not a number."),
    ("male: 0.6", "male: 1e20", 14, f"{SHARES}.male = 1e20: too large or too small. Allowed: 0, or 1e-15 to 1e+15"),
    ("male: 0.6", "male: 1e-20", 14, f"{SHARES}.male = 1e-20: too large or too small."),
    ("male: 0.6", "male: " + "9" * 5_000, 14, f"{SHARES}.male = {'9' * 60}: too many digits. Allowed: at most 20."),
    ("male: 0.6", "male: 0.59", 14, f"{SHARES}: the shares sum to 0.99, not 1. Allowed: exactly 1. "
                                    "male 0.59 + female 0.4."),
    ("male: 0.6", "male: 0.7", 14, f"{SHARES}: the shares sum to 1.1, not 1."),
    ("male: 0.6", "male: 0.5999999", 14, f"{SHARES}: the shares sum to 0.9999999, not 1."),
    ("male: 0.6", "male: 0.6000000000000000001", 14, f"{SHARES}: the shares sum to 1.0000000000000000001, not 1."),
    ("male: 0.6, female: 0.4", "male: 6e-1, female: 4/10", 0, ""),
    ("male: 0.6, female: 0.4", "male: 1, female: -0.0", 0, ""),
    ("20..24: 0.25, 25..39: 0.5, 40..59: 0.25", "20..24: 1/3, 25..39: 1/3, 40..59: 1/3", 0, ""),
    ("20..24: 0.25, 25..39: 0.5, 40..59: 0.25", "20..24: 0.3333, 25..39: 0.3333, 40..59: 0.3333", 10,
     f"{BANDS}: the shares sum to 0.9999, not 1."),
    ("junior_secondary: 0.3", "junior_secondary: 0.2", 23, f"{TABLE}.female: the shares sum to 0.9, not 1."),
    ("multiply: {male: 3}", "multiply: {male: -3}", 16, f"{SEX}.odds[0].multiply.male = -3: negative odds. "
                                                        "Allowed: 0 or more."),
    ("value: 0.24", "value: 24%", 6, "product.apr_most.value = 24%: not a number."),
]  # fmt: skip

KEYS = [
    ("format: 1", "format: 1\nformt: 1", 3, "formt = 1: unknown key 'formt'. Did you mean 'format'?"),
    ("value: 0.24", "value: 0.24, valeu: 1", 6, "product.apr_most.valeu = 1: unknown key 'valeu'. Did you mean 'val"),
    ("product:\n", "product:\n  apr_mst: 1\n", 6, "product.apr_mst = 1: unknown key 'apr_mst'. Did you mean 'apr"),
    ("    because: easy", "    becuse: x\n    because: easy", 12, "variables.age_years.becuse = x: unknown key "),
    ("    bands: {20", "    band: {20", 9, "variables.age_years: states no law. Allowed: one of shares, bands, table"),
    ("multiply: {male: 3}", "multiply: {male: 3}, becuse: x", 16, f"{SEX}.odds[0].becuse = x: unknown key 'becuse'."),
    ("    shares: {male", "    given: [age_years]\n    shares: {male", 14, f"{SEX}.given: unknown key 'given'."),
    ("    shares: {male", "    bands: {1: 1}\n    shares: {male", 13, f"{SEX}: states bands and shares."),
    ("male: 0.6, female: 0.4", "male: 0.6, male: 0.4", 14, f"{SHARES}.male: stated twice, first in line 14."),
    ("    source: 1.2a", "    basis: stated\n    source: 1.2a", 18, f"{SEX}.basis: stated twice, first in line 17."),
    ("  education:\n", "  sex:\n    a: b\n  education:\n", 19, f"{SEX}: stated twice, first in line 13. Remove one."),
    ("      female: {j", "      male: {j", 23, f"{TABLE}.male: stated twice, first in line 22. Remove one."),
    ("multiply: {male: 3}", "multiply: {[a]: 3}", 16, f"{SEX}.odds[0].multiply: a key that is no word."),
    ("because: easy to work by hand", "because:", 12, "variables.age_years.because: has no value."),
    ("format: 1", "format: 2", 2, "format = 2: unknown format. Allowed: 1. A newer file needs a newer loanpersona."),
    ("format: 1\n", "", 1, "format: missing. Allowed: 1."),
    ("persona: tiny", "persona: ../tiny", 1, "persona = ../tiny: not a name. Allowed: lower-case letters, digits"),
    ("{en: Tiny, zh: 小}", "{en: Tiny}", 3, "title: not a text in both languages. Allowed: {en: …, zh: …}."),
    ("format: 1", "format: 1\nsources: mine", 3, "sources = mine: expected a mapping. Allowed: a block per source."),
    ("    basis: stated", "    hidden: {a: b}\n    basis: stated", 17, f"{SEX}.hidden: not true or false."),
    ("    basis: stated", "    hidden: true\n    basis: stated", 17, f"{SEX}.hidden = true: the table of this"),
    ("    basis: stated", "    label: {en: a, zh: b}\n    basis: stated", 17, f"{SEX}.label: this column has its"),
]  # fmt: skip

FORMS = [
    ("persona: tiny", "persona: !!python/object/apply:os.system ['touch ran']", 1, "persona: tags are off "
                      "('tag:yaml.org,2002:python/object/apply:os.system'). Remove the tag."),
    *(("male: 0.6", f"male: {tag} 0.6", 14, f"{SHARES}.male: tags are off (")
      for tag in ("!!float", "!!binary", "!mine", "!<tag:x>")),
    ("{en: Tiny, zh: 小}", "!!pairs [en: a]", 3, "title: tags are off ('tag:yaml.org,2002:pairs')."),
    ("because: easy", "because: &a easy", 12, "variables.age_years.because: anchors and aliases are off ('a')."),
    ("{en: Tiny, zh: 小}", "&a [*a]", 3, "title: anchors and aliases are off ('a'). Write the value out."),
    ("because: easy", "<<: {a: b}\n    because: easy", 12, "variables.age_years.<<: unknown key '<<'."),
    ("easy to work by hand", "[" * 40 + "]" * 40, 12, f"variables.age_years.because{'[0]' * 29}: nested too deeply. "
                                                      "Allowed: 32 levels."),
    ("easy to work by hand", "[" * 10_000, 12, f"variables.age_years.because{'[0]' * 29}: nested too deeply."),
    ("easy to work by hand", "{a: " * 10_000, 12, f"variables.age_years.because{'.a' * 28}: nested too deeply."),
    *(("Tiny", f'"Ti\\u{code:04x}ny"', 3, f"title.en: holds the invisible character U+{code:04X}. Remove it.")
      for code in (0x00, 0x07, 0x0D, 0x7F, 0x85, 0xAD, 0x200B, 0x200F, 0x202E, 0x2028, 0x2066, 0xFEFF)),
    ("male: 0.6", "ma\u202ele: 0.6", 14, f"{SHARES}: holds the invisible character U+202E. Remove it."),
    ("male: 0.6", "ma\u200ble: 0.6", 14, f"{SHARES}: holds the invisible character U+200B. Remove it."),
    ("Tiny", "Ti\x07ny", 1, "not YAML: unacceptable character #x0007: control characters are not allowed."),
    ("male: 0.6", '"ma\\nle": 0.6', 14, f"{SHARES}.ma le = 0.6: unknown level 'ma le' of sex. Did you mean 'male'?"),
]  # fmt: skip

PARENTS = [
    ("age_years: 20..24}", "ag_years: 20..24}", 16, f"{WHEN}.ag_years = 20..24: unknown variable 'ag_years'. "
                                                   "Did you mean 'age_years'?"),
    ("given: [sex]", "given: [sx]", 20, "variables.education.given[0] = sx: unknown variable 'sx'. Did you mean 'sex'"),
    ("given: [sex]", "given: [{a: b}]", 20, "variables.education.given[0]: not a variable."),
    ("given: [sex]", "given: []", 20, "variables.education.given: not a list of variables. Allowed: given: [occ"),
    ("given: [sex]", "given: [education]", 20, "variables.education.given[0] = education: depends on itself: "
                                               "education → education. Break the circle."),
    ("age_years: 20..24}", "sex: male}", 16, f"{WHEN}.sex = male: depends on itself: sex → sex. Break the circle."),
    ("odds:\n      - {when: {age", "odds: 3\n    o:\n      - {when: {age", 15, f"{SEX}.odds = 3: not a list. "
                                                                               "Allowed: - {when: …, multiply: …}."),
    ("age_years: 20..24}", "age_years: 18..19}", 16, f"{WHEN}.age_years = 18..19: picks nothing. Allowed: 20 to 59."),
    ("age_years: 20..24}", "age_years: 24..20}", 16, f"{WHEN}.age_years = 24..20: the range is reversed. "
                                                     "Write 20..24."),
    ("age_years: 20..24}", "age_years: 20–24}", 16, f"{WHEN}.age_years = 20–24: not a number or a range. "
                           "Allowed: 20, 20..24, 20.. or ..24, ends included. Write two dots between the ends."),
    *(("age_years: 20..24}", f"age_years: {text}}}", 16, f"{WHEN}.age_years = {text}: not a number or a range.")
      for text in ("20-24", "..", "２０", "nan", "1e999999999", "abc")),
    ("age_years: 20..24}", "age_years: ''}", 16, f"{WHEN}.age_years = '': not a number or a range."),
    ("age_years: 20..24}", "age_years: []}", 16, f"{WHEN}.age_years: names no value. Allowed: at least one."),
    ("age_years: 20..24}", "age_years: {a: b}}", 16, f"{WHEN}.age_years: not a condition."),
]  # fmt: skip

ROWS = [
    ("      female: {junior_secondary: 0.3, bachelor: 0.7}\n", "", 21, f"{TABLE}: nothing for sex female. "
                                                                       "Allowed: every value once."),
    ("      female: {j", "      male..female: {j", 23, f"{TABLE}.male..female: sex male is covered twice. "
                                                       "Each value stands once."),
    ("      female: {j", "      femal: {j", 23, f"{TABLE}.femal = femal: unknown level 'femal'. Did you mean 'female'"),
    ("      female: {j", "      other: {bachelor: 1}\n      female: {j", 23, f"{TABLE}.other = other: unknown level"),
    ("junior_secondary: 0.3", "junior_secondry: 0.3", 23, f"{TABLE}.female.junior_secondry = 0.3: unknown level "
                              "'junior_secondry' of education. Did you mean 'junior_secondary'? Known: "),
    ("junior_secondary: 0.3, bachelor: 0.7", "bachelor: 1", 23, f"{TABLE}.female: no share for junior_secondary. "
                                                                "Allowed: every level; 0 if it never happens."),
    ("male: {junior_secondary: 0.5, bachelor: 0.5}", "male: 3", 22, f"{TABLE}.male = 3: expected a share per level"),
    ("given: [sex]", "given: [sex, age_years]", 22, f"{TABLE}.male.junior_secondary = 0.5: expected a share per level"),
    ("male: 0.6, female: 0.4", "male: 0.6, femal: 0.4", 14, f"{SHARES}.femal = 0.4: unknown level 'femal' of sex. "
                                                            "Did you mean 'female'? Known: male, female."),
    ("multiply: {male: 3}", "multiply: {mal: 3}", 16, f"{SEX}.odds[0].multiply.mal = mal: unknown level 'mal'. "
                                                      "Did you mean 'male'?"),
    ("multiply: {male: 3}", "multiply: {female..male: 3}", 16, f"{SEX}.odds[0].multiply.female..male = female..male: "
                                                               "the range is reversed."),
    ("multiply: {male: 3}", "becuse: x", 16, f"{SEX}.odds[0]: no multiply."),
    ("{male: 0.6, female: 0.4}", "{}", 14, f"{SHARES}: names no levels. Allowed: 1 to 10000."),
    ("20..24: 0.25", "20..25: 0.25", 10, f"{BANDS}: the bands 20..25 and 25..39 overlap or stand in the wrong order. "
                                         "Both ends count."),
    ("20..24: 0.25", "20..23: 0.25", 10, f"{BANDS}: the bands 20..23 and 25..39 leave a gap. Both ends count."),
    ("20..24: 0.25", "24..20: 0.25", 10, f"{BANDS}.24..20 = 0.25: the band 24..20 is reversed. Write 20..24."),
    *(("20..24: 0.25", f"{band}: 0.25", 10, f"{BANDS}.{band} = 0.25: '{band}' is no band. Allowed: 20..24 with both")
      for band in ("20–24", "20-24", "20..", "..24", "a..24", "２０..24", "20...24")),
    ("40..59: 0.25", "40..99999999999: 0.25", 10, f"{BANDS}.40..99999999999 = 0.25: the band 40..99999999999 reaches "
                                                  "too far. Allowed: numbers up to 10000."),
    ("{20..24: 0.25, 25..39: 0.5, 40..59: 0.25}", "{}", 10, f"{BANDS}: names no band."),
]  # fmt: skip

BASES = [
    ("    basis: stated\n    source: 1.2a\n", "", 13, f"{SEX}: no number without a basis. "
                                                      "Allowed: basis: stated, published, assumed."),
    ("    source: jiguang-2018\n", "", 19, "variables.education: basis published without `source`. Allowed: source"),
    ("    source: 1.2a\n", "", 13, f"{SEX}: basis stated without `source`. Allowed: source: …."),
    ("    because: easy to work by hand\n", "", 9, "variables.age_years: basis assumed without `because`."),
    *(("easy to work by hand", reason, 12, f"variables.age_years.because{shown}: not a reason. Allowed: a text")
      for reason, shown in (("''", " = ''"), ("' '", " = ' '"), ("[]", ""))),
    ("easy to work by hand", "{a: b}", 12, "variables.age_years.because: not a text in both languages."),
    ("easy to work by hand", "{en: x, zh: ''}", 12, "variables.age_years.because: not a text in both languages."),
    ("jiguang-2018", "jiguang-2081", 25, "variables.education.source = jiguang-2081: unknown source. "
                                         "Did you mean 'jiguang-2018'?"),
    ("jiguang-2018", "[jiguang-2018, x]", 25, "variables.education.source[1] = x: unknown source."),
    ("jiguang-2018", "[]", 25, "variables.education.source: names no source. Allowed: at least one."),
    ("jiguang-2018", "{a: b}", 25, "variables.education.source: unknown source."),
    ("jiguang-2018", "census-2020-ages", 25, "variables.education.source = census-2020-ages: recalled, not read. "
                                             "Allowed: basis: assumed."),
    ("1.2a", "1.2z", 18, f"{SEX}.source = 1.2z: unknown statement. Did you mean '1.2"),
    ("basis: stated", "basis: state", 17, f"{SEX}.basis = state: unknown basis. Did you mean 'stated'?"),
    ("basis: stated", "basis: {a: b}", 17, f"{SEX}.basis: unknown basis."),
    (", basis: published, source: cap-24", "", 6, "product.apr_most: no number without a basis."),
    (", source: cap-24", "", 6, "product.apr_most: basis published without `source`."),
    ("source: cap-24", "source: cap-42", 6, "product.apr_most.source = cap-42: unknown source. Did you mean 'cap-24'?"),
    ("basis: published, source: cap-24", "basis: assumed", 6, "product.apr_most: basis assumed without `because`."),
    ("multiply: {male: 3}", "multiply: {male: 3}, source: 1.2a", 16, f"{SEX}.odds[0].source = 1.2a: a source without a "
                                                                     "basis."),
    ("multiply: {male: 3}", "multiply: {male: 3}, basis: assumed", 16, f"{SEX}.odds[0]: basis assumed without"),
]  # fmt: skip

HARM = [
    ("value: 0.24", "value: 0.2400001", 6, "product.apr_most.value = 0.2400001: no persona may go beyond. "
                                           "Allowed: above 0, at most 0.24."),
    ("value: 0.24", "value: 0", 6, "product.apr_most.value = 0: no persona may go beyond."),
    ("value: 200000", "value: 200001", 7, "product.limit_cny_most.value = 200001: no persona may go beyond. "
                                          "Allowed: above 0, at most 200000."),
    ("value: 200000", "value: 99.5", 7, "product.limit_cny_most.value = 99.5: not a whole number."),
    ("  sex:\n", PET.replace("cat", "college_student") + "  sex:\n", 13, "variables.pet: no persona may hold student"),
    ("  sex:\n", PET.replace("宠物", "学生") + "  sex:\n", 13, "variables.pet: no persona may hold students."),
    ("  sex:\n", PET.replace("猫", "大学生") + "  sex:\n", 13, "variables.pet: no persona may hold students."),
    ("  sex:\n", PET.replace("  pet:", "  is_student:") + "  sex:\n", 13, "variables.is_student: no persona may"),
    ("  sex:\n", SIZE.replace("  size:", "  student_years:") + "  sex:\n", 13, "variables.student_years: no persona"),
    ("  sex:\n", PET.replace("  pet:", "  Pet:") + "  sex:\n", 13, "variables.Pet: 'Pet' is no column name."),
    ("  sex:\n", PET.replace("    label: {en: Pet, zh: 宠物}\n", "") + "  sex:\n", 13, "variables.pet: 'pet' is new "
                                                      "and has no label. Allowed: label: {en: …, zh: …}."),
    ("  sex:\n", PET.replace("dog: {en: Dog, zh: 狗}", "") + "  sex:\n", 14, "variables.pet.shares.dog = 0.5: unknown "
                                                      "level 'dog' of pet. Known: cat. A new level needs words"),
    ("  sex:\n", PET.replace("    basis", "    unit: [a]\n    basis") + "  sex:\n", 17, "variables.pet.unit: not a un"),
]  # fmt: skip

GRIDS = [
    ("  sex:\n", SIZE.replace(old, new) + "  sex:\n", line, fault)
    for old, new, line, fault in (
        ("sd: 2", "sd: 0", 14, "variables.size.normal.sd = 0: sd is not above 0. Allowed: a positive number."),
        ("sd: 2", "sigma: 2", 14, "variables.size.normal.sigma = 2: unknown key 'sigma'. Known: mean, sd."),
        (
            "    least",
            "    plus:\n      - {when: {age_years: 20}, by: x}\n    least",
            16,
            "variables.size.plus[0].by = x: ",
        ),
        (
            "    normal: {mean: 5, sd: 2}\n",
            "    gamma: {mean: 5, shape: 2}\n    times:\n      - {when: {age_years: 20}, by: -1}\n",
            16,
            "variables.size.times[0].by = -1: a negative factor. Allowed: 0 or more.",
        ),
        ("least: 0", "least: 10", 13, "variables.size: least, most and step make no grid."),
        ("step: 1", "step: 3", 13, "variables.size: least, most and step make no grid."),
        ("step: 1", "step: 0", 13, "variables.size: least, most and step make no grid."),
        ("most: 10", "most: 100000", 13, "variables.size: 100001 values. Allowed: at most 10000. Take a larger step."),
        ("most: 10", "most: 1e14", 13, "variables.size: a grid from 0 to 1e+14. Allowed: up to 1e+12 in size."),
        ("  size:", "  platforms:", 13, "variables.platforms: values from 0 to 10. Allowed: 1 to 50 count."),
        ("  size:", "  sex:", 21, f"{SEX}: stated twice, first in line 13."),
    )
]


@pytest.mark.parametrize(
    ("old", "new", "line", "fault"),
    [case for case in (*NUMBERS, *KEYS, *FORMS, *PARENTS, *ROWS, *BASES, *HARM, *GRIDS) if case[3]],
)
def test_a_fault_is_one_line_that_names_file_line_path_value_and_what_is_allowed(
    old: str, new: str, line: int, fault: str, tiny_with: Write, faults_of: FaultsOf
) -> None:
    found = faults_of(tiny_with((old, new)))
    assert any(text.startswith(f"tiny.yaml:{line}: {fault}") for text in found), found
    assert all(re.match(r"tiny\.yaml:\d+: \S", text) for text in found)


@pytest.mark.parametrize(("old", "new"), [case[:2] for case in NUMBERS if not case[3]])
def test_exact_fractions_and_every_way_to_write_a_decimal_are_accepted(old: str, new: str, tiny_with: Write) -> None:
    persona = lp.load_persona(tiny_with((old, new)))
    assert all(sum(v.law.shares) == 1 for v in persona.variables.values() if hasattr(v.law, "shares"))


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
    first, second = faults_of(path)
    assert f"{WHEN}.education = bachelor: depends on itself: sex → education → sex. Break the circle." in first
    assert "depends on itself: education → sex → education" in second


def test_a_longer_circle_shows_every_step(tiny_with: Write, faults_of: FaultsOf) -> None:
    steered = SIZE.replace("    least", "    plus:\n      - {when: {education: bachelor}, by: 1}\n    least")
    found = faults_of(tiny_with(("age_years: 20..24}", "size: 5}"), more=steered))
    assert f"tiny.yaml:16: {WHEN}.size = 5: depends on itself: sex → size → education → sex. Break the circle." in found


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
    found = faults_of(tiny_with((old, new), ("age_years: 20..24}", "age_years: 25}")))
    assert f"tiny.yaml:9: variables.age_years: {fault}. Allowed: 18 or older." in found


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
    found = faults_of(path)
    lines = [int(text.split(":")[1]) for text in found]
    assert lines == [6, 10, 12, 15, 26]
    assert [text.split(" ")[1].rstrip(":") for text in found] == [
        "product.apr_most.value", f"{BANDS}.20..24", "variables.age_years.becuse", SHARES, "variables.education.source",
    ]  # fmt: skip


def test_a_tag_runs_nothing(tiny_with: Write, faults_of: FaultsOf, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    payload = f"persona: !!python/object/apply:os.mkdir ['{ran}']"
    yaml.unsafe_load(payload)
    assert ran.exists(), "the payload works where tags are on"
    ran.rmdir()
    assert faults_of(tiny_with(("persona: tiny", payload)))[0].startswith("tiny.yaml:1: persona: tags are off")
    assert not ran.exists()


def test_bombs_are_refused_in_less_than_a_second(tmp_path: Path, faults_of: FaultsOf) -> None:
    laughs = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
    for bomb in ("a0: &a0 x\n" + laughs, "a: " + "[" * 1_000_000, "a: " + "9" * 4_000_000, "x" * 4_999_999):
        path = tmp_path / "tiny.yaml"
        path.write_text(bomb, encoding="utf-8")
        start = time.perf_counter()
        faults_of(path)
        assert time.perf_counter() - start < 1


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
    found = faults_of(tmp_path / "child.yaml")
    assert found[0].startswith(fault), found
    assert len(found) == 1


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
    found = lp.load_persona(child)
    assert (found.product.limit_cny_most, float(found.product.apr_most)) == (200_000, 0.18)
    assert list(found.variables) == list(base.variables)
    assert found.variables["age_years"].law.family == "normal"
    assert base.variables["age_years"].basis.because
    assert not found.variables["age_years"].basis.because, "the reason was that of the other basis"
    assert [odds.factors for odds in found.variables["sex"].law.odds] == [(3, 1)]
    assert found.variables["sex"].basis == base.variables["sex"].basis
    assert found.title == base.title


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
    (found,) = faults_of(tiny_with(("format: 1", f"format: 1\nextends: {base}")))
    assert found.startswith(fault)


def test_a_circle_of_two_personas_is_refused_with_the_chain(tmp_path: Path, faults_of: FaultsOf) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"persona: {name}\nextends: {base}.yaml\n")
    (found,) = faults_of(tmp_path / "a.yaml")
    assert found.endswith("in a circle (a.yaml → b.yaml → a.yaml).")


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


ODD = ("nan", "-1", "1e99", "60%", "０", "true", "''", "[1, 2]", "{a: 1}", "&a 1", "*a", "!!int 1", "1/3", "~",
       "9" * 30, "20..10", "\u202e", "\t", "'", '"', "- x", "# x", "|", "? x", "\x00", "a: b: c")  # fmt: skip


def _mutated(text: str, kind: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    if kind == "delete":
        del lines[at]
    elif kind == "duplicate":
        lines.insert(other, lines[at])
    elif kind == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "indent":
        lines[at] = " " * chance.randrange(8) + lines[at].lstrip()
    elif kind == "cut":
        return text[: chance.randrange(len(text))]
    elif kind == "byte":
        place = chance.randrange(len(text))
        return text[:place] + chance.choice("{}[]:,-#'\"&*!|>%@`\n\t 0a中") + text[place + 1 :]
    else:
        pattern = {"number": r"\d+(\.\d+)?", "word": r"[a-z_]{3,}"}[kind]
        spots = list(re.finditer(pattern, text))
        if not spots:
            return text
        spot = chance.choice(spots)
        return text[: spot.start()] + chance.choice((*ODD, chance.choice(spots)[0])) + text[spot.end() :]
    return "\n".join(lines)


@settings(derandomize=True, max_examples=200, deadline=None, database=None)
@given(
    kinds=st.lists(
        st.sampled_from(["delete", "duplicate", "swap", "indent", "cut", "byte", "number", "word"]),
        min_size=1,
        max_size=3,
    ),
    luck=st.randoms(use_true_random=False),
    whole=st.booleans(),
)
def test_whatever_is_done_to_a_persona_file_it_loads_or_says_in_lines_what_is_wrong(
    kinds: list[str], luck: random.Random, whole: bool, tiny_text: str
) -> None:
    text = catalog.persona_files()["article"].read_text(encoding="utf-8") if whole else tiny_text + PET + SIZE
    for kind in kinds:
        text = _mutated(text, kind, luck) or "x"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.yaml"
        path.write_bytes(text.encode("utf-8"))
        try:
            loaded, faults = list(calibrate(lp.load_persona(path))), ()
        except lp.InputError as error:
            loaded, faults = [], error.faults
    assert bool(loaded) != bool(faults)
    assert not any("\n" in fault for fault in faults)

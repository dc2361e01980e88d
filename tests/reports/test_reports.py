"""Reports: parameters are checked before a kernel starts, pages are whole and self-contained or not there."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from small_notebooks import POPULATION, code, prose, write_notebook

from loanpersona.core.errors import InputError, LoanpersonaError, MachineError, ReportError
from loanpersona.rendering import render_report
from loanpersona.reports import check_values, declared_parameters, files, fonts, notebook_names, update_index
from loanpersona.reports import parameters as parameters_room
from loanpersona.reports.index import Entry
from loanpersona.reports.markup import safe_html
from loanpersona.reports.page import make_page
from loanpersona.reports.provenance import Provenance, provenance_of
from loanpersona.reports.render import file_name
from loanpersona.reports.shell import index_file

PARAMETERS = """\
persona: str = "article"  # which persona file
n: int = 50  # number of users
seed: int = 7
share: float = 0.5  # treated
full: bool = False
lang: str = "en"  # en or zh"""

PICTURES = """\
import base64
dot = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
                       "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
words = {"en": "Age & sex: most are young", "zh": "年龄：多为青年"}[lang]
display({"image/png": dot}, raw=True, metadata={"image/png": {"alt": words}})
display({"image/png": dot}, raw=True)"""

HOSTILE = """\
import pandas as pd, sys, warnings
print("printed <b>words</b>")
print("warned", sys.executable, file=sys.stderr)
display(HTML("<script>alert(2)</script><img src='https://example.org/x.png' onerror='alert(3)'>"))
pd.DataFrame({"label": ["<script>alert(1)</script>", "plain"], "share": [0.25, 1234.5]})"""

IGNORED = Provenance("article", "ab" * 32, 50, 7, "cd" * 32, "synthetic")


def sound_notebook(path: Path) -> Path:
    return write_notebook(
        path,
        prose("# Who *borrows*\n\nEnglish prose with `code`.", "lang-en"),
        prose("# 谁在借钱\n\n中文正文，“引号”。", "lang-zh"),
        code(PARAMETERS, "parameters"),
        code(POPULATION),
        prose("## Ages\n\nThe ages <script>alert(4)</script> of borrowers.", "lang-en"),
        prose("## 年龄\n\n借款人的年龄。", "lang-zh"),
        code(PICTURES),
        code("# an answer\nprint('the secret answer')", "solution"),
        prose("The answer in words.", "solution"),
        code(HOSTILE),
        code(""),
    )


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_notebook(tmp_path_factory.mktemp("notebooks") / "01_profile.ipynb")


@pytest.fixture(scope="module")
def reports(notebook: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both languages of one report, rendered once into a folder whose name papermill could misread."""
    out = tmp_path_factory.mktemp("out") / "with {n} braces"
    return {lang: render_report(notebook, out=out, lang=lang, n=60) for lang in ("en", "zh")}


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test if anything gets as far as running a notebook."""
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("a kernel was started"))


class Seen(HTMLParser):
    """The tags, addresses and words of a page as a browser would find them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.visible = ""
        self._in_style = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._in_style = False

    def handle_data(self, data: str) -> None:
        self.visible += "" if self._in_style else data

    def values(self, tag: str, name: str) -> list[str | None]:
        return [value for t, n, value in self.attributes if (t, n) == (tag, name)]


@pytest.fixture(scope="module")
def pages(reports: dict[str, Path]) -> dict[str, Seen]:
    return {lang: Seen(path) for lang, path in reports.items()}


# What a caller may give


def test_the_room_opens_without_loading_papermill_nbconvert_or_matplotlib() -> None:
    heavy = "('papermill', 'nbconvert', 'nbformat', 'matplotlib', 'fontTools', 'nh3', 'jinja2')"
    check = f"import sys, loanpersona.reports; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_declared_parameters_carry_type_default_and_help(notebook: Path) -> None:
    declared = declared_parameters(notebook)
    assert list(declared) == ["persona", "n", "seed", "share", "full", "lang"]
    assert (declared["n"].type, declared["n"].default, declared["n"].help) == (int, 50, "number of users")
    assert declared["seed"].help == ""


def test_given_values_replace_defaults_and_numpy_scalars_become_plain(notebook: Path) -> None:
    checked = check_values(notebook, {"n": np.int64(5), "full": np.bool_(False), "share": np.float32(0.5)})
    assert checked == {"persona": "article", "n": 5, "seed": 7, "share": 0.5, "full": False, "lang": "en"}
    assert [type(checked[name]) for name in ("n", "full", "share")] == [int, bool, float]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            {"seeed": 7},
            "01_profile: seeed = 7: unknown parameter. Did you mean 'seed'? Known: persona, n, seed",
        ),
        ({"n": True}, "01_profile: n = True: wrong type bool. Allowed: int, such as 0."),
        ({"n": "60"}, "01_profile: n = '60': wrong type str. Allowed: int"),
        ({"n": 5.0}, "01_profile: n = 5.0: wrong type float. Allowed: int"),
        ({"share": 1}, "01_profile: share = 1: wrong type int. Allowed: float; write 1.0."),
        ({"persona": Path("x")}, "wrong type PosixPath. Allowed: str."),
        ({"persona": ("x",)}, "wrong type tuple. Allowed: str."),
        ({"full": None}, "wrong type NoneType. Allowed: bool."),
        ({"seed": np.arange(1)}, "wrong type ndarray. Allowed: int"),
        ({"x=1; print('run')": 1}, "unknown parameter."),
        ({"lang": "zhs"}, "01_profile: lang = 'zhs': unknown language. Did you mean 'zh'? Known: en, zh."),
    ],
)
@pytest.mark.usefixtures("no_kernel")
def test_unknown_and_mistyped_parameters_stop_before_a_kernel(
    notebook: Path, tmp_path: Path, given: dict[str, Any], line: str
) -> None:
    with pytest.raises(InputError) as caught:
        render_report(notebook, out=tmp_path / "out", **given)
    assert line in str(caught.value)
    assert len(caught.value.faults) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_kernel")
def test_changes_that_the_persona_does_not_take_stop_before_a_kernel(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^changes:1: sex\.shres: unknown key 'shres'\. Did you mean 'shares'\?"):
        render_report("01_profile", out=tmp_path / "out", changes="sex.shres: {male: 1}")
    assert not (tmp_path / "out").exists()


def test_changes_stand_at_the_foot_of_a_page_one_after_the_other() -> None:
    changes = "sex.shares.male: 0.5\nsex.shares.female: 0.5"
    ran = nbformat.v4.new_notebook(cells=[prose("# Title", "lang-en")])
    page = make_page(ran, "en", name="x", parameters={"changes": changes}, origin=IGNORED, versions={"numpy": "1"})
    assert "changes = sex.shares.male: 0.5; sex.shares.female: 0.5</code>" in page.html


@pytest.mark.usefixtures("no_kernel")
def test_all_faults_are_told_at_once_one_line_each(notebook: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        render_report(notebook, out=tmp_path, lang="de", seeed=7, n="x" * 500)
    assert len(caught.value.faults) == 3
    assert len(str(caught.value).splitlines()) == 3
    assert max(map(len, caught.value.faults)) < 200


PAYLOADS_OF_VALUES = [
    "'; open({mark!r}, 'w').close(); '",
    '"""; open({mark!r}, "w"); """',
    "\\'); open({mark!r}, 'w') #",
    "x\n\nopen({mark!r}, 'w')",
    "{{open({mark!r}, 'w')}}",
    "$(touch {mark})`touch {mark}`",
    "%sx\n%%bash\ntouch {mark}\n!touch {mark}",
    "\r\u2028open({mark!r}, 'w')\x0c",
]


def test_nothing_that_a_value_says_is_run(tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    names = [f"p{number}" for number in range(len(PAYLOADS_OF_VALUES))]
    given = {name: text.format(mark=mark) for name, text in zip(names, PAYLOADS_OF_VALUES, strict=True)}
    declared = "\n".join(['persona: str = "a"', "n: int = 5", "seed: int = 7", 'lang: str = "en"'])
    declared += "".join(f"\n{name}: str = ''" for name in names)
    same = f"assert [{', '.join(names)}] == {list(given.values())!r}"
    path = write_notebook(tmp_path / "v.ipynb", code(declared, "parameters"), code(POPULATION), code(same))
    page = render_report(path, out=tmp_path / "out", persona="article", **given)
    assert not Path(mark).exists()
    assert not {"script", "link", "iframe"} & set(Seen(page).tags)


def test_a_canary_that_is_written_into_code_as_it_is_does_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    exec(f"p = '{PAYLOADS_OF_VALUES[0].format(mark=str(mark))}'")
    assert mark.exists()


def test_an_int_with_its_own_way_of_being_written_is_refused(notebook: Path) -> None:
    class Sly(int):
        pass

    with pytest.raises(InputError, match="wrong type Sly"):
        check_values(notebook, {"n": Sly(5)})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json", "broken: not a notebook: "),
        ("[]", "broken: not a notebook of version 4"),
        ('{"nbformat": 3, "worksheets": []}', "broken: not a notebook of version 4"),
        ('{"nbformat": 4, "cells": [5], "metadata": {}}', "broken: not a notebook of version 4"),
        (
            '{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"name": "ir"}}}',
            "kernel 'ir'.*Allowed: python3",
        ),
        (
            '{"nbformat": 4, "cells": [], "metadata": {}}',
            "no cells tagged 'parameters'. Allowed: exactly one",
        ),
    ],
)
def test_a_file_that_is_no_notebook_of_ours_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        check_values(path, {})


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([code("n: int = 1", "parameters"), code("m: int = 1", "parameters")], "2 cells tagged 'parameters'"),
        ([code("n = 1\nm: int = 2\nimport os", "parameters")], "line 1: not a parameter.*\n.*line 3"),
        ([code("n: int = 'one'", "parameters")], "line 1: not a parameter"),
        ([code("n: int =", "parameters")], "parameters cell line 1: invalid syntax"),
        *(
            (
                [code(f"lang: str = 'en'\n{name}: int = 1", "parameters")],
                "line 2: not a parameter.*a name in a-z, 0-9, _",
            )
            for name in ("print", "pm", "__builtins__", "_n", "N", "números", "n" * 65)
        ),
        ([code("lambda: int = 1", "parameters")], "parameters cell line 1: "),
        ([code("n: int = 1", "parameters")], "declares no parameter `lang: str`"),
    ],
)
@pytest.mark.usefixtures("no_kernel")
def test_a_parameters_cell_that_cannot_be_read_is_explained(tmp_path: Path, cells: list[Any], message: str) -> None:
    path = write_notebook(tmp_path / "odd.ipynb", *cells)
    with pytest.raises(InputError, match=message):
        render_report(path, out=tmp_path / "out")


def test_a_notebook_is_found_by_name_and_a_typing_error_gets_a_hint(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parameters_room, "_FOLDERS", (notebook.parent,))
    assert notebook_names() == ["01_profile"]
    assert "seed" in declared_parameters("01_profile")
    with pytest.raises(InputError, match=r"01_profil: no such notebook. Did you mean '01_profile'\?"):
        check_values("01_profil", {})
    with pytest.raises(InputError, match=r"elsewhere/01_profile.ipynb: no such notebook"):
        check_values("elsewhere/01_profile.ipynb", {})


# The page


def test_a_report_is_named_after_what_it_shows(reports: dict[str, Path]) -> None:
    assert [path.name for path in reports.values()] == [
        "01_profile.article.n60.seed7.en.html",
        "01_profile.article.n60.seed7.zh.html",
    ]


def test_a_page_loads_and_runs_nothing(pages: dict[str, Seen]) -> None:
    for page in pages.values():
        assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
        assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
        sources = page.values("img", "src")
        assert len(sources) == 2  # the third came from outside
        assert all(source and source.startswith("data:image/png;base64,") for source in sources)
        assert page.values("a", "href")[0] == "#main"
        assert all(href and ":" not in href and "/" not in href for href in page.values("a", "href"))
        policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"
        assert policy in page.values("meta", "content")


def test_every_link_of_a_page_leads_somewhere(reports: dict[str, Path], pages: dict[str, Seen]) -> None:
    there = {path.name for path in reports["en"].parent.iterdir()}
    for page in pages.values():
        ids = {value for _, name, value in page.attributes if name == "id"}
        for href in page.values("a", "href"):
            file, mark, anchor = (href or "").partition("#")
            assert file in there or not file
            assert anchor in ids or not mark


def test_a_page_speaks_one_language_and_says_which(pages: dict[str, Seen]) -> None:
    assert pages["en"].values("html", "lang") == ["en"]
    assert pages["zh"].values("html", "lang") == ["zh-Hans"]
    assert "English prose" in pages["en"].visible
    assert "正文" not in pages["en"].visible
    assert "中文正文" in pages["zh"].visible
    assert "English prose" not in pages["zh"].visible


def test_the_first_heading_becomes_the_one_title_of_the_page(pages: dict[str, Seen]) -> None:
    assert pages["en"].tags.count("h1") == pages["zh"].tags.count("h1") == 1
    assert pages["en"].visible.count("Who borrows") == 2  # the title of the window and the heading
    assert "谁在借钱 · 合成数据" in pages["zh"].visible


def test_code_and_solutions_stay_hidden(pages: dict[str, Seen]) -> None:
    for page in pages.values():
        for hidden in ("import pandas", "persona: str", "# Parameters", "an answer", "secret", "in words"):
            assert hidden not in page.visible


def test_parameters_digests_and_versions_stand_at_the_foot(pages: dict[str, Seen]) -> None:
    for page in pages.values():
        body, mark, foot = page.visible.partition("loanpersona 0.1.0 · ")
        assert mark
        assert "Q: population" not in body  # the foot says it all, once
        for fact in ("n = 60", "seed = 7", "share = 0.5", "cd" * 32, "ab" * 32, f"numpy {np.__version__}"):
            assert fact in foot
        assert foot.partition("\n")[0].endswith("cd" * 4)


def test_a_page_says_that_it_is_synthetic_in_its_language(pages: dict[str, Seen]) -> None:
    assert pages["en"].visible.count("Synthetic dataEvery person and loan") == 1
    assert pages["zh"].visible.count("合成数据本页的每个人") == 1


def test_pictures_have_alternative_text_their_own_or_the_prose_above(pages: dict[str, Seen]) -> None:
    assert pages["en"].values("img", "alt")[0] == "Age & sex: most are young"
    assert (pages["en"].values("img", "alt")[1] or "").startswith("The ages")
    assert pages["zh"].values("img", "alt") == ["年龄：多为青年", "借款人的年龄。"]


def test_pictures_without_their_own_text_are_counted(reports: dict[str, Path]) -> None:
    manifest = json.loads((reports["en"].parent / "manifest.json").read_text(encoding="utf-8"))
    assert [row["pictures_without_alt"] for row in manifest["reports"]] == [1, 1]


def test_hostile_labels_are_shown_as_the_text_they_are(pages: dict[str, Seen]) -> None:
    for number in (1, 2):
        assert f"<script>alert({number})</script>" in pages["en"].visible
    assert "printed <b>words</b>" in pages["en"].visible


def test_numbers_in_tables_stand_to_the_right_and_text_to_the_left(reports: dict[str, Path]) -> None:
    html = reports["en"].read_text(encoding="utf-8")
    assert '<td class="number">1234.50</td>' in html
    assert '<th class="number">share</th>' in html
    assert "<td>plain</td>" in html


def test_no_folder_of_the_machine_gets_into_a_page(reports: dict[str, Path], pages: dict[str, Seen]) -> None:
    assert "warned" in pages["en"].visible
    html = reports["en"].read_text(encoding="utf-8")
    assert sys.prefix not in html
    assert str(Path.home()) + os.sep not in html


def test_chinese_pages_bring_their_glyphs(reports: dict[str, Path]) -> None:
    if not fonts.FONT.is_file():
        pytest.skip(f"{fonts.FONT.name} is not there")
    face = reports["zh"].read_text(encoding="utf-8").partition("font/woff;base64,")[2].partition(")")[0]
    with TTFont(BytesIO(base64.b64decode(face))) as font:
        held = font.getBestCmap()
    assert {ord(character) for character in "谁在借钱合成数据，“"} - {ord("“")} <= set(held)
    assert len(held) < 300
    assert "font/woff" not in reports["en"].read_text(encoding="utf-8")


def test_one_run_gives_the_same_page_every_time(notebook: Path) -> None:
    shown = nbformat.read(notebook, as_version=4)
    values = {"n": 60, "lang": "zh"}
    facts: dict[str, Any] = {"name": "x", "parameters": values, "origin": IGNORED, "versions": {"loanpersona": "1"}}
    first, second = (make_page(shown, "zh", **facts) for _ in range(2))
    assert first == second


def test_links_stay_but_pictures_from_outside_do_not() -> None:
    html = safe_html('<a href="https://example.org">x</a><img src="https://example.org/x.png" alt="y">')
    assert 'href="https://example.org"' in html
    assert "x.png" not in html
    assert "<img" not in html
    assert html.endswith("y")
    for trick in ("javascript:alert(1)", " data:text/html,x", "vbscript:x"):
        assert "href" not in safe_html(f'<a href="{trick}">x</a>')


PAYLOADS = [
    "<svg onload=alert(1)>",
    "<img src=data:image/png;base64,AAA= onerror=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "</script><scr<script>ipt>alert(1)",
    '<a href="da\tta:text/html,x">x</a><a href="\x01data:text/html,x">x</a><a href="java\nscript:alert(1)">x</a>',
    "<IMG SRC='data:text/html,<script>alert(1)</script>'><iframe src=//example.org><base href=//example.org>",
    "<p style='background: url(//example.org)' onclick=alert(1)>x</p><form action=//example.org><input autofocus>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_a_cell_shows_can_run_or_load(payload: str, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(safe_html(payload), encoding="utf-8")
    seen = Seen(path)
    assert set(seen.tags) <= {"a", "img", "p", "div", "table"}
    assert not [name for _, name, _ in seen.attributes if name.startswith("on") or name == "style"]
    assert not seen.values("a", "href")
    assert all((source or "").startswith("data:image/") for source in seen.values("img", "src"))


def test_a_long_table_is_cut_without_a_word_of_english() -> None:
    cut = pd.DataFrame({"loans": range(100)})._repr_html_()
    assert "100 rows" in cut
    html = safe_html(cut)
    assert "rows" not in html
    assert '<td class="number">...</td>' in html
    assert '<th class="number">loans</th>' in html


def test_intervals_and_gaps_count_as_numbers_and_mixed_columns_as_text() -> None:
    table = (
        "<table><thead><tr><th></th><th>share</th><th>class</th></tr></thead><tbody>"
        "<tr><th>a</th><td>0.25 [0.21, 0.29]</td><td>1-29</td></tr>"
        "<tr><th>b</th><td>NaN</td><td>90+</td></tr></tbody></table>"
    )
    html = safe_html(table)
    assert '<th class="number">share</th>' in html
    assert '<td class="number">NaN</td>' in html
    assert "<th>class</th>" in html
    assert "<th>a</th>" in html


# What can go wrong while a notebook runs


def test_a_notebook_that_shows_no_population_is_refused() -> None:
    empty = nbformat.v4.new_notebook(cells=[code("1")])
    with pytest.raises(ReportError, match="x: shows no population"):
        provenance_of(empty, "x")
    output = nbformat.v4.new_output("display_data", metadata={"loanpersona": {"persona": "a", "n": "many"}})
    empty.cells[0].outputs = [output]
    with pytest.raises(ReportError, match="no valid persona_digest, n, seed, digest, synthetic"):
        provenance_of(empty, "x")


def test_a_missing_kernel_is_the_fault_of_the_machine(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    with pytest.raises(MachineError, match=r'^ipykernel: not installed. Hint: pip install "loanpersona\[reports\]"$'):
        render_report(notebook, out=tmp_path / "out")


# Where reports go


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_folder_that_cannot_be_one_stops_before_a_kernel(notebook: Path, tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("here first", encoding="utf-8")
    with pytest.raises(MachineError, match=f"{out}: cannot write: ") as caught:
        render_report(notebook, out=tmp_path / out)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("no_kernel")
def test_a_full_disk_stops_before_a_kernel(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "fsync", no_space)
    with pytest.raises(MachineError, match="cannot write: No space left on device"):
        render_report(notebook, out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_fills_up_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "report.html"
    files.publish(path, b"earlier")
    monkeypatch.setattr(files.os, step, no_space)
    with pytest.raises(MachineError, match=r"report.html: cannot write: No space left on device"):
        files.publish(path, b"later")
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_published_file_replaces_a_link_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"mine")
    (tmp_path / "report.html").symlink_to(tmp_path / "outside")
    files.publish(tmp_path / "report.html", b"report")
    assert (tmp_path / "outside").read_bytes() == b"mine"
    assert (tmp_path / "report.html").read_bytes() == b"report"


@pytest.mark.parametrize("persona", ["../x", "/etc/x", "{x.__class__}", "http://x", "a\0b", "画像", "-rf", "x" * 400])
def test_no_name_leads_out_of_the_folder(persona: str) -> None:
    name = file_name("01_profile", Provenance(persona, "ab", 1, 2, "cd", "s"), "en", {})
    assert all(part.replace("-", "").replace("_", "").isalnum() for part in name.split("."))
    assert name.isascii()
    assert len(name) < 200


def test_personas_whose_names_clean_to_the_same_get_different_files() -> None:
    names = {
        file_name("x", Provenance(persona, "", 1, 2, "", ""), "en", {}) for persona in ("画像", "客户", "a b", "a-b")
    }
    assert len(names) == 4


def test_scenarios_of_further_parameters_do_not_overwrite_each_other() -> None:
    names = {file_name("x", IGNORED, "en", further) for further in ({}, {"share": 0.25}, {"share": 0.75})}
    assert len(names) == 3
    assert "x.article.n50.seed7.en.html" in names


# The index


def cards(index: Seen) -> list[str | None]:
    """The pages that an index leads to, its own other language and its head left out."""
    own = ("#main", "index.html", "index.zh.html")
    return [href for href in index.values("a", "href") if href not in own]


@pytest.mark.parametrize(("lang", "words"), [("en", ["Who borrows", "Synthetic"]), ("zh", ["谁在借钱", "合成数据"])])
def test_the_index_shows_a_page_once_with_the_way_to_its_other_language(
    reports: dict[str, Path], lang: str, words: list[str]
) -> None:
    other = "zh" if lang == "en" else "en"
    index = Seen(reports["en"].parent / index_file(lang))
    assert cards(index) == [reports[lang].name, reports[other].name]
    for word in ("article", "60", "cd" * 4, *words):
        assert word in index.visible
    assert "cd" * 5 not in index.visible
    assert "script" not in index.tags


def test_the_index_shows_key_figures_and_a_chart_and_no_more_than_they_say(tmp_path: Path) -> None:
    drawn = "<svg viewBox='0 0 9 9' onload='alert(1)'><path d='M0 0h9'/><script>alert(2)</script></svg>"
    figures = [{"value": "70%", "words": "are <b>men</b>"}, {"value": "1"}]
    update_index(tmp_path, replace(entry(tmp_path, "b.html"), question="Who?", figures=figures, thumbnail=drawn))
    index = Seen(tmp_path / "index.html")
    assert "are <b>men</b>" in index.visible
    assert "Who?" in index.visible
    assert {"svg", "path"} <= set(index.tags)
    assert "script" not in index.tags
    assert not [name for _, name, _ in index.attributes if name.startswith("on")]


def test_the_manifest_holds_the_hash_of_each_file(reports: dict[str, Path]) -> None:
    manifest = json.loads((reports["en"].parent / "manifest.json").read_text(encoding="utf-8"))
    assert [row["file"] for row in manifest["reports"]] == [path.name for path in reports.values()]
    for row, path in zip(manifest["reports"], reports.values(), strict=True):
        assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (row["n"], row["seed"], row["digest"], row["versions"]["numpy"]) == (
            60,
            7,
            "cd" * 32,
            np.__version__,
        )


def entry(folder: Path, file: str, title: str = "A title") -> Entry:
    (folder / file).write_text("report", encoding="utf-8")
    return Entry(file, "x", title, "en", "article", "ab", 1, 2, "cd", "ef", 0, {})


def test_entries_whose_files_are_gone_are_dropped(tmp_path: Path) -> None:
    update_index(tmp_path, entry(tmp_path, "a.html"))
    update_index(tmp_path, entry(tmp_path, "b.html"))
    (tmp_path / "a.html").unlink()
    index = update_index(tmp_path)
    assert cards(Seen(index)) == ["b.html"]
    there = ["b.html", "index.html", "index.zh.html", "manifest.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == there


@pytest.mark.parametrize(
    "damage",
    ["", "{", "null", "[]", '{"reports": 5}', '{"reports": [5, {"file": "../x"}, {}]}', "\udcff"],
)
def test_a_damaged_manifest_is_begun_anew(tmp_path: Path, damage: str) -> None:
    (tmp_path / "manifest.json").write_text(damage, encoding="utf-8", errors="surrogateescape")
    index = update_index(tmp_path, entry(tmp_path, "b.html"))
    assert cards(Seen(index)) == ["b.html"]


def manifest(folder: Path) -> list[dict[str, Any]]:
    """The reports that a manifest lists."""
    result: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["reports"]
    return result


def test_reports_finished_at_the_same_time_are_all_listed(tmp_path: Path) -> None:
    entries = [entry(tmp_path, f"{letter}.html") for letter in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: update_index(tmp_path, one), entries))
    assert sorted(one["file"] for one in manifest(tmp_path)) == [one.file for one in entries]


def test_a_title_with_markup_is_text_in_the_index(tmp_path: Path) -> None:
    index = Seen(update_index(tmp_path, entry(tmp_path, "b.html", "<script>alert(1)</script>")))
    assert "script" not in index.tags
    assert "<script>alert(1)</script>" in index.visible


def test_an_index_of_no_reports_says_so(tmp_path: Path) -> None:
    assert "No reports yet." in Seen(update_index(tmp_path)).visible


def test_every_fault_of_a_report_is_one_of_ours() -> None:
    assert all(issubclass(fault, LoanpersonaError) for fault in (InputError, ReportError, MachineError))

"""Pages on paper: any Chromium prints them, and a machine without one says so before anything runs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from loanpersona.core.errors import MachineError
from loanpersona.rendering import render_reports
from loanpersona.reports import pdf

PAGE = "<!DOCTYPE html><html lang='en'><title>A page</title><p>words</p></html>"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page in a folder whose name an address must escape."""
    result = tmp_path / "with space" / "a.n5.en.html"
    result.parent.mkdir()
    result.write_text(PAGE, encoding="utf-8")
    return result


def browser(folder: Path, does: str) -> str:
    """A stand-in for Chromium, found by its name, that does something with `page` and `made`."""
    script = folder / "google-chrome"
    find = "made = next(w.partition('=')[2] for w in sys.argv if w.startswith('--print-to-pdf='))"
    script.write_text(f"#!{sys.executable}\nimport sys\n{find}\npage = sys.argv[-1]\n{does}\n", encoding="utf-8")
    script.chmod(0o755)
    return str(script)


def test_a_machine_without_chromium_says_so_in_a_line_before_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("a kernel was started"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MachineError, match=r"^--pdf: no Chromium found\. Hint: install one that goes by chromium, "
    ) as it:
        render_reports(["01_profile"], out=tmp_path / "out", n=50, pdf=True)
    assert it.value.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_chromium_is_found_by_any_of_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = browser(tmp_path, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pdf.find_chromium() == there


def test_the_pdf_lies_beside_its_page_and_replaces_an_earlier_one(tmp_path: Path, page: Path) -> None:
    page.with_suffix(".pdf").write_bytes(b"earlier")
    printed = pdf.print_pdf(page, browser(tmp_path, "open(made, 'w').write(page)"))
    assert printed == page.with_suffix(".pdf")
    assert printed.read_text(encoding="utf-8") == page.as_uri()
    assert "%20" in page.as_uri()
    assert sorted(path.name for path in page.parent.iterdir()) == ["a.n5.en.html", "a.n5.en.pdf"]


@pytest.mark.parametrize("does", ["sys.exit(1)", "pass", "import time; time.sleep(60)"])
def test_a_browser_that_prints_nothing_is_the_fault_of_the_machine(
    tmp_path: Path, page: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    monkeypatch.setattr(pdf, "_PATIENCE", 1)
    with pytest.raises(MachineError, match=r"a\.n5\.en\.pdf: .*google-chrome did not print the page"):
        pdf.print_pdf(page, browser(tmp_path, does))
    assert [path.name for path in page.parent.iterdir()] == ["a.n5.en.html"]


@pytest.mark.skipif(not any(map(shutil.which, pdf.NAMES)), reason="no Chromium on this machine")
def test_an_installed_chromium_prints_a_page(page: Path) -> None:
    assert pdf.print_pdf(page, pdf.find_chromium()).read_bytes().startswith(b"%PDF-")

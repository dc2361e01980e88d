"""The page "A frame with its chart" of the guide, followed to the letter in a copy of the package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from loanpersona.analysis.frame import declarations

ROOT = Path(__file__).parents[1]
MOST_LINES, MOST_FILES = 40, 5
BLOCK = re.compile(r"^```\w+\n# (\S+/\S+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
PROMISED = """
import sys, pytest
import loanpersona as lp
from loanpersona.analysis.frame import declarations
from loanpersona.charts.plot import entries
from loanpersona.core.words import LANGUAGES, has_word

name, test, cell = sys.argv[1:]
room, _, function = name.partition(".")
assert function in dir(getattr(lp, room)), "not public"
assert name in set(lp.frames()["frame"]), "not in the dictionary of results"
assert has_word(name) and has_word(declarations()[name].counts), "has no words"
assert (name, "") in entries(), "its chart entry is not read"
population = lp.generate(lp.load_persona("article"), n=300, seed=7)
for by in (None, "sex"):
    frame = getattr(getattr(lp, room), function)(population, by=by)
    for lang in LANGUAGES:
        assert lp.labels.label(name, lang) in lp.plot(frame, lang=lang).get_title(loc="left")
        assert len(lp.in_words(frame, lang)) == len(frame)
exec(cell, {"lp": lp, "population": population, "lang": "zh"})
raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", "--doctest-modules", test, "-o", "pythonpath="]))
"""


def page() -> str:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return guide.split("\n## A frame with its chart\n")[1].split("\n## ")[0]


def test_a_frame_with_its_chart_takes_forty_lines_in_five_files_at_most() -> None:
    blocks = BLOCK.findall(page())
    assert len(blocks) == page().count("```") / 2, "a block does not name its file"
    assert sum(len([line for line in content.splitlines() if line.strip()]) for _, content in blocks) <= MOST_LINES
    assert {"analysis", "charts", "catalog"} <= {Path(file).parts[1] for file, _ in blocks}
    assert len({file for file, _ in blocks}) <= MOST_FILES


def test_the_page_makes_a_frame_that_is_public_worded_drawn_and_tested(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "loanpersona", tmp_path / "loanpersona", ignore=shutil.ignore_patterns("__pycache__"))
    files = dict(BLOCK.findall(page()))
    [cell] = [content for file, content in files.items() if file.endswith(".ipynb")]
    [test] = [file for file in files if Path(file).name.startswith("test_")]
    [name] = re.findall(r'^entry\("([\w.]+)"', page(), flags=re.MULTILINE)
    assert name not in declarations(), "the package has this frame already"
    for file, content in files.items():
        assert (ROOT / file).exists() or file == test
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        with (tmp_path / file).open("a", encoding="utf-8") as end:
            end.write("\n\n" + content)
    command = [sys.executable, "-c", PROMISED, name, test, cell]
    settings = {**os.environ, "PYTHONPATH": str(tmp_path), "MPLBACKEND": "agg"}
    run = subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout

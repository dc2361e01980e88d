"""Write student and teacher copies of the notebooks, one language each; a student's copy has no solutions.

Outputs are left out, so that everybody runs the notebook; `lang` of the parameters is set to the language of the copy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("en", "zh")
READERS = ("students", "teachers")
PARAMETER = 'lang: str = "{}"'


def main() -> None:
    """Write every copy into a folder per reader and language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "copies")
    out = parser.parse_args().out
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for reader in READERS:
            for lang in LANGUAGES:
                print(write_copy(path, out / reader / lang, lang, solutions=reader == "teachers"))


def write_copy(path: Path, folder: Path, lang: str, *, solutions: bool) -> Path:
    """Write one copy; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(copy(nbformat.read(path, as_version=4), lang, solutions=solutions), folder / path.name)
    return folder / path.name


def copy(notebook: nbformat.NotebookNode, lang: str, *, solutions: bool) -> nbformat.NotebookNode:
    """The notebook in one language, without outputs, and without solutions unless they are asked for."""
    left_out = {f"lang-{other}" for other in LANGUAGES if other != lang} | (set() if solutions else {"solution"})
    notebook.cells = [cell for cell in notebook.cells if not left_out & set(cell.metadata.get("tags", []))]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = cell.source.replace(PARAMETER.format("en"), PARAMETER.format(lang))
    return notebook


if __name__ == "__main__":
    main()

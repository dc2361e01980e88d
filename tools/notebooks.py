"""Run the committed notebooks in place and write them in one normal form, so that only real changes differ."""

from __future__ import annotations

import argparse
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# Encrypted and silent; without it each kernel start prints a warning about plain TCP.
QUIET = Config({"KernelManager": {"transport_encryption": "auto"}})


def execute(path: Path) -> None:
    """Run a notebook from its first cell and keep what it shows."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, record_timing=False, kernel_name="python3", config=QUIET).execute()
    nbformat.write(normal(notebook), path)


def normal(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with nothing in it that differs from one run to the next."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return notebook


def main() -> None:
    """Run the notebooks named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(NOTEBOOKS.glob("*.ipynb")))
    for path in parser.parse_args().notebooks:
        execute(path)
        print(path.name)


if __name__ == "__main__":
    main()

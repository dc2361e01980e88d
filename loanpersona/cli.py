"""The command line: generate, report, describe, digest, check, doctor."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from loanpersona.core.errors import InputError, MachineError, ReportError, did_you_mean, together
from loanpersona.exits import leave

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EXIT_CODES = (
    "Exit codes: 0 done, 1 a report failed, 2 the input was wrong, 3 the machine is in the way, 130 interrupted, "
    "143 ended from outside."
)


class _Commands(click.Group):
    """Names the nearest command where one is mistyped."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise InputError(f"loanpersona {args[0]}: unknown command. {did_you_mean(args[0], self.commands)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings=CONTEXT, epilog=EXIT_CODES)
@click.version_option(version("loanpersona"), message="loanpersona %(version)s")
def cli() -> None:
    """Synthetic borrowers of Chinese micro-loan apps: a sourced persona file becomes a population,
    notebooks and bilingual reports. Every row is made up; the same persona, seed and number give the
    same user on every machine.

    \b
    loanpersona report                                    # all reports, in English and Chinese
    loanpersona generate --n 100000 --out people          # users.parquet, truth.parquet
    loanpersona describe article --lang zh                # the persona in words and tables
    loanpersona digest article --n 5000 --seed 7          # the fingerprint of a population
    loanpersona check                                     # the article, statement by statement
    """


persona_option = click.option(
    "--persona",
    default="article",
    show_default=True,
    metavar="NAME|PATH",
    help="Who borrows: a shipped persona or a file.",
)
persona_argument = click.argument("persona", metavar="[PERSONA]", default="article")
n_option = click.option("--n", default="20000", show_default=True, metavar="COUNT", help="Number of users.")
seed_option = click.option(
    "--seed", default="7", show_default=True, metavar="COUNT", help="Any whole number from 0 to 2**128 - 1."
)
set_option = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change the persona, such as income_cny_month.scale=0.8; may be repeated, changes are checked together.",
)
lang_option = click.option("--lang", default="en", show_default=True, metavar="en|zh", help="Language.")
debug_option = click.option("--debug", is_flag=True, help="Show the traceback of an error.")


@cli.command()
@persona_option
@set_option
@n_option
@seed_option
@click.option("--out", required=True, metavar="DIR", help="Folder to make; an earlier population in it is replaced.")
@click.option("--format", default="parquet", show_default=True, metavar="parquet|csv", help="How to write tables.")
@click.option(
    "--tables",
    "named",
    multiple=True,
    metavar="TABLE,...",
    help="Make these tables only; may be repeated. [default: all]",
)
@click.option(
    "--without-truth",
    is_flag=True,
    help="Leave out the hidden table; nothing else changes but digest and texts. Whoever knows persona and seed, which "
    "the folder names, can make it again.",
)
@debug_option
def generate(
    persona: str,
    changes: Sequence[str],
    n: str,
    seed: str,
    out: str,
    format: str,
    named: Sequence[str],
    without_truth: bool,
    debug: bool,
) -> None:
    """Draw a population and save it: one file per table, dictionary, datasheet, manifest.

    Each block of users is written as it is drawn, so that memory does not grow with their number.
    """
    del debug
    from loanpersona import tables
    from loanpersona.simulation.streaming import check_observed, observed, stream
    from loanpersona.tables import store

    names = [name.strip() for each in named for name in each.split(",")] or None
    further: list[Callable[[], Any]] = [partial(store.check_format, format), partial(_check_named, out)]
    further += [] if names is None else [partial(tables.check_names, names)]
    further += [partial(check_observed, names or [])] if without_truth else []
    loaded, count, start = _checked(persona, changes, n, seed, *further)
    if without_truth and names is None:
        names = observed(loaded)
    saved = stream(loaded, Path(out), n=count, seed=start, tables=names, format=format, watch=_watched)
    for schema in saved.schemas:
        click.echo(f"{schema.name}: {saved.rows[schema.name]:,} rows, {len(schema.columns)} columns")
    click.echo(f"{store.SYNTHETIC}\npersona {loaded.name}, n {count}, seed {start}")
    click.echo(f"digest {saved.digest}\n{out}")


def _watched(parts: Iterable[Any], count: int) -> Iterator[Any]:
    """The parts, with a bar that says how many are done where somebody sits before a terminal."""
    if not sys.stderr.isatty():
        yield from parts
        return
    with click.progressbar(parts, length=count, label="users", file=sys.stderr) as bar:
        yield from bar


@cli.command()
@click.argument("notebooks", nargs=-1, metavar="[NOTEBOOK]...")
@click.option("--out", default="reports", show_default=True, metavar="DIR", help="Folder of the reports.")
@persona_option
@set_option
@n_option
@seed_option
@click.option("--lang", "langs", multiple=True, metavar="en|zh", help="Language; may be repeated. [default: both]")
@click.option("--assumptions", default="", metavar="FILE|TEXT", help="Other numbers for the analyses: recovery: 0.3")
@click.option("--deadline", default="1800", show_default=True, metavar="SECONDS", help="End a notebook after that.")
@click.option("--pdf", is_flag=True, help="Print each page to a PDF too, with an installed Chromium.")
@debug_option
def report(
    notebooks: Sequence[str],
    out: str,
    persona: str,
    changes: Sequence[str],
    n: str,
    seed: str,
    langs: Sequence[str],
    assumptions: str,
    deadline: str,
    pdf: bool,
    debug: bool,
) -> None:
    """Run notebooks (all of them if none is named) and turn each into one HTML file per language.

    One that fails is told at the end and kept as .failed.ipynb; the others are made all the same. Pages that are there
    already, made from the same, are not made again.
    """
    del debug
    from loanpersona.core.words import LANGUAGES, check_language
    from loanpersona.rendering import render_reports
    from loanpersona.reports import declared_parameters, notebook_names
    from loanpersona.simulation.chance import check_count

    names, spoken = notebooks or notebook_names(), langs or LANGUAGES
    further: list[Callable[[], Any]] = [partial(declared_parameters, name) for name in names]
    further += [partial(check_language, lang) for lang in spoken]
    further += [partial(_check_named, out), partial(check_count, _whole(deadline), "deadline", most=10**6)]
    _, count, start = _checked(persona, changes, n, seed, *further)
    shared: dict[str, Any] = {"persona": persona, "n": count, "seed": start}
    # A notebook of one's own need not know of these two.
    shared |= {"changes": _changes(changes)} if changes else {}
    shared |= {"assumptions": assumptions} if assumptions else {}
    settings: dict[str, Any] = {"out": out, "langs": spoken, "pdf": pdf, "deadline": float(deadline)}
    render_reports(names, said=click.echo, **settings, **shared)
    click.echo(str(Path(out) / "index.html"))


@cli.command()
@persona_argument
@set_option
@n_option
@seed_option
@debug_option
def digest(persona: str, changes: Sequence[str], n: str, seed: str, debug: bool) -> None:
    """Print the digest of a population, alone on the last line."""
    del debug
    from loanpersona.simulation.generation import generate as draw

    loaded, count, start = _checked(persona, changes, n, seed)
    population = draw(loaded, n=count, seed=start)
    click.echo(f"persona {loaded.name} {loaded.digest}, n {count}, seed {start}")
    click.echo(population.digest)


@cli.command()
@persona_argument
@set_option
@lang_option
@click.option("--diff", "other", metavar="OTHER", help="Print what differs from another persona, with sources.")
@click.option("--null", is_flag=True, help="Print its null twin: the same margins, every dependence removed.")
@click.option("--yaml", is_flag=True, help="Print it as one file, with what it extends and the changes merged in.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of persona files, for editors.")
@click.option("--extends-anywhere", is_flag=True, help="Let it extend files outside its folder; see --yaml.")
@debug_option
def describe(
    persona: str,
    changes: Sequence[str],
    lang: str,
    other: str | None,
    null: bool,
    yaml: bool,
    schema: bool,
    extends_anywhere: bool,
    debug: bool,
) -> None:
    """Tell a persona in words and tables, or what differs, or write it down."""
    del debug
    from loanpersona.persona.model import Persona
    from loanpersona.persona.resolver import load_persona
    from loanpersona.simulation.parameters import check_parameters

    if sum((other is not None, null, yaml, schema)) > 1:
        raise InputError("describe: one thing at a time. Allowed: one of --diff, --null, --yaml, --schema.")
    if schema:
        click.echo(json.dumps(Persona.schema(), indent=1, ensure_ascii=False))
        return
    allowed: dict[str, Any] = {"extends_anywhere": extends_anywhere}
    loaded, _, *others = together(
        partial(check_parameters, persona=persona, changes=_changes(changes), lang=lang, **allowed),
        partial(_check_changes, changes),
        *([] if other is None else [partial(load_persona, other, **allowed)]),
    )
    said = loaded.diff(others[0], lang) if others else loaded.null().to_yaml() if null else ""
    click.echo(said or (loaded.to_yaml() if yaml else loaded.describe(lang)), nl=False)


@cli.command()
@persona_option
@set_option
@click.option("--n", default="100000", show_default=True, metavar="COUNT", help="Number of users.")
@seed_option
@click.option("--json", "file", metavar="FILE", help="Also write the ledger there, as ledger.schema.json describes it.")
@debug_option
def check(persona: str, changes: Sequence[str], n: str, seed: str, file: str | None, debug: bool) -> None:
    """Hold a population against every statement of the article; exit 1 where persona article contradicts one.

    Says of each what comes out, where the number comes from, and what published figures say.
    """
    del debug
    from loanpersona.claims.ledger import check_claims
    from loanpersona.claims.telling import as_json, lines
    from loanpersona.simulation.generation import generate as draw

    loaded, count, start = _checked(persona, changes, n, seed, *([] if file is None else [partial(_check_named, file)]))
    ledger = check_claims(draw(loaded, n=count, seed=start))
    click.echo(f"persona {loaded.name}, n {count}, seed {start}")
    click.echo("\n".join(lines(ledger)))
    if file is not None:
        made_of = {"persona": loaded.name, "digest": loaded.digest, "n": count, "seed": start}
        text = json.dumps(as_json(ledger, **made_of), indent=1, ensure_ascii=False)
        Path(file).write_text(text + "\n", encoding="utf-8")
    contradicted = ledger.loc[ledger["here"] == "contradicted", "statement"].tolist()
    if contradicted and loaded.name == "article":
        raise ReportError(f"persona article contradicts {', '.join(contradicted)}.")


@cli.command()
@debug_option
def doctor(debug: bool) -> None:
    """Show versions, kernel, typeface and cores, and what is missing."""
    del debug
    from loanpersona.doctor import findings

    rows = findings()
    width = max(len(row.name) for row in rows)
    for row in rows:
        click.echo(f"{row.mark:7}  {row.name:{width}}  {row.result}")
    bad = [f"{row.name}: {row.result}. {row.cure}" for row in rows if not row.good]
    if bad:
        raise MachineError("\n".join(bad))


def _checked(
    persona: str, changes: Sequence[str], n: str, seed: str, *further: Callable[[], Any]
) -> tuple[Any, int, int]:
    """The persona, n and seed of a command, with the faults of all of them and of further checks in one go."""
    from loanpersona.simulation.parameters import check_parameters

    count, start = _whole(n), _whole(seed)
    checked = partial(check_parameters, persona=persona, changes=_changes(changes), n=count, seed=start)
    loaded, *_ = together(checked, partial(_check_changes, changes), *further)
    return loaded, int(count), int(start)


def _changes(stated: Sequence[str]) -> str:
    """Changes as the lines `path: value` that a persona takes; those of another form are left to the check."""
    return "\n".join("{0}: {2}".format(*change.partition("=")) for change in stated if _is_change(change))


def _check_changes(stated: Sequence[str]) -> None:
    allowed = "PATH=VALUE, such as sex.shares.male=0.5"
    wrong = [f"--set = {change!r}: not a change. Allowed: {allowed}." for change in stated if not _is_change(change)]
    if wrong:
        raise InputError(*wrong)


def _is_change(text: str) -> bool:
    path, equal, _ = text.partition("=")
    return bool(path.strip() and equal)


def _check_named(out: str) -> None:
    # An unset variable of a shell script must not mean "here".
    if not out.strip():
        raise InputError("out = '': no folder. Allowed: the path of a folder.")


def _whole(text: str) -> Any:
    """The whole number that a text states; any other text stays as it is, for the check to name."""
    bare = text.replace("_", "").strip()
    return int(bare) if re.fullmatch(r"-?[0-9]{1,60}", bare) else text


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code; an error is its message alone."""
    leave(cli, list(sys.argv[1:] if arguments is None else arguments))

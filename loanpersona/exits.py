"""How a command ends: an error in one line, an exit code, nothing half done after Ctrl-C."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import click

from loanpersona.core.errors import LoanpersonaError, MachineError, PersonaWarning

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


class Terminated(KeyboardInterrupt):
    """Ended from outside, a command tidies up as it does after Ctrl-C."""


def leave(command: click.Command, arguments: list[str]) -> NoReturn:
    """Run a command and leave with its exit code; an error is its message alone."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a character shows its number
            stream.reconfigure(errors="backslashreplace")
    if isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):  # PYTHONUNBUFFERED: short writes go unnoticed
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(sys.stdout.buffer), sys.stdout.encoding, "backslashreplace")
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(_run(command, arguments))


def _terminate(*_: object) -> None:
    raise Terminated


def _run(command: click.Command, arguments: list[str]) -> int:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", PersonaWarning)
            warnings.showwarning = partial(_note, warnings.showwarning)
            command.main(args=arguments or ["--help"], prog_name="loanpersona", standalone_mode=False)
        sys.stdout.flush()
    except LoanpersonaError as error:
        if "--debug" in arguments:
            traceback.print_exc()
        else:
            click.echo(str(error), err=True)
        return error.exit_code
    except click.ClickException as error:
        click.echo(f"loanpersona: {error.format_message().rstrip('.')}. See loanpersona --help.", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as end:  # click puts the second in place of the first
        click.echo("interrupted", err=True)
        return TERMINATED if Terminated in {type(end), type(end.__cause__)} else INTERRUPTED
    except MemoryError:
        click.echo("not enough memory. Take a smaller n.", err=True)
        return MachineError.exit_code
    except (BrokenPipeError, SystemExit):  # whoever read the output has seen enough; click leaves on its own
        _write_no_more()
    except OSError as error:
        _write_no_more()
        click.echo(f"{error.filename or 'output'}: {error.strerror or error}.", err=True)
        return MachineError.exit_code
    return 0


def _note(otherwise: Callable[..., None], message: Warning | str, category: type[Warning], *where: Any) -> None:
    """Show a note on a persona in one line, and any other warning as ever."""
    if issubclass(category, PersonaWarning):
        click.echo(f"note: {message}", err=True)
    else:
        otherwise(message, category, *where)


def _write_no_more() -> None:
    """Point stdout at nothing, so that Python does not try once more to write what is left when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

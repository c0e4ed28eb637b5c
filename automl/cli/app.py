"""The commands put together, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from automl.cli.compare import compare
from automl.cli.doctor import doctor
from automl.cli.explain import explain
from automl.cli.export import export
from automl.cli.judge import judge
from automl.cli.ls import ls
from automl.cli.predict import predict
from automl.cli.replay import replay
from automl.cli.report import report
from automl.cli.resume import resume
from automl.cli.rm import rm
from automl.cli.search import search
from automl.cli.show import show
from automl.cli.spaces import group, spaces
from automl.cli.sync import sync
from automl.cli.ui import ui
from automl.cli.update import update
from automl.errors import AutoMLError, asked_by
from automl.files import disk_fault

COMMANDS: tuple[Callable[..., None], ...] = (
    *(search, resume, judge, update, compare, show, explain, replay, report, ui, export, predict, spaces, doctor),
    *(ls, rm, sync),
)
"""Every command, in the order in which the help shows them; each is called by its function's name."""

UsageMistake: type[Exception] = typer.BadParameter.__mro__[1]
"""What is raised for a command line that cannot be parsed; typer shows only this kind of it by a name of its own."""


class Commands(TyperGroup):
    """The commands, whose exit code says by which signal they were interrupted; typer knows ctrl-C alone."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interruption:
            raise typer.Exit(128 + asked_by(interruption)) from interruption


app = typer.Typer(
    name="automl",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in COMMANDS:
    if _command is spaces:
        app.add_typer(group)
    else:
        app.command()(_command)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"automl {version('automl')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which one.")
    ] = False,
) -> None:
    """Search neural networks for a table, judge the best once on sealed rows, export it."""


def run(arguments: Sequence[str] | None = None, started: float | None = None) -> int:
    """Run one command to its end.

    Args:
        arguments: The words after `automl`; those of this process if None.
        started: The `time.monotonic()` from which its timeout counts; now if None.

    Returns:
        The exit code: 0 done, 2 a mistake the user can fix, 1 anything else; interrupted, 128 and the
            signal's number: 130 by ctrl-C, 143 by SIGTERM, 129 by a terminal that was closed.
    """
    return exit_code(lambda: app(args=arguments, prog_name="automl", standalone_mode=False, obj=started))


def exit_code(work: Callable[[], Any]) -> int:
    """Do the work, say on stderr what a person can mend, and give the exit code; other errors pass through.

    Args:
        work: Gives an exit code, or anything else where all went well.
    """
    try:
        code = work()
        sys.stdout.flush()
    except AutoMLError as error:
        return _refuse(str(error), error.exit_code)
    except UsageMistake as error:
        return _refuse(_usage_sentence(error), 2)
    except KeyboardInterrupt as interruption:
        return 128 + asked_by(interruption)
    except typer.Abort:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
        return 1
    except Exception as error:
        if (fault := disk_fault(error)) is None:
            raise
        return _refuse(str(fault), fault.exit_code)
    return code if isinstance(code, int) else 0


def _refuse(text: str, code: int) -> int:
    sys.stderr.write(f"error: {text}\n")
    return code


def _usage_sentence(error: Any) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "automl"
    sentence = " ".join(error.format_message().split())
    return f"{sentence.rstrip('.')}; see {command} --help" if sentence else f"see {command} --help"

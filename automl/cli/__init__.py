"""The command line: parse, call the hall, print, exit."""

from __future__ import annotations


def main() -> None:
    """Run the command `automl` with the arguments of this process, and end the process with its exit code."""
    from automl.errors import asked_by

    try:
        code = _run()
    except KeyboardInterrupt as interruption:  # before the command itself could answer it
        code = 128 + asked_by(interruption)
    raise SystemExit(code)


def _run() -> int:
    import os
    import sys

    from automl.cli.app import run
    from automl.cli.signals import heed_signals
    from automl.cli.started import process_started
    from automl.cli.streams import settle_streams

    # Threads that spin while they wait for one another make training several times slower on a machine that is busy.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if not sys.stdout.isatty():  # on CI services typer colours its help wherever it goes
        os.environ.setdefault("_TYPER_FORCE_DISABLE_TERMINAL", "1")
    settle_streams()
    heed_signals()
    return run(started=process_started())

"""The command line: parse, call the hall, print, exit."""

from __future__ import annotations


def main() -> None:
    """Run the command `automl` with the arguments of this process, and end the process with its exit code."""
    try:
        code = _run()
    except KeyboardInterrupt:  # before the command itself could answer it
        code = 130
    raise SystemExit(code)


def _run() -> int:
    import io
    import os
    import signal
    import sys

    from automl.cli.app import run
    from automl.cli.started import process_started

    # Threads that spin while they wait for one another make training several times slower on a machine that is busy.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if not sys.stdout.isatty():  # on CI services typer colours its help wherever it goes
        os.environ.setdefault("_TYPER_FORCE_DISABLE_TERMINAL", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter is no reason to stop
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # asked to end, it ends as after ctrl-C
    return run(started=process_started())

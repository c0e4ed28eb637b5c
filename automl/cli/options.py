"""The options that several commands share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from automl.cli.complete import studies
from automl.errors import PlanError

StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="The study's name.", autocompletion=studies, show_default=False)
]
RunsDir = Annotated[Path, typer.Option("--runs-dir", metavar="DIR", help="Where studies are kept.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else, on stdout.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, and nothing else, on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Trials = Annotated[
    int | None,
    typer.Option("--trials", min=1, metavar="N", help="Trials in all, earlier ones included.", show_default=False),
]
Timeout = Annotated[
    str | None,
    typer.Option("--timeout", metavar="D", help="Time in all: 90s, 10m, 2h.", show_default=False),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri", metavar="URI", help="An MLflow store other than this project's.", show_default=False
    ),
]
BreakSeal = Annotated[
    str | None,
    typer.Option(
        "--break-seal",
        metavar="REASON",
        help="Judge once more on test rows that were opened before; every later report shows the reason.",
        show_default=False,
    ),
]
TrialNumber = Annotated[
    int | None,
    typer.Option("--trial", min=0, metavar="N", help="This trial instead of the best one.", show_default=False),
]

_TEXT_FILES = "Text files"
Separator = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="CHAR",
        rich_help_panel=_TEXT_FILES,
        help="Between fields, or: tab, comma, semicolon, pipe, space. [default: found]",
    ),
]
Decimal = Annotated[
    str | None,
    typer.Option("--decimal", metavar=".|,", rich_help_panel=_TEXT_FILES, help="The decimal mark. [default: found]"),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        rich_help_panel=_TEXT_FILES,
        help="utf-8, cp1252, utf-16 and so on. [default: found]",
    ),
]

RUNS = Path("runs")
"""Where studies are kept unless `--runs-dir` says otherwise."""


def required_reason(break_seal: str | None) -> None:
    """Refuse to break a seal for no reason.

    Raises:
        PlanError: The option is given and empty.
    """
    if break_seal is not None and not break_seal.strip():
        raise PlanError("--break-seal must give the reason, which every later report shows")

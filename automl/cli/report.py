"""`automl report`: a study as one page that opens anywhere, rebuilt from its folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from automl.cli.options import RUNS, Json, Quiet, RunsDir, StudyName
from automl.errors import PlanError

if TYPE_CHECKING:
    from automl.tracking.record import Record

Reference = Annotated[
    str | None,
    typer.Option(
        "--reference",
        metavar="random:N",
        help="Compare the search with N random configs, which are trained beside the study first, if not before.",
        show_default=False,
    ),
]


def report(
    study: StudyName,
    reference: Reference = None,
    runs_dir: RunsDir = RUNS,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the report of a study, a page that opens anywhere, from its folder."""
    from automl.cli.screen import write_json, write_lines
    from automl.tracking.record import REFERENCE, TRACKING, Record

    count = parse_reference(reference) if reference is not None else 0
    record = Record.find(runs_dir, study)
    if count:
        _train_reference(record, count, quiet=quiet)
    from automl.report.write import write_summary, write_webpage

    write_summary(record)
    write_webpage(record)
    if record.has(TRACKING):
        _send(record, quiet=quiet)
    if as_json:
        told = {"study": record.study, "page": str(record.webpage_path)}
        write_json({**told, "reference": len(record.read_jsonl(REFERENCE))})
    else:
        write_lines([f"Report: {record.webpage_path}"])


def _send(record: Record, *, quiet: bool) -> None:
    from automl.cli.progress import reporter
    from automl.experiment.sync import send_what_is_missing

    with reporter(quiet=quiet, live=False) as progress:
        send_what_is_missing(record, progress)


def _train_reference(record: Record, count: int, *, quiet: bool) -> None:
    from automl.cli.progress import reporter
    from automl.experiment.reference import run_reference

    with reporter(quiet=quiet, live=False) as progress:
        run_reference(record, count, progress)


def parse_reference(text: str) -> int:
    """Read how many random trials are wanted.

    Raises:
        PlanError: The text is not `random:N`.

    Examples:
        >>> parse_reference("random:50")
        50
    """
    match = re.fullmatch(r"random:([1-9]\d{0,4})", text)
    if match is None:
        raise PlanError(f"--reference must be random:N, such as random:50, got {text!r}")
    return int(match[1])

"""`sync`: MLflow is told what it was not told of studies, because it was away, slow, or somebody pulled the plug.

The run folder is the spool: what it holds and MLflow has not confirmed is sent, as often as it is tried, once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from automl.errors import AutoMLError, StudyError
from automl.passwords import without_password
from automl.report.summary import summarise
from automl.report.write import write_summary
from automl.tracking.address import is_local, resolve_uri
from automl.tracking.reach import unreachable
from automl.tracking.record import PLAN, REPORT, TRACKING
from automl.tracking.tracker import sentence, start_tracking
from automl.tracking.unsent import end_state, is_sent, n_sent, recorded

_SECONDS_TO_ANSWER = 2.0
"""So long a command waits to learn whether a server is there, where its person wanted something else of it."""

if TYPE_CHECKING:
    from automl.experiment.progress import Progress
    from automl.tracking.record import Record


def sync(record: Record, *, tracking_uri: str | None = None, whole: bool = True) -> dict[str, Any]:
    """Tell MLflow what it was not told of a study, and wait for it.

    Where the server does not answer, it is tried four times, some seconds apart, and once more for every trial that got
    through; each request has a minute.

    Args:
        record: The run folder.
        tracking_uri: Where MLflow is from now on; None leaves that as it was.
        whole: Whether to look through all that is there although MLflow has confirmed everything.

    Returns:
        `study, tracking_uri, trials, sent, is_complete, reason`: how many trials are over, how many of them were not
        confirmed before and are now, whether all is confirmed, and why not, or None.

    Raises:
        PlanError: MLflow knows no such address.
        StudyError: The study is being run, or its folder is damaged.
    """
    if is_sent(record) and not whole and tracking_uri is None:
        return _told(record, 0, None)
    with record.lock():
        plan = record.read_json(PLAN)
        tracker = start_tracking(record, tracking_uri or plan.get("tracking_uri"))
        if tracking_uri is not None:
            record.write_json(PLAN, plan | {"tracking_uri": without_password(tracking_uri)})
        before = n_sent(record)
        reason = tracker.send(end_state(record))
        _renew_report(record)
    return _told(record, n_sent(record) - before, reason)


def sync_all(records: list[Record], tracking_uri: str | None = None) -> list[dict[str, Any]]:
    """Do the same for every study of which something is missing; one that cannot be told does not keep the others.

    Args:
        records: The run folders.
        tracking_uri: Where MLflow is from now on; None leaves that as it was.
    """
    told = []
    for record in records:
        try:
            told.append(sync(record, tracking_uri=tracking_uri, whole=False))
        except StudyError as error:
            told.append(_told(record, 0, str(error)))
    return told


def _told(record: Record, sent: int, reason: str | None) -> dict[str, Any]:
    try:
        uri = record.read_json(TRACKING)["tracking_uri"] if record.has(TRACKING) else None
    except AutoMLError:
        uri = None
    return {
        "study": record.study,
        "tracking_uri": uri,
        "trials": recorded(record)["trials"],
        "sent": sent,
        "is_complete": reason is None,
        "reason": reason,
    }


def send_what_is_missing(record: Record, progress: Progress) -> None:
    """Tell MLflow what it was not told of a study that nobody is running; nothing is written where nothing is missing.

    Args:
        record: The run folder.
        progress: Who hears that not everything was sent.
    """
    if is_sent(record) or record.is_running:
        return
    asked = record.read_json(PLAN).get("tracking_uri")
    uri = resolve_uri(record.runs_dir, asked, os.environ)
    if not is_local(uri) and (reason := unreachable(uri, _SECONDS_TO_ANSWER)):
        progress.say(sentence(record, reason))
        return
    with record.lock():
        for told in start_tracking(record, asked).finish(end_state(record)):
            progress.say(told)
        _renew_report(record)


def _renew_report(record: Record) -> None:
    """Let the report name the study's run in MLflow, where it has become known."""
    if record.has(REPORT) and record.read_json(REPORT).get("mlflow") != summarise(record)["mlflow"]:
        write_summary(record)

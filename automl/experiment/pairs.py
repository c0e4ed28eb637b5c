"""Studies that were judged on the same test rows, compared row by row from their stored judgements.

No test row is opened for it: `judgement.parquet` holds the truth and what each winner predicted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.data.judged import read_judged
from automl.data.target import blank_coder
from automl.evaluation.compare import verdict
from automl.evaluation.intervals import Resampling, bootstrap
from automl.report.summary import judgement_of, read_or, summarise
from automl.task import Task
from automl.tracking.record import SPLIT, TASK

if TYPE_CHECKING:
    from automl.tracking.record import Record

_OURS, _THEIRS = "ours", "theirs"
_ASKED = {
    "target": "they predict different columns",
    "kind": "they are tasks of different kinds",
    "targets": "they predict different columns",
    "deviations": "their errors are in different units",
    "quantiles": "they predict different quantiles",
    "metric": "they are scored by different metrics",
    "classes": "they know different classes",
    "positive": "they are about different positive classes",
    "weight": "their rows count differently",
    "group": "their rows belong together differently",
}
"""What two tasks must have in common, and what is said where they have not."""


def lead(study: Record, over: Record) -> dict[str, Any]:
    """Compare a study's winner with another's on the test rows that both were judged on.

    Args:
        study: The study whose lead it is.
        over: The study it is compared with.

    Returns:
        `over, value, ci_low, ci_high, rows, sentence`. A lead is positive where `study` is better, whatever the
        metric's direction; its interval is paired. Where there is none the numbers are None and the sentence says why.
    """
    reason = _incomparable(study, over)
    if reason:
        return _no_lead(study, over, reason)
    task = Task.from_json(study.read_json(TASK))
    coder = blank_coder(task)
    ours, theirs = (read_judged(each.judgement_rows_path, coder) for each in (study, over))
    if ours.rows.tolist() != theirs.rows.tolist():
        return _no_lead(study, over, "their test rows are numbered differently")
    outputs = {_OURS: ours.output, _THEIRS: theirs.output}
    drawn = bootstrap(task.metric, ours.truth, outputs, task, resampling=Resampling(ours.weights, ours.groups))
    difference = drawn.differences[_THEIRS]
    sentence = f"{study.study} is {verdict(over.study, difference, task.metric)}"
    return {"over": over.study, **difference.to_json(), "rows": len(ours.rows), "sentence": sentence}


def _no_lead(study: Record, over: Record, reason: str) -> dict[str, Any]:
    sentence = f"{study.study} and {over.study} have no paired difference: {reason}"
    return {"over": over.study, **dict.fromkeys(("value", "ci_low", "ci_high", "rows")), "sentence": sentence}


def _incomparable(study: Record, over: Record) -> str:
    """Say why two studies cannot be compared row by row; empty where they can."""
    for each in (study, over):
        if judgement_of(each, summarise(each)["best"]) is None or not each.judgement_rows_path.exists():
            return f"{each.study} has not been judged"
    digests = [read_or(each, SPLIT, {}).get("test_sha256") for each in (study, over)]
    if digests[0] is None or digests[0] != digests[1]:
        return "they were judged on different test rows"
    ours, theirs = (Task.from_json(each.read_json(TASK)) for each in (study, over))
    return next((said for name, said in _ASKED.items() if getattr(ours, name) != getattr(theirs, name)), "")

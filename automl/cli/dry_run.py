"""A dry run in words: columns, rows, findings, the space, and what one trial costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.cli.screen import write_json, write_lines, write_prose, write_rows
from automl.cli.summary import config_lines
from automl.report.figures import counted, duration, size

_MOST_CLASSES = 10
_COLUMNS = ("column", "kind", "left out because")
_PARTS = {"train": "to train on", "validation": "to choose by", "test": "to judge on"}


def write_dry_run(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Write what a search would work on, for a program or for a person."""
    if as_json:
        write_json(found)
        return
    write_prose(problem_lines(found))
    write_lines([""])
    columns = [
        dict(zip(_COLUMNS, (each["name"], each["kind"] or "left out", each["left_out"] or "")))
        for each in found["columns"]
    ]
    write_rows(_COLUMNS, columns, words=_COLUMNS)
    write_prose(closing_lines(found))


def problem_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what is to be predicted, by what it is scored, and how the rows are divided."""
    task, rows = found["task"], found["rows"]
    classes = [str(label) for label in task["classes"]]
    shown = ", ".join(classes[:_MOST_CLASSES]) + (", ..." if len(classes) > _MOST_CLASSES else "")
    of_classes = f", {len(classes)} classes: {shown}" if classes else ""
    yield f"Nothing is searched or kept: a dry run on {found['data']}"
    yield f"Task     {task['kind']}, target {task['target']!r}{of_classes}"
    positive = f"; the positive class is {task['positive']}" if task["positive"] is not None else ""
    yield f"Metric   {task['metric']}, {task['direction']}d{positive}"
    parts = ", ".join(f"{rows[part]:,} {word}" for part, word in _PARTS.items())
    yield f"Rows     {parts}"


def closing_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what was found, what would be searched, and what a trial costs."""
    sentences = [
        *(each["sentence"] for each in found["findings"] if not _is_in_table(each, found)),
        *found["tried_first"],
    ]
    if sentences:
        yield from ("", "Found in the data", *(f"  {sentence}" for sentence in sentences))
    space = found["space"]
    many = f"{space['configs']:.3g} configs of the discrete ones" if space["configs"] > 1 else "none of them discrete"
    families = f", of the families {', '.join(space['families'])}" if space["families"] else ""
    yield ""
    dimensions = f"{space['dimensions']} dimensions, {space['continuous']} continuous"
    yield f"Space    {space['name']}: {dimensions}; {many}{families}"
    yield from trial_lines(found)


def _is_in_table(finding: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    return any(finding["sentence"] == each["left_out"] for each in found["columns"])


def trial_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what a trial of the space's default costs, and how many fit into the time."""
    trial, budget = found["trial"], found["budget"]
    yield f"Device   {found['device']}"
    if trial["infeasible"]:
        yield f"Trial    the default config cannot be tried: {trial['infeasible']}"
        return
    how = "measured" if trial["is_measured"] else "predicted"
    epochs = f"{counted(trial['epochs'], 'epoch')} of {trial['epoch_seconds']:.3g} s"
    most = f"at most {duration(trial['seconds'])} for {epochs}"
    weight = f"{counted(trial['parameters'], 'parameter')}, {size(trial['bytes'])} in training"
    yield f"Trial    {weight}, {most} ({how}), with the default config:"
    yield from config_lines(trial["config"])
    fits = found["trials_in_time"]
    if fits is not None:
        counts = " to ".join(f"{count:,}" for count in sorted({*fits.values()}))
        yield f"Time     about {counts} trials like it in {duration(budget['seconds'])}, by how early they stop"

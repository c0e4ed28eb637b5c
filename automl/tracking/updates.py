"""The updates of a study in its run folder, `updates/1/` and so on: where each lies, and what it came to.

An update holds a candidate a way, each in the form of a run folder with trials, so that its model is read as a study's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.files import read_json
from automl.tracking.record import LEDGER, Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

UPDATES = "updates"
UPDATE = "update.json"
"""What an update was given, what came of it, and whether its model was promoted."""
CODER = "coder.json"
"""Of a candidate, the target's codes as it learned them."""

PRESENT, CONTINUED, SCRATCH = "present", "continued", "scratch"
"""The model that a study has, and what an update makes: that model trained on, and its config trained from scratch."""


def update_dir(record: Record, number: int) -> Path:
    """Give the folder of an update, which need not exist yet."""
    return record.run_dir / UPDATES / str(number)


def candidate(record: Record, number: int, way: str) -> Record:
    """Give the folder of what an update made in one way, in the form of a run folder."""
    return Record(update_dir(record, number) / way)


def updates_of(record: Record) -> list[dict[str, Any]]:
    """Give what is known of each update whose rows are divided, the first first; the last may be unfinished.

    Raises:
        StudyError: A file is damaged.
    """
    folder = record.run_dir / UPDATES
    numbers = [int(each.name) for each in folder.iterdir() if each.name.isdecimal()] if folder.is_dir() else []
    files = (update_dir(record, number) / UPDATE for number in sorted(numbers))
    return [read_json(path) for path in files if path.exists()]


def finished_updates(record: Record) -> list[dict[str, Any]]:
    """Give what came of each update that is over, the first first."""
    return [each for each in updates_of(record) if each.get("finished")]


def lineage(updates: Sequence[Mapping[str, Any]], weights_sha256: str) -> list[Mapping[str, Any]]:
    """Give the promoted updates that stand one on the other, the first on a study's own model.

    An update of what is the study's model no more, for the search went on, is not among them.

    Args:
        updates: The updates, the first first.
        weights_sha256: The digest of the weights of the study's own model.

    Examples:
        >>> one = {"update": 1, "promoted": True, "present": {"weights_sha256": "a"}, "chosen": "scratch"}
        >>> two = {"update": 2, "promoted": True, "present": {"weights_sha256": "b"}, "chosen": "scratch"}
        >>> updates = [one | {"scratch": {"weights_sha256": "b"}}, two | {"scratch": {"weights_sha256": "c"}}]
        >>> [[each["update"] for each in lineage(updates, digest)] for digest in ("a", "z")]
        [[1, 2], []]
    """
    found, digest = [], weights_sha256
    for told in updates:
        if told.get("promoted") and told[PRESENT]["weights_sha256"] == digest:
            found.append(told)
            digest = told[told["chosen"]]["weights_sha256"]
    return found


def model_update(record: Record) -> int:
    """Give the number of the update that made the model of a judged study; 0 where that is the study's own."""
    openings = [each for each in record.read_jsonl(LEDGER) if each["event"] == "opening" and "update" not in each]
    made_by = lineage(finished_updates(record), openings[-1]["weights_sha256"]) if openings else []
    return int(made_by[-1]["update"]) if made_by else 0


def brief(record: Record, *, is_judged: bool) -> list[dict[str, Any]]:
    """Give what a study's own object says of its updates that are over.

    Args:
        record: The run folder.
        is_judged: Whether the study's best trial is judged; else no update made the model that it has.

    Returns:
        For each `update, data, created, rows, chosen, promoted, sentence`, what it came to on its own sealed rows in
        `test`, and whether it made the model that the study has now, `is_present`.
    """
    updates = finished_updates(record)
    present = model_update(record) if updates and is_judged else 0
    names = ("update", "data", "created", "rows", "chosen", "promoted", "sentence")
    return [
        {name: told[name] for name in names}
        | {"test": told["test"][told["chosen"]], "is_present": told["update"] == present}
        for told in updates
    ]

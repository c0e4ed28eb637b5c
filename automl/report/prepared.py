"""What a trial's preparation did with wide blocks and redundant columns, from the record alone, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.tracking.record import Record

PREPARED = "prepared"
"""The kind of a finding that tells it."""
_BLOCKS = {"numeric": "numeric columns", "one_hot": "one-hot columns"}


def prepared(record: Record, trial: int) -> list[dict[str, Any]]:
    """Say what a trial's preparation left out and reduced, as findings; nothing where it was not kept.

    Args:
        record: The run folder.
        trial: The trial's number.
    """
    path = record.trial(trial).preparation_path
    kept = read_json(path) if path.exists() else {}
    return [{"kind": PREPARED, "column": None, "sentence": f"trial {trial} {said}"} for said in _sentences(kept)]


def _sentences(kept: dict[str, Any]) -> Iterator[str]:
    for dropped in kept.get("dropped", ()):
        yield f"leaves out {dropped['said']}"
    for reduction in kept.get("reductions", ()):
        n_columns, n_components = len(reduction["offset"]), len(reduction["matrix"][0])
        yield (
            f"reduces {n_columns} {_BLOCKS[reduction['block']]} to {n_components} "
            f"component{'s'[: n_components != 1]} with {reduction['variance']:.1%} of their variance"
        )

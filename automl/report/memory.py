"""What memory did not hold of a trial, and how it trained instead, from the record alone, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.tracking.record import MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.tracking.record import Record


def portions(record: Record, trial: int) -> Iterator[str]:
    """Say in what portions a trial trained, where memory did not hold it otherwise; nothing where it did.

    Args:
        record: The run folder.
        trial: The trial's number.
    """
    lines = [line for line in record.read_jsonl(MEMORY) if trial in line["trials"]]
    if halves := [half for line in lines for half in line.get("halves", ()) if trial in half]:
        others = [str(number) for number in min(halves, key=len) if number != trial]
        most = max(len(line["trials"]) for line in lines)
        together = f"together with {', '.join(others)}" if others else "alone"
        yield f"trial {trial} trained {together}: memory did not hold the {most} trials of its cohort at once"
    if parts := [line["accumulation"] for line in lines if "accumulation" in line]:
        yield f"its batches went through in {max(parts)} parts, added up: memory did not hold them whole"
    if at_once := [line["at_once"] for line in lines if "at_once" in line]:
        yield f"it was evaluated on {min(at_once)} rows at a time: memory did not hold as many as usual"

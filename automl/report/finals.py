"""What came of training the best trials again, and how much of their differences the seed alone makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl.report.document import Block, Strong, Table, plain
from automl.report.figures import counted, figure
from automl.report.summary import finals_of

if TYPE_CHECKING:
    from automl.report.reading import Reading


def finals(reading: Reading) -> list[Block]:
    """Give the finalists, the mean of each one's repeats beside the score that made it one; nothing without any."""
    told = finals_of(reading.record)
    if told is None:
        return []
    rows, found = [], {row["trial"]: row["score"] for row in reading.rows}
    for each in told["finalists"]:
        name = f"trial {each['trial']}"
        shown = Strong(name) if each["trial"] == told["winner"] else name
        rows.append([shown, found[each["trial"]], each["mean"], len(each["scores"]), _span(each["scores"])])
    metric = reading.summary["metric"]
    header = ["", f"validation {metric} in the search", "mean of its repeats", "repeats", "from, to"]
    return [Table(header, rows, right=(1, 2, 3)), plain(f"{sentence(told, metric)}.")]


def _span(scores: list[float]) -> str:
    return f"{figure(min(scores))}, {figure(max(scores))}" if scores else ""


def sentence(told: Mapping[str, Any], metric: str) -> str:
    """Say who has won, and whether that is more than another seed would have made of it.

    Args:
        told: As `finals.json` holds it.
        metric: What was measured.

    Examples:
        >>> means = ((3, 0.9), (7, 0.88))
        >>> finalists = [{"trial": number, "mean": mean, "scores": [mean, mean]} for number, mean in means]
        >>> sentence({"winner": 3, "finalists": finalists, "margin": 0.01}, "f1").partition("; ")[2]
        "the next is 0.0200 behind, beyond the seed's noise"
    """
    means = {each["trial"]: each["mean"] for each in told["finalists"] if each["mean"] is not None}
    if told["winner"] not in means:
        return f"the time was up before a repeat was over, so that trial {told['winner']} stays the best"
    winner = means.pop(told["winner"])
    repeats = max(len(each["scores"]) for each in told["finalists"])
    said = f"trial {told['winner']} is the best on average over {counted(repeats, 'repeat')}, {metric} {figure(winner)}"
    if not means:
        return said
    behind = min(abs(winner - mean) for mean in means.values())
    said += f"; the next is {figure(behind, winner)} behind"
    if told["margin"] is None:
        return said
    return f"{said}, {'beyond the seed' if behind > told['margin'] else 'within the seed'}'s noise"

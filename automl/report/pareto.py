"""The Pareto front of a study that seeks small costs beside a good score: which trials none beats in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl.report.document import Block, Code, Items, Paragraph, Table, plain
from automl.report.figures import counted, duration, figure

if TYPE_CHECKING:
    from automl.report.reading import Reading

_MOST = 20


def cost(name: str, value: float | None) -> str:
    """Write a cost with its unit.

    Examples:
        >>> cost("parameters", 18354), cost("latency", 0.0841), cost("seconds", 75.0), cost("latency", None)
        ('18,354', '0.0841 ms', '1 min 15 s', '–')
    """
    if value is None:
        return figure(None)
    if name == "parameters":
        return f"{value:,.0f}"
    return duration(value) if name == "seconds" else f"{value:.3g} ms"


def sentence(summary: Mapping[str, Any]) -> str:
    """Say how many trials are on the front, and of what.

    Args:
        summary: The study as `automl.report.summary.summarise` gives it.
    """
    costs = [name for name in summary["pareto"][0] if name not in ("trial", "validation")] if summary["pareto"] else []
    front = counted(len(summary["pareto"]), "trial")
    return f"On the Pareto front of {', '.join([summary['metric'] or 'score', *costs])}: {front}"


def pareto(reading: Reading) -> list[Block]:
    """List the front, best score first, and say what it means and how another of it is exported."""
    front = reading.summary.get("pareto")
    if not front:
        return []
    costs = reading.costs
    winner = reading.summary["best"]["trial"]
    rows = [
        [each["trial"], each["validation"], *(cost(name, each[name]) for name in costs), _mark(each, winner)]
        for each in front[:_MOST]
    ]
    header = ["trial", f"validation {reading.summary['metric']}", *(_header(name) for name in costs), ""]
    left_out = len(front) - len(rows)
    others = Paragraph(
        (
            "Another of them is exported by its number: ",
            Code(f"automl export {reading.words} --trial N --output DIR"),
            ". The test rows judge the winner alone, which is the one with the best score.",
        )
    )
    return [
        Table(header, rows, right=tuple(range(2 + len(costs)))),
        *([plain(f"{counted(left_out, 'more trial')}.")] if left_out else []),
        Items([(f"{said}.",) for said in _meaning(costs)]),
        others,
    ]


def _mark(each: Mapping[str, Any], winner: int) -> str:
    return "the winner" if each["trial"] == winner else ""


def _header(name: str) -> str:
    return {"latency": "latency, predicted", "seconds": "time of training"}.get(name, name)


def _meaning(costs: tuple[str, ...]) -> list[str]:
    said = ["No completed trial is better than one of these in something and as good in all else"]
    if "latency" in costs:
        said.append("Latency is what predicting one row is expected to take on one core, right to a factor of some two")
    if "seconds" in costs:
        said.append("Time of training is measured, and differs from run to run")
    return said

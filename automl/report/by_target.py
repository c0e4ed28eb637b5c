"""Of several targets, or labels, what each comes to by itself on the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.report.document import Block, Table, plain
from automl.report.figures import figure, interval, spoken

if TYPE_CHECKING:
    from collections.abc import Mapping


def by_target(judged: Mapping[str, Any]) -> list[Block]:
    """Lay out a judgement's scores target by target, in their own units; nothing where the target is one."""
    told = judged.get("targets")
    if not told:
        return []
    names = list(next(iter(told.values())))
    rows = [[target, *(_score(scores[name]) for name in names)] for target, scores in told.items()]
    header = [f"test {judged['metric'].removeprefix('subset_')} of each", *(spoken(name) for name in names)]
    return [plain("Each by itself, numbers in their own units, with its 95 % interval:"), Table(header, rows)]


def _score(ends: Mapping[str, float | None]) -> str:
    return f"{figure(ends['value'])} {interval(ends)}"

"""The judgement row by row, as the file that every later comparison and plot reads instead of the test rows."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from automl.data.digest import ROW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from automl.data.target import TargetCoder
    from automl.task import Task


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model predicted for the test rows, in the order of their numbers.

    Args:
        rows: Each row's number in its source (N,).
        truth: Class codes, or numbers in the target's own units (N,).
        output: Probabilities (N, K), or numbers in the target's own units (N,).
        weights: How much each row counts (N,); None where all count alike.
        groups: What each row belongs to (N,); None where each stands by itself.
    """

    rows: NDArray[Any]
    truth: NDArray[Any]
    output: NDArray[Any]
    weights: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None


def judged_rows(
    rows: pd.DataFrame,
    coder: TargetCoder,
    outputs: Mapping[str, NDArray[Any]],
    losses: Mapping[str, NDArray[Any]],
    task: Task | None = None,
    interval: Mapping[str, NDArray[Any]] = MappingProxyType({}),
) -> pd.DataFrame:
    """Lay out what was predicted for each row beside the truth; no feature is among the columns.

    Args:
        rows: The test rows (N).
        coder: The target's codes.
        outputs: By predictor, the model first: probabilities (N, K), or numbers in the target's own units (N,).
        losses: By predictor: each row's loss (N,).
        task: Says which columns hold weights and groups, if any do.
        interval: The ends of the model's intervals by name (N,), where it gives any.

    Returns:
        Columns `row`, `truth`, `prediction`, `loss`, the columns of predictions or the interval's `lower` and `upper`,
        then `prediction_NAME` and `loss_NAME` of every other predictor, where no target is called by its name, then
        `weight` and `group` where rows have them.
    """
    model, *others = outputs
    columns: dict[str, Any] = {
        "row": rows[ROW].to_numpy(),
        "truth": rows[coder.target].to_numpy(),
        "prediction": coder.answers(outputs[model]),
        "loss": losses[model],
    }
    columns |= coder.told(outputs[model])
    columns |= interval
    for name in others:
        said = {f"prediction_{name}": coder.answers(outputs[name]), f"loss_{name}": losses[name]}
        columns |= {column: values for column, values in said.items() if column not in columns}
    roles = {"weight": task.weight, "group": task.group} if task else {}
    columns |= {role: rows[name].to_numpy() for role, name in roles.items() if name is not None}
    return pd.DataFrame(columns)


def read_judged(path: Path, coder: TargetCoder) -> Judged:
    """Read what `judged_rows` laid out for the model."""
    table = pd.read_parquet(path).sort_values("row", kind="stable")
    truth = coder.truth(table["truth"])
    output = table[list(coder.columns)].to_numpy(dtype="float64")
    weights, groups = (table[role].to_numpy() if role in table else None for role in ("weight", "group"))
    return Judged(table["row"].to_numpy(), truth, output if coder.is_wide else output[:, 0], weights, groups)

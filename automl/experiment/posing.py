"""What a plan asks to be predicted, once the columns of the table are known: one column, or several folded into one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from automl.data.layouts import source_defaults
from automl.data.several_targets import fold_targets, target_columns
from automl.errors import PlanError
from automl.task import KINDS

if TYPE_CHECKING:
    import pandas as pd

    from automl.experiment.plan import Plan
    from automl.task import TaskKind


@dataclass(frozen=True)
class Posed:
    """The problem that is asked for.

    Args:
        target: The target column's name, that of the folded one where there are several; None where none is named.
        kind: The kind of task; None to infer it.
        targets: The columns that are folded; empty where the target is one.
    """

    target: str | None
    kind: TaskKind | None
    targets: tuple[str, ...] = ()

    def fold(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give a table with its targets in one column.

        Raises:
            TargetError: They cannot be.
        """
        if not self.targets:
            return table
        assert self.target is not None
        return fold_targets(table, self.targets, self.target)


def pose(plan: Plan, table: pd.DataFrame) -> Posed:
    """Say what is asked for.

    Raises:
        TargetError: A target that is named is no column.
        PlanError: The task that is asked for has one target, and several are named, or the other way round.
    """
    asked, kind = plan.target or source_defaults(plan.data).target, cast("TaskKind | None", plan.kind)
    targets = () if asked is None else target_columns(asked, [str(name) for name in table.columns])
    if len(targets) < 2:
        if kind == "multitarget":
            raise PlanError("--task multitarget needs several targets, such as --target width,height")
        return Posed(asked, kind)
    if kind not in (None, "regression", "multitarget"):
        raise PlanError(f"--target names {len(targets)} columns, and a {kind} task has one")
    _refuse(plan)
    return Posed(",".join(targets), "multitarget", targets)


def _refuse(plan: Plan) -> None:
    """Refuse what several targets cannot have.

    Raises:
        PlanError: There is such an option.
    """
    if plan.include_trees:
        raise PlanError("--include-trees: boosted trees of several targets cannot answer together with networks")
    metrics = KINDS["multitarget"].metrics
    if plan.metric is not None and plan.metric not in metrics:
        raise PlanError(
            f"the metric {plan.metric!r} does not score several targets; those that do: {', '.join(metrics)}"
        )

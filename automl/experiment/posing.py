"""What a plan asks to be predicted, once the columns of the table are known: one column, or several folded into one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from automl.data.labels import are_flags, fold_flags, fold_texts, labels_of, mark_of
from automl.data.layouts import source_defaults
from automl.data.several_targets import fold_targets, target_columns
from automl.errors import PlanError
from automl.task import KINDS, Finding

if TYPE_CHECKING:
    import pandas as pd

    from automl.data.split import Division
    from automl.experiment.plan import Plan
    from automl.task import TaskKind


@dataclass(frozen=True)
class Posed:
    """The problem that is asked for.

    Args:
        target: The target column's name, that of the folded one where there are several; None where none is named.
        kind: The kind of task; None to infer it.
        targets: The columns that are folded; empty where the target is one.
        mark: Where one column of texts holds labels, what stands between them.
    """

    target: str | None
    kind: TaskKind | None
    targets: tuple[str, ...] = ()
    mark: str | None = None

    def fold(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give a table with its targets in one column; one that lacks any of them as it is.

        Raises:
            TargetError: They cannot be.
        """
        wanted = self.targets or ((self.target,) if self.target and self.mark else ())
        if self.target is None or not wanted or not set(wanted) <= set(table.columns):
            return table
        if self.mark is not None:
            return fold_texts(table, self.target, self.mark)
        return (fold_flags if self.kind == "multilabel" else fold_targets)(table, self.targets, self.target)

    def settled(self, division: Division) -> Division:
        """Give a division that says which targets or labels its target holds.

        Raises:
            TargetError: There are too few labels, or too many.
        """
        if self.kind != "multilabel":
            return replace(division, targets=self.targets)
        parts = (division.train, division.validation, division.test)
        known = self.targets or labels_of((rows[division.target] for rows in parts), division.target)
        return replace(division, classes=known, findings=(*division.findings, *self._found()))

    def _found(self) -> list[Finding]:
        if self.mark is None:
            return []
        return [Finding("labels", self.target, f"labels of {self.target!r} are what stands between {self.mark!r}")]


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
        if kind != "multilabel" or asked not in table.columns:
            return Posed(asked, kind)
        posed = Posed(asked, kind, mark=mark_of(table[asked]))
    else:
        posed = Posed(",".join(targets), _kind_of_several(kind, table, targets), targets)
    _refuse(plan, posed)
    return posed


def _kind_of_several(kind: TaskKind | None, table: pd.DataFrame, targets: tuple[str, ...]) -> TaskKind:
    if kind not in (None, "regression", "multitarget", "multilabel"):
        raise PlanError(f"--target names {len(targets)} columns, and a {kind} task has one")
    if kind == "multilabel" or (kind is None and are_flags(table, targets)):
        return "multilabel"
    return "multitarget"


def _refuse(plan: Plan, posed: Posed) -> None:
    """Refuse what several targets, or labels, cannot have.

    Raises:
        PlanError: There is such an option.
    """
    what = "labels" if posed.kind == "multilabel" else "several targets"
    if plan.include_trees:
        raise PlanError(f"--include-trees: trees of {what} cannot answer together with networks")
    assert posed.kind is not None
    metrics = KINDS[posed.kind].metrics
    if plan.metric is not None and plan.metric not in metrics:
        raise PlanError(f"the metric {plan.metric!r} does not score {what}; those that do: {', '.join(metrics)}")

"""The rows set out for a search: divided once, the test rows sealed at once, the others kept beside the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from automl.data.columns import infer_columns
from automl.data.images import image_size
from automl.data.layouts import source_defaults
from automl.data.leaks import find_leaks
from automl.data.prepare import Fitting, Preparation
from automl.data.preparing import Preparing
from automl.data.read import read_table
from automl.data.redundant import find_redundant, redundant_findings
from automl.data.rows import read_rows, write_rows
from automl.data.seal import Seal
from automl.data.split import Division, divide
from automl.data.target import TargetCoder
from automl.data.text_files import Known, how_read
from automl.errors import PlanError, TargetError, unknown
from automl.task import CLASS_METRICS, REGRESSION_METRICS, Finding, Label, Task, TaskKind
from automl.tracking.record import SPLIT, TASK

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from automl.experiment.plan import Plan
    from automl.tracking.record import Record

Arrays = dict[str, "NDArray[Any]"]

_REDUCED_KEPT = 4
"""Of so many preparations with reduced blocks the rows are kept."""


@dataclass(frozen=True)
class Prepared:
    """Both parts as blocks, by one preparation.

    Args:
        preparation: Fitted on the training rows.
        train: {block: (N, ...)}
        validation: {block: (V, ...)}
    """

    preparation: Preparation
    train: Arrays
    validation: Arrays


@dataclass
class Stage:
    """What a search may see of the data: the training and the validation rows, and never the test rows.

    Args:
        task: What is to be predicted from what.
        coder: The target's codes, learned from the training rows.
        train: The training rows, raw.
        validation: The validation rows, raw.
    """

    task: Task
    coder: TargetCoder
    train: pd.DataFrame
    validation: pd.DataFrame
    _fitting: Fitting | None = field(default=None, repr=False)
    _prepared: dict[Preparing, Prepared] = field(default_factory=dict)

    def targets(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Give the rows' target as the network learns it: (N,) codes, or standardised numbers."""
        return self.coder.encode(rows[self.task.target])

    def truth(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Give the rows' target as it is scored: (N,) codes, or numbers in the target's own units."""
        return self.targets(rows) if self.task.classes else _numbers(rows[self.task.target])

    def preparation(self, arguments: Preparing) -> Preparation:
        """Fit a preparation on the training rows; the same arguments are fitted once."""
        return self._fits.preparation(arguments)

    def prepare(self, arguments: Preparing) -> Prepared:
        """Prepare both parts; the same arguments are prepared once, of reduced blocks only the last few are kept."""
        if arguments not in self._prepared:
            preparation = self.preparation(arguments)
            train, validation = self._fits.transform(arguments), preparation.transform(self.validation)
            if preparation.reductions:
                self._forget_reduced()
            self._prepared[arguments] = Prepared(preparation, train, validation)
        return self._prepared[arguments]

    @property
    def _fits(self) -> Fitting:
        if self._fitting is None:
            self._fitting = Fitting(self.train, self.task.columns)
        return self._fitting

    def _forget_reduced(self) -> None:
        """Make room: a range of sizes has as many preparations as trials."""
        reduced = [key for key, prepared in self._prepared.items() if prepared.preparation.reductions]
        for key in reduced[: max(0, len(reduced) + 1 - _REDUCED_KEPT)]:
            del self._prepared[key]


def set_out(record: Record, plan: Plan, tables: Mapping[str, pd.DataFrame] | None = None) -> Stage:
    """Divide the data, seal the test rows, keep the others; or take up what an earlier session divided.

    Args:
        record: The run folder.
        plan: Where the data is and how to divide it.
        tables: Data, test or validation rows, by those words, that did not come from a file.

    Raises:
        AutoMLError: The data, its target or its division is at fault.
    """
    if not record.has(SPLIT):
        _divide(record, plan, tables or {})
    train, validation = read_rows(record.train_rows_path), read_rows(record.validation_rows_path)
    task = Task.from_json(record.read_json(TASK))
    return Stage(task, TargetCoder.fit(task, train[task.target]), train, validation)


def _divide(record: Record, plan: Plan, tables: Mapping[str, pd.DataFrame]) -> None:
    """Divide the table and write its parts; the split's own file comes last and says that all of it is there."""
    table = read_table(tables.get("data", plan.data), reading=plan.reading)
    division = _division(plan, table, tables)
    columns, findings = infer_columns(division.train[list(division.features)], plan.kinds, plan.drop)  # type: ignore[arg-type]
    task = _task(plan, division, columns)
    leaks = find_leaks(division, columns)
    redundant = redundant_findings(find_redundant(division.train, columns, Preparing().correlation))
    write_rows(record.train_rows_path, division.train)
    write_rows(record.validation_rows_path, division.validation)
    seal = Seal.close(record.run_dir, division.test)
    record.write_json(TASK, task.to_json())
    record.write_json(
        SPLIT,
        {
            "sizes": division.sizes,
            "seed": division.seed,
            "how": division.how,
            "data_sha256": division.data_sha256,
            "test_sha256": seal.digest,
            "findings": [asdict(finding) for finding in (*division.findings, *findings, *redundant, *leaks)],
            "reading": how_read(table),
        },
    )


def _division(plan: Plan, table: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> Division:
    """Divide a table; files of test and validation rows are read as it was."""
    said = source_defaults(plan.data)
    like = {"image_size": image_size(table), "reading": plan.reading, "known": Known.of(table)}
    return divide(
        table,
        target=plan.target or said.target,
        task_kind=cast("TaskKind | None", plan.task),
        test=_fraction_or_rows(tables.get("test", plan.test), like),
        validation=_fraction_or_rows(tables.get("validation", plan.validation), like),
        column=plan.split or said.split,
        seed=plan.seed,
    )


def _fraction_or_rows(given: str | pd.DataFrame, like: Mapping[str, Any]) -> float | pd.DataFrame:
    """Give a fraction, or rows that are read as `read_table` is told to."""
    if not isinstance(given, str):
        return read_table(given, **like)
    try:
        return float(given)
    except ValueError:
        return read_table(Path(given), **like)


def _task(plan: Plan, division: Division, columns: tuple[Any, ...]) -> Task:
    """Settle metric and positive class.

    Raises:
        PlanError: The metric does not score such a task, or the positive class is none of two.
    """
    known = CLASS_METRICS if division.classes else REGRESSION_METRICS
    metric = plan.metric or known[0]
    if metric not in known:
        raise PlanError(
            f"the metric {metric!r} does not score a {division.task_kind} task; those that do: {', '.join(known)}"
        )
    positive = _positive(plan.positive, division)
    return Task(division.task_kind, division.target, columns, division.classes, metric, positive)


def _positive(wanted: str | None, division: Division) -> Label | None:
    """Give the class that `f1` is about: the one that was named, or the rarer one of the training rows."""
    if division.task_kind != "binary":
        if wanted is not None:
            raise PlanError(f"--positive names one of two classes, and this {division.task_kind} task has not two")
        return None
    if wanted is None:
        counts = division.train[division.target].value_counts()
        return min(division.classes, key=lambda label: (int(counts.get(label, 0)), str(label)))
    by_text = {str(label): label for label in division.classes}
    if wanted not in by_text:
        raise TargetError(unknown("class", wanted, by_text))
    return by_text[wanted]


def _numbers(target: pd.Series) -> NDArray[np.float64]:
    return cast("NDArray[np.float64]", target.to_numpy(dtype="float64"))


def findings(record: Record) -> list[Finding]:
    """Give what was found in the data when it was divided."""
    return [Finding(**found) for found in record.read_json(SPLIT)["findings"]]

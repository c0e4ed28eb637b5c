"""The rows set out for a search: divided once, the test rows sealed at once, the others kept beside the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from automl.data.class_weights import BALANCED, NONE, class_weights
from automl.data.columns import infer_columns
from automl.data.folds import Fold, check_folds, fold_rows
from automl.data.images import image_size
from automl.data.layouts import source_defaults
from automl.data.leaks import find_leaks
from automl.data.order import in_order
from automl.data.prepare import Fitting, Preparation
from automl.data.preparing import Preparing
from automl.data.read import read_table
from automl.data.redundant import find_redundant, redundant_findings
from automl.data.roles import Roles
from automl.data.rows import joined, read_rows, stacked, write_rows
from automl.data.scalers import mean_and_deviation
from automl.data.seal import Seal
from automl.data.several_targets import unfold
from automl.data.split import Division, divide
from automl.data.target import coder_from_json, fit_coder
from automl.data.text_files import Known, how_read
from automl.data.transforms import SKEWED, described, settle_transform, skewness
from automl.errors import PlanError, TargetError, unknown
from automl.experiment.posing import Posed, pose
from automl.study.seeds import seed_of
from automl.task import KINDS, Finding, Label, Task
from automl.tracking.record import PLAN, SPLIT, TASK
from automl.tracking.updates import CODER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from automl.data.target import TargetCoder
    from automl.data.transforms import Transform
    from automl.experiment.plan import Plan
    from automl.task import Scale
    from automl.tracking.record import Record
    from automl.training.arguments import ClassWeight

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
        class_weight: How much classes weigh in the loss where a config leaves that to the plan.
        folds: Where trials are validated on folds, a stage each; the training and the validation rows of this one are
            then the same, all of them.
        given: Preparations that are taken as they are; all others are fitted.
    """

    task: Task
    coder: TargetCoder
    train: pd.DataFrame
    validation: pd.DataFrame
    class_weight: str = NONE
    folds: tuple[Stage, ...] = ()
    given: Mapping[Preparing, Preparation] = field(default_factory=dict)
    _fitting: Fitting | None = field(default=None, repr=False)
    _prepared: dict[Preparing, Prepared] = field(default_factory=dict)

    @property
    def chosen_by(self) -> pd.DataFrame:
        """The rows that trials are chosen by: the validation rows, or those of every fold, one fold after the other."""
        return stacked(*(fold.validation for fold in self.folds)) if self.folds else self.validation

    @property
    def growth(self) -> float:
        """How many times as long an epoch takes on all rows together as where trials are validated, of all folds."""
        n_rows = len(self.train) + (0 if self.folds else len(self.validation))
        return n_rows / sum(len(each.train) for each in self.folds or (self,))

    @property
    def fold_scales(self) -> list[tuple[Scale, Scale]]:
        """By what the outputs of each fold are multiplied, and what is added, to be on the scale of all rows."""
        return [fold.coder.onto(self.coder) for fold in self.folds]

    def targets(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Give the rows' target as the network learns it: (N,) codes, or standardised numbers."""
        return self.coder.encode(rows[self.task.target])

    def truth(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Give the rows' target as it is scored: (N,) codes, or numbers in the target's own units."""
        return self.coder.truth(rows[self.task.target])

    def weights(self, rows: pd.DataFrame) -> NDArray[np.float64] | None:
        """Say how much each row counts (N,); None where all count alike."""
        return None if self.task.weight is None else _numbers(rows[self.task.weight])

    def class_weights(self, asked: ClassWeight) -> tuple[float, ...]:
        """Say how much each class weighs in the loss; none where all weigh alike."""
        word = self.class_weight if asked == "given" else asked
        if word == NONE or not self.task.traits.has_classes:
            return ()
        return class_weights(word, self.targets(self.train), self.task.classes, self.weights(self.train))

    def preparation(self, arguments: Preparing) -> Preparation:
        """Fit a preparation on the training rows, unless it is given; the same arguments are fitted once."""
        return self.given[arguments] if arguments in self.given else self._fits.preparation(arguments)

    def prepare(self, arguments: Preparing) -> Prepared:
        """Prepare both parts; the same arguments are prepared once, of reduced blocks only the last few are kept."""
        if arguments not in self._prepared:
            preparation = self.preparation(arguments)
            is_given = arguments in self.given
            train = preparation.transform(self.train) if is_given else self._fits.transform(arguments)
            validation = train if self.folds else preparation.transform(self.validation)
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
    task = Task.from_json(record.read_json(TASK))
    train, validation = read_rows(record.train_rows_path), read_rows(record.validation_rows_path)
    if plan.folds is None:
        return fitted_stage(task, plan, train, validation)
    rows = joined(train, validation)
    folds = folds_of(task, plan, rows)
    check_folds(rows[task.target].to_numpy(), folds, task.metric, are_classes=task.traits.has_classes)
    stages = [
        fitted_stage(task, plan, *(rows.iloc[positions].reset_index(drop=True) for positions in fold)) for fold in folds
    ]
    return replace(fitted_stage(task, plan, rows, rows), folds=tuple(stages))


def folds_of(task: Task, plan: Plan, rows: pd.DataFrame) -> list[Fold]:
    """Divide the rows of a study that are not sealed, in the order of the table, into the folds of its plan.

    Raises:
        SplitError: There are too few rows, groups or times for so many folds.
    """
    assert plan.folds is not None
    roles, stratify = Roles(group=task.group, time=plan.time), task.traits.is_stratified
    seed = seed_of(plan.seed, "folds")
    return fold_rows(rows, task.target, roles, stratify=stratify, count=plan.folds, seed=seed)


def whole_of(stage: Stage) -> Stage:
    """Give a stage whose training rows are those of both parts, with the target's codes as they are."""
    if stage.folds:
        return replace(stage, folds=())
    return Stage(stage.task, stage.coder, joined(stage.train, stage.validation), stage.validation, stage.class_weight)


def learned_rows(record: Record) -> pd.DataFrame:
    """Read the rows that what is exported learned from: the training rows, and with folds the validation rows too."""
    train = read_rows(record.train_rows_path)
    is_folded = record.read_json(PLAN).get("folds") is not None
    return joined(train, read_rows(record.validation_rows_path)) if is_folded else train


def coder_of(record: Record) -> TargetCoder:
    """Give the target's codes as what is exported learned them: those that are kept, or of the rows it learned from."""
    if record.has(CODER):
        return coder_from_json(record.read_json(CODER))
    task = Task.from_json(record.read_json(TASK))
    return fit_coder(task, learned_rows(record)[task.target])


def fitted_stage(task: Task, plan: Plan, train: pd.DataFrame, validation: pd.DataFrame) -> Stage:
    """Set rows out with the target's codes learned from those to train on."""
    return Stage(task, fit_coder(task, train[task.target]), train, validation, plan.class_weight)


def _divide(record: Record, plan: Plan, tables: Mapping[str, pd.DataFrame]) -> None:
    """Divide the table and write its parts; the split's own file comes last and says that all of it is there."""
    table = read_table(tables.get("data", plan.data), reading=plan.reading)
    division = _division(plan, table, tables)
    columns, findings = infer_columns(division.train[list(division.features)], plan.kinds, plan.drop)  # type: ignore[arg-type]
    task = _task(plan, division, columns)
    findings = (*findings, *_of_transform(plan, task, division))
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
            **({"folds": plan.folds} if plan.folds is not None else {}),
            **({"by": division.roles.to_json()} if division.roles.named else {}),
            "data_sha256": division.data_sha256,
            "test_sha256": seal.digest,
            "findings": [asdict(finding) for finding in (*division.findings, *findings, *redundant, *leaks)],
            "reading": how_read(table),
        },
    )


def _division(plan: Plan, table: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> Division:
    """Divide a table; files of test and validation rows are read as it was."""
    posed = pose(plan, table)
    like = {"image_size": image_size(table), "reading": plan.reading, "known": Known.of(table)}
    parts = {part: _fraction_or_rows(tables.get(part, getattr(plan, part)), like) for part in ("test", "validation")}
    division = divide(
        posed.fold(table),
        target=posed.target,
        task_kind=posed.kind,
        test=_folded(parts["test"], posed),
        validation=_folded(parts["validation"], posed),
        roles=_roles(plan, source_defaults(plan.data).split),
        seed=plan.seed,
    )
    if KINDS[division.task_kind].is_ordered:
        return replace(division, classes=in_order(division.classes, plan.order, division.target))
    return posed.settled(division)


def _folded(part: float | pd.DataFrame, posed: Posed) -> float | pd.DataFrame:
    return part if isinstance(part, float) else posed.fold(part)


def _roles(plan: Plan, split: str | None) -> Roles:
    """Say which columns say what of a row; the time is learned from too where its kind is given."""
    return Roles(plan.split or split, plan.group, plan.time, plan.weight, learns_time=plan.time in plan.kinds)


def _fraction_or_rows(given: str | pd.DataFrame, like: Mapping[str, Any]) -> float | pd.DataFrame:
    """Give a fraction, or rows that are read as `read_table` is told to."""
    if not isinstance(given, str):
        return read_table(given, **like)
    try:
        return float(given)
    except ValueError:
        return read_table(Path(given), **like)


def _task(plan: Plan, division: Division, columns: tuple[Any, ...]) -> Task:
    """Settle metric, positive class, and what of the target is learned.

    Raises:
        PlanError: The metric does not score such a task, the positive class is none of two, or the task has no classes
            to weigh, or no number to transform.
        TargetError: A class that is named is none, or the target has no logarithm.
    """
    known = KINDS[division.task_kind].metrics
    metric = plan.metric or known[0]
    if metric not in known:
        raise PlanError(
            f"the metric {metric!r} does not score a {division.task_kind} task; those that do: {', '.join(known)}"
        )
    _check_class_weight(plan.class_weight, division)
    return Task(
        division.task_kind,
        division.target,
        columns,
        division.classes,
        metric,
        _positive(plan.positive, division),
        plan.weight,
        plan.group,
        _transform(plan.target_transform, division),
        plan.quantiles,
        division.targets,
        _deviations(division),
    )


def _deviations(division: Division) -> tuple[float, ...]:
    """Give the standard deviation of each of several targets over the training rows."""
    if not division.targets:
        return ()
    numbers = unfold(division.train[division.target], len(division.targets))
    return tuple(mean_and_deviation(own)[1] for own in numbers.T)


def _check_class_weight(asked: str, division: Division) -> None:
    if asked == NONE:
        return
    if not KINDS[division.task_kind].has_classes:
        raise PlanError(f"--class-weight weighs classes, and a {division.task_kind} task has none")
    if asked != BALANCED:
        class_weights(asked, np.arange(len(division.classes)), division.classes)


def _transform(asked: str, division: Division) -> Transform:
    if asked == NONE:
        return "none"
    if not KINDS[division.task_kind].has_numbers:
        what = "there are several" if KINDS[division.task_kind].is_several else "this target is one of classes"
        raise PlanError(f"--target-transform is about a number to be predicted, and {what}")
    return settle_transform(asked, _numbers(division.train[division.target]), division.target)


def _of_transform(plan: Plan, task: Task, division: Division) -> list[Finding]:
    """Say what of the target is learned, where anything was asked for."""
    if plan.target_transform == "none":
        return []
    learned = described(task.transform, task.target)
    skewed = f"its skewness over the training rows is {skewness(_numbers(division.train[task.target])):.2f}"
    if task.transform == "none":
        why = f"it is below 0 somewhere, or not skewed enough ({skewed}; above {SKEWED:g} it would be)"
        return [Finding("target_transform", task.target, f"the target {task.target!r} is learned as it is: {why}")]
    said = f"{learned} is learned ({skewed}); predictions and scores are in the target's own units"
    return [Finding("target_transform", task.target, said)]


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

"""A table divided into training, validation and test rows, once and for good; what is wrong between them is found here.

A fraction for the test rows is one of all rows, and so is one for the validation rows, except where the test rows come
from a file or a column: then it is one of the rows that are left.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.data.columns import infer_task
from automl.data.digest import ROW, rows_digest
from automl.data.drawing import draw
from automl.data.duplicates import duplicates
from automl.data.findings import findings_of
from automl.data.labels import strata
from automl.data.parts import WORDS, Parts, assign_by_column, n_parts
from automl.data.roles import NO_ROLES, Roles, check_parts, check_roles, settle_roles
from automl.data.values import as_labels, as_number, classes_of, is_missing
from automl.errors import DataError, PlanError, SplitError, TargetError, unknown
from automl.task import KINDS, ColumnKind, Finding, Label, TaskKind

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_ROWS = {"train": 10, "validation": 2, "test": 2}
"""How many rows a part must have."""
MOST_NAMED = 5
"""More classes than this are counted instead of named."""
FAR_OFF = 0.25
"""A part whose size is off by more than this share of what was asked for is told of."""

LEAST_STRATUM = 10
"""A set of labels that fewer rows have is not kept in proportion by itself."""

Frames = dict[str, pd.DataFrame]
Given = tuple[tuple[str, float | pd.DataFrame], ...]
Origins = dict[str, float | str]
"""Where `test` and `validation` rows come from: the fraction that is drawn, `file` or `column`."""


@dataclass(frozen=True, eq=False)
class Division:
    """A table divided for good; printing it shows no row.

    Args:
        train: The training rows: the table's columns without the split column, then `__row__`.
        validation: The validation rows, likewise; `__row__` counts in their own file where they have one.
        test: The test rows, likewise: to be sealed at once.
        target: The target column, in every part of the same type and without missing values.
        task_kind: The task it poses.
        classes: Its sorted labels over all parts; empty for regression.
        findings: What a person should know about the rows, what reading them found included.
        data_sha256: The digest of all rows as they were read.
        seed: What the random split was drawn from.
        how: Where `test` and `validation` rows come from: the fraction that was drawn, `file` or `column`.
        roles: Which columns say something of rows, and are not learned from.
        targets: Of several targets their names, whose values the target column holds; empty where it is one.
    """

    train: pd.DataFrame = field(repr=False)
    validation: pd.DataFrame = field(repr=False)
    test: pd.DataFrame = field(repr=False)
    target: str
    task_kind: TaskKind
    classes: tuple[Label, ...]
    findings: tuple[Finding, ...]
    data_sha256: str
    seed: int
    how: Origins
    roles: Roles
    targets: tuple[str, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """How many rows each part has."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    @property
    def target_kind(self) -> ColumnKind:
        """What the target's values are, were it one of the columns."""
        return "numeric" if KINDS[self.task_kind].has_numbers else "category"

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that may be learned from, in the table's order."""
        aside = {self.target, ROW, *self.roles.aside}
        return tuple(str(name) for name in self.train.columns if name not in aside)


def divide(
    table: pd.DataFrame,
    *,
    target: str | None,
    task_kind: TaskKind | None = None,
    test: float | pd.DataFrame = 0.2,
    validation: float | pd.DataFrame = 0.2,
    roles: Roles = NO_ROLES,
    seed: int = 0,
) -> Division:
    """Divide a table into training, validation and test rows, stratified by class and drawn from `seed`.

    Where a column says what rows belong together, groups are drawn, and no group is in two parts. Where one says when
    they were, nothing is drawn at random: the newest are the test rows, those before them the validation rows.

    Args:
        table: All rows, or those that are left where `test` or `validation` is a table of its own.
        target: The target column.
        task_kind: The task asked for; None to infer it from the target.
        test: A fraction, or the test rows; a fraction is of no account where a column names the parts.
        validation: A fraction, or the validation rows.
        roles: The columns that say something of rows: the part (where that names no validation rows, they are drawn
            from the training rows), the group, the time, the weight.
        seed: What the random split is drawn from.

    Raises:
        TargetError: The target is absent or cannot pose the task.
        PlanError: Fractions outside 0..1 or that leave nothing, a split column with a table of its own, or a column
            of two roles.
        SplitError: A split column with other words or without test rows, a part with too few rows, too few groups or
            times, a group in two parts, or a row without a group.
        DataError: A table of its own that lacks columns, no such column for a role, a column named `__row__`, or a
            weight or time that is none.
    """
    name, column = _checked_target(table, target, roles), roles.split
    given = (("test", test), ("validation", validation))
    _check_shares(given, column)
    files = {part: rows for part, rows in given if isinstance(rows, pd.DataFrame)}
    sources = {"train": table, **files}
    frames, findings = _complete_rows(sources, name)
    kind, classes = _settle_target(frames, name, task_kind)
    frames = settle_roles(frames, roles)
    fixed = assign_by_column(frames["train"].pop(column)) if column else None
    how = _origins(given, fixed)
    parts, drawn = _draw(frames["train"], name, fixed, how, roles, kind, seed)
    taken = _take(frames, parts)
    check_parts(taken, roles, WORDS)
    findings = _of_reading(sources) + findings + drawn + _class_findings(taken, name, classes) + duplicates(taken, name)
    return Division(
        **taken,
        target=name,
        task_kind=kind,
        classes=classes,
        findings=tuple(findings),
        data_sha256=_digest_of_all(list(sources.values())),
        seed=seed,
        how=how,
        roles=roles.without_split(),
        targets=(),
    )


def _checked_target(table: pd.DataFrame, target: str | None, roles: Roles) -> str:
    names = [str(name) for name in table.columns]
    if ROW in names:
        raise DataError(f"a column must not be named {ROW!r}, which is where rows are numbered; rename it")
    if target is None:
        raise TargetError(f"the target must be named with --target; the columns are {', '.join(names)}")
    if target not in names:
        hints = [finding.sentence for finding in findings_of(table) if finding.kind == "header"]
        raise TargetError("; ".join([unknown("target", target, names), *hints]))
    check_roles(roles, names, target)
    return target


def _check_shares(given: Given, column: str | None) -> None:
    shares = {part: share for part, share in given if not isinstance(share, pd.DataFrame)}
    for part, share in shares.items():
        if not 0 < share < 1:
            raise PlanError(f"the fraction of {part} rows must be between 0 and 1, got {share:g}")
    files = [part for part, _ in given if part not in shares]
    if column is not None and files:
        raise PlanError(f"{' and '.join(files)} rows must come from the split column {column!r} or a file, not both")
    if column is None and sum(shares.values()) >= 1:
        said = " and ".join(f"{share:g}" for share in shares.values())
        raise PlanError(f"test and validation fractions must leave training rows, got {said}")


def _complete_rows(sources: Frames, target: str) -> tuple[Frames, list[Finding]]:
    """Number each source's rows, and leave out those without a target."""
    names = list(sources["train"].columns)
    frames: Frames = {}
    n_lost = 0
    for part, source in sources.items():
        absent = [str(name) for name in names if name not in source.columns]
        if absent:
            raise DataError(f"the {WORDS[part]} file must have the table's columns, but lacks {', '.join(absent)}")
        missing = is_missing(source[target])
        frames[part] = source[names].assign(**{ROW: np.arange(len(source), dtype=np.int64)})[~missing]
        n_lost += int(missing.sum())
    if n_lost == 0:
        return frames, []
    if n_lost == sum(len(source) for source in sources.values()):
        raise TargetError(f"the target {target!r} must have values, got {n_lost} rows without one")
    said = f"{n_lost} {'row' if n_lost == 1 else 'rows'} without a value of {target!r} left out"
    return frames, [Finding("missing_target", target, said)]


def _of_reading(sources: Frames) -> list[Finding]:
    """Give what reading each source found, once where a table was read for several parts."""
    return list(dict.fromkeys(finding for source in sources.values() for finding in findings_of(source)))


def _settle_target(frames: Frames, target: str, asked: TaskKind | None) -> tuple[TaskKind, tuple[Label, ...]]:
    """Infer the task over all rows, and write the target of every frame in one type."""
    whole = pd.concat([frame[target] for frame in frames.values()], ignore_index=True)
    if all(isinstance(frame[target].dtype, pd.CategoricalDtype) for frame in frames.values()):
        whole = whole.astype("category")  # joined, columns of different categories no longer are one
    if 0 < len(whole) < sum(LEAST_ROWS.values()):
        raise SplitError(f"at least {sum(LEAST_ROWS.values())} rows with a target are needed, got {len(whole)}")
    kind = infer_task(whole, kind=asked)
    settled = pd.Series(as_number(whole)) if KINDS[kind].has_numbers else as_labels(whole)
    start = 0
    for part, frame in frames.items():
        own = settled.iloc[start : start + len(frame)]
        frames[part] = frame.assign(**{target: own.array})
        start += len(frame)
    return kind, classes_of(settled) if KINDS[kind].has_classes else ()


def _origins(given: Given, fixed: Parts | None) -> Origins:
    how: Origins = {}
    for part, rows in given:
        in_column = fixed is not None and len(getattr(fixed, part)) > 0
        how[part] = "file" if isinstance(rows, pd.DataFrame) else "column" if in_column else float(rows)
    return how


def _to_draw(rows: pd.DataFrame, target: str, kind: TaskKind) -> pd.DataFrame:
    """Give the rows as they are drawn: sets of labels that are rare count as one."""
    return rows if kind != "multilabel" else rows.assign(**{target: strata(rows[target], LEAST_STRATUM)})


def _draw(
    rows: pd.DataFrame, target: str, fixed: Parts | None, how: Origins, roles: Roles, kind: TaskKind, seed: int
) -> tuple[Parts, list[Finding]]:
    """Draw what no file and no column fixes."""
    stratify = KINDS[kind].is_stratified
    pool = np.arange(len(rows)) if fixed is None else fixed.train
    test, validation = (share if isinstance(share, float) else 0.0 for share in (how["test"], how["validation"]))
    some = _to_draw(rows.iloc[pool], target, kind)
    drawn = draw(some, target, roles, stratify=stratify, test=test, validation=validation, seed=seed)
    parts = Parts(
        train=pool[drawn.train],
        validation=fixed.validation if fixed is not None and validation == 0 else pool[drawn.validation],
        test=fixed.test if fixed is not None else pool[drawn.test],
    )
    if roles.group or roles.time:
        wanted = {"test": (test, len(drawn.test)), "validation": (validation, len(drawn.validation))}
        return parts, _sizes_off(wanted, len(some), roles)
    return parts, _rare_classes(some[target], n_parts(test, validation)) if stratify else []


def _sizes_off(wanted: Mapping[str, tuple[float, int]], n_rows: int, roles: Roles) -> list[Finding]:
    """Tell of parts that whole groups, or times, keep far from the size that was asked for."""
    whole = f"groups of {roles.group!r}" if roles.group else f"times of {roles.time!r}"
    return [
        Finding(
            "part_size",
            roles.group or roles.time,
            f"{size / n_rows:.0%} of the rows are {WORDS[part]} rows, not {share:.0%}: {whole} are kept whole",
        )
        for part, (share, size) in wanted.items()
        if abs(size - share * n_rows) > max(1.0, FAR_OFF * share * n_rows)
    ]


def _take(frames: Frames, parts: Parts) -> Frames:
    """Give the three parts' rows, from their own file where they have one."""
    rest = frames["train"]
    taken = {"train": rest.iloc[parts.train]}
    for part, positions in (("validation", parts.validation), ("test", parts.test)):
        taken[part] = frames[part] if part in frames else rest.iloc[positions]
    if any(len(taken[part]) < least for part, least in LEAST_ROWS.items()):
        needed, sizes = LEAST_ROWS.values(), [len(rows) for rows in taken.values()]
        raise SplitError(
            "at least {} training, {} validation and {} test rows are needed, ".format(*needed)
            + "got {}, {} and {}".format(*sizes)
        )
    return {part: rows.reset_index(drop=True) for part, rows in taken.items()}


def _rare_classes(target: pd.Series[Any], n_wanted: int) -> list[Finding]:
    counts = target.value_counts(sort=False).sort_index()
    rare = counts[counts < n_wanted]
    said = [f"class {label!r} has {count} {'row' if count == 1 else 'rows'}" for label, count in rare.to_dict().items()]
    if len(said) > MOST_NAMED:
        said = [f"{len(said)} classes have fewer than {n_wanted} rows"]
    return [
        Finding("rare_class", str(target.name), f"{words}, too few for {n_wanted} parts: all are training rows")
        for words in said
    ]


def _class_findings(taken: Frames, target: str, classes: tuple[Label, ...]) -> list[Finding]:
    """Find classes that cannot be learned because no training row has them."""
    seen = set(taken["train"][target].unique().tolist())
    if classes and len(seen) == 1:
        raise TargetError(f"the training rows must hold two classes of {target!r} or more, got only {seen.pop()!r}")
    unseen = [label for label in classes if label not in seen]
    said = [_unseen(taken, target, [label], f"class {label!r} has") for label in unseen]
    if len(unseen) > MOST_NAMED:
        said = [_unseen(taken, target, unseen, f"{len(unseen)} classes have")]
    return [Finding("unseen_class", target, sentence) for sentence in said]


def _unseen(taken: Frames, target: str, labels: list[Label], who: str) -> str:
    validation, test = (int(taken[part][target].isin(labels).sum()) for part in ("validation", "test"))
    return f"{who} no training row, but {validation} validation and {test} test rows: they count as wrong"


def _digest_of_all(tables: list[pd.DataFrame]) -> str:
    digests = [rows_digest(table) for table in tables]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()

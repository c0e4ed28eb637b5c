"""What can be told about the options of a search before anything is read or created: all mistakes at once."""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from automl.data.class_weights import BALANCED, NONE, parse_class_weights
from automl.data.delimited import Reading
from automl.data.layouts import source_defaults
from automl.data.quantile_coder import MEDIAN
from automl.data.transforms import ASKED
from automl.errors import DataError, PlanError, unknown
from automl.experiment.plan import IN_MEMORY, Plan
from automl.experiment.sharing import absolute, storage_mistakes
from automl.task import COLUMN_KINDS, HIGHER_IS_BETTER, KINDS, TASK_KINDS, Traits
from automl.tracking.address import experiment_name
from automl.tracking.record import Record
from automl.trial import COSTS

BUILT_IN = ("digits", "breast-cancer", "wine", "iris", "diabetes")
"""Bare names that mean scikit-learn's own tables, whatever files lie about."""

SAMPLERS = ("tpe", "random", "gp", "qmc", "nsga2", "grid")
PRUNERS = ("asha", "hyperband", "median", "none")
_MOST_JOBS = 256
_MOST_TOGETHER = 50
_MOST_REPEATS = 50
SEPARATOR_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "bar": "|", "space": " "}
"""Words for separators that a shell makes hard to type."""
_MOST_FOLDS = 50


def parse_kinds(words: Iterable[str]) -> dict[str, str]:
    """Read `COL=KIND` words; a column's name may hold `=` itself.

    Raises:
        PlanError: A word is not of that form.

    Examples:
        >>> parse_kinds(["zip=category", "a=b=numeric"])
        {'zip': 'category', 'a=b': 'numeric'}
    """
    kinds: dict[str, str] = {}
    for word in words:
        column, sign, kind = word.rpartition("=")
        if not (column and sign and kind):
            raise PlanError(f"--kind must be COL=KIND, such as zip=category, got {word!r}")
        kinds[column] = kind
    return kinds


def checked(plan: Plan, *, split_twice: bool = False) -> Plan:
    """Give the plan with its study's name settled.

    Args:
        plan: What the options say; its study is empty where the user gave no name.
        split_twice: Whether both `--split` and `--test` were given.

    Raises:
        DataError: There is no such data.
        PlanError: Options that cannot be honoured, one a line.
        StudyError: The study exists, or its name would leave the runs folder.
    """
    _require_data(plan.data)
    plan = replace(plan, separator=separator_of(plan.separator))
    mistakes = list(_mistakes(plan))
    if split_twice:
        mistakes.append("--split and --test both say which rows are the test rows; give one of them")
    if mistakes:
        raise PlanError("\n".join(mistakes))
    plan = replace(plan, storage=absolute(plan.storage), may_join=bool(plan.storage and plan.study))
    if plan.study:
        return plan
    return replace(plan, study=Record.numbered(Path(plan.runs_dir), experiment_name(plan.data)))


def _require_data(data: str) -> None:
    if data in (*BUILT_IN, IN_MEMORY) or Path(data).exists():
        return
    raise DataError(_no_such_file(data))


def _no_such_file(name: str) -> str:
    path = Path(name)
    folder = path.parent
    nearby = [str(folder / item.name) for item in folder.iterdir()] if folder.is_dir() else []
    near = difflib.get_close_matches(name, [*nearby, *BUILT_IN], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"no such file: {name}{hint}"


def _mistakes(plan: Plan) -> Iterator[str]:
    yield from _problem_mistakes(plan)
    yield from _order_mistakes(plan)
    yield from _quantile_mistakes(plan)
    yield from _search_mistakes(plan)
    yield from _model_mistakes(plan)
    yield from _row_mistakes(plan)
    yield from reading_mistakes(plan.reading)
    yield from _fold_mistakes(plan)
    yield from _role_mistakes(plan)
    yield from _weighing_mistakes(plan)


def separator_of(word: str | None) -> str | None:
    """Give the character that a word for a separator means; any other text stays as it is."""
    return SEPARATOR_WORDS.get(word, word) if word is not None else None


def reading_mistakes(reading: Reading) -> Iterator[str]:
    """Say what of how text files are to be read cannot be done."""
    separator = reading.separator
    if separator is not None and (len(separator) != 1 or not separator.isascii() or separator in "\"'\r\n."):
        words = ", ".join(word for word in SEPARATOR_WORDS if word.isalpha())
        yield f"--separator must be one character such as ';', or one of {words}, got {separator!r}"
    if reading.decimal not in (None, ".", ","):
        yield f"--decimal must be . or , and got {reading.decimal!r}"
    if reading.decimal == "," == separator:
        yield "--separator and --decimal must be two characters, got ',' for both"
    if reading.encoding is not None and not _is_text_encoding(reading.encoding):
        yield f"unknown encoding {reading.encoding!r}; known are, among others, utf-8, utf-16, cp1252, latin-1, cp1250"


def _is_text_encoding(name: str) -> bool:
    try:
        return isinstance(codecs.decode(b"", name), str)
    except (LookupError, ValueError, TypeError):
        return False


def _problem_mistakes(plan: Plan) -> Iterator[str]:
    if plan.target is None and source_defaults(plan.data).target is None:
        yield f"say which column of {plan.data} is to be predicted with --target COL"
    if plan.target is not None and plan.target in plan.drop:
        yield f"the target {plan.target!r} cannot be dropped"
    yield from _among("task", plan.task, TASK_KINDS)
    for kind in plan.kinds.values():
        yield from _among("kind", kind, COLUMN_KINDS)
    yield from _among("metric", plan.metric, tuple(HIGHER_IS_BETTER))
    yield from _unfit_for_task(plan)


def _unfit_for_task(plan: Plan) -> Iterator[str]:
    traits = _traits(plan)
    if traits is None:
        return
    if plan.metric in HIGHER_IS_BETTER and plan.metric not in traits.metrics:
        fitting = ", ".join(traits.metrics)
        yield f"the metric {plan.metric!r} does not score {_a(plan.kind)} task; those that do: {fitting}"
    if plan.positive is not None and plan.kind != "binary":
        yield f"--positive names one of two classes, and {_a(plan.kind)} task does not have two"


def _order_mistakes(plan: Plan) -> Iterator[str]:
    if not plan.order:
        return
    if plan.kind != "ordinal":
        yield f"--order is of classes that have one: give it with --task ordinal, not with --task {plan.task}"
    if len(set(plan.order)) != len(plan.order) or len(plan.order) < 2 or "" in plan.order:
        yield (
            "--order must name each class once, from the least to the greatest, such as low,medium,high, got "
            f"{','.join(plan.order)!r}"
        )


def _quantile_mistakes(plan: Plan) -> Iterator[str]:
    if plan.kind == "quantile":
        if not plan.quantiles:
            yield "--task quantile needs --quantiles, such as --quantiles 0.1,0.5,0.9"
        elif plan.metric == "mae" and MEDIAN not in plan.quantiles:
            yield "the metric 'mae' is that of the median: name 0.5 among --quantiles, or take pinball"
        if plan.include_trees:
            yield "--include-trees: trees of quantiles cannot answer together with networks; leave it out"
    elif plan.quantiles:
        yield f"--quantiles are of a number to be predicted, and {_a(plan.kind)} task has none"


def _a(kind: str | None) -> str:
    """Write a kind of task behind its article."""
    return f"an {kind}" if kind and kind[0] in "aeiou" else f"a {kind}"


def _traits(plan: Plan) -> Traits | None:
    """Give what the task comes to that was asked for, if one was that there is."""
    return next((traits for kind, traits in KINDS.items() if kind == plan.kind), None)


def _search_mistakes(plan: Plan) -> Iterator[str]:
    yield from _among("sampler", plan.sampler, SAMPLERS)
    yield from _among("pruner", plan.pruner, PRUNERS)
    for cost in plan.objective:
        yield from _among("objective", cost, tuple(COSTS))
    yield from (f"--objective {cost} is given twice" for cost in COSTS if plan.objective.count(cost) > 1)
    if not re.fullmatch(r"auto|[1-9]\d{0,3}", plan.cohort):
        yield f"--cohort must be auto or a number from 1 to 9999, got {plan.cohort!r}"
    if not 1 <= plan.jobs <= _MOST_JOBS:
        yield f"--jobs must be from 1 to {_MOST_JOBS}, got {plan.jobs}"
    yield from storage_mistakes(plan.storage, plan.jobs)
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", plan.device):
        yield f"--device must be auto, cpu, cuda or cuda:i, got {plan.device!r}"


def _model_mistakes(plan: Plan) -> Iterator[str]:
    """Tell what cannot be of what becomes of the trials."""
    if not re.fullmatch(r"best|all|top:[1-9]\d{0,5}", plan.keep):
        yield f"--keep must be best, all or top:N such as top:3, got {plan.keep!r}"
    if not 0 <= plan.repeats <= _MOST_REPEATS:
        yield f"--repeats must be from 0 to {_MOST_REPEATS}, got {plan.repeats}"
    if not 1 <= plan.ensemble <= _MOST_TOGETHER:
        yield f"--ensemble must be from 1 to {_MOST_TOGETHER}, got {plan.ensemble}"
    if plan.include_trees and not plan.is_ensembled:
        yield "--include-trees lets trees join an ensemble: give --ensemble, and not --objective"
    if plan.refit and plan.folds is not None and not plan.is_ensembled:
        yield "--refit trains the winner on validation rows too; with --folds it learns from all rows in any case"


def _row_mistakes(plan: Plan) -> Iterator[str]:
    fractions = []
    for option, value in (("--test", plan.test), ("--validation", plan.validation)):
        try:
            fraction = float(value)
        except ValueError:
            if value != IN_MEMORY and not Path(value).exists():
                yield f"{option}: {_no_such_file(value)}"
            continue
        if 0 < fraction < 1:
            fractions.append(fraction)
        else:
            yield f"{option} must be a fraction between 0 and 1, or a file, got {value!r}"
    if sum(fractions) >= 1:
        yield f"--test and --validation must leave rows to train on, got fractions that add up to {sum(fractions):g}"
    if plan.split is not None and plan.split == plan.target:
        yield f"the target {plan.target!r} cannot be the column that says which part a row belongs to"


def _fold_mistakes(plan: Plan) -> Iterator[str]:
    if plan.folds is None:
        return
    if not 2 <= plan.folds <= _MOST_FOLDS:
        yield f"--folds must be from 2 to {_MOST_FOLDS}, got {plan.folds}"
    if plan.validation != "0.2":
        yield "--folds validates on all rows but the test rows, fold by fold: leave --validation out"


def _role_mistakes(plan: Plan) -> Iterator[str]:
    """Tell of columns that say something of rows and are asked to be something else too."""
    roles = {role: column for role in ("group", "time", "weight") if (column := getattr(plan, role)) is not None}
    for role, column in roles.items():
        if column == plan.target:
            yield f"the target {column!r} cannot be the {role} column"
        if column in plan.drop:
            yield f"--drop {column}: the {role} column is not learned from anyway; leave --drop out"
        if role != "time" and column in plan.kinds:
            yield f"--kind {column}={plan.kinds[column]}: the {role} column is not learned from; leave --kind out"
    named = [*roles.values(), *([plan.split] if plan.split else [])]
    for column in sorted({column for column in named if named.count(column) > 1}):
        yield f"the column {column!r} can say one thing of a row; give it to one of --split, --group, --time, --weight"
    if plan.group is not None and plan.time is not None:
        yield (
            "--time and --group cannot be given together: a group with rows before and after the cut would be on both "
            "sides of it; give one of them, or the parts by --split"
        )


def _weighing_mistakes(plan: Plan) -> Iterator[str]:
    yield from _among("target transform", plan.target_transform, ASKED)
    traits = _traits(plan)
    if plan.target_transform != "none" and traits and traits.has_classes:
        yield f"--target-transform is about a number to be predicted, and {_a(plan.kind)} task has classes"
    if plan.class_weight not in (NONE, BALANCED):
        try:
            parse_class_weights(plan.class_weight)
        except PlanError as error:
            yield str(error)
    if plan.class_weight != NONE and traits and not traits.has_classes:
        yield f"--class-weight weighs classes, and {_a(plan.kind)} task has none"


def _among(what: str, name: str | None, known: Sequence[str]) -> Iterator[str]:
    if name is not None and name not in known:
        yield unknown(what, name, known)

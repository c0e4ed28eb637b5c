"""Trees that may answer together with trials: grown on the training rows, kind by kind, and kept."""

from __future__ import annotations

import math
import shutil
import time
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.baselines.fit import BOOSTED_TREES, names_of
from automl.baselines.grown import are_shares, as_arrays
from automl.baselines.kinds import LEAST, Allowance, Grown
from automl.baselines.kinds import grow as fit_trees
from automl.baselines.rows import Given
from automl.data.prepare import Preparation
from automl.data.preparing import Preparing
from automl.experiment.growing import ARGUMENTS, GROWTH, folder_of, folder_of_fold, growth_of, seconds_of_trees
from automl.experiment.limits import milliseconds_of_trees
from automl.files import put, read_json, sync, write_json
from automl.models.trees import Trees
from automl.report.figures import spoken
from automl.tracking.record import Record
from automl.training.weights import OUTPUTS, load_outputs, load_weights, raw_outputs, save_arrays
from automl.trial import TREES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from automl.budget import Clock
    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage
    from automl.task import Scale

FOR_TREES = Preparing(numeric="standard", one_hot_max=0)
"""What trees see: they split a category in two by its values, so that every one of them is a code."""

_SECONDS_OF_WORK, _MOST_WORK = 30.0, 4.0
"""For each such stretch of a search boosted trees may take as long as the baseline's, so many times at most."""
_WEIGHTS, _OUTPUTS, _PREPARATION = "weights.safetensors", "outputs.safetensors", "preparation.json"


def allowance_of(plan: Plan, threads: int = 1) -> Allowance:
    """Say what growing may take: the longer the search, the longer boosted trees."""
    return Allowance(threads, min(_MOST_WORK, max(1.0, (plan.budget.seconds or 0.0) / _SECONDS_OF_WORK)))


def grow_trees(record: Record, stage: Stage, say: Callable[[str], None], allowance: Allowance) -> None:
    """Grow the kinds of trees that are not there yet, and keep them.

    Args:
        record: The run folder.
        stage: The rows that are not sealed.
        say: Hears what is done.
        allowance: What it may take.
    """
    for number, kind in TREES.items():
        started = time.monotonic()
        if not _is_grown(record, number) and grow(record, stage, number, allowance=allowance):
            say(f"{spoken(kind)}, grown in {time.monotonic() - started:.1f} s, may answer together with networks")


def grow_anew(
    record: Record, stage: Stage, numbers: Sequence[int], clock: Clock, *, growth: float, allowance: Allowance
) -> None:
    """Grow kinds of trees once more in the folder of the refit, those that there is time for.

    Args:
        record: The run folder.
        stage: All rows that are not sealed.
        numbers: What stands for the kinds, those that count most first.
        clock: When the time is up.
        growth: How many times as long it takes.
        allowance: What it may take.
    """
    folder, seconds = Record(record.refit_dir), seconds_of_trees(record)
    for number in numbers:
        if not _is_grown(folder, number) and clock.left > growth * seconds.get(number, 0.0):
            grow(folder, stage, number, like=record, allowance=allowance)


def grow(
    record: Record, stage: Stage, number: int, *, like: Record | None = None, allowance: Allowance = LEAST
) -> bool:
    """Grow one kind of trees, of each fold where there are any, and keep it; tell whether there are any trees.

    What they give for the validation rows is kept too, but for those that are grown anew.

    Args:
        record: The run folder, or one of its form.
        stage: The rows.
        number: What stands for the kind.
        like: Where the same kind was grown before, and it was seen when it stops; by the validation rows if None.
        allowance: What it may take.

    Returns:
        False for images, where they would take too long, and for a single class.
    """
    if BOOSTED_TREES not in names_of(stage.task):
        return False
    started, draft = time.monotonic(), record.trees_dir / f".{TREES[number]}.tmp"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    repeat = None if like is None else growth_of(like, number).get("repeat")
    repeats, outputs = [], []
    for own, folder, (scale, shift) in _parts(stage, draft):
        grown = _grow(folder, own, TREES[number], repeat, allowance)
        if grown is None:
            shutil.rmtree(draft)
            return False
        repeats.append(grown.repeat)
        if like is None:  # what is grown anew was chosen already
            trees = Trees(**read_json(folder / ARGUMENTS))
            load_weights(trees, folder / _WEIGHTS)
            outputs.append(raw_outputs(trees, own.prepare(FOR_TREES).validation) * scale + shift)
    if outputs:
        save_arrays(draft / _OUTPUTS, {OUTPUTS: np.concatenate(outputs).astype(np.float32)})
    write_json(draft / GROWTH, {"repeat": _mean(repeats), "seconds": time.monotonic() - started})
    sync([path for path in draft.rglob("*") if path.is_file()])
    shutil.rmtree(record.trees_dir / TREES[number], ignore_errors=True)
    put(draft, record.trees_dir / TREES[number])
    return True


def _parts(stage: Stage, folder: Path) -> Iterator[tuple[Stage, Path, tuple[Scale, Scale]]]:
    """Give what a kind is grown for: each fold with a folder of its own, and what its outputs are scaled and moved by.

    Without folds that is the stage itself.
    """
    if not stage.folds:
        yield stage, folder, (1.0, 0.0)
    for place, (fold, scale) in enumerate(zip(stage.folds, stage.fold_scales)):
        own = folder_of_fold(folder, place)
        own.mkdir()
        yield fold, own, scale


def _grow(folder: Path, stage: Stage, kind: str, repeat: dict[str, Any] | None, allowance: Allowance) -> Grown | None:
    """Fit a kind of trees to training rows, and write what it is."""
    prepared = stage.prepare(FOR_TREES)
    rows, held = (
        Given(arrays, stage.targets(part), stage.weights(part))
        for arrays, part in ((prepared.train, stage.train), (prepared.validation, stage.validation))
    )
    blocks = prepared.preparation.blocks
    grown = fit_trees(kind, rows, blocks, stage.task, held=held, repeat=repeat, allowance=allowance)
    if grown is None:
        return None
    arrays = as_arrays(grown.fitted, grown.rotation)
    save_arrays(folder / _WEIGHTS, arrays)
    write_json(folder / _PREPARATION, prepared.preparation.to_json())
    arguments: dict[str, Any] = {
        "names": [block.name for block in blocks],
        "shapes": {name: list(array.shape) for name, array in arrays.items()},
        "depth": int(arrays["depth"][0]),
        "are_shares": are_shares(grown.fitted),
    }
    write_json(folder / ARGUMENTS, arguments)
    return grown


def _mean(repeats: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Say what repeats trees that were grown of several folds: as many iterations as they had on average."""
    if not all(repeats):
        return {}
    steps, iterations = ([each[name] for each in repeats] for name in ("step", "iterations"))
    return {"iterations": round(fmean(iterations)), "step": fmean(steps)}


def _is_grown(record: Record, number: int) -> bool:
    folder = folder_of(record, number)
    return (folder / ARGUMENTS).exists() or (folder / GROWTH).exists()


def outputs_of_trees(record: Record) -> dict[int, NDArray[np.float32]]:
    """Give what the trees that were grown give for the validation rows (V, K), by what stands for them."""
    paths = {number: folder_of(record, number) / _OUTPUTS for number in TREES}
    return {number: load_outputs(path) for number, path in paths.items() if path.exists()}


def rebuild_trees(record: Record, number: int, fold: int | None = None) -> tuple[Trees, Preparation]:
    """Build the trees that were kept, of a fold where there are any, and give what prepares their rows."""
    trees = Trees(**arguments_of(record, number, fold))
    load_weights(trees, trees_weights(record, number, fold))
    return trees, Preparation.from_json(read_json(folder_of(record, number, fold) / _PREPARATION))


def trees_weights(record: Record, number: int, fold: int | None = None) -> Path:
    """Give the file of what the trees are."""
    return folder_of(record, number, fold) / _WEIGHTS


def arguments_of(record: Record, number: int, fold: int | None = None) -> dict[str, Any]:
    """Say what the trees are made of."""
    arguments: dict[str, Any] = read_json(folder_of(record, number, fold) / ARGUMENTS)
    return arguments


def costs_of_trees(record: Record, number: int) -> tuple[float, float]:
    """Give how many numbers trees learned, a threshold and what a leaf says for each node, and milliseconds a row.

    Of folds those of all of them.
    """
    folder = folder_of(record, number)
    told = [
        read_json(path) for path in (folder / ARGUMENTS, *sorted(folder.glob(f"fold-*/{ARGUMENTS}"))) if path.exists()
    ]
    sizes = [each["shapes"] for each in told]
    numbers = sum(math.prod(shapes[name]) for shapes in sizes for name in ("threshold", "value"))
    return float(numbers), sum(milliseconds_of_trees(each["shapes"]["roots"][0], each["depth"]) for each in told)


def settle_trees(record: Record, number: int, to: Record) -> bool:
    """Put trees as they are into another folder of the form of a run folder, unless it has other ones; tell whether."""
    own, other = folder_of(record, number), folder_of(to, number)
    if not _is_grown(to, number):
        shutil.copytree(own, other)
    weights, others = own / _WEIGHTS, other / _WEIGHTS
    return others.exists() and not (weights.exists() and weights.read_bytes() == others.read_bytes())


def forget_trees(record: Record, kept: Collection[int] = ()) -> None:
    """Remove those that are no members."""
    for number in TREES.keys() - kept:
        shutil.rmtree(folder_of(record, number), ignore_errors=True)
    if not kept:
        shutil.rmtree(record.trees_dir, ignore_errors=True)

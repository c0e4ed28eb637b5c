"""A dry run: what a search would work on and what one of its trials would cost, in a folder that is gone after it."""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.budget import Clock
from automl.errors import StudyError
from automl.experiment.few_rows import settle_by_rows
from automl.experiment.first import settle_first
from automl.experiment.interrupts import Interrupts
from automl.experiment.progress import Silent
from automl.experiment.recipe import read_recipe
from automl.experiment.space import families, settle_space, sound_space
from automl.experiment.stage import Stage, findings, set_out
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.watch import Watch
from automl.spaces.count import n_configs, n_continuous
from automl.spaces.read import read_space
from automl.study.rungs import NoPruner, first_rung
from automl.tracking.record import SPLIT, Record
from automl.training.device import describe_device, pick_device
from automl.training.failures import failure_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from automl.experiment.plan import Plan
    from automl.spaces.space import Space
    from automl.trial import Config

_EPOCHS = 3
"""So many epochs are trained to measure one; the first, which pays for the start, does not count."""
_LONGEST, _PATIENCE = 2.0, 30.0
"""Seconds that a measured epoch shall take at most, by prediction, and that measuring may take in all."""
_LEAST_ROWS = 64


def dry_run(plan: Plan, *, tables: Mapping[str, pd.DataFrame] | None = None) -> dict[str, Any]:
    """Read and divide the data as a search would, train a few epochs of its default config, and keep nothing.

    Args:
        plan: What is asked for, checked.
        tables: Data, test or validation rows, by those words, that do not come from a file.

    Returns:
        Plain JSON values, as `automl search --dry-run --json` prints them; docs/reading.md tells what they mean.

    Raises:
        AutoMLError: What would stop a search before its first trial.
    """
    started = time.monotonic()
    if (Path(plan.runs_dir) / plan.study).exists():
        raise StudyError(f"study {plan.study!r} exists already in {plan.runs_dir}; another --study is needed")
    if plan.space is not None:
        sound_space(plan.space)
    device = pick_device(plan.device)
    with tempfile.TemporaryDirectory() as place:
        record = Record.create(Path(place), plan.study, plan.to_json())
        stage = set_out(record, plan, tables)
        plan, stage = settle_by_rows(record, plan, stage)
        plan, _ = settle_space(record, plan, stage)
        settled, of_first = settle_first(record, plan)
        space, split = read_space(str(record.space_path)), record.read_json(SPLIT)
        found = findings(record)
        trainer = Trainer(stage, device, plan.limits)
        cost = _cost(trainer, space.default(), plan.seed)
    columns = _columns(stage, [asdict(finding) for finding in found])
    to_start = time.monotonic() - started
    return {
        "data": plan.data,
        "task": {name: getattr(stage.task, name) for name in ("kind", "target", "metric", "direction", "positive")}
        | {"classes": [*stage.task.classes]},
        "columns": columns,
        "rows": split["sizes"],
        "split": split["how"],
        "findings": [asdict(finding) for finding in found],
        "reading": split["reading"] | {"na": [*plan.na]},
        "space": _space(space, str(settled.space)),
        "tried_first": of_first,
        "device": describe_device(device),
        "budget": asdict(plan.budget),
        "trial": cost,
        "trials_in_time": _trials(plan, cost, to_start, len(stage.train)),
    }


def _columns(stage: Stage, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give every column of the table but the target: its kind, or why it is left out."""
    kinds = {column.name: column.kind for column in stage.task.columns}
    names = [str(name) for name in stage.train.columns if name not in (stage.task.target, "__row__")]
    reasons = {each["column"]: each["sentence"] for each in found if each["column"] not in kinds}
    return [{"name": name, "kind": kinds.get(name), "left_out": reasons.get(name)} for name in names]


def _space(space: Space, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "families": families(space),
        "dimensions": space.dimensions,
        "continuous": n_continuous(space),
        "configs": n_configs(space),
    }


def _cost(trainer: Trainer, config: Config, seed: int) -> dict[str, Any]:
    """Say what a trial of a config costs: by arithmetic, and by a few epochs that are trained."""
    reason = trainer.infeasible(config)
    if reason:
        return {"config": dict(config), "infeasible": reason}
    epochs = read_recipe(config).training.epochs
    predicted = trainer.cost(config)
    measured = _measured(trainer, config, seed, predicted)
    seconds = predicted if measured is None else measured
    return {
        "config": dict(config),
        "infeasible": None,
        **trainer.size(config),
        "epochs": epochs,
        "epoch_seconds": seconds,
        "is_measured": measured is not None,
        "seconds": epochs * seconds,
    }


def _measured(trainer: Trainer, config: Config, seed: int, predicted: float) -> float | None:
    """Train a few epochs, of fewer rows where they are long; give the seconds of one, or None if time or memory end."""
    stage = trainer.stage
    share = min(1.0, _LONGEST / max(predicted, 1e-9))
    if share < 1:
        trainer = replace(trainer, stage=_part(stage, share))
    short: Config = {**config, "training.epochs": _EPOCHS}
    clock = Clock(_PATIENCE)
    watch = Watch([1], trainer.stage, NoPruner(), clock, Silent(), Interrupts())
    try:
        ((fitted, _),) = trainer.train([Candidate(short, (seed, 0))], watch)
    except Exception as error:
        if failure_kind(error) not in ("timeout", "out_of_memory"):
            raise
        return None
    times = [epoch.seconds for epoch in fitted.epochs][1 : -1 if clock.is_over else None]
    return min(times) * len(stage.train) / len(trainer.stage.train) if times else None


def _part(stage: Stage, share: float) -> Stage:
    """Give a stage of the first so many of its rows, which are in no order that matters to time."""
    parts = (stage.train, stage.validation)
    train, validation = (rows.head(max(_LEAST_ROWS, math.ceil(share * len(rows)))) for rows in parts)
    return Stage(stage.task, stage.coder, train, validation)


def _trials(plan: Plan, cost: Mapping[str, Any], to_start: float, n_rows: int) -> dict[str, int] | None:
    """Say how many trials like the default fit into the time: where all train to the end, and where all stop early.

    They stop at the first rung at the earliest. None where no time is set.
    """
    seconds = plan.budget.seconds
    if seconds is None or cost["infeasible"]:
        return None
    left, epoch = max(seconds - to_start, 0.0) * plan.jobs, max(cost["epoch_seconds"], 1e-6)
    shortest = min(cost["epochs"], first_rung(n_rows)) if plan.pruner != "none" else cost["epochs"]
    most = plan.budget.trials or 10**9
    counts = (math.floor(left / (epochs * epoch)) for epochs in (cost["epochs"], shortest))
    return dict(zip(("at_least", "at_most"), (min(max(count, 1), most) for count in counts)))

"""Studies beside studies, and the trials of one study beside each other, best first, as plain values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from automl.budget import asked_for
from automl.report.figures import flat
from automl.report.summary import judgement_of, objectives, read_or, summarise
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import PLAN, SPLIT, TASK, Record
from automl.trial import Aim, Outcome, ranked

if TYPE_CHECKING:
    import pandas as pd


def studies(runs_dir: Path, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Give a row for each study, those that answer the same question together and the best of them first.

    Args:
        runs_dir: The folder of all studies.
        names: Which studies, in this order; all of them if empty.

    Returns:
        Rows of `study, data, target, task, metric, direction, space, budget, trials, validation, test, linear,
        boosted_trees, seconds, notes, test_sha256`; `budget` is `{trials, seconds}`, `test` is
        `{value, ci_low, ci_high, rows}` or None, and `notes` are sentences to be read beside it; a baseline that was
        not judged is None. Of all studies one that was judged comes before one that was not.

    Raises:
        StudyError: There is no study of a name.
    """
    if names:
        return [_study(Record.find(runs_dir, name)) for name in names]
    return sorted(map(_study, Record.all(runs_dir)), key=_study_order)


def trials(record: Record) -> list[dict[str, Any]]:
    """Give a row for each trial begun: those that can win by the rule that names the winner, then the others.

    Returns:
        Rows of `trial, state, score, loss, best_epoch, epochs, seconds, parameters, stopped_by, failure, message,
        family, optimizer, lr, config`; what a trial has not is None, and one that is not over is `running`. Where
        something is to be small beside a good score there are `latency` and `pareto` too, whether it is on the front.
    """
    outcomes = record.outcomes()
    metric = read_or(record, TASK, {}).get("metric")
    higher_is_better = HIGHER_IS_BETTER.get(metric, True)
    costs = objectives(record)
    place = {number: rank for rank, number in enumerate(ranked(outcomes.items(), higher_is_better, costs))}
    rows = [_trial(trial.number, trial.read_config(), outcomes.get(trial.number)) for trial in record.trials()]
    if costs:
        front = set(Aim(higher_is_better, costs).front(outcomes.items()))
        rows = [_with_costs(row, outcomes.get(row["trial"]), front) for row in rows]

    def order(row: dict[str, Any]) -> tuple[float, int, float, int]:
        states = ("completed", "pruned", "failed", "running")
        score = _ascending(row["score"], higher_is_better)
        return place.get(row["trial"], math.inf), states.index(row["state"]), score, row["trial"]

    return sorted(rows, key=order)


def trial_frame(record: Record) -> pd.DataFrame:
    """Give the rows of `trials` as a data frame, each value of a config in a column `config.NAME`."""
    import pandas as pd

    return pd.DataFrame([flat(row) for row in trials(record)])


def _study(record: Record) -> dict[str, Any]:
    summary = summarise(record)
    plan = read_or(record, PLAN, {})
    judged = judgement_of(record, summary["best"]) or {}
    return {
        "study": summary["study"],
        "data": PurePath(str(plan.get("data", ""))).name,
        "target": read_or(record, TASK, {}).get("target"),
        "task": summary["task"],
        "metric": summary["metric"],
        "direction": summary["direction"],
        "space": plan.get("space"),
        "budget": asdict(asked_for(plan.get("trials"), plan.get("timeout"))),
        "trials": summary["trials"]["total"],
        "validation": summary["best"]["validation"] if summary["best"] else None,
        "test": summary["test"],
        **{name: summary["baselines"].get(name, {}).get("value") for name in ("linear", "boosted_trees")},
        "seconds": summary["seconds"],
        "notes": judged.get("notes", []),
        "test_sha256": read_or(record, SPLIT, {}).get("test_sha256"),
    }


def _study_order(row: dict[str, Any]) -> tuple[str, str, str, float, float, str]:
    higher_is_better = row["direction"] != "minimize"
    test = _ascending((row["test"] or {}).get("value"), higher_is_better)
    validation = _ascending(row["validation"], higher_is_better)
    return row["data"], row["target"] or "", row["metric"] or "", test, validation, row["study"]


def _trial(number: int, config: dict[str, Any], outcome: Outcome | None) -> dict[str, Any]:
    optimizer = config.get("optimizer")
    return {
        "trial": number,
        "state": outcome.state if outcome else "running",
        "score": _finite(getattr(outcome, "score", None)),
        "loss": _finite(getattr(outcome, "loss", None)),
        "best_epoch": getattr(outcome, "best_epoch", None),
        "epochs": getattr(outcome, "epochs", None),
        "seconds": getattr(outcome, "seconds", None),
        "parameters": getattr(outcome, "parameters", None),
        "stopped_by": getattr(outcome, "stopped_by", None),
        "failure": getattr(outcome, "kind", None),
        "message": getattr(outcome, "message", None),
        "family": config.get("family"),
        "optimizer": optimizer,
        "lr": config.get(f"optimizer.{optimizer}.lr"),
        "config": config,
    }


def _with_costs(row: dict[str, Any], outcome: Outcome | None, front: set[int]) -> dict[str, Any]:
    config = row.pop("config")
    told = {"latency": getattr(outcome, "latency", None), "pareto": row["trial"] in front}
    return {**row, **told, "config": config}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _ascending(score: float | None, higher_is_better: bool) -> float:
    """Give what sorts a better score first and a missing one last."""
    if score is None:
        return math.inf
    return -score if higher_is_better else score

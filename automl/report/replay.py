"""The command that carries a study out once more, told from its plan."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from automl.tracking.record import PLAN

_AS_GIVEN = (
    *("target", "task", "metric", "positive", "trials", "seed", "device", "sampler", "pruner", "cohort", "jobs"),
    *("max_parameters", "max_latency", "keep", "separator", "decimal", "encoding"),
    *("group", "time", "folds", "weight"),
)
"""The parts of a plan that are options under their own names."""
_IN_MEMORY = "dataframe"


def command(plan: Mapping[str, Any], space: str) -> str | None:
    """Give the command; None where the data came from memory, or the plan does not say where from.

    Args:
        plan: The plan, as the run folder keeps it.
        space: The file of its space, in the run folder.

    Examples:
        >>> command({"data": "adult.csv", "target": "income", "seed": 0, "timeout": 90.0}, "runs/adult-1/space.yaml")
        'automl search adult.csv --target income --seed 0 --timeout 90s --space runs/adult-1/space.yaml'
    """
    data = plan.get("data")
    if not data or _IN_MEMORY in (data, plan.get("test"), plan.get("validation")):
        return None
    words = ["automl", "search", str(data)]
    for name in _AS_GIVEN:
        words += _option(name, plan.get(name))
    for column, kind in (plan.get("kinds") or {}).items():
        words += ["--kind", f"{column}={kind}"]
    for column in plan.get("drop") or ():
        words += ["--drop", column]
    words += _option("quantiles", ",".join(map(str, plan["quantiles"]))) if plan.get("quantiles") else []
    words += _option("order", ",".join(plan["order"])) if plan.get("order") else []
    for text in plan.get("na") or ():
        words += ["--na", text]
    for name in ("class_weight", "target_transform"):
        words += _option(name, plan[name]) if plan.get(name, "none") != "none" else []
    words += _option("validation", plan.get("validation")) if plan.get("folds") is None else []
    for cost in plan.get("objective") or ():
        words += ["--objective", cost]
    # A column that says which rows are the test rows leaves no room for a share of them.
    words += _option("split", plan["split"]) if plan.get("split") else _option("test", plan.get("test"))
    words += ["--timeout", f"{plan['timeout']:g}s"] if plan.get("timeout") else []
    words += ["--max-memory", f"{plan['max_memory'] / 1e3:g}KB"] if plan.get("max_memory") else []
    words += _option("repeats", plan["repeats"]) if plan.get("repeats", 0) else []
    words += _option("ensemble", plan["ensemble"]) if plan.get("ensemble", 1) != 1 else []
    words += ["--include-trees"] if plan.get("include_trees") else []
    words += {True: ["--refit"], False: ["--no-refit"], None: []}[plan.get("refit")]
    words += [] if plan.get("judge", True) else ["--no-judge"]
    words += ["--seed-config", str(PurePath(space).with_name(PLAN))] if plan.get("first") else []
    return shlex.join([*words, "--space", space])


def is_exact(plan: Mapping[str, Any]) -> bool:
    """Whether the command gives the same study bit for bit on the same CPU.

    It does where only trials limit it, one job runs, and no measured time is an objective.
    """
    counts_trials = plan.get("trials") is not None and plan.get("timeout") is None
    return counts_trials and plan.get("jobs", 1) == 1 and "seconds" not in plan.get("objective", ())


def _option(name: str, value: Any) -> list[str]:
    return [] if value is None else [f"--{name.replace('_', '-')}", str(value)]

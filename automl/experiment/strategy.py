"""Whether sampler and pruner suit a study's space, and what a person should know of how they will search it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.errors import PlanError
from automl.experiment.space import most_epochs
from automl.spaces.read import read_space
from automl.study.nsga2 import POPULATION
from automl.study.rungs import Brackets, first_rung, least_epochs
from automl.study.samplers import refusal, remark
from automl.tracking.record import PLAN
from automl.trial import COSTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage
    from automl.spaces.space import Space
    from automl.tracking.record import Record

REMARKS = "remarks"
"""The part of `plan.json` that keeps the remarks, for whoever reads the plan."""


def settle_strategy(record: Record, plan: Plan, stage: Stage) -> list[str]:
    """Refuse what cannot search the space, and keep in the plan what is to be known of what can.

    Args:
        record: The run folder, with its space.
        plan: What was asked for.
        stage: The rows, by whose number the first rung is chosen.

    Returns:
        The remarks, a sentence each; none on the ordinary search.

    Raises:
        PlanError: The sampler or the pruner cannot serve the space; all mistakes, one a line.
    """
    space, first = read_space(str(record.space_path)), first_rung(len(stage.train))
    mistakes = [mistake for mistake in (refusal(plan.sampler, space), _too_short(plan, space, first)) if mistake]
    if mistakes:
        raise PlanError("\n".join(mistakes))
    remarks = [*_remarks(plan, space, first, stage.task.metric)]
    if remarks:
        record.write_json(PLAN, record.read_json(PLAN) | {REMARKS: remarks})
    return remarks


def _too_short(plan: Plan, space: Space, first: int) -> str | None:
    """Say that trials are too short for Hyperband to have more than one bracket; None where they are not."""
    most, least = most_epochs(space), least_epochs(first)
    if plan.pruner != "hyperband" or most >= least:
        return None
    return (
        f"hyperband needs trials of {least} epochs or more on these rows, and those of the space have at most {most}; "
        "use --pruner asha"
    )


def _remarks(plan: Plan, space: Space, first: int, metric: str) -> Iterator[str]:
    if said := remark(plan.sampler, space):
        yield said
    if plan.sampler == "nsga2" and plan.trials is not None and plan.trials <= POPULATION:
        yield f"nsga2 draws its first {POPULATION} trials at random, and there are {plan.trials}; tpe learns earlier"
    if plan.pruner == "hyperband":
        rungs = Brackets(first, most_epochs(space)).first_rungs
        first_ones = f"{', '.join(map(str, rungs[:-1]))} or {rungs[-1]}"
        yield f"hyperband judges a trial first at epoch {first_ones}, by its number"
    yield from _of_objectives(plan, metric)


def _of_objectives(plan: Plan, metric: str) -> Iterator[str]:
    if not plan.objective:
        return
    costs = " and ".join(COSTS[cost] for cost in plan.objective)
    yield f"{plan.sampler} seeks a good {metric} with {costs}; the trial with the best {metric} is the winner"
    if plan.pruner != "none":
        yield f"{plan.pruner} holds a trial against those alone that are expected to cost no more"
    if "seconds" in plan.objective:
        yield "seconds are measured, so that the same seed may give another study"

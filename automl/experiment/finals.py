"""The best trials trained again with other seeds when a search is over: the winner is the best on average.

A trial's score is the best of many, so that it owes something to its seed; the scores of repeats were not chosen.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any

from automl.evaluation.gains import rounding, seed_noise
from automl.experiment.objective import N_FINALISTS
from automl.experiment.retrain import Retrainer, Retraining
from automl.experiment.trainer import Trainer
from automl.report.figures import counted
from automl.report.finals import sentence
from automl.report.summary import finals_of
from automl.tracking.record import FINALS
from automl.training.device import pick_device
from automl.trial import Completed, ranked

if TYPE_CHECKING:
    from collections.abc import Callable

    from automl.budget import Clock
    from automl.experiment.interrupts import Interrupts
    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage
    from automl.tracking.record import Record


def hold_finals(
    record: Record,
    plan: Plan,
    stage: Stage,
    *,
    clock: Clock,
    interrupts: Interrupts,
    say: Callable[[str], None],
) -> None:
    """Train the best trials again, as often as was asked for, and keep what they came to in `finals.json`.

    Nothing is done where that is done, and trained again only what was not. Where the time is up a finalist has fewer
    repeats; only those with the most of them can win.

    Args:
        record: The run folder.
        plan: What was asked for.
        stage: The rows that are not sealed.
        clock: When the time is up.
        interrupts: Whether somebody asked for the work to end.
        say: Hears what is done, and who has won.
    """
    if not plan.repeats or finals_of(record) is not None:
        return
    outcomes = record.outcomes()
    finalists = ranked(outcomes.items(), stage.task.higher_is_better, plan.objective)[:N_FINALISTS]
    if len(finalists) < 2:
        return
    times = counted(plan.repeats, "time")
    say(f"training the {len(finalists)} best trials again, {times} each, for the seed has its share in a score")
    trainer = Trainer(stage, pick_device(plan.device), plan.limits)
    retrainer = Retrainer(record, trainer, plan.seed, plan.cohort_size, interrupts, say, clock)
    scores = _repeat(record, plan, retrainer, finalists)
    told = {"trials": len(outcomes), **_told(stage, scores)}
    record.write_json(FINALS, told)
    say(sentence(told, stage.task.metric))


def _repeat(record: Record, plan: Plan, retrainer: Retrainer, finalists: list[int]) -> dict[int, list[float]]:
    """Give each finalist's scores, the seeds in the same order for all."""
    configs = {number: record.trial(number).read_config() for number in finalists}
    wanted = [(number, repeat) for repeat in range(plan.repeats) for number in finalists]
    found: dict[tuple[int, int], float] = {}
    for place, outcome in retrainer.run([Retraining(configs[number], repeat) for number, repeat in wanted]):
        if isinstance(outcome, Completed) and outcome.stopped_by != "budget":
            found[wanted[place]] = outcome.score
    return {number: [found[each] for each in wanted if each[0] == number and each in found] for number in finalists}


def _told(stage: Stage, scores: dict[int, list[float]]) -> dict[str, Any]:
    """Say who has won, and what the seed does to a score; the finalists stand in the order of the search."""
    most = max(map(len, scores.values()))
    sign = 1.0 if stage.task.higher_is_better else -1.0
    means = {number: fmean(own) for number, own in scores.items() if own}
    able = [number for number in scores if len(scores[number]) == most]
    noise = seed_noise(*scores.values(), least=rounding(stage.task.metric, len(stage.chosen_by)))
    return {
        "winner": max(able, key=lambda number: sign * means[number]) if means else able[0],
        "finalists": [{"trial": number, "scores": own, "mean": means.get(number)} for number, own in scores.items()],
        "deviation": None if noise is None else noise.deviation,
        "margin": None if noise is None else noise.margin(most, most),
    }

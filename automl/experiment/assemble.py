"""What one process of a search works with: the study it asks, the objective it trains by, the cohorts it forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.experiment.checkpoints import Checkpoints
from automl.experiment.cohorts import Cohorts
from automl.experiment.deaths import Deaths, Onset
from automl.experiment.first import beginning_with_first
from automl.experiment.leases import Leases
from automl.experiment.objective import N_FINALISTS, N_POOLED, Objective
from automl.experiment.pruning import pruner_of
from automl.experiment.sharing import sampling_seed, shared_by
from automl.experiment.trainer import Trainer
from automl.spaces.read import read_space
from automl.study.study import Study
from automl.training.device import pick_device, share_cores
from automl.trial import Aim

if TYPE_CHECKING:
    from automl.budget import Clock
    from automl.experiment.interrupts import Interrupts
    from automl.experiment.plan import Plan
    from automl.experiment.progress import Progress
    from automl.experiment.stage import Stage
    from automl.tracking.record import Record


@dataclass(frozen=True)
class Bench:
    """One process's study, objective and cohorts."""

    study: Study
    objective: Objective
    cohorts: Cohorts


def assemble(
    record: Record,
    plan: Plan,
    stage: Stage,
    *,
    clock: Clock,
    progress: Progress,
    interrupts: Interrupts,
    place: int = 0,
) -> Bench:
    """Put a process's bench together; each gets its share of the cores.

    Args:
        record: The run folder.
        plan: What was asked for.
        stage: The rows.
        clock: When the time is up.
        progress: Who watches.
        interrupts: Whether somebody asked for the work to end.
        place: Which of the plan's `jobs` processes this is; the first opens the journal before the others.
    """
    if plan.jobs > 1:
        share_cores(plan.jobs)
    space = beginning_with_first(read_space(str(record.space_path)), plan)
    study = Study(
        shared_by(record, plan) or record.journal_path,
        plan.study,
        space,
        aim=Aim(stage.task.higher_is_better, plan.objective),
        sampler=plan.sampler,
        seed=sampling_seed(record, plan),
        is_alone=place == 0,
    )
    trainer = Trainer(stage, pick_device(plan.device, place), plan.limits, tells_latency="latency" in plan.objective)
    outcomes = record.outcomes()
    pruner = pruner_of(plan, record, trainer, outcomes, space=space)
    objective = Objective(
        record,
        trainer,
        plan.seed,
        pruner,
        clock,
        progress,
        outcomes,
        interrupts,
        n_kept=_n_kept(plan),
        keeps_folds=plan.is_ensembled,
        costs=plan.objective,
    )
    leases = Leases(record, place) if plan.jobs > 1 else None
    objective.checkpoints = Checkpoints(record, plan.seed, interrupts, progress.say)
    objective.is_fatal = Deaths(record).is_fatal
    if leases is not None:
        objective.checkpoints.beat = leases.beat
    if place == 0:
        objective.onset = Onset(record)
        interrupts.heard = objective.onset.passed
    return Bench(study, objective, Cohorts(record, plan.cohort_size, leases))


def _n_kept(plan: Plan) -> int | None:
    """Say of how many trials the weights are kept while the search is on; None for all."""
    if plan.n_kept is None:
        return None
    return max(plan.n_kept, N_FINALISTS if plan.repeats else 0, N_POOLED if plan.is_ensembled else 0)

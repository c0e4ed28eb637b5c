"""A run folder, each part of it read once, for all that is written of it."""

from __future__ import annotations

import shlex
from functools import cached_property
from typing import Any

from automl.report.leaderboard import trials
from automl.report.summary import judgement_of, read_or, summarise
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import LEDGER, PLAN, REFERENCE, RUNGS, SEARCH, SPLIT, TASK, Record
from automl.trial import Epoch


class Reading:
    """What a run folder says, finished or not.

    Args:
        record: The run folder.

    Raises:
        StudyError: From any part, where a file of it is damaged.
    """

    def __init__(self, record: Record) -> None:
        self.record = record
        self._curves: dict[int, list[Epoch]] = {}

    @property
    def words(self) -> str:
        """What a command needs to name the study, from wherever the folder is read."""
        study, runs_dir = shlex.quote(self.record.study), self.record.runs_dir
        return study if runs_dir.name == "runs" else f"{study} --runs-dir {shlex.quote(str(runs_dir))}"

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The study as one object."""
        return summarise(self.record)

    @cached_property
    def judged(self) -> dict[str, Any] | None:
        """The judgement of the best trial, or None."""
        return judgement_of(self.record, self.summary["best"])

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each trial, best first, as `automl.report.leaderboard.trials` gives them."""
        return trials(self.record)

    @cached_property
    def by_number(self) -> list[dict[str, Any]]:
        """The same rows in the order of the trials."""
        return sorted(self.rows, key=lambda row: int(row["trial"]))

    @cached_property
    def plan(self) -> dict[str, Any]:
        """What was asked for."""
        return dict(read_or(self.record, PLAN, {}))

    @property
    def costs(self) -> tuple[str, ...]:
        """What is to be small beside a good score."""
        return tuple(self.plan.get("objective") or ())

    @cached_property
    def task(self) -> dict[str, Any]:
        """What is predicted from what; empty before the data is divided."""
        return dict(read_or(self.record, TASK, {}))

    @cached_property
    def split(self) -> dict[str, Any]:
        """How the rows were divided; empty before."""
        return dict(read_or(self.record, SPLIT, {}))

    @cached_property
    def rungs(self) -> list[dict[str, Any]]:
        """What was decided at each rung."""
        return self.record.read_jsonl(RUNGS)

    @cached_property
    def ledger(self) -> list[dict[str, Any]]:
        """Every opening of the study's own test rows; those of updates are told with these."""
        return [event for event in self.record.read_jsonl(LEDGER) if "update" not in event]

    @property
    def default_score(self) -> float | None:
        """The validation score of trial 0, which is the space's default; None where it has none."""
        outcome = self.record.trial(0).read_outcome()
        return getattr(outcome, "score", None)

    @property
    def higher_is_better(self) -> bool:
        """The direction of the scores."""
        return HIGHER_IS_BETTER.get(self.task.get("metric", ""), True)

    @cached_property
    def importance(self) -> dict[str, Any] | None:
        """Which parameters set the best trials apart; None where the search did not end, or had too few trials."""
        return dict(read_or(self.record, SEARCH, {})).get("importance")

    @cached_property
    def own_random(self) -> list[int]:
        """The study's trials whose configs were drawn at random from the whole space."""
        return list(dict(read_or(self.record, SEARCH, {})).get("random", []))

    @cached_property
    def reference(self) -> list[float | None]:
        """The scores of the random trainings beside the study, None for one that failed."""
        return [line["outcome"].get("score") for line in self.record.read_jsonl(REFERENCE)]

    @property
    def random_scores(self) -> list[float | None]:
        """The scores of all random configs, the study's own trials first; None for one that failed."""
        own = set(self.own_random)
        over = [row for row in self.by_number if row["trial"] in own and row["state"] != "running"]
        return [*(row["score"] for row in over), *self.reference]

    def curve(self, number: int) -> list[Epoch]:
        """Give a trial's epochs."""
        if number not in self._curves:
            self._curves[number] = self.record.trial(number).read_curve()
        return self._curves[number]

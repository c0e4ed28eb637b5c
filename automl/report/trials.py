"""One trial in full, and what a study tried and which of it won, as plain values."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from automl.errors import StudyError, unknown
from automl.files import strict
from automl.report.leaderboard import trials as rows_of_trials
from automl.report.memory import portions
from automl.report.prepared import prepared
from automl.report.summary import STATES, summarise
from automl.tracking.record import Record
from automl.trial import Failed, outcome_to_json


def trial(record: Record, number: int) -> dict[str, Any]:
    """Give everything the record keeps of one trial.

    Returns:
        `trial, state, config, outcome, curve, health, prepared, memory, failure`: the outcome without its traceback, or
        None while it is not over; the curve as one object an epoch; how its layers fared, with `findings`; what its
        preparation left out and reduced, if that was kept; in what portions it trained where memory was short; the
        failure as `{kind, message, traceback}`, or None.

    Raises:
        StudyError: The study has no trial of this number.
    """
    known = [kept.number for kept in record.trials()]
    if not known:
        raise StudyError(f"study {record.study!r} has no trials yet")
    if number not in known:
        raise StudyError(f"study {record.study!r}: {unknown('trial', number, known)}")
    kept = record.trial(number)
    outcome = kept.read_outcome()
    facts = outcome_to_json(outcome) if outcome else None
    if facts:
        facts.pop("traceback", None)
    shown: dict[str, Any] = strict(
        {
            "trial": number,
            "state": outcome.state if outcome else "running",
            "config": kept.read_config(),
            "outcome": facts,
            "curve": [asdict(epoch) for epoch in kept.read_curve()],
            "health": kept.read_health(),
            "prepared": [finding["sentence"] for finding in prepared(record, number)],
            "memory": list(portions(record, number)),
            "failure": _failure(outcome, record, number) if isinstance(outcome, Failed) else None,
        }
    )
    return shown


def overview(record: Record) -> dict[str, Any]:
    """Say what a study tried and what won.

    Returns:
        The study's `summarise`, followed by `tried`: how many trials by family, a count for each state; and `leaders`:
        the ten best trials as `automl.report.leaderboard.trials` gives them.
    """
    rows = rows_of_trials(record)
    tried: dict[str, Counter[str]] = {}
    for row in sorted(rows, key=lambda row: row["trial"]):
        tried.setdefault(str(row["family"]), Counter(dict.fromkeys(STATES, 0)))[row["state"]] += 1
    return {
        **summarise(record),
        "tried": {family: dict(states) for family, states in tried.items()},
        "leaders": rows[:10],
    }


def _failure(outcome: Failed, record: Record, number: int) -> dict[str, str]:
    path = record.trial(number).traceback_path
    traceback = outcome.traceback or (path.read_text(encoding="utf-8") if path.exists() else "")
    return {"kind": outcome.kind, "message": outcome.message, "traceback": traceback}

"""A study as one JSON object, the one that scripts read; it is rebuilt from the run folder alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.report.ensemble import together
from automl.report.figures import figure, interval
from automl.report.prepared import prepared
from automl.task import HIGHER_IS_BETTER
from automl.tracking.address import where_now
from automl.tracking.record import CLOCK, FINALS, JUDGEMENT, LEDGER, PLAN, SPLIT, TASK, TRACKING, Record
from automl.tracking.updates import brief
from automl.trial import Aim, Failed, Outcome, best_of

SCHEMA_VERSION = 1
STATES = ("completed", "pruned", "failed")


def summarise(record: Record) -> dict[str, Any]:
    """Say what a study was, what it spent and what came of it.

    Args:
        record: The run folder; the study may be unfinished, and what is not known yet is None.

    Returns:
        An object with the keys, in this order, `schema_version, study, run_dir, task, metric, direction, trials, best,
        test, baselines, findings, seconds, mlflow, not_judged`; the last is a sentence with the command that judges, or
        None where that is done or no trial could be judged. Where trials were judged together, `ensemble` follows: its
        `members`, of how many `folds` each is, their `validation`, and where there are several what the best one comes
        to `alone`, the `lead` over it and the `verdict`. Where the model was trained once more on validation rows too,
        `refit` follows: on how many `rows`, for how many epochs each of its `members`, what it came to `before`, the
        `lead` over that and the `verdict`. Where several targets or labels are predicted, `targets`
        follows: what each comes to by itself, by its name and that of who predicts. Where the study was updated,
        `updates` follow: of each what it was given, what was `chosen`, whether it was `promoted`, the `sentence`,
        `test` on its own sealed rows, and whether it made the model that the study has, `is_present`. Where costs count
        beside the score, `pareto` follows: the trials of the front, best score first, as `{trial, validation}` with
        each cost under its name.

    Raises:
        StudyError: A file of the folder is damaged.
    """
    task = read_or(record, TASK, {})
    metric = task.get("metric")
    outcomes = record.outcomes()
    costs = objectives(record)
    best = _best(record, outcomes, metric, costs)
    judged = judgement_of(record, best)
    return {
        "schema_version": SCHEMA_VERSION,
        "study": record.study,
        "run_dir": str(record.run_dir),
        "task": task.get("kind"),
        "metric": metric,
        "direction": ("maximize" if HIGHER_IS_BETTER[metric] else "minimize") if metric else None,
        "trials": count(outcomes),
        "best": best,
        "test": judged["test"] if judged else None,
        "baselines": judged["baselines"] if judged else {},
        "findings": [
            *read_or(record, SPLIT, {}).get("findings", []),
            *(prepared(record, best["trial"]) if best else ()),
        ],
        "seconds": read_or(record, CLOCK, {}).get("seconds", 0.0),
        "mlflow": _mlflow(record),
        "not_judged": _not_judged(record) if best and not judged else None,
        **({"ensemble": judged["ensemble"]} if judged and judged.get("ensemble") else {}),
        **({"refit": judged["refit"]} if judged and judged.get("refit") else {}),
        **({"targets": judged["targets"]} if judged and judged.get("targets") else {}),
        **({"updates": updates} if (updates := brief(record, is_judged=judged is not None)) else {}),
        **({"pareto": _pareto(outcomes, metric, costs)} if costs else {}),
    }


def whereabouts(record: Record) -> dict[str, Any]:
    """Give the parts of the object that say where the study is; of one that was moved, where it is now."""
    return {"study": record.study, "run_dir": str(record.run_dir), "mlflow": _mlflow(record)}


def objectives(record: Record) -> tuple[str, ...]:
    """Name what is to be small beside a good score, as the plan has it."""
    return tuple(read_or(record, PLAN, {}).get("objective") or ())


def _pareto(outcomes: dict[int, Outcome], metric: str | None, costs: tuple[str, ...]) -> list[dict[str, Any]]:
    front = Aim(HIGHER_IS_BETTER[metric], costs).front(outcomes.items()) if metric else []
    return [
        {"trial": number, "validation": getattr(outcomes[number], "score", None)}
        | {cost: getattr(outcomes[number], cost, None) for cost in costs}
        for number in front
    ]


def one_line(summary: Mapping[str, Any]) -> str:
    """Say in one line what came of a study.

    Args:
        summary: As `summarise` gives it.
    """
    best, test, metric = summary["best"], summary["test"], summary["metric"]
    if best is None:
        return f"{summary['study']}: no trial has completed"
    whom = f"trial {best['trial']}"
    validation = best["validation"]
    if ensemble := summary.get("ensemble"):
        validation, whom = ensemble["validation"], f"{together(ensemble)}, out"
    reached = f"validation {metric} {figure(validation)} by {whom}"
    judged = f"test {metric} {figure(test['value'])} {interval(test)}" if test else "not judged"
    return f"{summary['study']}: {judged}, {reached} of {summary['trials']['total']}{_updated(summary)}"


def _updated(summary: Mapping[str, Any]) -> str:
    present = [each["update"] for each in summary.get("updates", ()) if each["is_present"]]
    return f"; update {present[0]} made its model" if present else ""


def count(outcomes: dict[int, Outcome]) -> dict[str, int]:
    """Count trials that are over: in all, by state, and of those that failed for how many the time was up."""
    states = [outcome.state for outcome in outcomes.values()]
    late = [outcome for outcome in outcomes.values() if isinstance(outcome, Failed) and outcome.kind == "timeout"]
    return {"total": len(states), **{state: states.count(state) for state in STATES}, "timeout": len(late)}


def by_state(counts: Mapping[str, int], *, all_states: bool = True) -> str:
    """Say how many trials ended how; one for which the time was up before its first step is not told as failed.

    Args:
        counts: As `count` gives them.
        all_states: Whether states are named that no trial ended in.

    Examples:
        >>> by_state({"total": 5, "completed": 2, "pruned": 1, "failed": 2, "timeout": 2})
        '2 completed, 1 pruned, 0 failed, 2 out of time'
    """
    told = {state: counts[state] for state in STATES} | {"failed": counts["failed"] - counts["timeout"]}
    named = [f"{number:,} {state}" for state, number in told.items() if number or all_states]
    return ", ".join(named + ([f"{counts['timeout']:,} out of time"] if counts["timeout"] else []))


def judgement_of(record: Record, best: dict[str, Any] | None) -> dict[str, Any] | None:
    """Give the judgement of the best trial; None while it was not judged, even if an earlier winner was."""
    judged: dict[str, Any] | None = read_or(record, JUDGEMENT, None)
    return judged if judged and best and judged["trial"] == best["trial"] else None


def read_or(record: Record, name: str, otherwise: Any) -> Any:
    """Read a JSON file of the folder, or give something else while it is not there."""
    return record.read_json(name) if record.has(name) else otherwise


def finals_of(record: Record, n_trials: int | None = None) -> dict[str, Any] | None:
    """Give what came of training the best trials again; None where that was not done, or trials came after it.

    Args:
        record: The run folder.
        n_trials: How many trials are over; counted if None.
    """
    told: dict[str, Any] | None = read_or(record, FINALS, None)
    count = len(record.outcomes()) if told and n_trials is None else n_trials
    return told if told and told["trials"] == count else None


def winner_of(record: Record, outcomes: dict[int, Outcome], metric: str, costs: tuple[str, ...]) -> int | None:
    """Name the winner: the best trial, or the one that was best on average when the best were trained again."""
    finals = finals_of(record, len(outcomes))
    return int(finals["winner"]) if finals else best_of(outcomes.items(), HIGHER_IS_BETTER[metric], costs)


def _best(
    record: Record, outcomes: dict[int, Outcome], metric: str | None, costs: tuple[str, ...]
) -> dict[str, Any] | None:
    number = winner_of(record, outcomes, metric, costs) if metric else None
    if number is None:
        return None
    score = getattr(outcomes[number], "score", None)
    best = {"trial": number, "config": record.trial(number).read_config(), "validation": score}
    finals = finals_of(record, len(outcomes)) or {"finalists": []}
    repeats = [each["scores"] for each in finals["finalists"] if each["trial"] == number]
    return {**best, "repeats": repeats[0]} if repeats else best


def _not_judged(record: Record) -> str:
    again = " --break-seal REASON" if record.has(LEDGER) else ""
    return f"not judged yet; judge the winner with: automl judge {record.words}{again}"


def _mlflow(record: Record) -> dict[str, str] | None:
    tracking = read_or(record, TRACKING, None)
    if not tracking:
        return None
    uri = tracking.get("tracking_uri")
    known = {key: tracking.get(key) for key in ("experiment", "run_id")}
    return {"tracking_uri": uri and where_now(record.runs_dir, uri), **known}

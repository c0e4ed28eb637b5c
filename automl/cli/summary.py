"""The result of a study in words, for a person who has just watched it end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from automl.cli.options import RUNS
from automl.cli.screen import write_json, write_lines, write_prose
from automl.report import pareto
from automl.report.ensemble import counting, refitting, scores, subject, together, verdicts
from automl.report.figures import counted, duration, figure, interval, spoken
from automl.report.shortfall import shortfall
from automl.report.summary import by_state, judgement_of
from automl.spaces.conditions import word
from automl.tracking.record import WEBPAGE, Record

Result = Mapping[str, Any]

_MOST_OF_FRONT, _NOT_COSTS = 10, ("trial", "validation")


def write_result(result: Result, *, as_json: bool) -> None:
    """Write the result of a study on stdout, for a program or for a person.

    Args:
        result: The study's JSON object.
        as_json: Whether it is for a program.
    """
    if as_json:
        write_json(result)
    else:
        write_prose(result_lines(result, judgement_of(Record(Path(result["run_dir"])), result["best"])))
        write_lines(next_lines(result))


def result_lines(result: Result, judged: Result | None) -> Iterator[str]:
    """Say what was tried, what won, and how it was judged; first of all, what the winner loses to or does not beat.

    Args:
        result: The study's JSON object.
        judged: The judgement of its winner, or None where it was not judged.
    """
    if judged is not None and (said := shortfall(judged)):
        yield from (said, "")
    yield counts_line(result)
    yield from best_lines(result)
    yield from front_lines(result)
    if judged is not None:
        yield from _judgement_lines(result, judged)
    elif result["not_judged"]:
        yield from ("", f"Test rows: {result['not_judged']}")
    yield from update_lines(result)
    if result["findings"]:
        yield from ("", "Found in the data", *(f"  {finding['sentence']}" for finding in result["findings"]))


def counts_line(result: Result) -> str:
    """Say how many trials there were, and how long they took."""
    trials = result["trials"]
    tried = f"{counted(trials['total'], 'trial')} ({by_state(trials)})"
    return f"{result['study']}: {tried} in {duration(result['seconds'])}"


def best_lines(result: Result) -> Iterator[str]:
    """Say which trial won, what it is part of, and with what config."""
    best = result["best"]
    if best is None:
        yield from ("", "No trial has completed.")
        return
    repeats = best.get("repeats")
    again = f", {figure(fmean(repeats))} on average over {counted(len(repeats), 'repeat')}" if repeats else ""
    yield from ("", f"Best: trial {best['trial']}, validation {result['metric']} {figure(best['validation'])}{again}")
    if ensemble := result.get("ensemble"):
        yield f"Model: {together(ensemble)}, validation {result['metric']} {figure(ensemble['validation'])}"
    yield from config_lines(best["config"])


def front_lines(result: Result) -> Iterator[str]:
    """List the Pareto front, best score first; nothing where only the score counts."""
    front = result.get("pareto") or []
    if front:
        yield from ("", pareto.sentence(result))
    for each in front[:_MOST_OF_FRONT]:
        costs = (f"{name} {pareto.cost(name, value)}" for name, value in each.items() if name not in _NOT_COSTS)
        yield f"  trial {each['trial']}: {result['metric']} {', '.join([figure(each['validation']), *costs])}"
    if len(front) > _MOST_OF_FRONT:
        yield f"  and {counted(len(front) - _MOST_OF_FRONT, 'more trial')}: automl compare {result['study']}"


def update_lines(result: Result) -> Iterator[str]:
    """Say what came of each update; nothing where there were none."""
    if updates := result.get("updates"):
        yield from ("", "Updates", *(f"  {each['sentence']}" for each in updates))


def config_lines(config: Mapping[str, Any]) -> Iterator[str]:
    """Write a config, one value a line."""
    width = max(map(len, config), default=0)
    yield from (f"  {name:<{width}}  {setting(value)}" for name, value in config.items())


def setting(value: Any) -> str:
    """Write a value of a config as a space file would, a drawn number with four digits.

    Examples:
        >>> setting(0.00123456), setting(0.15), setting(2.0), setting(True), setting("relu"), setting(None)
        ('0.001235', '0.15', '2', 'true', 'relu', 'null')
    """
    return f"{value:.4g}" if isinstance(value, float) else word(value)


def _judgement_lines(result: Result, judged: Result) -> Iterator[str]:
    told = {spoken(name): ends for name, ends in scores(judged).items()}
    width = max(map(len, told))
    yield from ("", f"Test {result['metric']} on {judged['test']['rows']:,} sealed rows, with its 95 % interval")
    yield from (f"  {name:<{width}}  {figure(score['value'])} {interval(score)}" for name, score in told.items())
    yield from (f"  {said}" for said in (counting(judged), refitting(judged)) if said)
    yield from (f"  The {subject(judged)} is {sentence}." for sentence in verdicts(judged))
    for target, each in judged.get("targets", {}).items():
        said = ", ".join(f"{spoken(name)} {figure(score['value'])} {interval(score)}" for name, score in each.items())
        yield f"  {target} by itself: {said}."
    yield f"  The gap: {judged['gap']['sentence']}."
    if sure := judged.get("calibration"):
        yield f"  How sure: {sure['sentence']}."


def next_lines(result: Result) -> Iterator[str]:
    """Say where the report is and what can be done next, each command on a line that can be copied."""
    study, run_dir = shlex.quote(result["study"]), Path(result["run_dir"])
    at = "" if run_dir.parent == RUNS.absolute() else f" --runs-dir {shlex.quote(str(run_dir.parent))}"
    record = Record(run_dir)
    yield from ("", f"Report: {record.webpage_path if record.has(WEBPAGE) else record.page_path}")
    yield f"Next:   automl show {study}{at}"
    yield f"        automl ui{at}"
    if result["best"] is not None:
        yield f"        automl export {study} --format bundle --output {study}-bundle{at}"

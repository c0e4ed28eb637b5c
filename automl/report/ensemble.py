"""What was judged, in words and numbers: a network, or trials that answer together, beside the best of them alone.

Where networks were trained once more on all rows that are not sealed, what they were before is judged beside them too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automl.report.figures import counted, figure, listed, spoken
from automl.trial import TREES

Judged = Mapping[str, Any]


def subject(judged: Judged) -> str:
    """Name what was judged: `network`, or `ensemble`."""
    return "ensemble" if judged.get("ensemble") else "network"


def scores(judged: Judged) -> dict[str, Mapping[str, Any]]:
    """Give every score on the test rows by whose it is: the model's, its best trial's, baselines', its own before."""
    told = {name: score for name, score, _, _ in _alone(judged)}
    before = {name: score for name, score, _, _ in _before(judged)}
    return {subject(judged): judged["test"], **told, **judged["baselines"], **before}


def leads(judged: Judged) -> dict[str, Mapping[str, Any]]:
    """Give the lead over each of the others, by the names that `scores` gives them."""
    told = {name: lead for name, _, lead, _ in _alone(judged)}
    return {**told, **judged["differences"], **{name: lead for name, _, lead, _ in _before(judged)}}


def verdicts(judged: Judged) -> list[str]:
    """Give what to think of each lead, in the order of `leads`."""
    told, before = ([said for _, _, _, said in found] for found in (_alone(judged), _before(judged)))
    return [*told, *judged["verdicts"], *before]


_Beside = tuple[str, Mapping[str, Any], Mapping[str, Any], str]
"""What is judged beside the model: its name, its score, the lead over it, the verdict."""


def _alone(judged: Judged) -> Iterator[_Beside]:
    """Give the best trial that an ensemble is judged beside; nothing where there is none."""
    ensemble = judged.get("ensemble") or {}
    if "alone" in ensemble:
        yield f"trial {judged['trial']} alone", ensemble["alone"], ensemble["lead"], ensemble["verdict"]


def _before(judged: Judged) -> Iterator[_Beside]:
    """Give the model as it was before its refit; nothing where there was none."""
    if refit := judged.get("refit"):
        yield "before the refit", refit["before"], refit["lead"], refit["verdict"]


def reached(judged: Judged, metric: str, validation: float) -> str:
    """Say which score over the validation rows was reached, and by whom.

    Args:
        judged: The judgement.
        metric: What was measured.
        validation: What the best trial reached alone.

    Examples:
        >>> reached({"trial": 3}, "accuracy", 0.9)
        'validation accuracy 0.9000 by trial 3'
    """
    if not (ensemble := judged.get("ensemble")):
        return f"validation {metric} {figure(validation)} by trial {judged['trial']}"
    return f"validation {metric} {figure(ensemble['validation'])} by {together(ensemble)}"


def together(ensemble: Mapping[str, Any]) -> str:
    """Name the trials of an ensemble, or say that it is the folds of one.

    Examples:
        >>> together({"members": [{"trial": 3}, {"trial": 7}], "folds": 0})
        'trials 3 and 7 together'
        >>> together({"members": [{"trial": -3}, {"trial": -1}, {"trial": 7}], "folds": 0})
        'trial 7, extra trees and boosted trees together'
        >>> together({"members": [{"trial": 3}], "folds": 5})
        'the 5 folds of trial 3 together'
    """
    members = [member["trial"] for member in ensemble["members"]]
    numbers = [str(trial) for trial in members if trial not in TREES]
    if len(members) == 1:
        return f"the {ensemble['folds']} folds of trial {numbers[0]} together"
    kinds = [spoken(TREES[trial]) for trial in members if trial in TREES]
    trials = [f"trial{'s'[: len(numbers) != 1]} {listed(numbers)}"] if numbers else []
    return f"{listed([*trials, *kinds])} together"


def counting(judged: Judged) -> str:
    """Say how much each trial of an ensemble counts, in a sentence; nothing of a network.

    Examples:
        >>> members = [{"trial": 3, "weight": 0.75}, {"trial": 7, "weight": 0.25}]
        >>> counting({"ensemble": {"members": members, "folds": 5}})
        'In the ensemble trial 3 counts 0.75 and trial 7 counts 0.25, each by its 5 folds.'
    """
    if not (ensemble := judged.get("ensemble")):
        return ""
    if len(ensemble["members"]) == 1:
        return f"The ensemble is {together(ensemble)}."
    shares = listed([f"{_counts(each['trial'])} {each['weight']:.2g}" for each in ensemble["members"]])
    folds = f", each by its {ensemble['folds']} folds" if ensemble["folds"] else ""
    return f"In the ensemble {shares}{folds}."


def _named(trial: int) -> str:
    return spoken(TREES[trial]) if trial in TREES else f"trial {trial}"


def _counts(trial: int) -> str:
    return f"{_named(trial)} count{'' if _named(trial).endswith('trees') else 's'}"


def refitting(judged: Judged) -> str:
    """Say on how many rows which networks were trained once more, in a sentence; nothing where none was.

    Examples:
        >>> refitting({"refit": {"rows": 1437, "members": [{"trial": 7, "epochs": 15}]}})
        'The refit: trained once more on training and validation rows together, 1,437 rows: trial 7 for 15 epochs.'
    """
    if not (refit := judged.get("refit")):
        return ""
    told = [f"{_named(each['trial'])} {_so_long(each)}" for each in refit["members"]]
    rows = f"training and validation rows together, {counted(refit['rows'], 'row')}"
    return f"The refit: trained once more on {rows}: {listed(told)}."


def _so_long(member: Mapping[str, Any]) -> str:
    if "left" in member:
        return "not at all"
    return f"for {counted(member['epochs'], 'epoch')}" if "epochs" in member else "grown anew"

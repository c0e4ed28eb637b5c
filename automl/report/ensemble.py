"""What was judged, in words and numbers: a network, or trials that answer together, beside the best of them alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.report.figures import figure, listed

Judged = Mapping[str, Any]


def subject(judged: Judged) -> str:
    """Name what was judged: `network`, or `ensemble`."""
    return "ensemble" if judged.get("ensemble") else "network"


def scores(judged: Judged) -> dict[str, Mapping[str, Any]]:
    """Give every score on the test rows by whose it is, what was judged first, then the best trial alone."""
    alone = {f"trial {judged['trial']} alone": judged["ensemble"]["alone"]} if judged.get("ensemble") else {}
    return {subject(judged): judged["test"], **alone, **judged["baselines"]}


def leads(judged: Judged) -> dict[str, Mapping[str, Any]]:
    """Give the lead over each of the others, by the names that `scores` gives them."""
    alone = {f"trial {judged['trial']} alone": judged["ensemble"]["lead"]} if judged.get("ensemble") else {}
    return {**alone, **judged["differences"]}


def verdicts(judged: Judged) -> list[str]:
    """Give what to think of each lead, in the order of `leads`."""
    return [*([judged["ensemble"]["verdict"]] if judged.get("ensemble") else []), *judged["verdicts"]]


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
    numbers = [str(member["trial"]) for member in ensemble["members"]]
    return f"validation {metric} {figure(ensemble['validation'])} by trials {listed(numbers)} together"


def members(judged: Judged) -> str:
    """Say how much each trial of an ensemble counts; nothing of a network.

    Examples:
        >>> members({"ensemble": {"members": [{"trial": 3, "weight": 0.75}, {"trial": 7, "weight": 0.25}]}})
        'trial 3 counts 0.75, trial 7 counts 0.25'
    """
    ensemble = judged.get("ensemble") or {"members": []}
    return ", ".join(f"trial {each['trial']} counts {each['weight']:.2g}" for each in ensemble["members"])

"""What a network did not beat, in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from automl.report.shortfall import shortfall

AHEAD, EVEN, BEHIND, UNDEFINED = (0.1, 0.3), (-0.1, 0.1), (-0.3, -0.1), (None, None)


def judged(**leads: tuple[float | None, float | None]) -> dict[str, Any]:
    return {"differences": {name: {"ci_low": low, "ci_high": high} for name, (low, high) in leads.items()}}


def test_nothing_is_said_of_a_network_that_beats_all():
    assert shortfall(judged(majority=AHEAD, linear=AHEAD, boosted_trees=AHEAD)) == ""


@pytest.mark.parametrize("lead", [EVEN, UNDEFINED, (0.0, 0.2), (-0.2, 0.0)])
def test_a_loss_is_only_what_is_one_beyond_chance(lead: tuple[float | None, float | None]):
    said = shortfall(judged(mean=AHEAD, linear=AHEAD, boosted_trees=lead))
    assert said == "The network does not beat boosted trees beyond chance."


def test_what_it_loses_to_comes_before_what_it_does_not_beat():
    said = shortfall(judged(majority=EVEN, linear=EVEN, boosted_trees=BEHIND))
    loses, _, rest = said.partition(", ")
    assert loses == "The network loses to boosted trees beyond chance"
    assert rest == "and does not beat the most frequent class or the linear model."


def test_several_losses_are_named_together():
    assert shortfall(judged(mean=BEHIND, linear=BEHIND, boosted_trees=BEHIND)) == (
        "The network loses to the mean, the linear model and boosted trees beyond chance."
    )


def test_a_study_that_was_judged_without_trees_has_nothing_to_say_of_them():
    assert shortfall(judged(mean=AHEAD, linear=EVEN)) == "The network does not beat the linear model beyond chance."

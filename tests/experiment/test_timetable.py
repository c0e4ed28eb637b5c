"""How the time of a search is shared out among its parts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from automl.budget import Clock
from automl.experiment.growing import GROWTH, folder_of
from automl.experiment.plan import Plan
from automl.experiment.timetable import Timetable, until_judged
from automl.files import write_json
from automl.tracking.record import Record
from automl.trial import Completed


def timetable(seconds=100.0, **options):
    plan = Plan(data="iris", study="iris", runs_dir="runs", timeout=seconds, **options)
    return Timetable(plan, Clock(until_judged(plan, 0.0)))


def ends(made):
    return [clock.seconds for clock in (made.search, made.finals, made.refit)]


class Found:
    """A search's best trials, ten epochs long, the fifth the best; half as many rows validate as train.

    Args:
        seconds: Of each trial, best first.
        device: Where they were trained.
    """

    def __init__(self, *seconds, device="cpu"):
        self._best = [Completed(0.9, 0.1, 5, 10, each, 100, "patience") for each in seconds]
        self.record = Record(Path("nowhere"))
        self.trainer = SimpleNamespace(stage=SimpleNamespace(growth=1.5), device=SimpleNamespace(type=device))

    def best(self, count):
        return self._best[:count]


def test_a_search_without_them_has_all_the_time_but_that_for_the_end():
    assert ends(timetable()) == [88.0, 88.0, 88.0]


def test_repeats_and_a_refit_have_three_tenths_of_what_is_left_for_training():
    assert ends(timetable(repeats=2)) == pytest.approx([0.7 * 88, 88, 88])
    assert ends(timetable(refit=True)) == pytest.approx([0.7 * 88, 0.7 * 88, 88])
    assert ends(timetable(refit=True, repeats=2)) == pytest.approx([0.7 * 0.7 * 88, 0.7 * 88, 88])


def test_without_a_limit_nothing_ends():
    made = timetable(None, trials=5, refit=True)
    made.expect_refit(Found(1e6))
    assert ends(made) == [None, None, None]


@pytest.mark.parametrize(("device", "alone"), [("cpu", 1.3), ("cuda", 2.5)])
def test_what_a_refit_does_not_need_is_for_the_search(device, alone):
    made = timetable(refit=True, repeats=1, ensemble=2)
    made.expect_refit(Found(2.0, 4.0, 100.0, device=device))
    kept = 1.0 + alone * 1.5 * (1.0 + 2.0)
    assert ends(made) == pytest.approx([0.7 * (88 - kept), 88 - kept, 88])


def test_a_long_refit_has_no_more_than_its_share():
    made = timetable(refit=True)
    made.expect_refit(Found(30.0))
    assert ends(made) == pytest.approx([0.7 * 88, 0.7 * 88, 88])


def test_nothing_is_kept_for_a_refit_that_its_share_does_not_hold():
    made = timetable(refit=True)
    made.expect_refit(Found(50.0))
    assert ends(made) == pytest.approx([88, 88, 88])


def test_before_any_trial_is_completed_the_whole_share_is_kept():
    made = timetable(refit=True)
    made.expect_refit(Found())
    assert ends(made) == pytest.approx([0.7 * 88, 0.7 * 88, 88])


def test_where_there_is_none_nothing_is_kept_for_it():
    made = timetable(ensemble=2)
    made.expect_refit(Found(2.0, 4.0))
    assert ends(made) == [made.refit.seconds] * 3


def test_where_networks_take_too_long_there_is_time_to_grow_the_trees_anew(tmp_path):
    made, found = timetable(refit=True, ensemble=2), Found(200.0)
    found.record = Record(tmp_path)
    for number, seconds in ((-1, 1.0), (-2, 6.0)):
        folder_of(found.record, number).mkdir(parents=True)
        write_json(folder_of(found.record, number) / GROWTH, {"seconds": seconds, "repeat": {}})
    made.expect_refit(found)
    assert ends(made) == pytest.approx([88 - (4.0 + 1.5 * 6.0), 88 - (4.0 + 1.5 * 6.0), 88])

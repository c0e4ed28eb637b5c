"""The time of a search: what is kept for repeats and for a refit, and given back where it is not needed."""

from __future__ import annotations

import time

import pytest

from automl.experiment.plan import Plan
from automl.experiment.timetable import Timetable
from automl.trial import Completed


def timetable(seconds=100.0, **options):
    plan = Plan(data="iris", study="iris", runs_dir="runs", timeout=seconds, **options)
    return Timetable(plan, 0.0, used=0.0, started=time.monotonic())


def ends(made):
    return [clock.seconds for clock in (made.search, made.finals, made.refit)]


def done(seconds):
    """A trial whose ten epochs took so long, half of them up to the best one."""
    return Completed(0.9, 0.1, 5, 10, seconds, 100, "patience")


def test_a_search_without_them_has_all_the_time_but_that_for_the_end():
    assert ends(timetable()) == [88.0, 88.0, 88.0]


def test_repeats_and_a_refit_have_three_tenths_of_what_is_left_for_training():
    assert ends(timetable(repeats=2)) == pytest.approx([0.7 * 88, 88, 88])
    assert ends(timetable(refit=True)) == pytest.approx([0.7 * 88, 0.7 * 88, 88])
    assert ends(timetable(refit=True, repeats=2)) == pytest.approx([0.7 * 0.7 * 88, 0.7 * 88, 88])


def test_without_a_limit_nothing_ends():
    made = timetable(None, trials=5, refit=True)
    made.expect_refit([done(1e6)], 1.5)
    assert ends(made) == [None, None, None]


def test_what_a_refit_does_not_need_is_for_the_search():
    made = timetable(refit=True, repeats=1)
    made.expect_refit([done(2.0), done(4.0)], 1.5)
    kept = 1.0 + 2.5 * 1.5 * (1.0 + 2.0)
    assert ends(made) == pytest.approx([0.7 * (88 - kept), 88 - kept, 88])


def test_a_long_refit_has_no_more_than_its_share():
    made = timetable(refit=True)
    made.expect_refit([done(500.0)], 1.5)
    assert ends(made) == pytest.approx([0.7 * 88, 0.7 * 88, 88])


def test_before_any_trial_is_completed_the_whole_share_is_kept():
    made = timetable(refit=True)
    made.expect_refit([], 1.5)
    assert ends(made) == pytest.approx([0.7 * 88, 0.7 * 88, 88])

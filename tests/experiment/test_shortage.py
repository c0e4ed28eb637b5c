"""A fault in a cohort stays with one of it, and what memory does not hold trains in smaller portions."""

from __future__ import annotations

import errno
import weakref

import pytest

from automl.errors import DiskError
from automl.experiment.shortage import Portions, Shortage, Unkept, contained
from automl.trial import Completed, Failed

CONFIG = {"family": "mlp", "family.mlp.layers": 1, "family.mlp.width": 8, "training.epochs": 3}
DONE = Completed(0.9, 0.1, 1, 2, 1.0, 10, "patience")


def _work(cohort, portions):
    """Fail wherever trial 2 takes part."""
    if 2 in cohort:
        raise KeyError("width")
    return dict.fromkeys(cohort, DONE)


def test_a_fault_stays_with_the_member_that_has_it():
    ended = contained(_work, dict.fromkeys((1, 2, 3), CONFIG))
    assert (ended[1], ended[3]) == (DONE, DONE)


def test_a_fault_is_told_with_its_kind_and_place():
    failed = contained(_work, {2: CONFIG})[2]
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.message) == ("bug", "KeyError: 'width'")
    assert 'raise KeyError("width")' in failed.traceback


def test_a_fault_that_only_the_whole_cohort_has_is_no_members():
    def crowded(cohort, portions):
        if len(cohort) > 1:
            raise MemoryError
        return dict.fromkeys(cohort, DONE)

    assert contained(crowded, dict.fromkeys((1, 2), CONFIG)) == {1: DONE, 2: DONE}


def test_a_fault_without_words_is_told_by_its_kind():
    def hungry(cohort, portions):
        raise MemoryError

    failed = contained(hungry, {1: CONFIG})[1]
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.message) == (
        "out_of_memory",
        "memory does not hold it, alone and with whole batches: MemoryError",
    )


def test_an_interruption_is_no_fault():
    def interrupted(cohort, portions):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contained(interrupted, dict.fromkeys((1, 2), CONFIG))


def test_a_full_disk_is_no_trials_fault():
    def work(cohort, portions):
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise RuntimeError("did not possess lock")  # noqa: B904

    with pytest.raises(DiskError, match="the disk did not take what is to be kept: No space left on device"):
        contained(work, dict.fromkeys((1, 2), CONFIG))


class Hungry:
    """Work that memory holds where members and parts of a batch are such; it remembers what it was given."""

    def __init__(self, holds):
        self.holds = holds
        self.given = []

    def __call__(self, cohort, portions):
        self.given.append((list(cohort), portions.accumulation))
        if not self.holds(len(cohort), portions.accumulation):
            raise MemoryError
        return dict.fromkeys(cohort, DONE)


def test_a_cohort_that_memory_does_not_hold_trains_in_halves():
    work = Hungry(lambda members, parts: members <= 2)
    ended = contained(work, dict.fromkeys((3, 5, 6, 8, 9), CONFIG))
    assert ended == dict.fromkeys((3, 5, 6, 8, 9), DONE)
    assert [numbers for numbers, _ in work.given] == [[3, 5, 6, 8, 9], [3, 5, 6], [3, 5], [6], [8, 9]]


def test_one_that_memory_does_not_hold_trains_with_its_batches_in_ever_more_parts():
    work = Hungry(lambda members, parts: parts >= 4)
    assert contained(work, {7: CONFIG}, most_parts=lambda config: 64) == {7: DONE}
    assert work.given == [([7], 1), ([7], 2), ([7], 4)]


@pytest.mark.parametrize(("most", "tried"), [(1, [1]), (2, [1, 2]), (3, [1, 2]), (8, [1, 2, 4, 8])])
def test_batches_go_through_in_no_more_parts_than_they_may(most, tried):
    work = Hungry(lambda members, parts: False)
    failed = contained(work, {7: CONFIG}, most_parts=lambda config: most)[7]
    assert [parts for _, parts in work.given] == tried
    assert isinstance(failed, Failed) and failed.kind == "out_of_memory"


def test_a_network_that_cannot_even_be_built_fails_alone():
    def build(config):
        raise MemoryError

    failed = contained(Hungry(lambda *given: False), {7: CONFIG}, most_parts=build)[7]
    assert isinstance(failed, Failed) and failed.kind == "out_of_memory"


def test_a_failure_says_in_how_many_parts_it_was_tried():
    failed = contained(Hungry(lambda *given: False), {7: CONFIG}, most_parts=lambda config: 4)[7]
    assert failed.message == "memory does not hold it, alone and with its batches in 4 parts: MemoryError"


def test_what_one_cannot_be_held_for_harms_no_other():
    def work(cohort, portions):
        if 2 in cohort:
            raise MemoryError
        return dict.fromkeys(cohort, DONE)

    ended = contained(work, dict.fromkeys(range(5), CONFIG))
    assert [ended[number] == DONE for number in range(5)] == [True, True, False, True, True]


def test_decisions_are_kept_before_they_are_acted_on_and_after_what_they_undo():
    happened = []

    class Log(Unkept):
        def append(self, line):
            happened.append(line)
            super().append(line)

    def work(cohort, portions):
        happened.append((*cohort, portions.accumulation))
        if len(cohort) > 1 or portions.accumulation < 2:
            raise MemoryError
        return dict.fromkeys(cohort, DONE)

    shortage = Shortage(Log(), begin_anew=lambda numbers: happened.append(f"forget {[*numbers]}"))
    contained(work, dict.fromkeys((1, 2), CONFIG), shortage, lambda config: 2)
    assert happened[:7] == [
        (1, 2, 1),
        "forget [1, 2]",
        {"trials": [1, 2], "halves": [[1], [2]]},
        (1, 1),
        "forget [1]",
        {"trials": [1], "accumulation": 2},
        (1, 2),
    ]


def test_what_is_known_is_not_found_out_again():
    lines = [
        {"trials": [1, 2, 3], "halves": [[1, 2], [3]]},
        {"trials": [3], "accumulation": 2},
        {"trials": [3], "accumulation": 4},
        {"trials": [3], "at_once": 100},
    ]
    seen = {}

    def work(cohort, portions):
        seen[tuple(cohort)] = portions
        return dict.fromkeys(cohort, DONE)

    contained(work, dict.fromkeys((1, 2, 3), CONFIG), Shortage(Unkept(lines)))
    assert seen == {(1, 2): Portions(), (3,): Portions(4, 100)}


def test_a_cohort_is_known_by_all_of_its_trials():
    shortage = Shortage(Unkept([{"trials": [1, 2, 3], "halves": [[1, 2], [3]]}]))
    assert (shortage.halves([1, 2]), shortage.group([1, 2, 3], 2), shortage.group([4, 5], 5)) == ([], [1, 2], [4, 5])


def test_what_is_decided_is_said():
    said = []
    contained(
        Hungry(lambda members, parts: parts > 1),
        dict.fromkeys((1, 2, 3), CONFIG),
        Shortage(say=said.append),
        lambda config: 2,
    )
    assert said[:3] == [
        "memory does not hold trials 1, 2, 3 together: first 1, 2, then 3",
        "memory does not hold trials 1, 2 together: first 1, then 2",
        "memory does not hold trial 1: its batches go through in 2 parts, added up",
    ]


class Tensors:
    """Stands for what a training holds."""


def test_what_failed_is_freed_before_anything_else_is_tried():
    alive = weakref.WeakSet()
    counts = []

    def work(cohort, portions):
        counts.append(len(alive))
        held = Tensors()
        held.itself = held
        alive.add(held)
        raise MemoryError

    contained(work, dict.fromkeys((1, 2), CONFIG), most_parts=lambda config: 2)
    assert counts == [0, 0, 0, 0, 0]
    assert not alive

"""The collector keeps away from imports, and from nothing else."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from automl.experiment.uncollected import uncollected


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector on, as it was found, whatever a test does to it."""
    was_on = gc.isenabled()
    gc.enable()
    yield
    gc.unfreeze()
    (gc.enable if was_on else gc.disable)()


class Loop:
    """An object that only the collector can take back."""

    def __init__(self) -> None:
        self.me = self


def test_the_collector_rests_while_the_block_runs():
    with uncollected():
        assert not gc.isenabled()


def test_the_collector_works_again_afterwards():
    with uncollected():
        pass
    assert gc.isenabled()


def test_the_collector_works_again_after_an_import_that_fails():
    with pytest.raises(ModuleNotFoundError), uncollected():
        raise ModuleNotFoundError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_what_was_made_meanwhile_counts_as_old():
    with uncollected():
        made = Loop()
    assert any(each is made for each in gc.get_objects(generation=2))


def test_what_is_no_longer_used_is_still_taken_back():
    with uncollected():
        made = weakref.ref(Loop())
    gc.collect()
    assert made() is None


def test_what_somebody_keeps_from_the_collector_stays_kept():
    gc.freeze()
    kept = gc.get_freeze_count()
    with uncollected():
        pass
    assert gc.get_freeze_count() >= kept > 0

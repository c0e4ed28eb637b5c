"""A request to end waits for a good place, and a second one does not."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress

import pytest

from automl.errors import Interrupted
from automl.experiment.interrupts import Interrupts, deferred


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_request_waits_for_a_check(number):
    with pytest.raises(KeyboardInterrupt), deferred() as interrupts:
        interrupts.check()
        signal.raise_signal(number)
        reached = True
        interrupts.check()
    assert reached


def test_the_second_request_is_obeyed_at_once():
    with pytest.raises(KeyboardInterrupt), deferred() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.asked
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second request was not obeyed")


def test_the_handlers_are_given_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with deferred():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_another_thread_hears_nothing_and_works_on():
    heard = []

    def work():
        with deferred() as interrupts:
            interrupts.check()
            heard.append(interrupts.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == [False]


def test_who_obeys_says_which_signal_asked():
    with pytest.raises(Interrupted) as caught, deferred() as interrupts:
        signal.raise_signal(signal.SIGTERM)
        interrupts.check()
    assert caught.value.number == signal.SIGTERM


def test_a_second_request_is_known_as_one():
    interrupts = Interrupts()
    with suppress(KeyboardInterrupt), deferred(interrupts):
        signal.raise_signal(signal.SIGINT)
        assert not interrupts.insisted
        signal.raise_signal(signal.SIGTERM)
    assert interrupts.insisted


def test_a_terminal_that_is_closed_asks_once_however_often_that_is_said():
    with deferred() as interrupts:
        for _ in range(3):
            signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
    assert interrupts.asked and not interrupts.insisted


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with deferred() as interrupts:
            signal.raise_signal(signal.SIGHUP)
            assert not interrupts.asked
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_first_request_is_passed_on_at_once_and_only_that():
    interrupts, heard = Interrupts(), []
    interrupts.heard = lambda: heard.append("end")
    with suppress(KeyboardInterrupt), deferred(interrupts):
        signal.raise_signal(signal.SIGINT)
        assert heard == ["end"]
        signal.raise_signal(signal.SIGINT)
    assert heard == ["end"]

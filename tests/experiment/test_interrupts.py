"""A request to end waits for a good place, and a second one does not."""

from __future__ import annotations

import signal
import threading

import pytest

from automl.experiment.interrupts import deferred


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
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

"""A request to end and a closed terminal interrupt a command; what is ignored stays ignored."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from automl.cli.app import exit_code
from automl.cli.signals import heed_signals
from automl.errors import Interrupted


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Give every signal its handler back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_the_exit_code_says_which_signal_it_was(number: int, code: int):
    heed_signals()
    assert exit_code(lambda: signal.raise_signal(number)) == code


def test_a_terminal_that_is_closed_does_not_end_what_nohup_runs():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heed_signals()
    signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_an_interruption_knows_its_signal():
    heed_signals()
    with pytest.raises(Interrupted) as caught:
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.number == signal.SIGTERM

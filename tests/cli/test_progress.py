"""What a person sees while a search runs."""

from __future__ import annotations

import io
import sys
import time

import pytest
from rich.console import Console

from automl.budget import Budget
from automl.cli.progress import LiveLine, reporter, trial_line
from automl.trial import Completed, Epoch, Failed, Pruned

COMPLETED = Completed(score=0.9, loss=0.1, best_epoch=3, epochs=5, seconds=61.0, parameters=10, stopped_by="patience")
PRUNED = Pruned(score=0.5, loss=0.7, best_epoch=1, epochs=2, seconds=1.5, parameters=10)
FAILED = Failed(kind="out_of_memory", message="the device has no memory left", traceback="", seconds=0.1)
EPOCH = Epoch(epoch=4, train_loss=0.3, validation_loss=0.2, validation=0.8765, lr=0.1, seconds=0.5)


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, *, quiet: bool = False) -> str:
    with reporter(Budget(trials=3, seconds=60.0), quiet=quiet, stream=stream) as progress:
        progress.say("60 rows for training")
        progress.trial_started(0, "mlp")
        progress.epoch(0, EPOCH)
        progress.trial_ended(0, COMPLETED, 0.9)
        progress.trial_ended(1, PRUNED, 0.9)
        progress.trial_ended(2, FAILED, 0.9)
    return stream.getvalue()


def live_line(budget: Budget, started: float | None = None) -> LiveLine:
    return LiveLine(Console(file=Screen(), force_terminal=True), budget, started)


def test_a_file_gets_one_plain_line_for_each_trial():
    assert shown(io.StringIO()).splitlines() == [
        "60 rows for training",
        "trial 0 completed: validation 0.9000 at epoch 3 of 5, 1 min 1 s; best so far 0.9000",
        "trial 1 pruned: validation 0.5000 at epoch 1 of 2, 1.5 s; best so far 0.9000",
        "trial 2 failed (out of memory): the device has no memory left",
    ]


def test_quiet_shows_nothing():
    assert shown(io.StringIO(), quiet=True) == ""


def test_a_terminal_keeps_sentences_new_bests_and_failures():
    text = shown(Screen())
    assert "60 rows for training" in text and "trial 0 completed" in text and "trial 2 failed" in text
    assert "trial 1 pruned" not in text


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown(Screen())


def test_no_colour_is_shown_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[36m" not in shown(Screen())


def test_what_libraries_print_does_not_get_into_the_result(capsys: pytest.CaptureFixture[str]):
    with reporter(Budget(), quiet=True):
        sys.stdout.write("noise")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "noise")


def test_a_terminal_gets_plain_lines_where_no_line_is_to_live():
    screen = Screen()
    with reporter(Budget(), live=False, stream=screen) as progress:
        progress.say("training 1 of at most 20")
    assert screen.getvalue() == "training 1 of at most 20\n"


def test_the_live_line_says_what_runs_and_how_far_it_is():
    line = live_line(Budget(trials=50))
    line.trial_started(7, "resnet")
    line.epoch(7, EPOCH)
    assert line.render().plain.startswith("trial 7 (resnet)  7 of 50 done  epoch 4: 0.8765  best –  ")


def test_the_live_line_counts_from_the_commands_start():
    line = live_line(Budget(seconds=100.0), started=time.monotonic() - 40.0)
    _, elapsed, left = line.render().plain.rsplit("  ", 2)
    assert elapsed.startswith("40.") and left in {"1 min 0 s left", "59.9 s left", "59.8 s left"}


def test_the_live_line_never_shows_less_than_no_time_left():
    line = live_line(Budget(seconds=1.0), started=time.monotonic() - 40.0)
    assert line.render().plain.endswith("0.0 s left")


def test_the_live_line_shows_the_best_so_far():
    line = live_line(Budget())
    line.trial_started(0, "mlp")
    line.trial_ended(0, COMPLETED, 0.9)
    assert line.render().plain.startswith("1 done  best 0.9000")


def test_a_study_without_a_completed_trial_has_no_best():
    assert trial_line(0, PRUNED, None).endswith("best so far –")

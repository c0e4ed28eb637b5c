"""What a person sees while a search runs."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from rich.console import Console

from automl.budget import Budget
from automl.cli.progress import Lines, Panel, reporter
from automl.experiment.standing import Start
from automl.trial import Completed, Epoch, Failed, Pruned

COMPLETED = Completed(score=0.9, loss=0.1, best_epoch=3, epochs=5, seconds=61.0, parameters=10, stopped_by="patience")
PRUNED = Pruned(score=0.5, loss=0.7, best_epoch=1, epochs=2, seconds=1.5, parameters=10)
FAILED = Failed(kind="out_of_memory", message="the device has no memory left", traceback="", seconds=0.1)
EPOCH = Epoch(epoch=4, train_loss=0.3, validation_loss=0.2, validation=0.8765, lr=0.1, seconds=0.5)
START = Start("accuracy", Budget(trials=10), constants={"majority": 0.6})


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def shown(stream: io.StringIO, *, quiet: bool = False) -> str:
    with reporter(quiet=quiet, stream=stream) as progress:
        progress.say("60 rows for training")
        progress.search_started(START)
        progress.trial_started(0, "mlp")
        progress.epoch(0, EPOCH)
        progress.trial_ended(0, COMPLETED)
        progress.trial_ended(1, PRUNED)
        progress.trial_ended(2, FAILED)
        progress.say("judging trial 0")
    return stream.getvalue()


def panel(width: int = 80, encoding: str = "utf-8") -> tuple[Panel, Clock]:
    screen, clock = Screen(), Clock()
    screen.encoding = encoding
    return Panel(Console(file=screen, force_terminal=True, width=width), clock(), clock), clock


def lines_of(shown: Panel) -> list[str]:
    return [line.rstrip() for line in shown.render().plain.splitlines()]


def log(*, start: Start = START) -> tuple[Lines, Clock, io.StringIO]:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.search_started(start)
    return lines, clock, stream


def test_a_file_gets_the_sentences_a_failure_and_one_line_for_all_trials():
    lines = shown(io.StringIO()).splitlines()
    assert lines[0] == "60 rows for training"
    assert lines[1] == "trial 2 failed (out of memory): the device has no memory left"
    assert lines[2].startswith("trials 3 of 10: 1 completed, 1 pruned, 1 failed; best accuracy 0.9000 (trial 0)")
    assert lines[3:] == ["judging trial 0"]


def test_a_file_gets_no_control_characters():
    assert re.findall(r"[^\n -~–]", shown(io.StringIO())) == []


def test_many_trials_a_second_are_few_lines_of_a_file():
    lines, clock, stream = log()
    for number in range(1000):
        lines.trial_ended(number, PRUNED)
        clock.now += 0.03
    assert len(stream.getvalue().splitlines()) == 5


def test_the_longer_a_search_the_rarer_its_lines_but_one_a_minute_stays():
    lines, clock, stream = log()
    at = []
    for number in range(40_000):
        before = stream.tell()
        lines.trial_ended(number, PRUNED)
        if stream.tell() > before:
            at.append(clock.now - 100.0)
        clock.now += 0.25
    pauses = [later - earlier for earlier, later in pairwise(at)]
    assert pauses == sorted(pauses) and (pauses[0], pauses[-1]) == (5.0, 60.0)


def test_a_long_trial_says_now_and_then_that_it_runs():
    lines, clock, stream = log()
    lines.trial_started(0, "mlp")
    for number in range(1, 9):
        clock.now += 1.0
        lines.epoch(0, replace(EPOCH, epoch=number))
    assert stream.getvalue() == "running: trial 0 (mlp), epoch 5: 0.8765; 5 s\n"


def test_the_second_failure_of_a_kind_is_only_counted():
    lines, _, stream = log()
    with lines:
        lines.trial_ended(0, FAILED)
        lines.trial_ended(1, FAILED)
        lines.trial_ended(2, replace(FAILED, kind="bug"))
    assert [line.split(":")[0] for line in stream.getvalue().splitlines()] == [
        "trial 0 failed (out of memory)",
        "trial 2 failed (bug)",
        "trials 3 of 10",
    ]


def test_a_study_that_goes_on_says_where_it_stands():
    _, _, stream = log(start=replace(START, outcomes={0: COMPLETED}))
    assert stream.getvalue().startswith("trials 1 of 10: 1 completed")


def test_quiet_shows_nothing():
    assert shown(io.StringIO(), quiet=True) == ""


def test_an_interruption_leaves_where_the_search_stood_and_how_to_go_on():
    for stream in (io.StringIO(), Screen()):
        with pytest.raises(KeyboardInterrupt), reporter(stream=stream) as progress:
            progress.search_started(START)
            progress.trial_ended(0, COMPLETED)
            raise KeyboardInterrupt("go on with: automl resume x")
        *_, standing, how = stream.getvalue().splitlines()
        assert "trials 1 of 10: 1 completed" in standing and how == "go on with: automl resume x"


def test_a_terminal_keeps_sentences_new_bests_and_failures():
    text = shown(Screen())
    assert "60 rows for training" in text and "trial 0: accuracy 0.9000 is the best so far" in text
    assert "trial 2 failed" in text and "trial 1" not in text


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown(Screen())


def test_no_colour_is_shown_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert re.findall(r"\x1b\[[0-9;]*3[0-9]", shown(Screen())) == []


def test_what_libraries_print_does_not_get_into_the_result(capsys: pytest.CaptureFixture[str]):
    with reporter(quiet=True):
        sys.stdout.write("noise")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "noise")


def test_a_terminal_gets_plain_lines_where_no_panel_is_to_live():
    screen = Screen()
    with reporter(live=False, stream=screen) as progress:
        progress.say("training 1 of at most 20")
    assert screen.getvalue() == "training 1 of at most 20\n"


def test_the_panel_counts_from_the_commands_start():
    shown, clock = panel()
    clock.now += 3.0
    assert lines_of(shown) == ["time  3 s", "now   preparing"]


def test_the_panel_says_what_is_over_what_is_best_and_what_runs():
    shown, clock = panel()
    shown.search_started(START)
    for number, score in enumerate((0.7, 0.8, 0.9)):
        shown.trial_ended(number, replace(COMPLETED, score=score))
    shown.trial_started(3, "resnet")
    shown.epoch(3, EPOCH)
    clock.now += 30.0
    assert lines_of(shown) == [
        "trials  3 of 10: 3 completed, 0 pruned, 0 failed, 1 running",
        "best    accuracy 0.9000 (trial 2), default 0.7000, majority 0.6000  ▁▅█",
        "time    30 s, about 1 min 10 s left",
        "now     trial 3 (resnet), epoch 4: 0.8765",
    ]


def test_between_trials_the_panel_shows_what_was_said_last():
    shown, _ = panel()
    shown.search_started(START)
    shown.say("judging trial 0")
    assert lines_of(shown)[-1] == "now     judging trial 0"


@pytest.mark.parametrize("width", [20, 40, 62, 80, 120])
def test_no_line_of_the_panel_is_wider_than_the_terminal(width: int):
    shown, _ = panel(width)
    shown.search_started(START)
    for number in range(200):
        shown.trial_ended(number, COMPLETED)
    lines = Console(file=io.StringIO(), width=width).render_lines(shown.render(), pad=False)
    assert len(lines) == 4 and max(sum(part.cell_length for part in line) for line in lines) <= width


def test_a_terminal_that_knows_no_bars_gets_none():
    shown, _ = panel(encoding="latin-1")
    shown.search_started(START)
    shown.trial_ended(0, COMPLETED)
    assert "█" not in shown.render().plain and "▄" not in shown.render().plain

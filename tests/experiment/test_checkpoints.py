"""A cohort that was cut off goes on from its file as if nothing had been, and a file that is no use harms nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from automl.budget import Clock
from automl.experiment.checkpoints import CHECKPOINTS, Checkpoints, forget_all
from automl.experiment.interrupts import Interrupts
from automl.experiment.plan import Plan
from automl.experiment.progress import Silent
from automl.experiment.stage import set_out
from automl.experiment.trainer import Candidate, Trainer
from automl.experiment.watch import Watch
from automl.study.rungs import Halving
from automl.tracking.record import RUNGS, Record
from tests.killing import Always, Killed

CONFIG = {"family": "mlp", "family.mlp.layers": 1, "family.mlp.width": 8, "training.epochs": 12, "training.patience": 9}
CONFIGS = {3: CONFIG | {"optimizer.adamw.lr": 0.01}, 4: CONFIG | {"optimizer.adamw.lr": 0.001}}
FILE = "0003-0004.safetensors"


class Heard(Silent):
    """Remembers what it hears, and may act on an epoch of the first trial."""

    def __init__(self, act=lambda epoch: None):
        self.sentences = []
        self.epochs = []
        self._act = act

    def say(self, sentence):
        self.sentences.append(sentence)

    def epoch(self, number, epoch):
        self.epochs.append((number, epoch.epoch))
        if number == 3:
            self._act(epoch.epoch)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    plan = Plan(data="iris", study="iris", runs_dir=str(tmp_path_factory.mktemp("runs")))
    return set_out(Record.create(tmp_path_factory.mktemp("runs"), "iris"), plan)


@pytest.fixture
def record(tmp_path):
    return Record.create(tmp_path, "iris", {"study_id": "one"})


class Room:
    """Trains the same cohort as often as one likes, in one run folder."""

    def __init__(self, stage, record):
        self.stage, self.record = stage, record

    def train(self, heard=None, *, configs=CONFIGS, interrupts=None, seconds=None, seed=0, kept=lambda: None):
        interrupts = interrupts or Interrupts()
        pruner = Halving(self.record.lines(RUNGS), higher_is_better=True, first=3)
        watch = Watch(list(configs), self.stage, pruner, Clock(seconds), heard or Heard(), interrupts)
        checkpoints = Checkpoints(self.record, seed, interrupts, watch.progress.say, pace=Always(), kept=kept)
        candidates = [Candidate(config, (seed, number)) for number, config in configs.items()]
        trainer = Trainer(self.stage, torch.device("cpu"))
        return trainer.train(candidates, watch, checkpoints.keeper(configs, watch))

    def killed_at(self, last, **options):
        """Train until an epoch has been scored, and no further; the file is of the epoch before."""

        def kill(epoch):
            if epoch == last:
                raise Killed

        with pytest.raises(Killed):
            self.train(Heard(kill), **options)

    @property
    def path(self):
        return self.record.run_dir / CHECKPOINTS / FILE


@pytest.fixture
def room(stage, record):
    return Room(stage, record)


@pytest.fixture
def folded(record, tmp_path_factory):
    plan = Plan(data="iris", study="iris", runs_dir=str(tmp_path_factory.mktemp("runs")), folds=3)
    return Room(set_out(Record.create(tmp_path_factory.mktemp("runs"), "iris"), plan), record)


@pytest.fixture
def whole(stage, tmp_path):
    """What the cohort comes to that is never cut off."""
    return Room(stage, Record.create(tmp_path, "whole", {"study_id": "one"}))


def _told(ended):
    """What came of a cohort, without clocks."""
    curves = [[replace(epoch, seconds=0.0) for epoch in fitted.epochs] for fitted, _ in ended]
    weights = [{name: weight.tolist() for name, weight in fitted.weights.items()} for fitted, _ in ended]
    return curves, weights, [replace(outcome, seconds=0.0) for _, outcome in ended]


@pytest.mark.parametrize("last", [1, 2, 5, 11])
def test_a_cohort_that_was_cut_off_ends_as_one_that_never_was(room, whole, last):
    room.killed_at(last)
    assert _told(room.train()) == _told(whole.train())


def test_a_cohort_may_be_cut_off_again_and_again(room, whole):
    for last in (2, 4, 4, 5, 9):
        room.killed_at(last)
    assert _told(room.train()) == _told(whole.train())


def test_folds_that_were_cut_off_go_on_too_and_end_as_those_that_never_were(folded, tmp_path):
    folded.killed_at(7)
    whole = Room(folded.stage, Record.create(tmp_path, "whole", {"study_id": "one"})).train()
    heard = Heard()
    assert _told(folded.train(heard)) == _told(whole)
    assert heard.sentences == [f"{CHECKPOINTS}/{FILE} goes on after epoch 6"]
    assert heard.epochs[0] == (3, 7)


def test_who_asks_for_the_end_of_folds_gets_it_at_the_end_of_a_short_epoch(folded):
    interrupts = Interrupts()
    heard = Heard(lambda epoch: interrupts.ask() if epoch == 2 else None)
    with pytest.raises(KeyboardInterrupt):
        folded.train(heard, interrupts=interrupts)
    assert heard.epochs[-1] == (4, 2) and folded.path.exists()


def test_nobody_is_told_of_an_epoch_twice_that_was_kept(room):
    room.killed_at(5)
    heard = Heard()
    room.train(heard)
    assert heard.epochs[:2] == [(3, 5), (4, 5)]
    assert heard.sentences == [f"{CHECKPOINTS}/{FILE} goes on after epoch 4"]


def test_a_rung_is_decided_once(room, whole):
    room.killed_at(4)
    room.killed_at(4)
    room.train()
    whole.train()
    assert room.record.read_jsonl(RUNGS) == whole.record.read_jsonl(RUNGS)


def test_the_seconds_of_all_sessions_are_counted(room):
    room.killed_at(9)
    note = float(_note(room.path)["seconds"])
    assert sum(outcome.seconds for _, outcome in room.train()) > note > 0


def _note(path):
    from automl.training.checkpoint import read_cohort

    return read_cohort(path)[1]


DAMAGES = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "one bit": lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "its hash": lambda content: content.replace(b'"sha256":"', b'"sha256":"0', 1),
    "something else": lambda content: b"once upon a time",
    "no metadata": lambda content: (2).to_bytes(8, "little") + b"{}",
    "a list": lambda content: (2).to_bytes(8, "little") + b"[]",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_told_and_the_training_begins_again(room, whole, damage):
    room.killed_at(5)
    room.path.write_bytes(DAMAGES[damage](room.path.read_bytes()))
    heard = Heard()
    assert _told(room.train(heard)) == _told(whole.train())
    assert heard.sentences == [f"{CHECKPOINTS}/{FILE} is not used: it is damaged; the training begins again"]


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"configs": {3: CONFIGS[3], 4: CONFIGS[3]}}, {"configs": {3: CONFIGS[3], 1: CONFIG, 4: CONFIGS[4]}}],
    ids=["seed", "config", "members"],
)
def test_the_file_of_another_cohort_is_not_used(room, whole, other):
    room.killed_at(5, **other)
    heard = Heard()
    assert _told(room.train(heard)) == _told(whole.train())
    assert "is not used: it is of other trials, or of another version of this program" in heard.sentences[0]


def test_a_file_that_spoils_a_cohort_costs_it_nothing(room, whole):
    from automl.training.checkpoint import read_cohort, save_cohort

    room.killed_at(5)
    state, note = read_cohort(room.path)
    note.pop("torch", None)

    class Torn:
        def state(self):
            return {name: tensor for name, tensor in state.items() if name != "weights"}

    save_cohort(room.path, Torn(), note)
    heard = Heard()
    assert _told(room.train(heard)) == _told(whole.train())
    assert "the training begins again" in heard.sentences[0]


def test_who_asks_for_the_end_gets_it_at_the_end_of_a_short_epoch(room, whole):
    interrupts = Interrupts()

    def ask(epoch):
        interrupts.asked = epoch == 6

    with pytest.raises(KeyboardInterrupt):
        room.train(Heard(ask), interrupts=interrupts)
    heard = Heard()
    assert _told(room.train(heard)) == _told(whole.train())
    assert heard.epochs[0] == (3, 7)


def test_who_asks_in_the_first_epoch_does_not_wait(room):
    interrupts = Interrupts()
    interrupts.asked = True
    with pytest.raises(KeyboardInterrupt):
        room.train(interrupts=interrupts)
    assert not room.path.exists()


def test_a_file_that_cannot_be_written_stops_nothing(room, whole):
    (room.record.run_dir / CHECKPOINTS).write_text("in the way")
    heard = Heard()
    assert _told(room.train(heard)) == _told(whole.train())
    assert heard.sentences == [
        f"{CHECKPOINTS}/{FILE} could not be written: File exists; the training goes on without it"
    ]


def test_trials_whose_time_is_up_end_with_what_they_have(room):
    room.killed_at(5)
    ended = room.train(seconds=0.0)
    assert [(outcome.stopped_by, outcome.epochs) for _, outcome in ended] == [("budget", 4)] * 2


def test_the_time_used_is_kept_with_every_file(room):
    kept = []
    room.killed_at(5, kept=lambda: kept.append(1))
    assert len(kept) == 4


def test_trials_that_are_over_leave_no_file(room):
    room.killed_at(5)
    (room.path.parent / f".{FILE}.tmp").write_bytes(b"half")
    (room.path.parent / "0005-0034.safetensors").write_bytes(b"of others")
    Checkpoints(room.record, 0, Interrupts(), print).forget([3, 4])
    assert [path.name for path in room.path.parent.iterdir()] == ["0005-0034.safetensors"]
    forget_all(room.record)
    assert not room.path.parent.exists()

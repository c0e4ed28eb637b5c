"""The folder of one trial."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from automl.errors import StudyError
from automl.files import read_json
from automl.tracking.trial_record import TrialRecord
from automl.trial import Completed, Epoch, Outcome


@pytest.fixture
def trial(tmp_path: Path) -> TrialRecord:
    trial = TrialRecord(tmp_path / "trials" / "0007")
    trial.write_config({"family": "mlp"})
    return trial


def test_its_number_is_its_folders_name(trial: TrialRecord):
    assert trial.number == 7


def test_a_config_comes_back_in_its_order(trial: TrialRecord):
    config = {"z": 0.1 + 0.2, "a": None, "m": True, "b": "relu", "n": 3}
    trial.write_config(config)
    assert list(trial.read_config().items()) == list(config.items())


def test_a_curve_comes_back_bit_for_bit(trial: TrialRecord):
    curve = [Epoch(1, 0.1 + 0.2, 1 / 3, 5e-324, 1e-4, 0.5), Epoch(2, math.inf, -math.inf, 1.0, 0.0, 2.0)]
    trial.write_curve(curve)
    assert trial.read_curve() == curve
    assert trial.curve_path.read_text().startswith("epoch,train_loss,validation_loss,validation,lr,seconds\n1,")


def test_a_curve_keeps_what_is_not_a_number(trial: TrialRecord):
    trial.write_curve([Epoch(1, math.nan, 0.5, 0.5, 0.1, 0.1)])
    assert math.isnan(trial.read_curve()[0].train_loss)


def test_a_curve_that_was_never_written_is_empty(trial: TrialRecord):
    assert trial.read_curve() == []


@pytest.mark.parametrize("text", ["epoch,train_loss\n1,0.5\n", "epoch,train_loss,validation_loss\n1\n", "a\nb\n"])
def test_a_damaged_curve_is_said_to_be_damaged(trial: TrialRecord, text: str):
    trial.curve_path.write_text(text)
    with pytest.raises(StudyError, match=r"curve\.csv is damaged"):
        trial.read_curve()


def test_every_outcome_comes_back(trial: TrialRecord, outcomes: list[Outcome]):
    assert trial.read_outcome() is None
    for outcome in outcomes:
        trial.write_outcome(outcome)
        assert trial.read_outcome() == outcome


def test_a_score_that_is_not_a_number_comes_back_as_such(trial: TrialRecord):
    trial.write_outcome(Completed(math.nan, math.inf, 1, 1, 0.5, 10, "diverged"))
    outcome = trial.read_outcome()
    assert isinstance(outcome, Completed)
    assert math.isnan(outcome.score)
    assert math.isnan(outcome.loss)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"state": "lost"}', '{"state": "failed", "kind": "bug"}'])
def test_a_damaged_outcome_is_said_to_be_damaged(trial: TrialRecord, text: str):
    trial.outcome_path.write_text(text)
    with pytest.raises(StudyError, match=r"outcome\.json is damaged"):
        trial.read_outcome()


def test_a_failure_is_kept_as_text(trial: TrialRecord):
    trial.write_failure("Traceback ...\nValueError: größe\n")
    assert trial.traceback_path.read_text(encoding="utf-8") == "Traceback ...\nValueError: größe\n"


def test_a_trial_has_begun_once_its_config_is_there(tmp_path: Path):
    trial = TrialRecord(tmp_path / "trials" / "0007")
    assert not trial.has_begun
    trial.write_config({})
    assert trial.has_begun


def test_a_preparation_comes_back(trial: TrialRecord):
    trial.write_preparation({"columns": [{"name": "age", "mean": 0.1}]})
    assert read_json(trial.preparation_path) == {"columns": [{"name": "age", "mean": 0.1}]}


def test_a_line_of_it_mends_it_elsewhere(trial: TrialRecord, tmp_path: Path, outcomes: list[Outcome]):
    trial.write_curve([Epoch(1, math.nan, math.inf, 0.5, 0.1, 0.1)])
    line = trial.as_line(outcomes[0])
    trial.write_outcome(outcomes[0])
    other = TrialRecord(tmp_path / "other" / "0007")
    other.mend(line["files"])
    assert [path.read_bytes() for path in sorted(other.folder.iterdir())] == [
        path.read_bytes() for path in sorted(trial.folder.iterdir())
    ]


def test_weights_that_are_not_kept_are_not_waited_for(trial: TrialRecord):
    trial.sync_weights()
    trial.weights_path.write_bytes(b"weights")
    trial.sync_weights()

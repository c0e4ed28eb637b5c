"""An Optuna storage by its address."""

from __future__ import annotations

import socket

import optuna
import pytest
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import TrialState, create_trial

from automl.errors import StorageError
from automl.spaces.read import read_space
from automl.study.storage import Patient, Shared, open_storage
from automl.study.study import Study
from automl.trial import Aim, Completed, Failed, Pruned

SHOWN = "postgresql://ann:***@db/x"


class Lossy:
    """A storage that is away for some calls; where it has done them before, their answers are lost."""

    def __init__(self, inner, *, fails, does=False):
        self.inner, self.fails, self.does = inner, fails, does

    def __getattr__(self, name):
        method = getattr(self.inner, name)

        def call(*arguments, **named):
            if name.startswith("get") or self.fails == 0:
                return method(*arguments, **named)
            self.fails -= 1
            if self.does:
                method(*arguments, **named)
            raise StorageInternalError("it is away")

        return call


@pytest.fixture
def inner():
    return optuna.storages.InMemoryStorage()


@pytest.fixture
def study_id(inner):
    return inner.create_new_study([optuna.study.StudyDirection.MAXIMIZE], "s")


def trial():
    return create_trial(state=TrialState.RUNNING, params={}, distributions={}, user_attrs={})


def test_what_is_away_for_a_moment_is_asked_again(inner, study_id):
    storage = Patient(Lossy(inner, fails=2), SHOWN, (0.0, 0.0))
    assert storage.create_new_trial(study_id, trial()) == 0
    assert storage.get_n_trials(study_id) == 1


def test_what_stays_away_is_said_in_a_sentence_without_a_password(inner, study_id):
    storage = Patient(Lossy(inner, fails=9), SHOWN, (0.0, 0.0))
    with pytest.raises(StorageError, match=r"the storage postgresql://ann:\*\*\*@db/x does not answer: it is away"):
        storage.create_new_trial(study_id, trial())


def test_a_trial_whose_making_was_not_answered_is_made_once(inner, study_id):
    storage = Patient(Lossy(inner, fails=2, does=True), SHOWN, (0.0, 0.0))
    assert storage.create_new_trial(study_id, trial()) == 0
    assert inner.get_n_trials(study_id) == 1


def test_an_end_that_was_not_answered_is_told_once(inner, study_id):
    number = inner.create_new_trial(study_id, trial())
    storage = Patient(Lossy(inner, fails=1, does=True), SHOWN, (0.0, 0.0))
    assert storage.set_trial_state_values(number, TrialState.COMPLETE, [0.5])
    assert inner.get_trial(number).value == 0.5


def test_an_end_that_is_told_twice_on_purpose_is_refused(inner, study_id):
    number = inner.create_new_trial(study_id, trial())
    storage = Patient(inner, SHOWN)
    storage.set_trial_state_values(number, TrialState.COMPLETE, [0.5])
    with pytest.raises(UpdateFinishedTrialError):
        storage.set_trial_state_values(number, TrialState.COMPLETE, [0.5])


def test_a_database_that_is_away_is_said_without_a_password():
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        port = once.getsockname()[1]
    pytest.importorskip("psycopg")
    with pytest.raises(StorageError, match=r"ann:\*\*\*@127.0.0.1:\d+/x cannot be used: .*refused") as told:
        open_storage(f"postgresql://ann:secret@127.0.0.1:{port}/x")
    assert "secret" not in str(told.value)


def test_redis_that_is_away_is_said():
    pytest.importorskip("redis")
    with pytest.raises(StorageError, match=r"the storage redis://127.0.0.1:9 cannot be used: .*refused"):
        open_storage("redis://127.0.0.1:9")


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(StorageError, match="cannot be used: unable to open database file"):
        open_storage(f"sqlite:///{tmp_path}/nowhere/studies.db")


def test_a_scheme_that_nobody_knows_is_said():
    with pytest.raises(StorageError, match=r"nosuch://there cannot be used: .*nosuch"):
        open_storage("nosuch://there")


def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it():
    with pytest.raises(StorageError, match="the storage mysql\\+nosuchdriver://there/x "):
        open_storage("mysql+nosuchdriver://there/x")


def _outcome(number, config):
    score = -abs(config.get("family.mlp.layers", 9) - 4) + (config["preparing.numeric"] == "quantile") / 3
    if number % 5 == 3:
        return Pruned(score=score, loss=1.0, best_epoch=1, epochs=6, seconds=1.0, parameters=9)
    if number % 7 == 6:
        return Failed(kind="diverged", message="no", traceback="", seconds=1.0)
    return Completed(score=score, loss=1.0, best_epoch=1, epochs=9, seconds=1.0, parameters=9, stopped_by="patience")


def _run(study, n_trials):
    configs = []
    while study.n_asked < n_trials:
        number, config = study.ask()
        study.tell(number, _outcome(number, config))
        configs.append((number, config))
    return configs


@pytest.fixture(scope="module")
def space():
    return read_space("tabular")


def _study(place, space, sampler="tpe"):
    return Study(place, "s", space, aim=Aim(True), sampler=sampler, seed=3)


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_study_in_a_database_is_that_of_a_journal(tmp_path, space, sampler):
    journal = _study(tmp_path / "s.journal", space, sampler)
    database = _study(Shared(f"sqlite:///{tmp_path}/s.db", "me"), space, sampler)
    assert _run(journal, 18) == _run(database, 18)
    assert journal.insights() == database.insights()


def test_the_trials_of_others_are_learned_from_and_left_to_them(tmp_path, space):
    url = f"sqlite:///{tmp_path}/s.db"
    mine, theirs = (_study(Shared(url, member), space) for member in ("me", "they"))
    assert [mine.ask()[0], theirs.ask()[0], mine.ask()[0]] == [0, 1, 2]
    assert (mine.unfinished, theirs.unfinished) == ([0, 2], [1])
    assert mine.n_asked == theirs.n_asked == 3
    mine.tell(2, Failed("bug", "", "", 0.0))
    assert (mine.finished, theirs.finished) == ([2], [])
    with pytest.raises(ValueError, match="trial 1 is not one"):
        mine.ask_again(1)

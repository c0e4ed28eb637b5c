"""Who shares a study in a storage."""

from __future__ import annotations

import optuna
import pytest

from automl.errors import StudyError
from automl.study.sharing import join, leave
from automl.study.storage import Shared
from automl.trial import Aim

RULES = {"rows": "r", "task or metric": "t", "space": "s"}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'studies.db'}"


def enter(url, member, *, rules=RULES, may_join=True, has_trials=False, name="houses"):
    return join(
        Shared(url, member),
        name,
        where=f"/{member} on there",
        rules=rules,
        aim=Aim(True),
        may_join=may_join,
        has_trials=has_trials,
    )


def names(url):
    return optuna.get_all_study_names(url)


def test_the_first_one_makes_the_study_and_is_no_guest(url):
    assert enter(url, "ann") == (False, [], 0)
    assert names(url) == ["houses"]


def test_who_comes_back_is_what_he_was(url):
    enter(url, "ann")
    assert enter(url, "ann", may_join=False) == (False, [], 0)


def test_a_study_that_was_not_named_is_not_joined_by_accident(url):
    enter(url, "ann")
    with pytest.raises(
        StudyError, match="a study 'houses' already, of /ann on there; to search in it together say --st"
    ):
        enter(url, "bob", may_join=False)


def test_sqlite_is_not_for_two_and_the_reason_is_said(url):
    enter(url, "ann")
    with pytest.raises(StudyError, match="searched by /ann on there already, and SQLite locks its whole file"):
        enter(url, "bob")


def test_a_study_of_another_program_is_left_alone(url):
    study = optuna.create_study(storage=url, study_name="houses")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(StudyError, match="a study 'houses' that another program made; choose another --study"):
        enter(url, "ann")
    assert len(optuna.load_study(storage=url, study_name="houses").trials) == 1


def test_a_study_whose_trials_are_elsewhere_is_not_begun_anew(url):
    with pytest.raises(StudyError, match="knows no trials of study 'houses', whose folder has some; name the storage"):
        enter(url, "ann", has_trials=True)
    assert names(url) == []


def test_the_last_one_takes_the_study_along_and_no_other_study(url):
    enter(url, "ann")
    enter(url, "ann", name="other")
    assert leave(Shared(url, "bob"), "houses") is None
    assert leave(Shared(url, "ann"), "houses") == "deleted"
    assert leave(Shared(url, "ann"), "houses") is None
    assert names(url) == ["other"]

"""A study in PostgreSQL: that of a journal, shared by several at once, through restarts."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import optuna
import pytest

from automl.errors import StorageError, StudyError
from automl.spaces.read import read_space
from automl.study.sharing import join, leave
from automl.study.storage import Shared, open_storage
from automl.study.study import Study
from automl.trial import Aim, Completed
from tests.postgresql import PostgreSQL, running

pytestmark = pytest.mark.slow

ASK = """
import json, sys
from automl.spaces.read import read_space
from automl.study.storage import Shared
from automl.study.study import Study
from automl.trial import Aim, Completed

url, member, count = sys.argv[1:]
space = read_space("tabular_small")
study = Study(Shared(url, member), "s", space, aim=Aim(True), sampler="tpe", seed=len(member))
asked = []
for _ in range(int(count)):
    number, config = study.ask()
    asked.append(number)
    study.tell(number, Completed(float(number), 1.0, 1, 9, 1.0, 9, "patience"))
print(json.dumps({"asked": asked, "finished": study.finished}))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgreSQL]:
    with running() as cluster:
        yield cluster


def ask(url, member, count):
    return subprocess.Popen([sys.executable, "-c", ASK, url, member, str(count)], stdout=subprocess.PIPE, text=True)


def enter(url, member, rules="same"):
    return join(
        Shared(url, member),
        "s",
        where=f"/{member} on there",
        rules={"rows": rules, "space": "same"},
        aim=Aim(True),
        may_join=True,
    )


def test_two_at_once_share_an_empty_database_and_no_trial(cluster):
    url = cluster.create("together")
    processes = [ask(url, member, 12) for member in ("ann", "bobby")]
    told = [json.loads(process.communicate(timeout=300)[0]) for process in processes]
    assert all(each["asked"] == each["finished"] for each in told)
    assert sorted(number for each in told for number in each["asked"]) == list(range(24))
    study = optuna.load_study(study_name="s", storage=open_storage(url))
    assert [trial.value for trial in study.trials] == [float(number) for number in range(24)]


def test_a_study_in_postgresql_is_that_of_a_journal(cluster, tmp_path):
    space = read_space("tabular")
    shared = Shared(cluster.create("same"), "me")
    told = []
    for place in (tmp_path / "s.journal", shared):
        study = Study(place, "s", space, aim=Aim(False), sampler="tpe", seed=5)
        configs = []
        while study.n_asked < 16:
            number, config = study.ask()
            score = float(len(str(config))) / 7
            study.tell(number, Completed(score, 1.0, 1, 9, 1.0, 9, "patience"))
            configs.append(config)
        told.append((configs, study.insights()))
    assert told[0] == told[1]


def test_two_that_enter_at_once_are_a_host_and_a_guest(cluster):
    url = cluster.create("entering")
    joined = {}
    threads = [threading.Thread(target=lambda who=who: joined.update({who: enter(url, who)})) for who in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.is_guest for each in joined.values()) == [False, True]
    with pytest.raises(StudyError, match=r"'s' already, of /.* on there, with other rows; choose another --study"):
        enter(url, "eve", rules="other")
    assert [leave(Shared(url, who), "s") for who in ("ann", "ann", "bob")] == ["left", None, "deleted"]
    assert optuna.get_all_study_names(open_storage(url)) == []


def test_a_database_that_is_started_anew_costs_nothing(cluster):
    url = cluster.create("anew")
    study = Study(Shared(url, "me"), "s", read_space("tabular_small"), aim=Aim(True), sampler="tpe", seed=1)
    number, _ = study.ask()
    cluster.stop()
    threading.Timer(2.0, cluster.start).start()
    study.tell(number, Completed(1.0, 1.0, 1, 9, 1.0, 9, "patience"))
    assert study.finished == [0]


def test_a_wrong_password_is_said_and_not_shown(cluster):
    cluster.create("closed")
    with pytest.raises(StorageError, match="password authentication failed") as told:
        open_storage(cluster.url("closed", "wr0ng"))
    assert "wr0ng" not in str(told.value)

"""The process that grows trees beside a search: what it leaves when it ends, is ended, or its command is gone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time

import pytest
from sklearn.datasets import load_breast_cancer

import automl
from automl.budget import Clock
from automl.experiment.growing import Growing, folder_of, seconds_of_trees
from automl.experiment.interrupts import Interrupts
from automl.experiment.plan import Plan
from automl.experiment.stage import set_out
from automl.experiment.trees import grow, outputs_of_trees, rebuild_trees
from automl.report.figures import spoken
from automl.tracking.record import PLAN, Record
from automl.trial import TREES
from tests.watching import Heard

OPTIONS = {"target": "target", "space": "tabular_small", "trials": 2, "sampler": "random", "judge": False}


@pytest.fixture(scope="module")
def searched(tmp_path_factory, empty_store):
    """A study that has rows and trials, and no trees."""
    folder = tmp_path_factory.mktemp("growing") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    rows = load_breast_cancer(as_frame=True).frame
    return Record(automl.search(rows, **OPTIONS, runs_dir=folder, study="cells").run_dir)


@pytest.fixture
def record(searched, tmp_path):
    shutil.copytree(searched.run_dir, tmp_path / "cells")
    return Record(tmp_path / "cells")


def whole(record):
    """The kinds that are there, and nothing that is half there."""
    assert not [path for path in record.trees_dir.glob(".*") if path.is_dir()]
    return [*outputs_of_trees(record)]


def test_all_kinds_are_grown_and_said_to_be(record):
    heard = Heard()
    Growing(record, Clock(None), heard.say).finish(Clock(None), Interrupts())
    assert whole(record) == [*TREES] and [*seconds_of_trees(record)] == [*TREES]
    assert [said.partition(", grown in ")[0] for said in heard.sentences] == [spoken(kind) for kind in TREES.values()]
    assert (record.run_dir / "trees.log").read_text() == ""


def test_they_are_those_that_are_grown_here(record, searched, tmp_path):
    Growing(record, Clock(None), print).finish(Clock(None), Interrupts())
    shutil.copytree(searched.run_dir, tmp_path / "here" / "cells")
    here = Record(tmp_path / "here" / "cells")
    stage = set_out(here, Plan.from_json(here.read_json(PLAN)))
    for number in TREES:
        assert grow(here, stage, number)
        files = [folder_of(each, number) / "weights.safetensors" for each in (here, record)]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_what_is_not_grown_when_the_time_is_up_is_not_there(record):
    heard = Heard()
    growing = Growing(record, Clock(None), heard.say)
    growing.finish(Clock(0.0), Interrupts())
    assert outputs_of_trees(record) == {} and heard.sentences == []
    Growing(record, Clock(None), heard.say).finish(Clock(None), Interrupts())
    assert whole(record) == [*TREES]


def test_who_asks_for_the_end_need_not_wait(record):
    interrupts = Interrupts()
    interrupts.ask()
    growing = Growing(record, Clock(None), print)
    with pytest.raises(KeyboardInterrupt):
        growing.finish(Clock(None), interrupts)
    assert growing._process.returncode is not None


def test_it_ends_with_its_command(record):
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "automl.experiment.grower", str(record.run_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    process.stdin.write(json.dumps({"clock": Clock(None).to_json(), "threads": 1, "anew": None}) + "\n")
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not outputs_of_trees(record) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.stdin.close()
    assert process.wait(30) == 0


def test_a_growing_that_fails_is_said_and_costs_the_search_nothing(record):
    (record.run_dir / "task.json").write_text("{}")
    heard = Heard()
    Growing(record, Clock(None), heard.say).finish(Clock(None), Interrupts())
    log = record.run_dir / "trees.log"
    assert heard.sentences == [f"the growing of trees ended early (exit code 1, see {log})"]
    assert "Error" in log.read_text()


def test_the_one_kind_of_a_study_of_before_there_were_several_is_read(record):
    stage = set_out(record, Plan.from_json(record.read_json(PLAN)))
    grow(record, stage, -1)
    (record.trees_dir / "boosted_trees").rename(record.run_dir / "moved")
    record.trees_dir.rmdir()
    (record.run_dir / "moved").rename(record.trees_dir)
    trees, _ = rebuild_trees(record, -1)
    assert [*outputs_of_trees(record)] == [-1] and len(trees.roots) > 1

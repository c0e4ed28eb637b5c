"""Random trainings beside a study: as many as asked for, repeatable, and none of them the study's own."""

from __future__ import annotations

import hashlib
import shutil

import pytest

import automl
from automl.errors import StudyError
from automl.experiment.interrupts import Interrupts
from automl.experiment.reference import reference_of, run_reference
from automl.report.summary import summarise
from automl.spaces.read import read_space
from automl.tracking.record import Record
from tests.killing import AfterEpochs
from tests.watching import Heard


class Impatient(Heard):
    """Asks for the end after two trainings."""

    def say(self, sentence):
        super().say(sentence)
        if len(self.sentences) == 3:
            raise KeyboardInterrupt


def told_of(record):
    """What was drawn and what it came to, without the clock."""
    lines = record.read_jsonl("reference.jsonl")
    return [(line["config"], line["outcome"]["score"], line["outcome"]["epochs"]) for line in lines]


def contents(record):
    return {
        str(path.relative_to(record.run_dir)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(record.run_dir.rglob("*"))
        if path.is_file() and path.name not in ("reference.jsonl", "lock", "log.txt")
    }


@pytest.fixture(scope="module")
def searched(tmp_path_factory, empty_store):
    folder = tmp_path_factory.mktemp("searched") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return automl.search("iris", space="tabular_small", trials=2, seed=1, runs_dir=folder).run_dir


@pytest.fixture
def record(searched, tmp_path):
    """A copy of a finished study, from which its test rows are gone."""
    copy = Record(shutil.copytree(searched, tmp_path / "runs" / searched.name))
    shutil.rmtree(copy.sealed_dir)
    return copy


@pytest.fixture(scope="module")
def run(searched, tmp_path_factory):
    """Another copy, beside which three random configs were trained; what was said, and how it was before."""
    copy = Record(shutil.copytree(searched, tmp_path_factory.mktemp("run") / "runs" / searched.name))
    heard, before = Heard(), (contents(copy), summarise(copy))
    run_reference(copy, 3, heard)
    return copy, heard.sentences, before


def test_as_many_are_trained_as_asked_for_and_each_is_told(run):
    record, said, _ = run
    assert len(told_of(record)) == 3 and len(said) == 4
    assert said[0] == f"training 3 random configs beside study {record.study}"
    assert said[-1].startswith("random config 3 of 3: validation 0.")


def test_they_are_configs_of_the_studys_own_space(run):
    record, _, _ = run
    space = read_space(str(record.space_path))
    configs = [config for config, _, _ in told_of(record)]
    assert all(space.complete(config) == config for config in configs)
    assert len({str(config) for config in [space.default(), *configs]}) == 4


def test_they_are_trained_to_their_end(run):
    record, _, _ = run
    assert {line["outcome"]["state"] for line in record.read_jsonl("reference.jsonl")} == {"completed"}


def test_the_study_itself_stays_as_it_was(run):
    record, _, before = run
    assert (contents(record), summarise(record)) == before


def test_they_need_no_test_rows_and_are_the_same_wherever_they_are_trained(run, record):
    run_reference(record, 2)
    assert told_of(record) == told_of(run[0])[:2]


def test_the_number_is_a_total(run, record):
    shutil.copy(run[0].run_dir / "reference.jsonl", record.run_dir)
    heard = Heard()
    run_reference(record, 3, heard)
    run_reference(record, 2, heard)
    assert heard.sentences == []
    run_reference(record, 4, heard)
    assert len(heard.sentences) == 2 and heard.sentences[-1].startswith("random config 4 of 4: ")
    assert told_of(record)[:3] == told_of(run[0])


def test_after_an_interruption_it_goes_on_as_if_there_was_none(run, record):
    with pytest.raises(KeyboardInterrupt, match=f"go on with: automl report {record.study} .*--reference random:3"):
        run_reference(record, 3, Impatient())
    assert len(told_of(record)) == 2
    run_reference(record, 3)
    assert told_of(record) == told_of(run[0])


def test_a_training_that_was_cut_off_goes_on_and_comes_to_the_same(run, record):
    said = []
    with pytest.raises(KeyboardInterrupt):
        reference_of(record, AfterEpochs(4), said.append).train(0)
    assert said == [] and told_of(record) == []
    reference_of(record, Interrupts(), said.append).train(0)
    assert said == ["checkpoints/reference/0000.safetensors goes on after epoch 4"]
    assert told_of(record) == told_of(run[0])[:1]


def test_what_may_not_be_tried_is_drawn_again(record):
    plan = record.read_json("plan.json")
    record.write_json("plan.json", {**plan, "max_parameters": 2000})
    run_reference(record, 4)
    assert all(line["outcome"]["parameters"] <= 2000 for line in record.read_jsonl("reference.jsonl"))


def test_where_nothing_may_be_tried_a_failure_is_told(record):
    plan = record.read_json("plan.json")
    record.write_json("plan.json", {**plan, "max_parameters": 1})
    heard = Heard()
    run_reference(record, 1, heard)
    assert heard.sentences[-1] == "random config 1 of 1: infeasible"
    assert record.read_jsonl("reference.jsonl")[0]["outcome"]["kind"] == "infeasible"


def test_a_study_without_divided_rows_is_refused(tmp_path):
    record = Record.create(tmp_path / "runs", "early", {"data": "iris"})
    with pytest.raises(StudyError, match="'early' has no divided rows to train a reference on; first go on with: aut"):
        run_reference(record, 3)


def test_a_study_that_is_being_run_is_refused(record):
    with record.lock(), pytest.raises(StudyError, match="is being run by process"):
        run_reference(record, 3)

"""A winner that is judged when the person says so: once, and not before."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager

import pytest
from mlflow import MlflowClient

import automl
from automl.experiment.run import resumable_search
from automl.experiment.verdict import judge_study
from automl.tracking.record import Record
from automl.trial import Completed, Failed

DONE = Completed(0.9, 0.1, 1, 2, 1.0, 10, "patience")


@pytest.fixture(scope="module")
def searched(tmp_path_factory, empty_store):
    """A runs folder with a study whose search is over, and which is not judged."""
    folder = tmp_path_factory.mktemp("searched") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    options = {"space": "tabular_small", "trials": 4, "judge": False, "keep": "best", "study": "irises"}
    return automl.search("iris", **options, runs_dir=folder)


@pytest.fixture
def study(searched, tmp_path):
    """A copy of it, to do something with."""
    runs_dir = tmp_path / "copy" / "runs"
    shutil.copytree(searched.run_dir, runs_dir / "irises")
    shutil.copy(searched.run_dir.parent / "mlflow.db", runs_dir)
    return Record(runs_dir / "irises")


def _openings(record):
    return [event["trial"] for event in record.read_jsonl("ledger.jsonl") if event["event"] == "opening"]


@pytest.fixture
def begin(tmp_path):
    """Begin a study by hand, with what came of its trials."""

    def begin(*outcomes):
        record = Record.create(tmp_path / "runs", "early", {"data": "iris"})
        record.write_json("split.json", {})
        for number, outcome in enumerate(outcomes):
            record.trial(number).write_config({})
            record.trial(number).write_outcome(outcome)
        return record

    return begin


@contextmanager
def _an_interruption():
    with pytest.raises(KeyboardInterrupt) as caught:
        yield caught


def test_a_search_without_judgement_opens_no_test_row(searched):
    assert not (searched.run_dir / "ledger.jsonl").exists()
    assert searched.test is None and searched.summary["baselines"] == {}


def test_a_search_without_judgement_exports_nothing(searched):
    assert not (searched.run_dir / "bundle").exists()


def test_a_search_without_judgement_says_which_command_judges(searched):
    command = f"automl judge irises --runs-dir {searched.run_dir.parent}"
    assert searched.summary["not_judged"] == f"not judged yet; judge the winner with: {command}"
    page = (searched.run_dir / "report.md").read_text()
    assert "Not judged yet" in page and "automl judge irises" in page


def test_an_unjudged_winner_is_exported_where_it_is_asked_for(searched, tmp_path):
    searched.export(tmp_path / "bundle")
    assert json.loads((tmp_path / "bundle" / "manifest.json").read_text())["provenance"]["test"] is None


def test_the_weights_of_the_best_trial_alone_are_kept(searched):
    kept = list(searched.run_dir.glob("trials/*/weights.safetensors"))
    assert [int(path.parent.name) for path in kept] == [searched.best["trial"]]


def test_a_judgement_of_its_own_is_the_one_that_the_search_would_have_made(study, runs_dir):
    judged = judge_study(study)
    at_once = automl.search("iris", space="tabular_small", trials=4, keep="best", runs_dir=runs_dir).summary
    assert judged["test"] == at_once["test"] and judged["baselines"] == at_once["baselines"]
    assert judged["best"] == at_once["best"] and judged["not_judged"] is None
    assert _openings(study) == [judged["best"]["trial"]]
    assert study.bundle_dir.is_dir()
    run = MlflowClient(judged["mlflow"]["tracking_uri"]).get_run(judged["mlflow"]["run_id"])
    assert run.info.status == "FINISHED" and run.data.metrics["test_accuracy"] == judged["test"]["value"]


def test_a_second_judgement_is_refused_unless_the_seal_is_broken(study):
    judge_study(study)
    with pytest.raises(automl.SealError, match=r"'irises' is judged \(trial \d.*automl judge irises .*--break-seal"):
        judge_study(study)
    assert len(_openings(study)) == 1
    judge_study(study, break_seal="the report was lost")
    assert len(_openings(study)) == 2 and "the report was lost" in study.page_path.read_text()


def test_a_judgement_that_was_cut_off_before_the_export_is_brought_to_its_end(study):
    judge_study(study)
    shutil.rmtree(study.bundle_dir)
    study.write_json("clock.json", {"seconds": 1.0, "finished": False})
    assert judge_study(study)["test"] and study.bundle_dir.is_dir()
    assert len(_openings(study)) == 1


def test_a_judged_study_is_told_again_though_trials_of_its_budget_are_left(study):
    study.write_json("plan.json", study.read_json("plan.json") | {"trials": 50})
    study.write_json("clock.json", {"seconds": 1.0, "finished": False})
    judged = judge_study(study)
    assert automl.resume("irises", runs_dir=study.runs_dir).summary == judged
    with pytest.raises(automl.SealError, match="is judged; to search on and judge"):
        automl.resume("irises", runs_dir=study.runs_dir, trials=51)


def test_a_study_that_is_not_judged_may_search_on_and_stays_sealed(study):
    more = automl.resume("irises", runs_dir=study.runs_dir, trials=5)
    assert more.summary["trials"]["total"] == 5 and more.test is None
    assert _openings(study) == []
    assert len(list(study.run_dir.glob("trials/*/weights.safetensors"))) == 1
    assert more.judge().test is not None


def test_a_study_that_is_being_run_is_not_judged(study):
    with study.lock(), pytest.raises(automl.StudyError, match="study 'irises' is being run by process"):
        judge_study(study)
    assert _openings(study) == []


@pytest.mark.parametrize("outcomes", [(), (Failed("bug", "no", "", 0.1),)], ids=["no-trial", "no-completed-trial"])
def test_a_study_without_a_completed_trial_is_not_judged(begin, outcomes):
    with pytest.raises(automl.StudyError, match="has no completed trial to judge; go on with: automl resume early"):
        judge_study(begin(*outcomes))


def test_an_interruption_offers_to_go_on_and_to_judge(begin):
    record = begin(DONE)
    with _an_interruption() as caught, resumable_search(record):
        raise KeyboardInterrupt
    first, second = str(caught.value).splitlines()
    assert first == f"interrupted; judge the best trial so far with: automl judge {record.words}"
    assert second == f"go on with: automl resume {record.words}"


def test_an_interruption_before_a_trial_was_completed_offers_to_go_on_alone(begin):
    record = begin(Failed("bug", "no", "", 0.1))
    with _an_interruption() as caught, resumable_search(record):
        raise KeyboardInterrupt
    assert str(caught.value) == f"interrupted; go on with: automl resume {record.words}"


def test_an_interruption_after_the_test_rows_were_opened_offers_no_judgement(begin):
    record = begin(DONE)
    record.append_jsonl("ledger.jsonl", {"event": "opening"})
    with _an_interruption() as caught, resumable_search(record):
        raise KeyboardInterrupt
    assert "judge" not in str(caught.value)

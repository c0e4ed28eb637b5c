"""The main job, end to end: a table in; a searched, judged and exported model out."""

from __future__ import annotations

import hashlib
import json
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

import automl
from automl.experiment.progress import Silent
from automl.tracking.record import Record
from automl.trial import Completed

KEYS = [
    "schema_version",
    "study",
    "run_dir",
    "task",
    "metric",
    "direction",
    "trials",
    "best",
    "test",
    "baselines",
    "findings",
    "seconds",
    "mlflow",
    "not_judged",
]


def _contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _trials(result):
    """What the trials were and came to, without the clock."""
    record = Record(result.run_dir)
    told = {}
    for trial in record.trials():
        outcome = json.loads(trial.outcome_path.read_text())
        outcome.pop("seconds")
        told[trial.number] = (trial.read_config(), outcome)
    return told


class Heard(Silent):
    """Remembers what it heard of trials, and what was known before."""

    def __init__(self):
        self.all = []

    def search_started(self, start):
        self.all.append(start)

    def trial_started(self, number, family):
        self.all.append(number)


@pytest.fixture(scope="module")
def heard():
    """Who watches the search over iris."""
    return Heard()


@pytest.fixture(scope="module")
def finished(tmp_path_factory, empty_store, heard):
    """One search over iris, for the tests that only look."""
    import shutil

    folder = tmp_path_factory.mktemp("finished") / "runs"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return automl.search("iris", space="tabular_small", trials=8, seed=1, runs_dir=folder, progress=heard)


def test_the_summary_has_the_keys_of_the_contract(finished):
    assert list(finished.summary) == KEYS
    assert finished.summary["task"] == "multiclass"
    assert finished.summary["direction"] == "maximize"


def test_what_is_known_is_told_before_the_first_trial(finished, heard):
    start, *trials = heard.all
    assert trials == list(range(8))
    assert (start.metric, start.budget.trials, list(start.constants)) == ("accuracy", 8, ["majority"])


def test_the_trials_add_up_to_the_budget(finished):
    trials = finished.summary["trials"]
    assert trials["total"] == 8 == trials["completed"] + trials["pruned"] + trials["failed"]


def test_the_stored_report_is_what_was_returned(finished):
    assert json.loads((finished.run_dir / "report.json").read_text()) == finished.summary


def test_what_only_the_search_can_tell_is_kept(finished):
    told = json.loads((finished.run_dir / "search.json").read_text())
    assert list(told) == ["random", "importance"] and set(told["random"]) < set(range(8))


def test_the_page_of_the_study_is_there_when_it_ends(finished):
    assert (finished.run_dir / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_page_that_cannot_be_written_costs_the_study_nothing(runs_dir):
    class InTheWay(Silent):
        """Puts a folder where the page is to be, and keeps what is said."""

        said: ClassVar[list[str]] = []

        def say(self, sentence):
            self.said.append(sentence)
            (runs_dir / "blocked" / "report.html").mkdir(exist_ok=True)

    result = automl.search(
        "iris", space="tabular_small", trials=1, study="blocked", runs_dir=runs_dir, progress=InTheWay()
    )
    assert result.test["rows"] == 30
    (said,) = [sentence for sentence in InTheWay.said if "page was" in sentence]
    assert said.startswith("the page was not written: ")
    assert said.endswith(f"try again with: automl report blocked --runs-dir {runs_dir}")


def test_the_winner_is_the_best_by_validation(finished):
    outcomes = Record(finished.run_dir).outcomes()
    best = max(outcome.score for outcome in outcomes.values() if isinstance(outcome, Completed))
    assert finished.best["validation"] == best


def test_the_test_rows_are_judged_with_an_interval_beside_three_baselines(finished):
    assert finished.test["rows"] == 30
    assert finished.test["ci_low"] <= finished.test["value"] <= finished.test["ci_high"]
    assert list(finished.summary["baselines"]) == ["majority", "linear", "boosted_trees"]


def test_the_seal_was_opened_once(finished):
    events = [json.loads(line) for line in (finished.run_dir / "ledger.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["opening", "result"]
    weights = finished.run_dir / f"trials/{finished.best['trial']:04d}/weights.safetensors"
    assert events[0]["weights_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_the_judgement_is_kept_row_by_row_without_features(finished):
    rows = pd.read_parquet(finished.run_dir / "judgement.parquet")
    assert len(rows) == 30
    assert list(rows.columns[:4]) == ["row", "truth", "prediction", "loss"]
    assert np.mean(rows["truth"] == rows["prediction"]) == pytest.approx(finished.test["value"])
    assert not any("petal" in name for name in rows.columns)


def test_the_test_rows_lie_in_no_file_the_search_reads(finished):
    sealed = set(pd.read_parquet(finished.run_dir / "sealed/test.parquet")["__row__"])
    for part in ("train", "validation"):
        assert sealed.isdisjoint(pd.read_parquet(finished.run_dir / f"rows/{part}.parquet")["__row__"])


def test_the_bundle_predicts_what_the_judgement_did(finished):
    sealed = pd.read_parquet(finished.run_dir / "sealed/test.parquet")
    judged = pd.read_parquet(finished.run_dir / "judgement.parquet")
    assert list(finished.predict(sealed)["prediction"]) == list(judged["prediction"])


def test_a_finished_study_is_opened_as_it_was_returned(finished):
    assert automl.load(finished.study, runs_dir=finished.run_dir.parent).summary == finished.summary


def test_the_layers_of_the_winner_are_told(finished):
    table = finished.layers()
    assert table[-1]["output"] == [3]
    outcome = Record(finished.run_dir).outcomes()[finished.best["trial"]]
    assert sum(row["parameters"] for row in table) == outcome.parameters


def test_weights_are_kept_for_the_best_three_alone(finished):
    assert len(list(finished.run_dir.glob("trials/*/weights.safetensors"))) <= 3


def test_mlflow_has_one_parent_and_one_child_a_trial(finished):
    told = finished.summary["mlflow"]
    client = MlflowClient(told["tracking_uri"])
    experiment = client.get_experiment_by_name(told["experiment"])
    runs = client.search_runs([experiment.experiment_id])
    parent = client.get_run(told["run_id"])
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == told["run_id"]]
    assert parent.info.status == "FINISHED"
    assert len(children) == 8 == len(runs) - 1
    assert {run.info.status for run in children} <= {"FINISHED", "KILLED", "FAILED"}
    assert "bundle" in [item.path for item in client.list_artifacts(told["run_id"])]


def test_a_finished_study_is_told_again_and_nothing_is_written(finished):
    before = _contents(finished.run_dir.parent)
    again = automl.resume(finished.study, runs_dir=finished.run_dir.parent)
    assert again.summary == finished.summary
    assert _contents(finished.run_dir.parent) == before


@pytest.fixture(scope="module")
def again(finished, tmp_path_factory):
    """The same search once more, in another folder."""
    folder = tmp_path_factory.mktemp("again") / "runs"
    return automl.search("iris", space="tabular_small", trials=8, seed=1, runs_dir=folder)


def test_the_same_command_gives_the_same_report_but_for_times_ids_and_paths(finished, again):
    first, second = (json.loads((each.run_dir / "report.json").read_text()) for each in (finished, again))
    for report in (first, second):
        del report["run_dir"], report["seconds"], report["mlflow"]["run_id"], report["mlflow"]["tracking_uri"]
    assert first == second


def test_the_same_command_gives_the_same_study_bit_for_bit(finished, again):
    assert _trials(again) == _trials(finished)
    assert again.test == finished.test
    first, second = (
        [json.loads(line)["weights_sha256"] for line in (each.run_dir / "ledger.jsonl").open() if '"opening"' in line]
        for each in (finished, again)
    )
    assert first == second


def test_more_trials_after_the_judgement_need_a_reason(runs_dir):
    judged = automl.search("iris", space="tabular_small", trials=2, runs_dir=runs_dir)
    with pytest.raises(automl.SealError, match=r"is judged; to search on .* --break-seal REASON"):
        automl.resume(judged.study, runs_dir=runs_dir, trials=4)
    with pytest.raises(automl.PlanError, match="--trials is the total, and study 'iris-1' has 2 trials already"):
        automl.resume(judged.study, runs_dir=runs_dir, trials=1, break_seal="why not")
    again = automl.resume(judged.study, runs_dir=runs_dir, trials=4, break_seal="a larger budget")
    assert again.summary["trials"]["total"] == 4
    assert "a larger budget" in (again.run_dir / "report.md").read_text()
    ledger = (again.run_dir / "ledger.jsonl").read_text()
    assert ledger.count('"event": "opening"') == 2
    longer = automl.search("iris", space="tabular_small", trials=4, runs_dir=runs_dir)
    assert _trials(longer) == _trials(again)
    notes = json.loads((longer.run_dir / "judgement.json").read_text())["notes"]
    assert "study 2 judged on these rows, after iris-1" in notes


def test_a_regression_from_memory_is_scored_in_its_own_units(runs_dir):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"size": rng.normal(100, 20, 300), "city": rng.choice(["a", "b", None], 300)})
    table["price"] = 1000 * table["size"] + 5000 * (table["city"] == "a") + rng.normal(0, 500, 300)
    result = automl.search(table, target="price", space="tabular_small", trials=3, runs_dir=runs_dir)
    assert (result.summary["task"], result.summary["metric"]) == ("regression", "rmse")
    assert 300 < result.test["value"] < result.summary["baselines"]["mean"]["value"]
    assert result.study == "dataframe-1"
    assert result.predict(table.head(3))["prediction"].between(0, 300_000).all()


def test_tables_from_memory_may_be_the_other_parts_too(runs_dir):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=120), "b": rng.normal(size=120)})
    rows["y"] = np.where(rows["a"] > 0, "yes", "no")
    result = automl.search(
        rows.iloc[:80],
        target="y",
        test=rows.iloc[100:],
        validation=rows.iloc[80:100],
        space="tabular_small",
        trials=1,
        runs_dir=runs_dir,
    )
    assert result.test["rows"] == 20


def test_a_timeout_ends_the_search_and_the_first_trial_counts(runs_dir):
    result = automl.search("digits", timeout="4s", runs_dir=runs_dir)
    outcomes = Record(result.run_dir).outcomes()
    assert outcomes[0].state == "completed"
    assert result.summary["trials"]["total"] == len(outcomes)
    assert any(getattr(outcome, "stopped_by", "") == "budget" for outcome in outcomes.values())


def test_bad_data_leaves_no_study_behind(runs_dir, tmp_path):
    (tmp_path / "one.csv").write_text("a,y\n" + "1,x\n" * 50)
    with pytest.raises(automl.TargetError, match="must have two values or more"):
        automl.search(tmp_path / "one.csv", target="y", runs_dir=runs_dir)
    assert Record.all(runs_dir) == []


def test_an_existing_name_is_refused_with_the_command_that_goes_on(runs_dir):
    Record.create(runs_dir, "taken", {"data": "iris"})
    with pytest.raises(automl.StudyError, match="automl resume taken"):
        automl.search("iris", study="taken", runs_dir=runs_dir)


def test_a_space_that_proposes_what_no_room_accepts_is_refused(runs_dir, tmp_path):
    (tmp_path / "odd.yaml").write_text(
        "name: odd\nspace:\n  family:\n    choice:\n      mlp: {widht: {int: [8, 16], default: 8}}\n    default: mlp\n"
    )
    with pytest.raises(automl.SpaceError, match=r"family\.mlp\.widht: unknown argument 'widht'; did you mean 'width'"):
        automl.search("iris", space=str(tmp_path / "odd.yaml"), runs_dir=runs_dir)
    assert Record.all(runs_dir) == []


def test_one_diverged_trial_does_not_end_the_search(runs_dir, tmp_path):
    (tmp_path / "wild.yaml").write_text(
        "name: wild\n"
        "space:\n"
        "  optimizer: {choice: {sgd: {lr: {choice: [0.01, 1.0e+5], default: 0.01}}}, default: sgd}\n"
        "  training: {epochs: 3, batch_size: 32}\n"
        "starts: [{optimizer: {sgd: {lr: 1.0e+5}}}]\n"
    )
    result = automl.search("diabetes", space=str(tmp_path / "wild.yaml"), trials=4, runs_dir=runs_dir)
    outcomes = Record(result.run_dir).outcomes()
    assert (outcomes[1].state, outcomes[1].kind) == ("failed", "diverged")
    assert outcomes[0].state == "completed"
    assert outcomes[1].message == "no epoch had a finite loss and score"
    assert result.summary["trials"]["total"] == 4

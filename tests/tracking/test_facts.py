"""What a run folder says, in MLflow's terms."""

from __future__ import annotations

import math

from automl.tracking import facts
from automl.tracking.record import SPLIT, TASK, Record
from automl.trial import Completed, Epoch, Outcome, Pruned


def points_of(record: Record, number: int, outcome: Outcome) -> dict[str, list[tuple[int, float]]]:
    points: dict[str, list[tuple[int, float]]] = {}
    for point in facts.trial_points(record, record.trial(number), outcome, 1000):
        points.setdefault(point.key, []).append((point.step, point.value))
    return points


def test_a_trials_points_are_its_curve_and_what_it_came_to(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    points = points_of(record, 1, outcomes[1])
    assert points["train_loss"] == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert points["validation_accuracy"] == [(1, 0.1), (2, 0.2), (3, 0.1 * 3)]
    assert {"lr", "validation_loss"} < set(points)
    finals = {key: points[key] for key in ("score", "best_epoch", "parameters", "seconds")}
    assert finals == {"score": [(0, 0.9)], "best_epoch": [(0, 3.0)], "parameters": [(0, 2000.0)], "seconds": [(0, 1.5)]}


def test_a_failed_trial_has_its_seconds_and_no_score(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    points = points_of(record, 3, outcomes[3])
    assert points["seconds"] == [(0, 0.25)]
    assert "score" not in points


def test_the_same_folder_gives_the_same_points(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    first, second = (facts.trial_points(record, record.trial(0), outcomes[0], 1000) for _ in range(2))
    assert first == second
    assert [point.timestamp for point in first if point.key == "lr"] == [1500, 2000, 2500]


def test_numbers_that_are_not_finite_are_left_out(make_study, add_trials):
    record = make_study()
    outcome = Completed(math.nan, math.inf, 1, 1, 0.5, 10, "diverged")
    add_trials(record, [outcome])
    record.trial(0).write_curve([Epoch(1, math.nan, math.inf, 0.5, 0.1, 0.5)])
    points = points_of(record, 0, outcome)
    assert set(points) == {"validation_accuracy", "lr", "seconds", "best_epoch", "parameters"}


def progress(record: Record, outcomes: dict[int, Outcome]) -> dict[str, list[tuple[int, float]]]:
    points: dict[str, list[tuple[int, float]]] = {}
    for point in facts.progress_points(record, outcomes, dict.fromkeys(outcomes, 1000)):
        points.setdefault(point.key, []).append((point.step, point.value))
    return points


def test_progress_counts_and_keeps_the_best_completed_score(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    points = progress(record, record.outcomes())
    assert points["best_validation"] == [(0, 0.7), (1, 0.9), (2, 0.9), (3, 0.9), (4, 0.9)]
    assert points["trials_completed"] == [(0, 1), (1, 2), (2, 2), (3, 2), (4, 3)]
    assert points["trials_pruned"][-1] == (4, 1)
    assert points["trials_failed"][-1] == (4, 1)


def test_the_best_of_a_loss_is_the_lowest(make_study, add_trials, outcomes):
    record = make_study()
    record.write_json(TASK, record.read_json(TASK) | {"metric": "log_loss"})
    add_trials(record, outcomes)
    assert progress(record, record.outcomes())["best_validation"][-1] == (4, 0.7)


def test_progress_waits_for_a_trial_that_is_not_over(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, [outcomes[0], None, outcomes[1]])
    assert progress(record, record.outcomes())["trials_completed"] == [(0, 1)]


def test_a_study_without_a_completed_trial_has_no_best(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, [outcomes[2]])
    assert "best_validation" not in progress(record, record.outcomes())


def test_the_studys_parameters_are_its_plan_and_its_task(make_study):
    params = facts.study_params(make_study(trials=50, timeout=None, sampler="tpe"))
    assert params == {
        "data": "adult",
        "space": "tabular",
        "seed": "3",
        "sampler": "tpe",
        "trials": "50",
        "target": "income",
        "task": "binary",
        "metric": "accuracy",
    }


def test_a_study_that_is_not_split_yet_has_tags_already(make_study):
    record = make_study()
    for name in (SPLIT, TASK):
        (record.run_dir / name).unlink()
    assert facts.study_tags(record)[facts.STUDY_ID] == record.read_json("plan.json")["study_id"]
    assert "data_sha256" not in facts.study_tags(record)


def test_tags_say_what_came_of_a_trial_on_which_data_and_space(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    tags = [facts.trial_tags(record, record.trial(number), outcome) for number, outcome in enumerate(outcomes)]
    assert [tag["state"] for tag in tags] == ["completed", "completed", "pruned", "failed", "completed"]
    assert tags[4]["stopped_by"] == "budget"
    assert (tags[3]["failure_kind"], tags[3]["failure"]) == ("bug", "the shapes do not fit")
    assert {tag["family"] for tag in tags} == {"mlp"}
    assert {tag["seed"] for tag in tags} == {"3"}
    assert {tag["data_sha256"] for tag in tags} == {"d" * 64}
    assert {len(tag["space_sha256"]) for tag in tags} == {64}


def test_a_page_too_long_for_a_tag_is_shortened(make_study):
    record = make_study()
    record.write_text("report.md", "ä" * 9000)
    note = facts.study_tags(record)["mlflow.note.content"]
    assert note.endswith("ä ...")
    assert len(note.encode()) < 8000


def test_a_study_that_is_not_judged_has_no_test_value(make_study):
    record = make_study()
    assert facts.judgement_metrics(record) == {}
    record.write_json("report.json", {"metric": "accuracy", "best": None, "test": None})
    assert facts.judgement_metrics(record) == {}


def test_end_states_are_those_of_mlflow(outcomes):
    assert [facts.status_of(outcome) for outcome in outcomes] == [
        "FINISHED",
        "FINISHED",
        "KILLED",
        "FAILED",
        "FINISHED",
    ]
    assert facts.ended(Pruned(0.5, 0.5, 1, 1, 0.5, 10), 1000) == 1500

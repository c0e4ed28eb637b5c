"""What a run folder says, in MLflow's terms."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

from automl.tracking import facts
from automl.tracking.record import SPLIT, TASK, Record
from automl.trial import Completed, Epoch, Failed, Outcome, Pruned


def points_of(record: Record, number: int, outcome: Outcome) -> dict[str, list[tuple[int, float]]]:
    points: dict[str, list[tuple[int, float]]] = {}
    for point in facts.read_child(facts.read_study(record), record.trial(number), outcome, 1000).points:
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
    first, second = (facts.read_child(facts.read_study(record), record.trial(0), outcomes[0]) for _ in range(2))
    assert first == second


def test_points_have_the_times_of_their_epochs(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    child = facts.read_child(facts.read_study(record), record.trial(0), outcomes[0], 1000)
    assert [point.timestamp for point in child.points if point.key == "lr"] == [1500, 2000, 2500]
    assert (child.started, child.ended) == (1000, 2500)


def test_a_trial_began_when_its_config_was_written(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    os.utime(record.trial(0).config_path, (7, 7))
    assert facts.read_child(facts.read_study(record), record.trial(0), outcomes[0]).started == 7000


def test_numbers_that_are_not_finite_are_left_out(make_study, add_trials):
    record = make_study()
    outcome = Completed(math.nan, math.inf, 1, 1, 0.5, 10, "diverged")
    add_trials(record, [outcome])
    record.trial(0).write_curve([Epoch(1, math.nan, math.inf, 0.5, 0.1, 0.5)])
    points = points_of(record, 0, outcome)
    assert set(points) == {"validation_accuracy", "lr", "seconds", "best_epoch", "parameters"}


def standing(
    outcomes: Mapping[int, Outcome], before: int, *, higher_is_better: bool = True
) -> dict[str, list[tuple[int, float]]]:
    table = facts.Standing(higher_is_better)
    for number, outcome in outcomes.items():
        table.add(number, outcome, 1000)
    points: dict[str, list[tuple[int, float]]] = {}
    for point in table.points(before):
        points.setdefault(point.key, []).append((point.step, point.value))
    return points


def test_a_standing_counts_and_keeps_the_best_completed_score(outcomes):
    points = standing(dict(enumerate(outcomes)), 5)
    assert points["best_validation"] == [(0, 0.7), (1, 0.9), (2, 0.9), (3, 0.9), (4, 0.9)]
    assert points["trials_completed"] == [(0, 1), (1, 2), (2, 2), (3, 2), (4, 3)]
    assert points["trials_pruned"][-1] == (4, 1)
    assert points["trials_failed"][-1] == (4, 1)


def test_the_best_of_a_loss_is_the_lowest(outcomes):
    points = standing(dict(enumerate(outcomes)), 5, higher_is_better=False)
    assert points["best_validation"][-1] == (4, 0.7)


def test_a_standing_takes_trials_in_any_order(outcomes):
    backwards = dict(reversed(list(enumerate(outcomes))))
    assert standing(backwards, 5) == standing(dict(enumerate(outcomes)), 5)


def test_a_standing_waits_for_a_trial_that_is_not_over(outcomes):
    points = standing({0: outcomes[0], 2: outcomes[1]}, before=1)
    assert points["trials_completed"] == [(0, 1)]


def test_a_standing_gives_a_point_once(outcomes):
    table = facts.Standing(higher_is_better=True)
    table.add(0, outcomes[0], 1000)
    assert len(table.points(1)) == 4
    assert table.points(1) == []


def test_a_study_without_a_completed_trial_has_no_best(outcomes):
    assert "best_validation" not in standing({0: outcomes[2]}, 1)


def test_the_studys_parameters_are_its_plan_and_its_task(make_study):
    study = facts.read_study(make_study(trials=50, timeout=None, sampler="tpe"))
    assert study.params == {
        "data": "adult",
        "space": "tabular",
        "seed": "3",
        "sampler": "tpe",
        "trials": "50",
        "target": "income",
        "task": "binary",
        "metric": "accuracy",
        "rows.train": "60",
        "rows.validation": "20",
        "rows.test": "20",
    }


def test_a_study_that_is_not_split_yet_has_tags_already(make_study):
    record = make_study()
    for name in (SPLIT, TASK):
        (record.run_dir / name).unlink()
    study = facts.read_study(record)
    assert study.tags[facts.STUDY_ID] == study.study_id == record.read_json("plan.json")["study_id"]
    assert "data_sha256" not in study.tags
    assert "task" not in study.params


def test_tags_say_what_came_of_a_trial_on_which_data_and_space(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    study = facts.read_study(record)
    tags = [facts.read_child(study, record.trial(number), outcome).tags for number, outcome in enumerate(outcomes)]
    assert [tag["state"] for tag in tags] == ["completed", "completed", "pruned", "failed", "completed"]
    assert tags[4]["stopped_by"] == "budget"
    assert (tags[3]["failure_kind"], tags[3]["failure"]) == ("bug", "the shapes do not fit")
    assert {tag["family"] for tag in tags} == {"mlp"}
    assert {tag["seed"] for tag in tags} == {"3"}
    assert {tag["data_sha256"] for tag in tags} == {"d" * 64}
    assert {len(tag["space_sha256"]) for tag in tags} == {64}


def test_a_study_that_is_not_judged_has_no_test_value(make_study):
    record = make_study()
    assert facts.judgement_points(record) == []
    record.write_json("report.json", {"metric": "accuracy", "best": None, "test": None})
    assert facts.judgement_points(record) == []


def test_a_judgement_has_its_own_time_however_late_it_is_told(make_study, judge):
    record = make_study()
    judge(record)
    record.write_json("judgement.json", {})
    os.utime(record.run_dir / "judgement.json", (2000, 2000))
    assert {point.timestamp for point in facts.judgement_points(record)} == {2_000_000}


def test_end_states_are_those_of_mlflow(outcomes):
    assert [facts.status_of(outcome) for outcome in outcomes] == [
        "FINISHED",
        "FINISHED",
        "KILLED",
        "FAILED",
        "FINISHED",
    ]
    assert facts.ended(Pruned(0.5, 0.5, 1, 1, 0.5, 10), 1000) == 1500


def test_the_health_of_layers_is_a_tag_and_metrics(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    reading = {"epoch": 2, "least_gradient": 1e-6, "greatest_gradient": 0.5, "dead": None, "saturated": 0.0}
    record.trial(0).write_health({"findings": ["gradients vanish", "units are dead"], "epochs": [reading]})
    child = facts.read_child(facts.read_study(record), record.trial(0), outcomes[0], 1000)
    assert child.tags["health"] == "gradients vanish; units are dead"
    told = {point.key: (point.value, point.step) for point in child.points if point.key.startswith("health_")}
    assert told == {
        "health_least_gradient": (1e-6, 2),
        "health_greatest_gradient": (0.5, 2),
        "health_saturated": (0.0, 2),
    }


def test_a_failures_message_too_long_for_a_tag_is_shortened(make_study, add_trials):
    record = make_study()
    outcome = Failed("bug", "ä" * 9000, "", 0.1)
    add_trials(record, [outcome])
    failure = facts.read_child(facts.read_study(record), record.trial(0), outcome).tags["failure"]
    assert failure.endswith("ä ...") and len(failure.encode()) < 8000


def test_a_trial_has_a_name_and_a_colour_of_its_own(make_study, add_trials, outcomes):
    record = make_study()
    add_trials(record, outcomes)
    study = facts.read_study(record)
    children = [facts.read_child(study, record.trial(number), outcome) for number, outcome in enumerate(outcomes)]
    assert [child.name for child in children] == [f"trial {number} of adult-1" for number in range(5)]
    assert len({child.tags["mlflow.runColor"] for child in children}) == 5

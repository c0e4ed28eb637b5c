"""One trial in full, and the study's overview."""

import json

import pytest

from automl.errors import StudyError
from automl.report.trials import overview, trial
from automl.tracking.record import MEMORY
from automl.trial import Failed


def test_a_trial_is_shown_with_its_config_outcome_and_curve(write_study):
    shown = trial(write_study(), 1)
    assert list(shown) == ["trial", "state", "config", "outcome", "curve", "health", "prepared", "memory", "failure"]
    assert shown["config"]["family"] == "resnet"
    assert (shown["state"], shown["outcome"]["score"], shown["outcome"]["stopped_by"]) == ("completed", 0.86, "epochs")
    assert [epoch["epoch"] for epoch in shown["curve"]] == [1, 2]
    assert shown["failure"] is None


def test_a_failed_trial_is_shown_with_its_kind_and_traceback(write_study):
    shown = trial(write_study(), 5)
    assert shown["failure"] == {
        "kind": "out_of_memory",
        "message": "a batch needs 9 GB\nof 8 GB",
        "traceback": "Traceback ...",
    }
    assert "traceback" not in shown["outcome"]


def test_a_trial_is_shown_with_what_was_found_in_its_layers(write_study):
    record = write_study()
    assert trial(record, 1)["health"] == {"findings": [], "epochs": [], "layers": []}
    record.trial(1).write_health({"findings": ["gradients vanish in layer 1 of 2"], "epochs": [], "layers": []})
    assert trial(record, 1)["health"]["findings"] == ["gradients vanish in layer 1 of 2"]


def test_a_trial_is_shown_with_the_portions_that_memory_held(write_study):
    record = write_study()
    assert trial(record, 1)["memory"] == []
    for line in (
        {"trials": [0, 1, 2, 3], "halves": [[0, 1], [2, 3]]},
        {"trials": [0, 1], "halves": [[0], [1]]},
        {"trials": [1], "accumulation": 2},
        {"trials": [1], "accumulation": 4},
        {"trials": [1], "at_once": 512},
    ):
        record.append_jsonl(MEMORY, line)
    assert trial(record, 1)["memory"] == [
        "trial 1 trained alone: memory did not hold the 4 trials of its cohort at once",
        "its batches went through in 4 parts, added up: memory did not hold them whole",
        "it was evaluated on 512 rows at a time: memory did not hold as many as usual",
    ]
    assert trial(record, 3)["memory"] == [
        "trial 3 trained together with 2: memory did not hold the 4 trials of its cohort at once"
    ]


def test_a_traceback_kept_in_its_own_file_is_shown(write_study):
    record = write_study(outcomes=[({}, Failed("bug", "it broke", "", 1.0))])
    record.trial(0).write_failure("Traceback of it")
    assert trial(record, 0)["failure"]["traceback"] == "Traceback of it"


def test_a_trial_that_is_not_over_is_running(write_study):
    shown = trial(write_study(outcomes=[({"family": "mlp"}, None)]), 0)
    assert (shown["state"], shown["outcome"], shown["curve"]) == ("running", None, [])


def test_a_shown_trial_is_strict_json(write_study):
    shown = trial(write_study(), 0)
    assert shown["curve"][1]["validation_loss"] is None
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown


def test_a_number_without_a_trial_is_refused(write_study):
    with pytest.raises(StudyError, match="study 'houses': unknown trial '9'; Known: 0, 1, 2, 3, 4, 5"):
        trial(write_study(), 9)


def test_a_study_without_trials_has_none_to_show(write_study):
    with pytest.raises(StudyError, match="study 'houses' has no trials yet"):
        trial(write_study(outcomes=[]), 0)


def test_the_overview_counts_what_was_tried_by_family_and_state(write_study):
    seen = overview(write_study())
    assert seen["tried"] == {
        "mlp": {"completed": 2, "pruned": 1, "failed": 1},
        "resnet": {"completed": 1, "pruned": 0, "failed": 1},
    }
    assert seen["best"]["trial"] == 4
    assert [row["trial"] for row in seen["leaders"]] == [4, 1, 0, 2, 3, 5]


def test_the_overview_is_strict_json(write_study, judge):
    record = write_study()
    judge(record)
    seen = overview(record)
    assert json.loads(json.dumps(seen, allow_nan=False)) == seen

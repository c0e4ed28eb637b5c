"""The result of a study in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from automl.cli.summary import next_lines, result_lines, write_result


@pytest.fixture
def result() -> dict[str, Any]:
    """The JSON object of a judged study."""
    return {
        "schema_version": 1,
        "study": "houses",
        "run_dir": str(Path("runs/houses").absolute()),
        "task": "regression",
        "metric": "rmse",
        "direction": "minimize",
        "trials": {"total": 4, "completed": 2, "pruned": 1, "failed": 1, "timeout": 0},
        "best": {"trial": 2, "config": {"family": "mlp", "family.mlp.layers": 3}, "validation": 46000.5},
        "test": {"value": 47000.0, "ci_low": 46000.0, "ci_high": 48000.0, "rows": 4128},
        "baselines": {
            "mean": {"value": 115000.0, "ci_low": 114000.0, "ci_high": 116000.0},
            "linear": {"value": 70000.0, "ci_low": 69000.0, "ci_high": 71000.0},
        },
        "findings": [{"kind": "constant", "column": "a", "sentence": "a has one value only and was dropped"}],
        "seconds": 312.0,
        "mlflow": {"tracking_uri": "sqlite:///x", "experiment": "houses", "run_id": "0"},
        "not_judged": None,
    }


def lead(value: float) -> dict[str, float]:
    """Give the network's lead over a baseline, with an interval of 1000 to both sides."""
    return {"value": value, "ci_low": value - 1000, "ci_high": value + 1000}


@pytest.fixture
def judged(result: dict[str, Any]) -> dict[str, Any]:
    """The judgement of its winner."""
    return {
        "trial": 2,
        "test": result["test"],
        "baselines": result["baselines"],
        "differences": {"mean": lead(68000.0), "linear": lead(23000.0)},
        "verdicts": ["better than mean beyond chance", "better than linear beyond chance"],
        "gap": {"sentence": "validation is better than test by 1000"},
    }


def text(result: dict[str, Any], judged: dict[str, Any] | None = None) -> str:
    return "\n".join(result_lines(result, judged))


def test_the_summary_counts_the_trials(result: dict[str, Any]):
    assert text(result).startswith("houses: 4 trials (2 completed, 1 pruned, 1 failed) in 5 min 12 s\n")


def test_the_summary_shows_the_winning_config(result: dict[str, Any]):
    assert "Best: trial 2, validation rmse 46000" in text(result) and "family.mlp.layers  3" in text(result)


def test_the_summary_shows_the_test_beside_the_baselines(result: dict[str, Any], judged: dict[str, Any]):
    lines = text(result, judged).splitlines()
    start = lines.index("Test rmse on 4,128 sealed rows, with its 95 % interval")
    assert [line.split()[0] for line in lines[start + 1 : start + 4]] == ["network", "mean", "linear"]
    assert lines[start + 1].endswith("47000 [46000, 48000]")


def test_the_summary_says_whether_the_baselines_are_beaten(result: dict[str, Any], judged: dict[str, Any]):
    assert "  The network is better than linear beyond chance." in text(result, judged).splitlines()


def test_a_loss_is_said_first(result: dict[str, Any], judged: dict[str, Any]):
    trees = {"value": 45000.0, "ci_low": 44000.0, "ci_high": 46000.0}
    judged["baselines"] |= {"boosted_trees": trees}
    judged["differences"] |= {"boosted_trees": lead(-2000.0)}
    first, second, third, *_ = lines = text(result, judged).splitlines()
    assert first == "The network loses to boosted trees beyond chance."
    assert second == "" and third.startswith("houses: 4 trials")
    assert "  boosted trees  45000 [44000, 46000]" in lines


def test_a_network_that_beats_every_baseline_begins_with_its_trials(result: dict[str, Any], judged: dict[str, Any]):
    assert text(result, judged).startswith("houses: 4 trials")


def test_the_summary_says_how_far_validation_was_off(result: dict[str, Any], judged: dict[str, Any]):
    assert "  The gap: validation is better than test by 1000." in text(result, judged).splitlines()


def test_the_summary_shows_the_findings(result: dict[str, Any]):
    assert "  a has one value only and was dropped" in text(result).splitlines()


def test_a_study_without_findings_has_no_heading_for_them(result: dict[str, Any]):
    assert "Found in the data" not in text({**result, "findings": []})


def test_the_summary_ends_with_what_can_be_done_next(result: dict[str, Any]):
    *_, last = next_lines(result)
    assert last.endswith("automl export houses --format bundle --output houses-bundle")


def test_what_can_be_done_next_names_another_runs_folder(result: dict[str, Any]):
    assert "Next:   automl show houses --runs-dir /elsewhere" in next_lines({**result, "run_dir": "/elsewhere/houses"})


def test_a_study_that_is_not_judged_has_no_test(result: dict[str, Any]):
    assert "Test rmse" not in text({**result, "test": None, "baselines": {}})


def test_a_study_that_is_not_judged_says_so_with_the_command(result: dict[str, Any]):
    said = "not judged yet; judge the winner with: automl judge houses"
    assert f"Test rows: {said}" in text({**result, "test": None, "not_judged": said})


def test_a_study_that_completed_nothing_says_so_and_exports_nothing(result: dict[str, Any]):
    empty = {**result, "best": None, "test": None, "baselines": {}}
    assert "No trial has completed." in text(empty)
    assert not any("automl export" in line for line in next_lines(empty))


def test_for_a_person_the_result_ends_with_what_can_be_done_next(
    result: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    write_result(result, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("houses: 4 trials") and lines[-1] == list(next_lines(result))[-1]


def test_for_a_program_the_result_is_the_object_and_nothing_else(
    result: dict[str, Any], capsys: pytest.CaptureFixture[str]
):
    write_result(result, as_json=True)
    assert json.loads(capsys.readouterr().out) == result

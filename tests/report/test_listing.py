"""The list of studies, whatever state they are in."""

from __future__ import annotations

import subprocess

import pytest

from automl.report.listing import listing, row_of
from automl.tracking.record import Record


def test_a_row_has_what_the_study_is_and_came_to(write_study):
    record = write_study()
    record.write_json("plan.json", record.read_json("plan.json") | {"created": "2026-03-01T09:30:12+00:00"})
    row = row_of(record)
    assert list(row) == ["study", "data", "state", "trials", "metric", "best", "bytes", "created"]
    assert (row["study"], row["data"], row["trials"], row["metric"]) == ("houses", "adult.csv.gz", 6, "accuracy")
    assert (row["best"], row["created"]) == (0.86, "2026-03-01T09:30:12+00:00")


def test_the_size_is_what_du_says(write_study):
    record = write_study()
    said = subprocess.run(["du", "-s", "-B1", record.run_dir], capture_output=True, text=True, check=True).stdout
    assert row_of(record)["bytes"] == int(said.split()[0])


def test_a_study_whose_budget_is_not_spent_was_interrupted(write_study):
    assert row_of(write_study())["state"] == "interrupted"


def test_a_study_whose_search_is_over_is_searched(write_study):
    record = write_study()
    record.write_json("clock.json", {"seconds": 1.0, "finished": True})
    assert row_of(record)["state"] == "searched"


def test_a_study_whose_winner_is_judged_is_judged(write_study, judge):
    record = write_study()
    judge(record)
    record.write_json("clock.json", {"seconds": 1.0, "finished": True})
    assert row_of(record)["state"] == "judged"


def test_a_study_that_a_process_holds_is_running(write_study):
    record = write_study()
    with record.lock():
        assert row_of(record)["state"] == "running"
    assert row_of(record)["state"] == "interrupted"


@pytest.mark.parametrize("name", ["plan.json", "task.json", "trials/0001/outcome.json"])
def test_a_study_with_a_damaged_file_is_listed_as_such(write_study, name):
    record = write_study()
    record.write_text(name, "{")
    row = row_of(record)
    assert row["state"] == "damaged" and row["bytes"] > 0


def test_the_oldest_study_comes_first(tmp_path):
    for name, day in (("b", "02"), ("a", "03"), ("c", "01")):
        Record.create(tmp_path, name, {"data": "iris", "created": f"2026-01-{day}T00:00:00+00:00"})
    assert [row["study"] for row in listing(tmp_path)] == ["c", "b", "a"]


def test_a_folder_without_studies_has_an_empty_list(tmp_path):
    assert listing(tmp_path / "nowhere") == []

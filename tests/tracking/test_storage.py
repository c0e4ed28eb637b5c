"""Whether studies can be kept in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.tracking.record import Record
from automl.tracking.storage import examine_storage, nearest_folder, unwritable


def test_a_folder_that_can_be_written_has_no_problem(tmp_path: Path):
    Record.create(tmp_path, "houses")
    found = examine_storage(tmp_path)
    assert (found["runs_dir"], found["studies"], found["problem"]) == (str(tmp_path), 1, None)
    assert found["free_bytes"] > 0


def test_a_folder_that_is_not_there_yet_is_judged_by_where_it_would_be_made(tmp_path: Path):
    found = examine_storage(tmp_path / "a" / "runs")
    assert (found["studies"], found["problem"]) == (0, None)


@pytest.mark.parametrize("runs_dir", [".", "absent/runs"])
def test_nothing_is_left_behind(tmp_path: Path, runs_dir: str):
    examine_storage(tmp_path / runs_dir)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "runs", "deep/runs"])
def test_a_file_in_the_way_is_named(tmp_path: Path, below: str):
    (tmp_path / "taken").touch()
    problem = examine_storage(tmp_path / "taken" / below)["problem"]
    assert problem is not None
    assert problem.endswith(f"cannot be made: {tmp_path / 'taken'} is a file; --runs-dir names another folder")


def test_a_folder_that_cannot_be_written_says_why():
    problem = examine_storage(Path("/proc/runs"))["problem"]
    assert problem == (
        "the runs folder /proc/runs cannot be written: No such file or directory; --runs-dir names another"
    )


def test_what_can_be_written_is_not_unwritable(tmp_path: Path):
    assert unwritable(tmp_path) is None


def test_the_nearest_folder_is_the_folder_itself_where_it_is_there(tmp_path: Path):
    assert nearest_folder(tmp_path) == nearest_folder(tmp_path / "a" / "b") == tmp_path

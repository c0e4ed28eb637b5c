"""A study that is removed: its folder goes, and what must not be forgotten stays."""

from __future__ import annotations

import pandas as pd
import pytest

from automl.data.seal import Seal
from automl.errors import StudyError
from automl.experiment.remove import remove, require_idle
from automl.tracking.record import REMOVED, Record

ROWS = pd.DataFrame({"a": [1.0, 2.0], "y": ["p", "q"]})


@pytest.fixture
def sealed(tmp_path):
    """Begin a study with test rows, which may be judged."""

    def sealed(name, judged=False):
        record = Record.create(tmp_path, name, {"data": "iris", "study_id": name})
        seal = Seal.close(record.run_dir, ROWS)
        if judged:
            seal.open(3, "ab")
            seal.finish({"value": 0.9})
        return record

    return sealed


def test_the_folder_is_gone_and_the_others_stay(sealed):
    one, other = sealed("one"), sealed("other")
    assert remove(one) == 0
    assert [path.name for path in one.runs_dir.iterdir()] == ["other"]
    assert other.sealed_dir.is_dir()


def test_a_study_with_a_damaged_record_can_be_removed(sealed):
    record = sealed("one")
    record.write_text("trials.jsonl", "no json\n")
    with pytest.raises(StudyError, match="is damaged"), record.lock():
        pass
    remove(record)
    assert not record.run_dir.exists()


def test_its_name_is_free_again(sealed):
    remove(sealed("one"))
    assert sealed("one").run_dir.is_dir()


def test_a_study_that_is_being_run_is_left_alone(sealed):
    record = sealed("one")
    with record.lock():
        with pytest.raises(StudyError, match="study 'one' is being run by process"):
            remove(record)
        with pytest.raises(StudyError, match="study 'one' is being run, and is not removed"):
            require_idle([record, sealed("other")])
    assert record.run_dir.is_dir()


def test_that_the_test_rows_were_opened_is_not_forgotten(sealed):
    remove(sealed("one", judged=True))
    assert Seal(sealed("two").run_dir).judged_before(sealed("three").runs_dir) == ["one (removed)"]


def test_openings_of_studies_of_one_name_count_once(sealed):
    remove(sealed("one", judged=True))
    remove(sealed("one", judged=True))
    two = sealed("two", judged=True)
    assert Seal(sealed("three").run_dir).judged_before(two.runs_dir) == ["one (removed)", "two"]


def test_a_study_that_was_not_judged_leaves_nothing(sealed):
    record = sealed("one")
    remove(record)
    assert not (record.runs_dir / REMOVED).exists()

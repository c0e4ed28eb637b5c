"""What is said of a trial that memory did not hold."""

from automl.report.memory import portions
from automl.tracking.record import MEMORY, Record


def test_nothing_is_said_of_a_trial_that_memory_held(tmp_path):
    record = Record.create(tmp_path, "iris")
    assert list(portions(record, 0)) == []
    record.append_jsonl(MEMORY, {"trials": [3], "accumulation": 2})
    assert list(portions(record, 0)) == []


def test_evaluations_in_portions_are_told_of_every_trial_of_a_cohort(tmp_path):
    record = Record.create(tmp_path, "iris")
    record.append_jsonl(MEMORY, {"trials": [3, 4], "at_once": 64})
    told = "it was evaluated on 64 rows at a time: memory did not hold as many as usual"
    assert [list(portions(record, number)) for number in (3, 4)] == [[told], [told]]

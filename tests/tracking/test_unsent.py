"""What MLflow was not told yet of a study."""

from __future__ import annotations

import pytest

from automl.tracking.record import TRACKING
from automl.tracking.unsent import end_state, is_sent, n_sent, recorded


@pytest.fixture
def confirmed(make_study, add_trials, outcomes):
    """A finished study of which all was confirmed."""
    record = make_study()
    add_trials(record, outcomes)
    record.write_json("clock.json", {"seconds": 1.0, "finished": True})
    record.write_json(TRACKING, {"state": "FINISHED", "sent": recorded(record), "end": "FINISHED"})
    return record


def test_a_study_that_was_never_tracked_is_not_sent(make_study):
    record = make_study()
    assert not is_sent(record)
    assert (n_sent(record), end_state(record)) == (0, "KILLED")


def test_what_was_confirmed_is_sent(confirmed, outcomes):
    assert is_sent(confirmed)
    assert n_sent(confirmed) == len(outcomes)


def test_another_trial_is_not_sent(confirmed, add_trials, outcomes):
    add_trials(confirmed, outcomes[:1])
    assert not is_sent(confirmed)


def test_a_trial_that_is_not_over_is_nothing_to_send(confirmed, add_trials):
    add_trials(confirmed, [None])
    assert is_sent(confirmed)


def test_a_judgement_is_not_sent(confirmed):
    confirmed.write_json("judgement.json", {"trial": 1})
    assert not is_sent(confirmed)


def test_a_study_that_was_searched_on_and_killed_is_not_sent(confirmed):
    confirmed.write_json("clock.json", {"seconds": 2.0, "finished": False})
    confirmed.write_json(TRACKING, confirmed.read_json(TRACKING) | {"state": "RUNNING", "end": None})
    assert not is_sent(confirmed)
    assert end_state(confirmed) == "KILLED"


def test_a_search_that_failed_ends_as_failed(make_study):
    record = make_study()
    record.write_json(TRACKING, {"state": "RUNNING", "end": "FAILED"})
    assert end_state(record) == "FAILED"


def test_a_note_of_before_there_were_confirmations_counts_by_its_state(confirmed):
    confirmed.write_json(TRACKING, {"state": "FINISHED"})
    assert is_sent(confirmed)

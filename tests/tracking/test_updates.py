"""The updates of a study as its folder has them."""

from __future__ import annotations

import json

from automl.tracking.record import Record
from automl.tracking.updates import brief, candidate, finished_updates, lineage, model_update, update_dir, updates_of


def told(number: int, before: str, after: str, *, is_promoted: bool = True) -> dict:
    return {
        "update": number,
        "present": {"weights_sha256": before},
        "chosen": "scratch",
        "scratch": {"weights_sha256": after},
        "promoted": is_promoted,
        "finished": True,
    }


def write(record: Record, *updates: dict) -> None:
    for each in updates:
        folder = update_dir(record, each["update"])
        folder.mkdir(parents=True)
        (folder / "update.json").write_text(json.dumps(each))


def judge(record: Record, weights_sha256: str) -> None:
    record.append_jsonl("ledger.jsonl", {"event": "opening", "weights_sha256": weights_sha256})


def test_updates_come_in_their_order_and_those_without_divided_rows_are_none(tmp_path):
    record = Record.create(tmp_path, "wines")
    assert updates_of(record) == []
    write(record, *(told(number, "a", "b") for number in (10, 9)))
    update_dir(record, 11).mkdir()
    assert [each["update"] for each in updates_of(record)] == [9, 10]


def test_an_update_that_is_not_over_is_not_reported(tmp_path):
    record = Record.create(tmp_path, "wines")
    write(record, {**told(1, "a", "b"), "finished": False})
    assert finished_updates(record) == [] and len(updates_of(record)) == 1


def test_an_update_that_was_not_promoted_is_passed_over():
    updates = [told(1, "a", "b"), told(2, "b", "c", is_promoted=False), told(3, "b", "d")]
    assert [each["update"] for each in lineage(updates, "a")] == [1, 3]


def test_the_last_promoted_update_made_the_model_for_as_long_as_it_stands_on_what_was_judged(tmp_path):
    record = Record.create(tmp_path, "wines")
    write(record, told(1, "a", "b"), told(2, "b", "c"))
    assert model_update(record) == 0
    judge(record, "a")
    assert model_update(record) == 2
    record.append_jsonl("ledger.jsonl", {"event": "opening", "update": 2, "weights_sha256": "of the slice"})
    assert model_update(record) == 2
    judge(record, "another winner")
    assert model_update(record) == 0


def test_where_the_best_trial_is_not_judged_no_update_made_the_model(tmp_path):
    record = Record.create(tmp_path, "wines")
    facts = {"data": "new.csv", "created": "", "rows": {}, "sentence": "", "test": {"scratch": {"value": 0.5}}}
    write(record, told(1, "a", "b") | facts)
    judge(record, "a")
    assert [each["is_present"] for is_judged in (True, False) for each in brief(record, is_judged=is_judged)] == [
        True,
        False,
    ]


def test_a_candidate_lies_in_its_update(tmp_path):
    record = Record.create(tmp_path, "wines")
    assert candidate(record, 2, "scratch").run_dir == record.run_dir / "updates" / "2" / "scratch"

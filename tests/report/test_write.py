"""The reports of a study in its folder."""

from __future__ import annotations

import json

from automl.report.markdown import page
from automl.report.summary import summarise
from automl.report.webpage import webpage
from automl.report.write import renew, write_summary, write_webpage


def test_the_object_for_programs_is_given_and_written(write_study):
    record = write_study()
    assert write_summary(record) == json.loads(record.report_path.read_text()) == summarise(record)


def test_the_plain_page_is_written(write_study):
    record = write_study()
    write_summary(record)
    assert record.page_path.read_text() == page(record)


def test_the_page_with_plots_is_written(write_study):
    record = write_study()
    write_webpage(record)
    assert record.webpage_path.read_text(encoding="utf-8") == webpage(record)


def test_what_was_not_written_is_not_renewed(write_study):
    record = write_study()
    renew(record)
    assert not record.page_path.exists() and not record.webpage_path.exists()


def test_what_was_written_says_what_there_is_to_say_now(write_study):
    record = write_study()
    write_summary(record)
    write_webpage(record)
    record.append_jsonl("rungs.jsonl", {"epoch": 24, "scores": {"0": 0.8}, "pruned": []})
    renew(record)
    assert (record.page_path.read_text(), record.webpage_path.read_text()) == (page(record), webpage(record))

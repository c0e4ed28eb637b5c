"""The reports of a study in its folder."""

from __future__ import annotations

import json

from automl.report.markdown import page
from automl.report.summary import summarise
from automl.report.webpage import webpage
from automl.report.write import write_summary, write_webpage


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

"""Leaks are found when the rows are set out, kept and shown once, and choose nothing."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from automl.experiment.plan import Plan
from automl.experiment.stage import Stage, findings, set_out
from automl.report.markdown import page
from automl.report.summary import summarise
from automl.tracking.record import Record


def table() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    ill = generator.random(200) < 0.4
    return pd.DataFrame({"age": generator.normal(size=200), "coded": np.where(ill, "x", "z"), "ill": ill})


@pytest.fixture
def record(tmp_path) -> Record:
    return Record.create(tmp_path, "ill", {"data": "dataframe"})


def set_table_out(record: Record, rows: pd.DataFrame | None = None, **options) -> Stage:
    plan = Plan(data="dataframe", study="ill", runs_dir=str(record.runs_dir), target="ill", **options)
    return set_out(record, plan, {} if rows is None else {"data": rows})


def test_a_leak_is_kept_beside_the_other_findings(record):
    set_table_out(record, table().assign(one=1))
    assert [(finding.kind, finding.column) for finding in findings(record)] == [("constant", "one"), ("leak", "coded")]


def test_a_leak_chooses_nothing(record, tmp_path):
    honest = table().assign(coded=np.random.default_rng(1).permutation(table()["coded"]))
    other = Record.create(tmp_path / "other", "ill", {"data": "dataframe"})
    leaky, quiet = set_table_out(record, table()), set_table_out(other, honest)
    assert findings(record) != [] == findings(other)
    assert leaky.task == quiet.task
    assert leaky.train["age"].tolist() == quiet.train["age"].tolist()


def test_a_column_that_is_left_out_is_no_leak(record):
    set_table_out(record, table(), drop=("coded",))
    assert [finding.kind for finding in findings(record)] == ["dropped"]


def test_what_was_divided_is_not_looked_at_again(record):
    set_table_out(record, table())
    found = findings(record)
    for path in record.sealed_dir.iterdir():
        path.unlink()
    set_table_out(record)
    assert findings(record) == found


def test_a_leak_is_in_the_report_once(record):
    set_table_out(record, table())
    (finding,) = findings(record)
    assert summarise(record)["findings"] == [asdict(finding)]
    assert page(record).count(finding.sentence) == 1

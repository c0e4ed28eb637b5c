"""Findings travel with a frame."""

from __future__ import annotations

import pandas as pd

from automl.data.findings import findings_of, with_findings
from automl.task import Finding

ONE, TWO = Finding("unreadable", None, "one"), Finding("images", "a", "two")


def test_a_frame_carries_what_was_found_in_order():
    frame = with_findings(with_findings(pd.DataFrame({"a": [1, 2]}), [ONE]), [TWO])
    assert findings_of(frame) == findings_of(frame.iloc[:1].reset_index(drop=True)) == (ONE, TWO)


def test_a_frame_without_findings_carries_nothing():
    frame = with_findings(pd.DataFrame({"a": [1]}), [])
    assert findings_of(frame) == () and frame.attrs == {}


def test_a_frame_with_findings_can_still_be_written(tmp_path):
    with_findings(pd.DataFrame({"a": [1]}), [ONE]).to_parquet(tmp_path / "x.parquet")

"""What reading a table found, carried with the frame until the table is divided and its findings are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import pandas as pd

from automl.task import Finding

_FINDINGS = "findings"


def with_findings(frame: pd.DataFrame, findings: Iterable[Finding]) -> pd.DataFrame:
    """Note findings on a frame, after those it has, and give it back."""
    notes = [asdict(finding) for finding in (*findings_of(frame), *findings)]
    if notes:
        frame.attrs[_FINDINGS] = notes  # plain values: pandas writes `attrs` into Parquet files as JSON
    return frame


def findings_of(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Give the findings that a frame carries."""
    return tuple(Finding(**note) for note in frame.attrs.get(_FINDINGS, ()))

"""Fixtures that any room's tests may use."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests' networks are too small to share among threads
for _number in (signal.SIGINT, signal.SIGHUP):  # what `nohup` or `&` lets a test run ignore, its commands shall hear
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, one folder each; tests that need it skip where it is absent."""
    folder = os.environ.get("AUTOML_TEST_DATA")
    if not folder:
        pytest.skip("AUTOML_TEST_DATA does not name the folder of real data sets")
    return Path(folder)

"""How MLflow's client is to behave in this project, set while it is used and put back as it was."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # to print it, a server is asked for every run once more
    _RETRIES: "2",
    TIMEOUT: "60",
}
"""What holds unless the environment says otherwise."""


@contextmanager
def settings() -> Iterator[None]:
    """Let MLflow's client behave so while the block runs, as far as the environment does not say otherwise."""
    with _environment({name: value for name, value in DEFAULTS.items() if name not in os.environ}):
        yield


@contextmanager
def asked_once() -> Iterator[None]:
    """Let MLflow's client ask nothing again by itself while the block runs.

    What makes a run is not asked again while its answer may be under way: first it is looked whether the run is there.
    """
    with _environment({_RETRIES: "0"}):
        yield


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

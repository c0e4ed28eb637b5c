"""How MLflow's client is to behave in this project, set while it is used and put back as it was."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # to print it, a server is asked for every run once more
    _RETRIES: "0",  # its own would make a run twice whose answer was lost; here it is looked first what is there
    TIMEOUT: "60",
}
"""What holds unless the environment says otherwise."""


@contextmanager
def settings(retries: int = 0) -> Iterator[None]:
    """Let MLflow's client behave so while the block runs, as far as the environment does not say otherwise.

    Args:
        retries: How often it may ask once more by itself what was not answered.
    """
    wanted = {**DEFAULTS, _RETRIES: str(retries)}
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)

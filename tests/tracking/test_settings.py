"""How MLflow's client is to behave, and what is left of it."""

from __future__ import annotations

import os

import pytest

from automl.tracking.settings import DEFAULTS, TIMEOUT, asked_once, settings


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch):
    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    with pytest.raises(KeyError), settings():
        assert DEFAULTS.items() <= os.environ.items()
        raise KeyError
    assert dict(os.environ) == before


def test_what_a_person_has_set_holds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(TIMEOUT, "7")
    with settings():
        assert os.environ[TIMEOUT] == "7"
    assert os.environ[TIMEOUT] == "7"


def test_what_is_asked_once_is_asked_once_whatever_a_person_has_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    with asked_once():
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "5"

"""What a study was run on and with."""

from __future__ import annotations

from importlib.metadata import version

from automl.experiment.environment import environment


def test_the_versions_are_those_of_the_installed_packages():
    found = environment("cpu")["packages"]
    assert isinstance(found, dict)
    assert found == {name: version(name) for name in found}


def test_the_device_is_named():
    assert environment("cuda:0 (NVIDIA H100)")["device"] == "cuda:0 (NVIDIA H100)"

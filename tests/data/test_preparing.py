"""The arguments of a preparation."""

from __future__ import annotations

import subprocess
import sys

import pytest

from automl.data.preparing import Preparing


def test_the_defaults_are_quantiles_and_ten_values():
    assert Preparing() == Preparing(numeric="quantile", one_hot_max=10)


def test_an_unknown_scaling_is_refused():
    with pytest.raises(ValueError, match="numeric must be one of standard, robust, quantile, got 'log'"):
        Preparing(numeric="log")


def test_a_negative_threshold_is_refused():
    with pytest.raises(ValueError, match="one_hot_max must not be negative, got -1"):
        Preparing(one_hot_max=-1)


def test_arguments_import_no_library():
    code = "import sys; import automl.data.preparing; print('numpy' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]

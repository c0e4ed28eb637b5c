"""The arguments of a preparation."""

from __future__ import annotations

import subprocess
import sys

import pytest

from automl.data.preparing import Preparing


def test_the_defaults_are_quantiles_ten_values_and_the_stored_size():
    assert Preparing() == Preparing(numeric="quantile", one_hot_max=10, resolution=0)


def test_an_unknown_scaling_is_refused():
    with pytest.raises(ValueError, match="numeric must be one of standard, robust, quantile, log, got 'rank'"):
        Preparing(numeric="rank")


def test_a_negative_threshold_is_refused():
    with pytest.raises(ValueError, match="one_hot_max must not be negative, got -1"):
        Preparing(one_hot_max=-1)


@pytest.mark.parametrize("side", [-1, 1, 3, 513])
def test_a_resolution_out_of_bounds_is_refused(side):
    with pytest.raises(ValueError, match=f"resolution must be 0 or from 4 to 512, got {side}"):
        Preparing(resolution=side)


@pytest.mark.parametrize("side", [0, 4, 512])
def test_a_resolution_may_be_zero_or_within_bounds(side):
    assert Preparing(resolution=side).resolution == side


def test_arguments_import_no_library():
    code = "import sys; import automl.data.preparing; print('numpy' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reduction": "pca"}, "reduction must be one of none, svd, got 'pca'"),
        ({"reduced": "all"}, "reduced must be one of both, numeric, one_hot, got 'all'"),
        ({"redundant": "yes"}, "redundant must be one of keep, drop, got 'yes'"),
        ({"components": 0}, "components must be from 0.01 to 4096, got 0"),
        ({"correlation": 0.2}, "correlation must be from 0.5 to 1, got 0.2"),
    ],
    ids=["reduction", "reduced", "redundant", "components", "correlation"],
)
def test_what_wide_tables_cannot_be_prepared_by_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Preparing(**wrong)

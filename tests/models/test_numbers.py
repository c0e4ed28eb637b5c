"""Embedded numbers are what their papers say, and what the authors' package gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from automl.models.layers import initialise
from automl.models.numbers import Bins, Periodic, PiecewiseLinear

N = 300


def _rows():
    """Columns of many values, of ties, of two values, and of one."""
    draw = np.random.default_rng(1)
    columns = [draw.normal(size=N), draw.integers(0, 4, N), draw.integers(0, 2, N), np.full(N, 2.5)]
    return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))


def _bins(rows, n_bins):
    bins = Bins(rows.shape[1], n_bins)
    bins.settle(rows)
    return bins


def test_bins_are_those_of_the_authors():
    rtdl = pytest.importorskip("rtdl_num_embeddings")
    rows = _rows()[:, :3]
    theirs = rtdl.PiecewiseLinearEncoding(rtdl.compute_bins(rows, n_bins=8)).impl
    wide = 3 * rows - 1
    torch.testing.assert_close(_bins(rows, 8)(wide), theirs(wide), rtol=1e-4, atol=1e-4)


def test_a_number_is_how_far_it_is_through_each_bin():
    rows = torch.tensor([[0.0], [1.0], [2.0], [4.0], [8.0]])
    bins = _bins(rows, 4)  # Edges 0, 1, 2, 4, 8.
    found = bins(torch.tensor([[0.5], [3.0], [8.0], [10.0], [-1.0]])).squeeze(1)
    expected = [[0.5, 0, 0, 0], [1, 1, 0.5, 0], [1, 1, 1, 1], [1, 1, 1, 1.5], [-1, 0, 0, 0]]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_a_column_of_one_value_has_no_bins():
    assert not _bins(_rows(), 8)(torch.randn(5, 4))[:, 3].any()


def test_bins_come_from_the_rows_given_alone():
    rows = _rows()[:, :1]
    bins = _bins(rows, 2)
    assert bins.offset[0, 0] / -bins.slope[0, 0] == pytest.approx(float(rows.min()))
    assert -bins.offset[0, 1] / bins.slope[0, 1] == pytest.approx(float(rows.median()), abs=0.02)


def test_a_piecewise_linear_embedding_begins_as_a_line():
    embedding = PiecewiseLinear(1, 8, 3)
    initialise(embedding, "he", seed=0)
    points = embedding(torch.tensor([[0.0], [1.0], [2.0]]))
    torch.testing.assert_close(points[1] - points[0], points[2] - points[1])


def test_periodic_embeddings_are_those_of_the_authors():
    rtdl = pytest.importorskip("rtdl_num_embeddings")
    theirs = rtdl.PeriodicEmbeddings(4, 5, n_frequencies=6, frequency_init_scale=0.1, lite=False)
    ours = Periodic(4, 6, 5, sigma=0.1)
    initialise(ours, "he", seed=0)
    with torch.no_grad():
        theirs.periodic.weight.copy_(ours.waves.weight)
        theirs.linear.weight.copy_(ours.linear.weight)
        theirs.linear.bias.copy_(ours.linear.bias)
    torch.testing.assert_close(ours(_rows()), theirs(_rows()).flatten(1), rtol=1e-4, atol=1e-4)


def test_frequencies_are_drawn_with_their_deviation():
    embedding = Periodic(50, 40, 2, sigma=0.3)
    initialise(embedding, "he", seed=0)
    assert embedding.waves.weight.std().item() == pytest.approx(0.3, rel=0.05)

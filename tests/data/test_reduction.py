"""Truncated singular value decompositions, held against scikit-learn's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from automl.data.reduction import Reduction, decompose, is_exact

PIXELS = load_digits().data.astype(np.float32)


def cut(values, components, *, standardised=False):
    return decompose("numeric", values, components, standardised=standardised).reduction(components)


def test_components_span_what_scikit_learns_do():
    found = cut(PIXELS, 10).apply(PIXELS)
    wanted = PCA(10, svd_solver="full").fit_transform(PIXELS.astype(np.float64))
    alike = np.abs(np.corrcoef(found.T, wanted.T)[:10, 10:]).diagonal()
    np.testing.assert_allclose(alike, 1.0, atol=1e-5)


def test_the_share_of_variance_is_scikit_learns():
    wanted = PCA(0.9, svd_solver="full").fit(PIXELS)
    found = cut(PIXELS, 0.9)
    assert found.width == wanted.n_components_
    assert found.variance == pytest.approx(wanted.explained_variance_ratio_.sum(), abs=1e-4)


def test_what_comes_out_has_a_mean_square_of_one():
    found = cut(PIXELS, 7, standardised=True).apply(PIXELS)
    np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-4)
    assert np.square(found).mean() == pytest.approx(1.0, rel=1e-4)


def test_standardised_columns_do_not_mind_their_units():
    units = np.linspace(0.1, 9.0, 64, dtype=np.float32)
    found, again = (cut(table, 5, standardised=True).apply(table) for table in (PIXELS, PIXELS * units))
    np.testing.assert_allclose(again, found, atol=1e-3)


def test_signs_are_settled():
    found, turned = cut(PIXELS, 6), cut(PIXELS[::-1].copy(), 6)
    np.testing.assert_allclose(found.matrix, turned.matrix, atol=1e-6)


def test_the_same_rows_give_the_same_to_the_last_bit():
    assert cut(PIXELS, 6) == cut(PIXELS.copy(), 6)


def test_of_fewer_rows_than_columns_come_no_more_components_than_rows():
    found = cut(PIXELS[:5], 32)
    assert found.width == 4 and found.variance == pytest.approx(1.0)


def test_a_large_block_is_decomposed_for_what_is_wanted():
    draw = np.random.default_rng(0)
    table = (draw.normal(size=(1600, 3)) * (9, 5, 2)) @ draw.normal(size=(3, 1600))
    table += 0.01 * draw.normal(size=(1600, 1600))
    found = cut(table.astype(np.float32), 3)
    assert not is_exact(table.shape) and found.width == 3 and found.variance > 0.999
    assert cut(table.astype(np.float32), 0.99).width == 3


@pytest.mark.parametrize("components", [64, 100, 1.0 - 1e-9])
def test_a_block_that_would_not_become_smaller_stays(components):
    table = np.random.default_rng(0).normal(size=(100, 6)).astype(np.float32)
    assert cut(table, components) is None


@pytest.mark.parametrize("shape", [(1, 4), (9, 3)])
def test_rows_that_do_not_differ_are_left_as_they_are(shape):
    assert cut(np.ones(shape, dtype=np.float32), 2) is None


def test_it_is_kept_as_plain_values():
    found = cut(PIXELS, 3)
    again = Reduction.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found and np.array_equal(again.apply(PIXELS), found.apply(PIXELS))

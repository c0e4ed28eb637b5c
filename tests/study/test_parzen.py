"""Parzen estimators: densities that are those of the formulas, draws that follow the densities."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from scipy import stats

from automl.study.parzen import Mixture, axis

RANGES = [
    FloatDistribution(-2.0, 3.0),
    FloatDistribution(1e-4, 1.0, log=True),
    FloatDistribution(0.0, 1.0, step=0.25),
    IntDistribution(1, 6),
    IntDistribution(16, 512, log=True),
    IntDistribution(0, 100, step=10),
    CategoricalDistribution(("relu", "gelu", None, True)),
]
VALUES = [0.7, 0.03, 0.75, 2, 100, 40, None]


def _values(distribution, rng):
    one = axis(distribution)
    return [one.value(one.anywhere(rng)) for _ in range(400)]


@pytest.mark.parametrize(("distribution", "value"), list(zip(RANGES, VALUES)))
def test_a_value_comes_back_from_its_place(distribution, value):
    one = axis(distribution)
    assert one.value(one.place(value)) == pytest.approx(value)


@pytest.mark.parametrize("distribution", RANGES)
def test_what_is_drawn_lies_in_the_range(distribution):
    one = axis(distribution)
    rng = np.random.default_rng(0)
    places = np.array([one.place(one.value(one.anywhere(rng))) for _ in range(9)])
    points = Mixture([one], places[:, None], np.ones(9)).draw(200, {}, rng)
    for value in [one.value(place) for place in points[:, 0]]:
        assert distribution._contains(distribution.to_internal_repr(value))


def test_anywhere_is_everywhere_alike():
    values = np.array(_values(FloatDistribution(1e-4, 1.0, log=True), np.random.default_rng(0)))
    assert stats.kstest(np.log10(values), stats.uniform(-4, 4).cdf).pvalue > 0.01
    assert {str(value) for value in _values(RANGES[-1], np.random.default_rng(0))} == {"relu", "gelu", "None", "True"}


def test_a_density_is_a_sum_of_truncated_normals():
    one = axis(FloatDistribution(0.0, 1.0))
    weights = np.array([1.0, 3.0])
    points = np.linspace(0.0, 1.0, 7)[:, None]
    # Each of two observations is as wide as the distance between them; the prior is as wide as the range.
    kernels = [
        stats.truncnorm((0 - centre) / width, (1 - centre) / width, loc=centre, scale=width)
        for centre, width in ((0.2, 0.4), (0.6, 0.4), (0.5, 1.0))
    ]
    expected = sum(share / 5.0 * kernel.pdf(points[:, 0]) for share, kernel in zip((1.0, 3.0, 1.0), kernels))
    density = np.exp(Mixture([one], np.array([[0.2], [0.6]]), weights).log_density(points))
    np.testing.assert_allclose(density, expected, rtol=1e-5)


def test_whole_steps_have_probabilities_that_sum_to_one():
    one = axis(IntDistribution(16, 64, log=True))
    observed = np.array([[one.place(value)] for value in (16, 20, 33, 64)])
    points = np.array([[one.place(value)] for value in range(16, 65)])
    assert np.exp(Mixture([one], observed, np.ones(4)).log_density(points)).sum() == pytest.approx(1.0, abs=1e-5)


def test_options_have_probabilities_that_sum_to_one_and_favour_the_observed():
    one = axis(RANGES[-1])
    mixture = Mixture([one], np.array([[2.0], [2.0], [0.0]]), np.ones(3))
    shares = np.exp(mixture.log_density(np.arange(4.0)[:, None]))
    assert shares.sum() == pytest.approx(1.0)
    assert shares[2] > shares[0] > shares[1] == shares[3]


def test_draws_follow_the_density():
    axes = [axis(FloatDistribution(0.0, 1.0)), axis(CategoricalDistribution(("a", "b")))]
    mixture = Mixture(axes, np.array([[0.1, 0.0], [0.9, 1.0], [0.85, 1.0]]), np.ones(3))
    points = mixture.draw(4000, {}, np.random.default_rng(0))
    inside = (points[:, 0] > 0.7) & (points[:, 1] == 1.0)
    grid = np.linspace(0.7, 1.0, 201)
    density = np.exp(mixture.log_density(np.stack([grid, np.ones(201)], axis=1)))
    assert inside.mean() == pytest.approx(np.trapezoid(density, grid), abs=0.03)


def test_what_is_known_decides_what_goes_with_it():
    axes = [axis(FloatDistribution(0.0, 1.0)), axis(FloatDistribution(0.0, 1.0))]
    diagonal = np.linspace(0.05, 0.95, 19)
    mixture = Mixture(axes, np.stack([diagonal, diagonal], axis=1), np.ones(19))
    low, high = (mixture.draw(200, {0: place}, np.random.default_rng(1)) for place in (0.1, 0.9))
    assert set(low[:, 0]) == {0.1}
    assert np.median(low[:, 1]) < 0.3 < 0.7 < np.median(high[:, 1])


def test_no_observation_leaves_the_prior():
    mixture = Mixture([axis(FloatDistribution(0.0, 1.0))], np.empty((0, 1)), np.empty(0))
    density = np.exp(mixture.log_density(np.linspace(0, 1, 11)[:, None]))
    np.testing.assert_allclose(density, stats.truncnorm(-0.5, 0.5, loc=0.5).pdf(np.linspace(0, 1, 11)), rtol=1e-5)


def test_equal_observations_leave_no_kernel_without_width():
    one = axis(FloatDistribution(0.0, 1.0))
    mixture = Mixture([one], np.full((30, 1), 0.25), np.ones(30))
    assert np.isfinite(mixture.log_density(np.array([[0.0], [0.25], [1.0]]))).all()
    assert len(set(mixture.draw(50, {}, np.random.default_rng(0))[:, 0])) == 50

"""Which predictions are best together, and how many of which may be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from automl.evaluation.blend import blend, select


def numbers(*rows):
    return [np.array(row, dtype=np.float32)[:, None] for row in rows]


def less_error(truth):
    return lambda outputs: (-float(np.square(outputs[:, 0] - truth).mean()),)


def test_classes_are_averaged_by_their_probabilities():
    generator = np.random.default_rng(0)
    outputs = [generator.normal(size=(5, 3)) for _ in range(2)]
    shares = [np.exp(each) / np.exp(each).sum(axis=1, keepdims=True) for each in outputs]
    together = np.exp(blend(outputs, [0.25, 0.75], link="softmax"))
    assert together == pytest.approx(0.25 * shares[0] + 0.75 * shares[1])
    assert together.sum(axis=1) == pytest.approx(1.0)


def test_errors_that_cancel_out_are_found():
    truth = np.zeros(4)
    outputs = numbers([1, 1, 1, 1], [9, 9, 9, 9], [-2, -2, -2, -2])
    assert select(outputs, less_error(truth), link="identity", most=3) == {0: 2 / 3, 2: 1 / 3}


def test_the_first_stays_alone_where_nothing_helps_it():
    outputs = numbers([0, 0, 0], [1, 1, 1], [2, 2, 2])
    assert select(outputs, less_error(np.zeros(3)), link="identity", most=3) == {0: 1.0}


def test_no_more_are_chosen_than_may_be():
    generator = np.random.default_rng(1)
    outputs = [generator.normal(size=(30, 1)) for _ in range(10)]
    for most in (1, 2, 5):
        found = select(outputs, less_error(np.zeros(30)), link="identity", most=most)
        assert len(found) <= most and sum(found.values()) == pytest.approx(1.0)
    assert len(select(outputs, less_error(np.zeros(30)), link="identity", most=5)) == 5


def test_what_is_not_allowed_together_is_not_chosen():
    truth = np.zeros(4)
    outputs = numbers([1, 1, 1, 1], [-1, -1, -1, -1], [-2, -2, -2, -2])

    def may(places):
        return places != {0, 1}

    assert select(outputs, less_error(truth), link="identity", most=2, is_allowed=may) == {0: 2 / 3, 2: 1 / 3}


def test_equals_go_by_what_comes_second():
    """Two that make the metric equally good: the one with the smaller loss is taken."""
    truth = np.array([0, 0, 0, 1])
    sure, unsure, wrong = (np.array([[edge, 0.0]] * 4, dtype=np.float32) for edge in (2.0, 0.2, -1.0))

    def goodness(outputs):
        shares = np.exp(outputs)
        loss = -np.log(shares[np.arange(4), truth] / shares.sum(axis=1)).mean()
        return (float((outputs.argmax(axis=1) == truth).mean()), -float(loss))

    found = select([unsure, wrong, sure], goodness, link="softmax", most=3)
    assert found.keys() == {0, 2}


def test_it_is_as_good_as_the_best_mean_of_two():
    generator = np.random.default_rng(2)
    truth = generator.normal(size=50)
    outputs = [(truth + generator.normal(size=50))[:, None] for _ in range(6)]
    goodness = less_error(truth)
    outputs.sort(key=goodness, reverse=True)
    found = select(outputs, goodness, link="identity", most=6)
    chosen = goodness(blend([outputs[place] for place in found], list(found.values()), link="identity"))
    pairs = itertools.combinations(outputs, 2)
    assert chosen >= max(goodness(blend(pair, [0.5, 0.5], link="identity")) for pair in pairs)
    assert chosen > goodness(outputs[0])

"""What was learned of a network's outputs, applied: no prediction changes by it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.data.calibration import UNCALIBRATED, Calibration
from automl.data.target import fit_coder
from automl.task import Task

OUTPUTS = np.array([[-1.0], [0.0], [2.0]], dtype=np.float32)


def _coder(transform="none"):
    task = Task("regression", "price", (), (), "rmse", transform=transform)
    return fit_coder(task, pd.Series([1.0, 2.0, 4.0, 9.0]))


def test_logits_are_divided_and_keep_their_order():
    logits = np.array([[3.0, 1.0], [0.5, 1.0]], dtype=np.float32)
    divided = Calibration(temperature=2.0, rows=9).of_logits(logits)
    np.testing.assert_array_equal(divided, logits / 2)
    assert UNCALIBRATED.of_logits(logits) is logits


def test_an_interval_lies_around_its_number_in_the_targets_units():
    coder = _coder()
    ends = Calibration(radius=0.5, rows=9).interval(coder, OUTPUTS)
    numbers = coder.decode(OUTPUTS[:, 0])
    np.testing.assert_allclose(ends["lower"], numbers - 0.5 * coder.scale)
    np.testing.assert_allclose(ends["upper"], numbers + 0.5 * coder.scale)


def test_an_interval_of_a_logarithm_is_wider_where_numbers_are_larger():
    ends = Calibration(radius=0.5, rows=9).interval(_coder("log"), OUTPUTS)
    widths = ends["upper"] - ends["lower"]
    assert (np.diff(widths) > 0).all() and (ends["lower"] > 0).all()


def test_there_is_no_interval_where_none_was_learned():
    assert UNCALIBRATED.interval(_coder(), OUTPUTS) == {}


def test_it_comes_back_from_json():
    learned = Calibration(1.5, 0.25, 0.9, 40)
    assert Calibration.from_json(learned.to_json()) == learned

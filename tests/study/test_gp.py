"""The Gaussian process: it goes where improvement is likely, and heeds what is decided."""

from __future__ import annotations

import statistics

import pytest

from automl.spaces.read import read_space_text
from automl.study.study import Study
from automl.trial import Aim, Completed

SPACE = read_space_text(
    """
name: flat
space:
  training:
    label_smoothing: {float: [0, 0.5], default: 0.4}
    clip_norm: {float: [0.01, 10], log: true, default: 5}
    batch_size: {choice: [32, 64], default: 32}
""",
    "flat.yaml",
)


@pytest.fixture
def known(tmp_path):
    """A study of which 14 trials are over; the best smoothing is 0.1, and 0.3 with batches of 32."""
    study = Study(tmp_path / "j", "s", SPACE, aim=Aim(True), sampler="gp", seed=0)
    for _ in range(14):
        number, config = study.ask()
        study.tell(number, _outcome(config))
    return study


def _outcome(config):
    best = 0.3 if config["training.batch_size"] == 32 else 0.1
    score = -10 * abs(config["training.label_smoothing"] - best) - 0.5 * (config["training.batch_size"] == 32)
    return Completed(score, 1.0, 1, 9, 1.0, 9, "epochs")


def test_its_proposals_gather_round_the_best(known):
    late = []
    for _ in range(8):
        number, config = known.ask()
        known.tell(number, _outcome(config))
        late.append(config)
    assert statistics.median(abs(config["training.label_smoothing"] - 0.1) for config in late) < 0.1
    assert [config["training.batch_size"] for config in late].count(64) > 4


def test_what_is_decided_conditions_the_rest(known):
    mates = [
        known.ask(like={**SPACE.default(), "training.batch_size": 32}, shared=lambda name: name.endswith("batch_size"))
        for _ in range(3)
    ]
    assert {config["training.batch_size"] for _, config in mates} == {32}
    assert len({config["training.label_smoothing"] for _, config in mates}) == 3

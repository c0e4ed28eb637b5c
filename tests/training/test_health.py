"""What is wrong with a network's layers is said in plain sentences; nothing is said of healthy ones."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import asdict

import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import SGD, AdamW, Constant, Member, Training
from automl.training.cohort import train
from automl.training.feed import Rows
from automl.training.health import Health, findings, is_due, summary
from tests.watching import Accuracy

NONE = math.nan
LOADERS = {"digits": load_digits, "tumours": load_breast_cancer}


def _read(*layers, epoch=1):
    """Make a reading of (activation, gradient, dead, saturated) a layer."""
    names = [(str(place), layer[0]) for place, layer in enumerate(layers)]
    return Health.of(epoch, names, [number for layer in layers for number in layer[1:]])


def _gradients(*gradients, activation="relu"):
    return _read(*[(activation, each, 0.0, NONE) for each in gradients])


def test_what_was_not_measured_or_is_not_finite_is_none():
    first, last = _read(("relu", 0.12345, 0.5, NONE), ("", math.inf, NONE, NONE)).layers
    assert (first.gradient, first.dead, first.saturated) == (0.123, 0.5, None)
    assert (last.gradient, last.dead, last.saturated) == (None, None, None)


def test_a_reading_is_made_again_of_its_numbers():
    reading = _read(("relu", 1 / 3, 0.5, NONE), ("", 2e-9, NONE, NONE), epoch=7)
    assert Health.of(7, [("0", "relu"), ("1", "")], reading.numbers) == reading


def test_a_reading_is_plain_json():
    reading = _read(("tanh", math.nan, NONE, 0.25))
    layer = {"layer": "0", "activation": "tanh", "gradient": None, "dead": None, "saturated": 0.25}
    assert json.loads(json.dumps(asdict(reading), allow_nan=False)) == {"epoch": 1, "layers": [layer]}


def test_nothing_is_said_of_nothing():
    assert findings([]) == []


def test_layers_are_named_by_spans_and_activations():
    weak, strong = 1e-9, 1e-2
    assert findings([_gradients(weak, weak, strong, weak, strong, weak, weak, activation="tanh")]) == [
        "gradients vanish in layers 1-2, 4, 6-7 of 7 (tanh)"
    ]


def test_a_gradient_that_vanishes_in_half_of_the_epochs_is_not_held_against_a_network():
    weak, strong = _gradients(1e-9, 1e-2), _gradients(1e-2, 1e-2)
    assert findings([weak, strong]) == []
    assert findings([weak, weak, strong]) == ["gradients vanish in layer 1 of 2 (relu)"]


def test_a_network_in_which_nothing_moves_has_no_gradient_anywhere():
    assert findings([_gradients(0.0, 0.0)]) == ["gradients vanish in layers 1-2 of 2 (relu)"]


def test_gradients_larger_than_their_weights_by_far_explode():
    assert findings([_gradients(500.0, 2.0)]) == ["gradients explode in layer 1 of 2 (relu)"]


def test_the_first_epoch_without_finite_gradients_is_named():
    readings = [_gradients(1.0), Health.of(3, [("0", "")], [NONE] * 3), Health.of(4, [("0", "")], [NONE] * 3)]
    assert findings(readings) == ["gradients were not finite in epoch 3"]


@pytest.mark.parametrize(("word", "shares"), [("dead", (0.6, NONE)), ("saturated", (NONE, 0.6))])
def test_most_units_must_be_such_in_each_of_the_last_three_readings(word, shares):
    bad, good = _read(("relu", 1.0, *shares)), _read(("relu", 1.0, 0.1, 0.1))
    assert findings([good, bad, bad, bad]) == [f"60% of the units of layer 1 of 1 (relu) are {word}"]
    assert findings([bad, bad, bad, good]) == []
    assert findings([bad, good, bad]) == []


def test_shares_of_several_layers_are_told_together():
    reading = _read(("relu", 1.0, 0.6, NONE), ("relu", 1.0, 0.2, NONE), ("relu", 1.0, 1.0, NONE))
    assert findings([reading]) == ["60% to 100% of the units of layers 1, 3 of 3 (relu) are dead"]


def _due(n_steps, n_epochs):
    last, found = 0, []
    for epoch in range(1, n_epochs + 1):
        if is_due(epoch, last, n_steps):
            last = epoch
            found.append(epoch)
    return found


@pytest.mark.parametrize("n_steps", [1, 2, 5, 100])
def test_readings_lie_many_steps_apart_but_for_the_first(n_steps):
    due = _due(n_steps, 300)
    assert due[0] == 1
    assert all((after - before) * n_steps >= 24 for before, after in itertools.pairwise(due))


def test_a_thousand_epochs_are_read_a_score_of_times():
    assert _due(10_000, 1000)[:8] == [1, 2, 3, 4, 6, 8, 12, 16]
    assert len(_due(10_000, 1000)) < 20


@pytest.fixture(scope="module", params=LOADERS)
def rows(request):
    X, y = LOADERS[request.param](return_X_y=True)
    X = torch.from_numpy((X - X.mean(0)) / (X.std(0) + 1e-9)).float()
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))[:500]
    parts = (order[:400], order[400:])
    return [Rows({"numeric": X[part]}, torch.from_numpy(y)[part]) for part in parts]


def _found(rows, family, optimizer=None, **arguments):
    training, validation = rows
    block = Block("numeric", (training.inputs["numeric"].shape[1],), "float32")
    n_classes = int(training.target.max()) + 1
    network = build(FAMILIES[family](**arguments), (block,), n_classes, seed=0)
    told = Training(batch_size=64, epochs=8)
    member = Member(seed=0, optimizer=optimizer or AdamW(), schedule=Constant(), training=told)
    fitted = train([network], [member], training, validation, Accuracy(validation.target))[0]
    return findings(fitted.health)


def test_twelve_layers_of_sigmoid_are_told_to_vanish(rows):
    found = _found(rows, "mlp", layers=12, activation="sigmoid")
    assert found[0].startswith("gradients vanish in layers 1-")
    assert found[0].endswith("of 13 (sigmoid)")


@pytest.mark.parametrize(
    ("family", "arguments"),
    [
        ("mlp", {}),
        ("resnet", {}),
        ("mlp", {"activation": "sigmoid"}),
        ("mlp", {"activation": "tanh"}),
        ("mlp", {"layers": 12}),
        ("mlp", {"layers": 12, "activation": "sigmoid", "norm": "batch"}),
        ("ft_transformer", {"width": 64, "lr_factor": 0.1}),
    ],
    ids=str,
)
def test_nothing_is_said_of_healthy_networks(rows, family, arguments):
    assert _found(rows, family, **arguments) == []


def test_a_rate_too_great_is_seen_in_the_layers(rows):
    assert _found(rows, "mlp", SGD(lr=1e4)) == ["gradients were not finite in epoch 1"]


def test_tanh_at_a_great_rate_saturates(rows):
    assert "units of layers 1-3 of 4 (tanh) are saturated" in "".join(
        _found(rows, "mlp", AdamW(lr=0.3), activation="tanh")
    )


def test_a_summary_is_plain_and_small():
    nan = math.nan
    readings = [
        Health.of(epoch, [("0", "relu"), ("1", "tanh"), ("2", "")], [0.1, 0.7, nan, 0.02, nan, 0.3, 0.5, nan, nan])
        for epoch in (1, 2, 3)
    ]
    told = summary(readings)
    assert told["epochs"][-1] == {
        "epoch": 3,
        "least_gradient": 0.02,
        "greatest_gradient": 0.5,
        "dead": 0.7,
        "saturated": 0.3,
    }
    assert told["findings"] == findings(readings) == ["70% of the units of layer 1 of 3 (relu) are dead"]
    assert [layer["layer"] for layer in told["layers"]] == ["0", "1", "2"]
    assert json.loads(json.dumps(told)) == told


def test_a_summary_of_nothing_is_empty():
    assert summary([]) == {"findings": [], "epochs": [], "layers": []}

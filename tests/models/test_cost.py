"""What a network costs is known by arithmetic, and torch agrees to the last number."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import torch
from torch import nn

from automl.models.build import build, costs, count_operations, count_parameters, infeasible
from automl.models.cost import operations, pixels_after, training_bytes
from automl.models.families.registry import FAMILIES
from automl.models.summary import layers
from automl.task import Block

NUMERIC = Block("numeric", (3,), "float32")
CATEGORY = Block("category", (2,), "int64", (5, 9))
TABLE = (NUMERIC, Block("one_hot", (4,), "float32"), CATEGORY)
LARGEST = {
    "stages": 5,
    "layers": 3,
    "blocks": 3,
    "width": 24,
    "heads": 4,
    "growth": 2.5,
    "hidden": 9,
    "hidden_factor": 3,
    "embedding_size": 5,
    "k": 4,
    "bins": 6,
    "frequencies": 5,
    "numbers_size": 4,
}


def _image(channels: int, height: int, width: int) -> Block:
    return Block("image", (channels, height, width), "uint8", mean=(120.0,) * channels, std=(60.0,) * channels)


def _drawn(family, rng):
    """Draw every argument of a family: words and switches of all they can be, numbers up to what is quickly built."""
    kind = FAMILIES[family]
    hints = get_type_hints(kind)
    arguments = {}
    for field in fields(kind):
        accepted = hints[field.name]
        if get_origin(accepted) is Literal:
            options = get_args(accepted)
            arguments[field.name] = options[int(rng.integers(len(options)))]
        elif accepted is bool:
            arguments[field.name] = bool(rng.integers(2))
        elif field.name in LARGEST:
            low = max(kind.bounds[field.name][0], 0)
            value = rng.uniform(low, LARGEST[field.name] + (accepted is int))
            arguments[field.name] = int(value) if accepted is int else float(value)
    return kind(**arguments)


def _assert_torch_agrees(arguments, blocks):
    network = build(arguments, blocks, 3, seed=0)
    table = layers(network, blocks)
    for row, known in zip(table, costs(arguments, blocks, 3), strict=True):
        assert (row["name"].split(" ")[0], tuple(row["output"])) == (known.name, known.output)
        assert (row["parameters"], row["multiply_adds"]) == (known.parameters, known.multiply_adds)
    assert count_parameters(arguments, blocks, 3) == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("seed", range(20))
def test_ten_convolutional_networks_cost_what_torch_says(seed):
    rng = np.random.default_rng(seed)
    agreed = 0
    while agreed < 10:
        arguments = _drawn("cnn", rng)
        blocks = (_image(int(rng.integers(1, 4)), int(rng.integers(1, 34)), int(rng.integers(1, 34))), CATEGORY)
        if reason := infeasible(arguments, blocks):
            assert arguments.pooling in ("max", "average") or "one channel of one pixel" in reason
            continue
        _assert_torch_agrees(arguments, blocks)
        agreed += 1


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "cnn"])
@pytest.mark.parametrize("blocks", [TABLE, (_image(2, 5, 7),)], ids=["table", "image"])
def test_two_dozen_networks_of_a_family_cost_what_torch_says(family, blocks):
    rng = np.random.default_rng(1)
    agreed = 0
    while agreed < 24:
        arguments = _drawn(family, rng)
        if reason := infeasible(arguments, blocks):
            assert reason.startswith("the width must be a multiple of the heads, got ")
            continue
        _assert_torch_agrees(arguments, blocks)
        agreed += 1


def _by_hand(block, blocks, side):
    """Count the multiply-adds of torch's own layers, from what goes into them and comes out of them."""
    counted = 0

    def count(layer, inputs, output):
        nonlocal counted
        if isinstance(layer, nn.Linear):
            counted += layer.in_features * layer.out_features
        elif isinstance(layer, nn.Conv2d):
            kernel = layer.kernel_size[0] * layer.kernel_size[1]
            counted += kernel * layer.in_channels * output[0].numel() // layer.groups

    network = build(block, blocks, 2, seed=0).eval()
    for layer in network.modules():
        layer.register_forward_hook(count)
    network({"image": torch.zeros(1, 1, side, side, dtype=torch.uint8)})
    return counted


@pytest.mark.parametrize("kind", ["plain", "separable", "residual", "bottleneck"])
def test_multiply_adds_are_those_of_the_definition(kind):
    arguments = FAMILIES["cnn"](block=kind, squeeze=True, hidden=5, stages=2)
    blocks = (_image(1, 9, 9),)
    assert sum(row.multiply_adds for row in costs(arguments, blocks, 2)) == _by_hand(arguments, blocks, 9)


@pytest.mark.parametrize("size", [1, 2, 7, 28])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_a_side_after_a_convolution_is_that_of_torch(size, kernel, stride, padding):
    if size + 2 * padding < kernel:
        assert pixels_after(size, kernel, stride=stride, padding=padding) < 1
        return
    out = nn.functional.conv2d(torch.zeros(1, 1, size, size), torch.zeros(1, 1, kernel, kernel), None, stride, padding)
    assert pixels_after(size, kernel, stride=stride, padding=padding) == out.shape[-1]


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_less_than_a_pixel_is_refused_before_anything_is_built(pooling):
    arguments, blocks = FAMILIES["cnn"](stages=5, pooling=pooling, width=10**9), (_image(1, 8, 8),)
    message = r"encoders.image.stage5.pool would leave less than a pixel of 1 x 1; fewer stages would fit"
    with pytest.raises(ValueError, match=message):
        build(arguments, blocks, 2, seed=0)
    assert infeasible(arguments, blocks) == message


def test_a_group_of_a_single_number_is_refused():
    arguments, blocks = FAMILIES["cnn"](stages=1, width=1, norm="group"), (_image(1, 1, 1),)
    message = "encoders.image.stage1.unit1.layers.0.norm would have one channel of one pixel; more width would fit"
    assert infeasible(arguments, blocks) == message


@pytest.mark.parametrize("pooling", ["stride", "none"])
def test_a_pixel_is_never_halved_by_a_stride(pooling):
    assert infeasible(FAMILIES["cnn"](stages=5, pooling=pooling), (_image(1, 1, 1),)) == ""


@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_a_network_for_tables_takes_an_operation_a_parameter(family):
    arguments = FAMILIES[family]()
    assert count_operations(arguments, TABLE, 3) == count_parameters(arguments, TABLE, 3)


def test_a_convolution_takes_an_operation_a_weight_and_pixel():
    arguments, blocks = FAMILIES["cnn"](stages=1, width=4, norm="none"), (_image(1, 6, 6),)
    assert count_operations(arguments, blocks, 2) == 4 * 9 * 36 + 4 * 2 + 2


@pytest.mark.parametrize("arguments", [{}, {"block": "residual"}, {"activation": "silu", "pooling": "stride"}], ids=str)
def test_memory_for_activations_is_about_what_torch_keeps(arguments):
    family, blocks = FAMILIES["cnn"](dropout=0.0, **arguments), (_image(1, 28, 28),)
    network = build(family, blocks, 10, seed=0)
    own = {parameter.data_ptr() for parameter in network.parameters()}
    kept = {}

    def keep(tensor):
        if tensor.data_ptr() not in own:
            kept[tensor.data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = network({"image": torch.zeros(32, 1, 28, 28, dtype=torch.uint8)}).sum()
    assert loss.isfinite()
    assert 0.9 < 32 * 4 * sum(row.kept for row in costs(family, blocks, 10)) / sum(kept.values()) < 1.6


def test_memory_grows_by_a_number_a_parameter_and_slot():
    rows = costs(FAMILIES["mlp"](), TABLE, 3)
    n_parameters = count_parameters(FAMILIES["mlp"](), TABLE, 3)
    assert training_bytes(rows, 8, n_slots=2) - training_bytes(rows, 8, n_slots=1) == 4 * n_parameters


def test_memory_grows_with_the_batch():
    rows = costs(FAMILIES["mlp"](), TABLE, 3)
    assert training_bytes(rows, 800, n_slots=2) > training_bytes(rows, 8, n_slots=2)


def test_rows_that_are_evaluated_together_take_memory():
    rows = costs(FAMILIES["mlp"](), TABLE, 3)
    assert training_bytes(rows, 8, n_slots=2, n_evaluated=10**6) > training_bytes(rows, 8, n_slots=2)


def test_the_arithmetic_needs_no_torch():
    code = (
        "import sys; from automl.models.cost import Tally; from automl.models.families.registry import FAMILIES;"
        "from automl.task import Block; block = Block('image', (1, 8, 8), 'uint8');"
        "FAMILIES['cnn']().count_encoding(Tally(block.shape, ''), block);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_an_image_and_its_mirror_image_are_two_passes_and_one_in_training():
    once, twice = (costs(FAMILIES["cnn"](mirror=on), (_image(1, 8, 8),), 2) for on in (False, True))
    assert operations(once) == operations(twice)
    assert sum(row.passes for row in twice) > 1.5 * sum(row.passes for row in once)


def test_dropout_costs_no_parameters():
    dry, wet = FAMILIES["cnn"](dropout=0.0), FAMILIES["cnn"](dropout=0.5)
    assert [row.parameters for row in costs(dry, (_image(1, 8, 8),), 2)] == [
        row.parameters for row in costs(wet, (_image(1, 8, 8),), 2)
    ]
    assert costs(replace(dry, squeeze=True), (_image(1, 8, 8),), 2) != costs(dry, (_image(1, 8, 8),), 2)

"""The parts of convolutional networks do what their papers say, and answer for a row by that row alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from automl.models.build import build
from automl.models.convolutions import ChannelDropout, Overall, Squeeze
from automl.models.encoders import Normalise, Pixels
from automl.models.families.cnn import CNN
from automl.models.layers import Dropout, Pool, image_norm
from automl.task import Block

DIGITS = Block("image", (1, 8, 8), "uint8", mean=(77.0,), std=(95.0,))
COLOURS = Block("image", (2, 3, 4), "uint8", mean=(100.0, 50.0), std=(20.0, 0.0))


def _digits(n_rows):
    images, target = load_digits(return_X_y=True)
    pixels = np.rint(images[:n_rows] * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8)
    return torch.from_numpy(pixels), torch.from_numpy(target[:n_rows])


def _after_some_steps(**arguments):
    network = build(CNN(dropout=0.0, stages=2, width=8, **arguments), (DIGITS,), 10, seed=0)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
    images, target = _digits(64)
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network({"image": images}), target).backward()
        optimizer.step()
    return network.eval()


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_a_trained_network_answers_for_a_row_whatever_stands_beside_it(norm):
    network, (images, _) = _after_some_steps(norm=norm), _digits(20)
    together = network({"image": images})
    for row in (0, 7, 19):
        alone = network({"image": images[row : row + 1]})
        torch.testing.assert_close(alone, together[row : row + 1], rtol=1e-4, atol=1e-5)


def test_a_batch_norm_has_moved_its_statistics_and_answers_by_them():
    network = _after_some_steps(norm="batch")
    norm = next(layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d))
    assert norm.num_batches_tracked == 5
    before = norm.running_mean.clone()
    network({"image": _digits(3)[0]})
    assert torch.equal(norm.running_mean, before) and before.abs().sum() > 0


def test_pixels_are_normalised_channel_by_channel():
    images = torch.randint(0, 256, (5, *COLOURS.shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = torch.stack([(images[:, 0].float() - 100) / 20, images[:, 1].float() - 50], dim=1)
    torch.testing.assert_close(Normalise(COLOURS)(images), expected)
    torch.testing.assert_close(Normalise(COLOURS)(images.float()), expected)
    torch.testing.assert_close(Pixels(COLOURS, 8, 1.0)(images), expected.flatten(1))
    torch.testing.assert_close(Normalise(COLOURS)(images.unsqueeze(0)), expected.unsqueeze(0))


@pytest.mark.parametrize(("name", "own"), [("max", nn.MaxPool2d(2)), ("average", nn.AvgPool2d(2))])
@pytest.mark.parametrize("sides", [(4, 6), (5, 3), (2, 2)])
def test_a_pool_is_that_of_torch_for_each_member_too(name, own, sides):
    images = torch.randn(3, 4, 2, *sides)
    torch.testing.assert_close(Pool(name)(images[0]), own(images[0]))
    torch.testing.assert_close(Pool(name)(images), torch.stack([own(each) for each in images]))


@pytest.mark.parametrize("name", ["max", "average"])
def test_a_head_gives_a_number_a_channel(name):
    images = torch.randn(3, 4, 2, 5, 6)
    flat = images.flatten(-2)
    torch.testing.assert_close(Overall(name)(images), flat.amax(-1) if name == "max" else flat.mean(-1))


def test_what_differs_in_a_word_is_told_apart():
    assert str(Pool("max")) != str(Pool("average"))
    assert str(Overall("max")) != str(Overall("average"))


def test_squeezing_scales_every_channel_by_a_share():
    squeeze = Squeeze(4, 2)
    for parameter in squeeze.parameters():
        nn.init.normal_(parameter)
    images = torch.rand(3, 4, 5, 5) + 1
    shares = squeeze(images) / images
    assert ((shares > 0) & (shares < 1)).all()
    torch.testing.assert_close(shares, shares[..., :1, :1].expand_as(shares))


def test_whole_channels_are_dropped_and_the_others_scaled():
    layer = ChannelDropout(0.5)
    inner = next(each for each in layer.modules() if isinstance(each, Dropout))
    inner.noise = torch.tensor([[-(2**15), 2**15 - 1, 0]], dtype=torch.int16)
    images = torch.ones(1, 3, 4, 4)
    assert layer(images).flatten(2).unique(dim=-1).flatten().tolist() == [0.0, 2.0, 2.0]
    assert torch.equal(layer.eval()(images), images)


@pytest.mark.parametrize("arguments", [{}, {"head": "flatten", "norm": "group"}, {"block": "residual"}], ids=str)
def test_a_prediction_may_be_the_mean_over_an_image_and_its_mirror_image(arguments):
    plain, both = _after_some_steps(**arguments), _after_some_steps(mirror=True, **arguments)
    images, _ = _digits(9)
    expected = (plain({"image": images}) + plain({"image": images.flip(-1)})) / 2
    torch.testing.assert_close(both({"image": images}), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(both({"image": images.flip(-1)}), expected, rtol=1e-4, atol=1e-5)


def test_training_sees_no_mirror_image():
    images, _ = _digits(9)
    plain, both = (build(CNN(stages=2, dropout=0.0, mirror=on), (DIGITS,), 10, seed=0) for on in (False, True))
    assert torch.equal(plain.train()({"image": images}), both.train()({"image": images}))


@pytest.mark.parametrize(("width", "groups"), [(1, 1), (6, 1), (8, 2), (24, 2), (32, 8), (48, 4), (128, 8)])
def test_a_group_has_four_channels_at_least_where_it_can(width, groups):
    norm = image_norm("group", width)
    assert norm.num_groups == groups
    assert width % groups == 0


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_a_convolution_right_before_a_batch_norm_has_no_bias(norm):
    network = build(CNN(norm=norm, block="bottleneck"), (DIGITS,), 3, seed=0)
    biased = {layer.bias is not None for layer in network.modules() if isinstance(layer, nn.Conv2d)}
    assert biased == {norm != "batch"}


@pytest.mark.parametrize("block", ["residual", "bottleneck"])
def test_an_input_is_projected_only_where_sizes_differ(block):
    network = build(CNN(block=block, layers=2, stages=2, growth=2.0), (DIGITS,), 3, seed=0)
    projected = {
        f"{stage}.{unit}": not isinstance(each.shortcut, nn.Identity)
        for stage in ("stage1", "stage2")
        for unit, each in network.encoders["image"].get_submodule(stage).named_children()
        if unit.startswith("unit")
    }
    assert projected == {"stage1.unit1": False, "stage1.unit2": False, "stage2.unit1": True, "stage2.unit2": False}


def test_images_and_other_columns_are_joined():
    blocks = (DIGITS, Block("numeric", (3,), "float32"))
    network = build(CNN(stages=2, width=8, growth=2.0), blocks, 3, seed=0)
    assert network.head.in_features == 16 + 3

"""Every family keeps the same promises, whatever the blocks it reads."""

from __future__ import annotations

import pytest
import torch

from automl.models.build import build, costs, count_parameters, infeasible
from automl.models.families.registry import FAMILIES
from automl.models.summary import empty_batch, layers, n_parameters
from automl.task import Block
from automl.training.loss import losses

NUMERIC = Block("numeric", (3,), "float32")
ONE_HOT = Block("one_hot", (4,), "float32")
CATEGORY = Block("category", (2,), "int64", (5, 9))
IMAGE = Block("image", (2, 8, 8), "uint8", mean=(127.0, 90.0), std=(70.0, 50.0))
BLOCKS = {
    "numeric alone": (NUMERIC,),
    "category alone": (CATEGORY,),
    "every kind of column but images": (NUMERIC, ONE_HOT, CATEGORY),
    "image alone": (IMAGE,),
    "image and numeric": (IMAGE, NUMERIC),
    "every kind": (NUMERIC, ONE_HOT, CATEGORY, IMAGE),
}
NEEDED = {family: getattr(FAMILIES[family], "reads", None) for family in FAMILIES}
CASES = [
    (family, kinds)
    for family, needed in NEEDED.items()
    for kinds, blocks in BLOCKS.items()
    if needed is None or needed in [block.name for block in blocks]
]


def _batch(blocks, n_rows, seed=0):
    draw = torch.Generator().manual_seed(seed)
    batch = {}
    for block in blocks:
        if block.cardinalities:
            codes = [torch.randint(0, n, (n_rows,), generator=draw) for n in block.cardinalities]
            batch[block.name] = torch.stack(codes, dim=1)
        elif block.name == "image":
            batch[block.name] = torch.randint(0, 256, (n_rows, *block.shape), generator=draw, dtype=torch.uint8)
        else:
            batch[block.name] = torch.randn(n_rows, *block.shape, generator=draw)
    return batch


def _without_dropout(family):
    rates = ("dropout", "hidden_dropout", "attention_dropout")
    arguments = {name: 0.0 for name in rates if hasattr(FAMILIES[family](), name)}
    return FAMILIES[family](**arguments)


@pytest.fixture(params=CASES, ids=" ".join)
def case(request):
    return request.param


@pytest.fixture
def family(case):
    return case[0]


@pytest.fixture
def blocks(case):
    return BLOCKS[case[1]]


@pytest.mark.parametrize("n_outputs", [1, 2, 7])
def test_outputs_have_a_row_a_row(family, blocks, n_outputs):
    network = build(FAMILIES[family](), blocks, n_outputs, seed=0).eval()
    assert network(_batch(blocks, 5)).shape == (5, n_outputs)


def test_one_row_passes_in_evaluation(family, blocks):
    network = build(FAMILIES[family](), blocks, 3, seed=0).eval()
    assert network(_batch(blocks, 1)).isfinite().all()


def test_a_row_does_not_depend_on_its_companions(family, blocks):
    network = build(FAMILIES[family](), blocks, 3, seed=0).eval()
    batch = _batch(blocks, 6)
    alone = network({name: block[2:3] for name, block in batch.items()})
    torch.testing.assert_close(network(batch)[2:3], alone)


def test_the_gradient_reaches_every_parameter(family, blocks):
    network = build(_without_dropout(family), blocks, 2, seed=0)
    network(_batch(blocks, 64)).square().mean().backward()
    missed = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not missed


def test_same_seed_same_weights(family, blocks):
    first, again, other = (build(FAMILIES[family](), blocks, 2, seed=seed).state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_building_leaves_the_global_random_state_alone(family, blocks):
    before = torch.random.get_rng_state()
    build(FAMILIES[family](), blocks, 2, seed=1)
    assert torch.equal(before, torch.random.get_rng_state())


def test_it_overfits_32_rows(family, blocks):
    network = build(_without_dropout(family), blocks, 2, seed=0)
    batch = _batch(blocks, 32)
    first = next(iter(batch.values())).flatten(1)[:, 0]
    target = (first > first.float().median()).long()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        losses("cross_entropy", network(batch).unsqueeze(0), target.unsqueeze(0)).sum().backward()
        optimizer.step()
    assert (network.eval()(batch).argmax(1) == target).float().mean() > 0.9


def test_the_layer_table_counts_every_parameter(family, blocks):
    network = build(FAMILIES[family](), blocks, 3, seed=0)
    table = layers(network, blocks)
    assert sum(row["parameters"] for row in table) == n_parameters(network)
    assert table[-1]["output"] == [3]


def test_the_layer_table_is_known_without_building_it(family, blocks):
    table = layers(build(FAMILIES[family](), blocks, 3, seed=0), blocks)
    known = costs(FAMILIES[family](), blocks, 3)
    assert [row["name"].split(" ")[0] for row in table] == [row.name for row in known]
    assert [tuple(row["output"]) for row in table] == [row.output for row in known]
    for what in ("parameters", "multiply_adds"):
        assert [row[what] for row in table] == [getattr(row, what) for row in known]


def test_its_parameters_are_counted_without_drawing_them(family, blocks):
    network = build(FAMILIES[family](), blocks, 3, seed=0)
    assert count_parameters(FAMILIES[family](), blocks, 3) == n_parameters(network)


INITIALISATIONS = ["glorot", "he", "lecun", "orthogonal"]
DRAWN = [name for name, kind in FAMILIES.items() if name != "cnn" and "init" in kind.free]


@pytest.mark.parametrize("init", INITIALISATIONS)
@pytest.mark.parametrize("family", DRAWN)
def test_weights_follow_the_scheme(family, init):
    network = build(FAMILIES[family](init=init, width=256), (Block("numeric", (256,), "float32"),), 2, seed=0)
    weight = next(m.weight for m in network.modules() if isinstance(m, torch.nn.Linear) and m.weight.shape[0] >= 256)
    fan_out, fan_in = weight.shape
    spread = {"glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in, "orthogonal": 1 / fan_out}
    assert weight.var().item() == pytest.approx(spread[init], rel=0.05)


@pytest.mark.parametrize("init", INITIALISATIONS)
def test_weights_of_convolutions_follow_the_scheme(init):
    network = build(FAMILIES["cnn"](init=init, stages=2, width=64), (IMAGE,), 2, seed=0)
    weight = [m.weight for m in network.modules() if isinstance(m, torch.nn.Conv2d)][1]
    fan_in, fan_out = 64 * 9, 128 * 9
    spread = {"glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in, "orthogonal": 1 / fan_in}
    assert weight.var().item() == pytest.approx(spread[init], rel=0.05)


@pytest.mark.parametrize("family", FAMILIES)
def test_pixels_may_come_as_floats(family):
    network = build(FAMILIES[family](), (IMAGE,), 2, seed=0).eval()
    batch = _batch((IMAGE,), 4)
    torch.testing.assert_close(network(batch), network({"image": batch["image"].float()}))


def test_a_category_never_seen_is_the_zero_vector():
    network = build(FAMILIES["mlp"](), (CATEGORY,), 2, seed=0)
    encoder = network.encoders["category"]
    assert encoder(torch.zeros(1, 2, dtype=torch.int64)).abs().sum() == 0


def test_a_network_without_blocks_is_refused():
    with pytest.raises(ValueError, match="a network needs at least one block"):
        build(FAMILIES["mlp"](), (), 2, seed=0)


def test_a_block_no_encoder_reads_is_refused():
    with pytest.raises(ValueError, match="no encoder reads the block 'sound'"):
        build(FAMILIES["mlp"](), (Block("sound", (3,), "float32"),), 2, seed=0)


@pytest.mark.parametrize("family", [family for family, needed in NEEDED.items() if needed == "image"])
def test_a_family_for_images_needs_an_image(family):
    message = f"the family {family} needs an image column"
    with pytest.raises(ValueError, match=message):
        build(FAMILIES[family](), (NUMERIC, CATEGORY), 2, seed=0)
    assert infeasible(FAMILIES[family](), (NUMERIC, CATEGORY)) == message


def test_an_empty_batch_has_the_blocks_of_its_network():
    batch = empty_batch(BLOCKS["every kind"], n_rows=2)
    assert {name: (tuple(block.shape), block.dtype) for name, block in batch.items()} == {
        "numeric": ((2, 3), torch.float32),
        "one_hot": ((2, 4), torch.float32),
        "category": ((2, 2), torch.int64),
        "image": ((2, 2, 8, 8), torch.uint8),
    }

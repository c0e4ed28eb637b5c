"""An evaluation that does not fit into memory goes through in smaller portions, and comes to the same."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import AdamW, Constant, Member, Training
from automl.training.cohort import Cohort, train
from automl.training.evaluate import evaluate
from automl.training.feed import Rows
from automl.training.stack import Stack
from automl.training.weights import raw_outputs
from tests.scarcity import Scarce
from tests.watching import Nobody

CPU = torch.device("cpu")
BLOCKS = (Block("numeric", (4,), "float32"),)


def _rows(n_rows, seed=0):
    draw = torch.Generator().manual_seed(seed)
    numeric = torch.randn(n_rows, 4, generator=draw)
    return Rows({"numeric": numeric}, (numeric[:, 0] > 0).long())


def _stack(n_members=2):
    networks = [build(FAMILIES["mlp"](width=64), BLOCKS, 2, seed=seed) for seed in range(n_members)]
    return Stack(networks, range(n_members), CPU)


def _most(stack, rows):
    with Scarce() as memory:
        evaluate(stack, rows, is_mixed=False, least=1)
    return memory.most


def test_portions_shrink_until_they_fit():
    stack, rows = _stack(), _rows(1024)
    whole, same = evaluate(stack, rows, is_mixed=False, least=1)
    with Scarce(_most(stack, rows) // 3) as memory:
        parts, fitting = evaluate(stack, rows, is_mixed=False, least=1)
    torch.testing.assert_close(parts, whole)
    assert memory.refusals == 2
    assert (same.at_once, fitting.at_once) == (None, 256)


def test_portions_are_not_made_smaller_than_a_step():
    stack, rows = _stack(), _rows(1024)
    with Scarce(_most(stack, rows) // 100), pytest.raises(torch.OutOfMemoryError):
        evaluate(stack, rows, is_mixed=False, least=512)


def test_what_is_no_lack_of_memory_is_not_tried_again():
    rows = _rows(8)
    rows.inputs["numeric"] = rows.inputs["numeric"][:, :3]
    with pytest.raises(RuntimeError, match="Expected size"):
        evaluate(_stack(), rows, is_mixed=False, least=1)


@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_few_rows_are_one_portion(n_rows):
    outputs, rows = evaluate(_stack(), _rows(n_rows), is_mixed=False, least=1)
    assert (outputs.shape, rows.portion) == ((2, n_rows, 2), n_rows)


def _rows_seen(network):
    """Keep how many rows the network is run on at a time in evaluation."""
    seen = []
    network.register_forward_hook(
        lambda each, inputs, _output: None if each.training else seen.append(len(inputs[0]["numeric"]))
    )
    return seen


def test_networks_of_large_outputs_are_evaluated_on_fewer_rows_at_a_time():
    networks, members, *rest = _given(1)
    assert networks[0].largest == 64
    networks[0].largest = 2**16
    seen = _rows_seen(networks[0])
    (fitted,) = train(networks, members, *rest)
    assert max(seen) == 512
    assert fitted.at_once is None


def test_networks_of_large_outputs_answer_fewer_rows_at_a_time():
    network, rows = build(FAMILIES["mlp"](width=64), BLOCKS, 2, seed=0), _rows(1024)
    arrays = {"numeric": rows.inputs["numeric"].numpy()}
    whole, seen = raw_outputs(network, arrays), _rows_seen(network)
    network.largest = 2**16
    np.testing.assert_allclose(raw_outputs(network, arrays), whole, rtol=1e-5, atol=1e-6)
    assert seen == [512] * 2


def _given(n_members=2, accumulation=1, batch_size=16, n_validation=4096):
    training = Training(batch_size=batch_size, epochs=3)
    members = [
        Member(seed=seed, optimizer=AdamW(), schedule=Constant(), training=training, accumulation=accumulation)
        for seed in range(n_members)
    ]
    networks = [build(FAMILIES["mlp"](width=64), BLOCKS, 2, seed=seed) for seed in range(n_members)]
    return networks, members, _rows(256), _rows(n_validation, 1), Nobody()


def test_a_training_goes_on_in_the_portions_that_fitted():
    with Scarce() as memory:
        usual = train(*_given())
    with Scarce(memory.most // 2) as scarce:
        short = train(*_given())
    assert (usual[0].at_once, short[0].at_once, scarce.refusals) == (None, 256, 2)
    for one, other in zip(usual, short):
        assert [epoch.train_loss for epoch in one.epochs] == [epoch.train_loss for epoch in other.epochs]
        losses = [epoch.validation_loss for epoch in one.epochs]
        assert [epoch.validation_loss for epoch in other.epochs] == pytest.approx(losses, rel=1e-5)


def test_a_batch_in_parts_takes_less_memory():
    most = {}
    for parts in (1, 2, 4, 8):
        with Scarce() as memory:
            train(*_given(1, parts, batch_size=256, n_validation=8))
        most[parts] = memory.most
    assert most[1] > most[2] > most[4] > most[8]
    assert most[1] > 1.6 * most[2]
    assert most[1] > 2.5 * most[8]


def test_a_cohort_that_is_over_leaves_nothing_in_memory_without_any_collecting():
    with Scarce() as memory:
        networks, members, *rows, watch = _given()
        before = memory.held
        gc.disable()
        cohort = Cohort(networks, members, *rows, watch)
        cohort.run_epoch()
        gone = weakref.ref(cohort)
        del cohort, networks
        held = memory.held
        gc.enable()
    assert gone() is None
    assert held <= before

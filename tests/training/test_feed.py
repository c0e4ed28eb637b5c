"""Rows come to a step the same whether they lie on its device or are copied ahead of it."""

from __future__ import annotations

import threading

import pytest
import torch

from automl.training.feed import Rows, ahead, fits
from automl.training.weights import as_rows

CPU = torch.device("cpu")
META = torch.device("meta")
EDGES = [0, 4, 8, 11]


@pytest.fixture
def rows():
    return Rows({"numeric": torch.randn(11, 2), "category": torch.arange(11).view(11, 1)}, torch.arange(11))


@pytest.fixture
def order():
    draw = torch.Generator().manual_seed(0)
    return torch.stack([torch.randperm(11, generator=draw) for _ in range(3)])


def test_every_member_gets_its_own_rows(rows, order):
    for (inputs, target), (start, end) in zip(rows.batches(order, EDGES), ((0, 4), (4, 8), (8, 11)), strict=True):
        assert torch.equal(target, order[:, start:end])
        assert torch.equal(inputs["category"].squeeze(-1), target)
        assert inputs["numeric"].shape == (3, end - start, 2)


def test_rows_that_are_elsewhere_come_batch_by_batch_to_the_device(rows, order):
    away = Rows(rows.inputs, rows.target, META)  # A device without numbers, which is enough to see where they went.
    assert away.trained_on == META
    batches = list(away.batches(order, EDGES))
    assert [target.shape for _, target in batches] == [(3, 4), (3, 4), (3, 3)]
    assert {each.device for inputs, target in batches for each in (*inputs.values(), target)} == {META}
    assert [part["numeric"].shape for part in away.parts()] == [(11, 2)]
    assert {part["numeric"].device for part in away.parts()} == {META}


def test_images_are_evaluated_a_few_at_a_time():
    rows = Rows({"image": torch.zeros(5, 1, 1024, 512, dtype=torch.uint8)}, torch.zeros(5))
    assert [len(part["image"]) for part in rows.parts()] == [2, 2, 1]


def test_what_comes_next_is_fetched_while_the_last_is_used():
    begun = [threading.Event() for _ in range(3)]

    def fetch(step):
        begun[step].set()
        return step

    coming = ahead(fetch, 3)
    assert next(coming) == 0
    assert begun[1].wait(10)
    assert not begun[2].is_set()
    assert list(coming) == [1, 2]


def test_nothing_is_fetched_of_nothing():
    assert list(ahead(lambda step: pytest.fail("fetched"), 0)) == []


def test_a_fault_while_fetching_reaches_who_waits():
    def fetch(step):
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        next(ahead(fetch, 2))


def test_rows_fit_where_there_is_only_one_memory():
    assert fits(2**60, CPU)
    rows = as_rows({"numeric": torch.zeros(3, 2).numpy()}, torch.zeros(3).numpy(), CPU)
    assert rows.device is None
    assert rows.trained_on == CPU

"""How many train together depends on the arithmetic of a step."""

from __future__ import annotations

import pytest
import torch

from automl.models.build import count_operations, count_parameters
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.size import cohort_size

CPU = torch.device("cpu")


@pytest.mark.parametrize(("work", "size"), [(14e6, 16), (16e6, 8), (79e6, 8), (81e6, 4), (299e6, 4), (301e6, 1)])
def test_the_more_a_step_computes_the_fewer_share_it(work, size):
    assert cohort_size(round(work / 6 / 64), 64, CPU) == size


@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_networks_for_tables_are_sized_by_their_parameters(family):
    blocks = (Block("numeric", (9,), "float32"), Block("category", (1,), "int64", (40,)))
    for width in (16, 64, 256, 1024):
        arguments = FAMILIES[family](width=width)
        n_parameters = count_parameters(arguments, blocks, 3)
        n_operations = count_operations(arguments, blocks, 3)
        assert cohort_size(n_operations, 256, CPU) == cohort_size(n_parameters, 256, CPU)


@pytest.mark.parametrize(("side", "size"), [(8, 16), (28, 4), (64, 1)])
def test_the_larger_the_images_the_fewer_train_together(side, size):
    blocks = (Block("image", (1, side, side), "uint8", mean=(0.0,), std=(1.0,)),)
    assert cohort_size(count_operations(FAMILIES["cnn"](stages=2, width=8), blocks, 10), 64, CPU) == size

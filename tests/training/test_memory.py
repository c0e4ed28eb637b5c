"""The memory of a training is known before it: at most a quarter off where it is more than 50 MB."""

from __future__ import annotations

import pytest
import torch

from automl.models.build import build, costs, has_factors
from automl.models.cost import training_bytes
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import OPTIMIZERS, Constant, Member, Training, n_decays, n_slots
from automl.training.cohort import Cohort
from automl.training.feed import Rows
from tests.watching import Nobody

TABLE = (Block("numeric", (40,), "float32"),)
FEW = (Block("numeric", (3,), "float32"),)
IMAGE = (Block("image", (1, 28, 28), "uint8", mean=(127.0,), std=(70.0,)),)
N_ROWS = 256


def most_alive(family, blocks, optimizer, n_rows=N_ROWS):
    """The most bytes of tensors that are alive at once while a candidate is made and trained for two epochs."""
    draw = torch.Generator().manual_seed(0)
    block = blocks[0]
    if block.name == "image":
        inputs = torch.randint(0, 256, (n_rows, *block.shape), generator=draw, dtype=torch.uint8)
    else:
        inputs = torch.randn(n_rows, *block.shape, generator=draw)
    rows = Rows({block.name: inputs}, torch.randint(0, 3, (n_rows,), generator=draw))
    member = Member(seed=0, optimizer=optimizer, schedule=Constant(), training=Training(batch_size=128))
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as seen:
        cohort = Cohort([build(family, blocks, 3, seed=0)], [member], rows, rows, Nobody())
        for _ in range(2):
            cohort.run_epoch()
    alive = most = 0
    told = [event for event in seen.profiler.kineto_results.events() if event.name() == "[memory]"]
    for event in sorted(told, key=lambda event: event.start_ns()):
        alive += event.nbytes()
        most = max(most, alive)
    return most


CASES = {
    "many parameters, Adam": ("mlp", {"layers": 3, "width": 1200}, TABLE, "adam", {"weight_decay": 1e-3}),
    "many parameters, AdamW": ("mlp", {"layers": 3, "width": 1200, "norm": "layer"}, TABLE, "adamw", {}),
    "many parameters, momentum": ("resnet", {"blocks": 2, "width": 1000}, TABLE, "sgd", {}),
    "many parameters, plain descent": ("resnet", {"blocks": 2, "width": 1000}, TABLE, "sgd", {"momentum": 0.0}),
    "activations with weights": ("realmlp", {"layers": 3, "width": 1300}, TABLE, "adamw", {}),
    "several predictions a row": ("tabm", {"k": 32, "width": 256, "numbers_size": 8}, TABLE, "adamw", {}),
    "attention": ("ft_transformer", {"blocks": 2, "width": 64}, TABLE, "adamw", {}),
    "attention of many parameters": ("ft_transformer", {"blocks": 2, "width": 512}, FEW, "adamw", {}),
    "embedded numbers": (
        "mlp",
        {"width": 64, "layers": 1, "numbers": "periodic", "frequencies": 256},
        TABLE,
        "adamw",
        {},
    ),
    "many activations": ("cnn", {"stages": 2, "layers": 2, "width": 32, "activation": "silu"}, IMAGE, "adamw", {}),
    "residual units": ("cnn", {"stages": 2, "width": 32, "block": "residual"}, IMAGE, "adamw", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_memory_in_training_is_known_before_it(case):
    name, arguments, blocks, rule, hyper = CASES[case]
    family, optimizer = FAMILIES[name](**arguments), OPTIMIZERS[rule](**hyper)
    predicted = training_bytes(
        costs(family, blocks, 3),
        128,
        n_slots=n_slots(optimizer),
        n_decays=n_decays(optimizer),
        n_evaluated=N_ROWS,
        has_factors=has_factors(family),
    )
    measured = most_alive(family, blocks, optimizer)
    assert measured > 50e6
    assert predicted == pytest.approx(measured, rel=0.25)


def test_memory_of_attention_over_many_rows_is_known_before_it():
    family, optimizer = FAMILIES["ft_transformer"](blocks=1, width=64), OPTIMIZERS["adamw"]()
    layers, n_rows = costs(family, TABLE, 3), 1024
    told = {"n_slots": n_slots(optimizer), "n_decays": n_decays(optimizer)}
    predicted = training_bytes(layers, 128, **told, n_evaluated=n_rows)
    assert predicted > 2 * training_bytes(layers, 128, **told)
    assert predicted == pytest.approx(most_alive(family, TABLE, optimizer, n_rows), rel=0.25)

"""A search holds on to nothing of a trial but what it is: its config, and what it came to."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from types import BuiltinFunctionType

import pytest
import torch
from sklearn.datasets import load_iris

from automl.experiment.plan import Plan
from automl.experiment.progress import Silent
from automl.experiment.run import search

EARLY, LATE = 14, 42
OF_TRIALS = {"Completed", "Pruned", "FrozenTrial", "dict", "list", "tuple", "datetime"}
"""What there is one of, or a few, of every trial: its outcome, and itself in the study with its parameters."""

REFERENCES = {weakref.ReferenceType, BuiltinFunctionType}
"""Weak references, of which pandas keeps some hundred dead ones where it was asked for columns, and what they call."""

SPACE = """
name: tiny
space:
  family:
    choice:
      mlp:
        layers: 1
        width: {choice: [8, 16], default: 8}
        norm: {choice: [none, batch], default: none}
        dropout: {float: [0.1, 0.5], default: 0.1}
    default: mlp
  optimizer:
    choice:
      adamw: {lr: {float: [1e-3, 1e-1], log: true, default: 1e-2}}
    default: adamw
  training: {batch_size: 32, epochs: 1}
"""


class Counting(Silent):
    """Counts the objects that are alive when so many trials are over."""

    def __init__(self):
        self.n_over = 0
        self.counts = {}
        self.n_tensors = {}

    def trial_ended(self, number, outcome):
        self.n_over += 1
        if self.n_over in (EARLY, LATE):
            gc.collect()
            alive = gc.get_objects()
            self.counts[self.n_over] = Counter(type(each).__name__ for each in alive if type(each) not in REFERENCES)
            self.n_tensors[self.n_over] = sum(issubclass(type(each), torch.Tensor) for each in alive)


@pytest.fixture(scope="module")
def counted(tmp_path_factory, empty_store):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "mlflow.db").write_bytes(empty_store.read_bytes())
    space = tmp_path_factory.mktemp("space") / "tiny.yaml"
    space.write_text(SPACE)
    table, heard = load_iris(as_frame=True).frame, Counting()
    plan = Plan(
        data="dataframe",
        study="iris",
        runs_dir=str(folder),
        target="target",
        space=str(space),
        trials=LATE,
        cohort="1",
        judge=False,
        tracking_uri=f"sqlite:///{folder / 'mlflow.db'}",
    )
    search(plan, tables={"data": table}, progress=heard)
    return heard


def test_there_are_no_more_tensors_after_many_trials_than_after_few(counted):
    assert counted.n_tensors[LATE] == counted.n_tensors[EARLY]


def test_of_every_kind_of_object_no_more_are_added_than_a_trial_is(counted):
    more = counted.counts[LATE] - counted.counts[EARLY]
    n_trials = LATE - EARLY
    grown = {kind: count for kind, count in more.items() if count >= n_trials}
    kinds = {kind for kind in grown if not kind.endswith("Distribution")}
    assert kinds <= OF_TRIALS, grown
    assert sum(more.values()) <= 20 * n_trials, more.most_common(12)

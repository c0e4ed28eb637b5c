"""Refits, for tests: a small space to search, a study of which nothing was trained once more, and a refit of it."""

from __future__ import annotations

import shutil

from automl.budget import Clock
from automl.experiment.interrupts import Interrupts
from automl.experiment.model import searched_model
from automl.experiment.plan import Plan
from automl.experiment.refit import Refit
from automl.experiment.stage import set_out
from automl.tracking.record import PLAN, Record
from tests.watching import Heard

BRIEF = """
name: brief
space:
  family: {choice: {mlp: {layers: 1, width: 8}}, default: mlp}
  optimizer: {choice: {adamw: {lr: {float: [0.003, 0.03], log: true, default: 0.01}}}, default: adamw}
  training: {epochs: 3, batch_size: 32}
"""


def without_refit(record, folder):
    """Copy a study into a folder, and forget its refit."""
    shutil.copytree(record.run_dir, folder / record.study)
    copied = Record(folder / record.study)
    shutil.rmtree(copied.refit_dir)
    return copied


def refit(record, clock=None, interrupts=None):
    """Train the model of a search once more; give what was said."""
    heard, plan = Heard(), Plan.from_json(record.read_json(PLAN))
    given = (clock or Clock(None), interrupts or Interrupts(), heard.say)
    Refit(searched_model(record), plan, set_out(record, plan), *given).run()
    return heard.sentences

"""What every export begins with: a trained network and all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from safetensors.torch import save

from automl.data.calibration import UNCALIBRATED, Calibration

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from automl.data.image_encoding import ImageEncoding
    from automl.data.joint import JointPreparation
    from automl.data.prepare import Preparation
    from automl.data.target import TargetCoder
    from automl.task import Task


@dataclass(frozen=True)
class Winner:
    """What is exported.

    Args:
        module: Takes blocks by name and gives raw outputs: logits (N, K), or standardised numbers (N, 1).
        architecture: What rebuilds the module, as plain JSON values: `family` and `arguments`, or of several networks
            together `members`, each with these, its `prefix` of the blocks, and its `weight`.
        preparation: From raw rows to blocks.
        coder: The labels, or the target's mean and scale.
        task: What is predicted from what.
        calibration: How sure the module is.
        reading: How the text file of the training rows was read: `separator`, `decimal`, and `na`, which was asked for.
    """

    module: nn.Module
    architecture: dict[str, Any]
    preparation: Preparation | JointPreparation
    coder: TargetCoder
    task: Task
    calibration: Calibration = UNCALIBRATED
    reading: dict[str, Any] = field(default_factory=dict)

    @property
    def image(self) -> ImageEncoding | None:
        """Its column of images, if there is one."""
        return self.preparation.image

    @property
    def described(self) -> Task:
        """The task as the exported model has it: its columns are those that are read."""
        return replace(self.task, columns=self.preparation.columns)

    def write_weights(self, path: Path) -> None:
        """Write everything that the module has learned, in the safetensors format, under the module's own names."""
        state = self.module.state_dict().items()
        path.write_bytes(save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in state}))

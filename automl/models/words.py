"""The words a family's arguments may take, known without torch."""

from __future__ import annotations

from typing import Literal

Activation = Literal["sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish"]
Initialisation = Literal["glorot", "he", "lecun", "orthogonal"]
Norm = Literal["none", "batch", "layer"]
Numbers = Literal["plain", "piecewise", "periodic"]
Shape = Literal["constant", "funnel"]

ConvolutionBlock = Literal["plain", "separable", "residual", "bottleneck"]
ImageHead = Literal["flatten", "average", "max"]
ImageNorm = Literal["batch", "group", "none"]
Kernel = Literal[3, 5, 7]
Pooling = Literal["max", "average", "stride", "none"]

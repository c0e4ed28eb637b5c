"""What a training may be told: optimizer, schedule, batches, stopping, augmentation; plain values, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from automl.task import LossName

Bounds = dict[str, tuple[float, float]]
"""The least and the greatest value of an argument, both included."""

_RATE = (0.0, 1e6)
_SHARE = (0.0, 0.99999)


@dataclass(frozen=True, kw_only=True)
class SGD:
    """Stochastic gradient descent: plain, with momentum, or with Nesterov's (Sutskever et al. 2013).

    Args:
        lr: Learning rate.
        momentum: 0 is plain descent.
        nesterov: Look ahead along the momentum; without momentum it changes nothing.
        weight_decay: L2 penalty, added to the gradient.
    """

    rule: ClassVar[str] = "sgd"
    bounds: ClassVar[Bounds] = {"lr": _RATE, "momentum": _SHARE, "weight_decay": _RATE}
    lr: float = 0.05
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Adagrad:
    """Adagrad (Duchi et al. 2011): the step shrinks with the sum of squared gradients.

    Args:
        lr: Learning rate.
        weight_decay: L2 penalty, added to the gradient.
    """

    rule: ClassVar[str] = "adagrad"
    bounds: ClassVar[Bounds] = {"lr": _RATE, "weight_decay": _RATE}
    lr: float = 0.01
    weight_decay: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RMSprop:
    """RMSprop (Tieleman & Hinton 2012).

    Args:
        lr: Learning rate.
        alpha: How slowly the mean of squared gradients moves.
        momentum: Of the scaled gradient; 0 is without.
        weight_decay: L2 penalty, added to the gradient.
    """

    rule: ClassVar[str] = "rmsprop"
    bounds: ClassVar[Bounds] = {"lr": _RATE, "alpha": _SHARE, "momentum": _SHARE, "weight_decay": _RATE}
    lr: float = 1e-3
    alpha: float = 0.99
    momentum: float = 0.0
    weight_decay: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Adam:
    """Adam (Kingma & Ba 2015), with the L2 penalty added to the gradient.

    Args:
        lr: Learning rate.
        beta1: How slowly the mean of gradients moves.
        beta2: How slowly the mean of squared gradients moves.
        weight_decay: L2 penalty, added to the gradient.
    """

    rule: ClassVar[str] = "adam"
    bounds: ClassVar[Bounds] = {"lr": _RATE, "beta1": _SHARE, "beta2": _SHARE, "weight_decay": _RATE}
    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    weight_decay: float = 0.0


@dataclass(frozen=True, kw_only=True)
class AdamW:
    """AdamW (Loshchilov & Hutter 2019): Adam, with the decay taken from the weights themselves.

    Args:
        lr: Learning rate.
        beta1: How slowly the mean of gradients moves.
        beta2: How slowly the mean of squared gradients moves.
        weight_decay: Share of the weights, times the learning rate, that is taken from them at every step.
    """

    rule: ClassVar[str] = "adamw"
    bounds: ClassVar[Bounds] = {"lr": _RATE, "beta1": _SHARE, "beta2": _SHARE, "weight_decay": _RATE}
    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    weight_decay: float = 0.01


@dataclass(frozen=True, kw_only=True)
class NAdam:
    """NAdam (Dozat 2016): Adam with Nesterov's momentum.

    Args:
        lr: Learning rate.
        beta1: How slowly the mean of gradients moves.
        beta2: How slowly the mean of squared gradients moves.
        weight_decay: L2 penalty, added to the gradient.
    """

    rule: ClassVar[str] = "nadam"
    bounds: ClassVar[Bounds] = {"lr": _RATE, "beta1": _SHARE, "beta2": _SHARE, "weight_decay": _RATE}
    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    weight_decay: float = 0.0


Optimizer = SGD | Adagrad | RMSprop | Adam | AdamW | NAdam
OPTIMIZERS: dict[str, type[Optimizer]] = {kind.rule: kind for kind in (SGD, Adagrad, RMSprop, Adam, AdamW, NAdam)}


def n_slots(optimizer: Optimizer) -> int:
    """Say how many numbers an optimizer keeps a parameter: velocities, and means of gradients and of their squares.

    Examples:
        >>> n_slots(SGD(momentum=0.9)), n_slots(RMSprop(momentum=0.9)), n_slots(AdamW())
        (1, 2, 2)
    """
    if isinstance(optimizer, SGD):
        return int(optimizer.momentum > 0)
    if isinstance(optimizer, Adagrad):
        return 1
    return 1 + (optimizer.momentum > 0) if isinstance(optimizer, RMSprop) else 2


def n_decays(optimizer: Optimizer) -> int:
    """Say how many numbers a parameter its decay takes: one, and one more where the gradient is changed by it."""
    if optimizer.weight_decay == 0:
        return 0
    return 1 if isinstance(optimizer, AdamW) else 2


@dataclass(frozen=True, kw_only=True)
class Constant:
    """The learning rate as it is."""


@dataclass(frozen=True, kw_only=True)
class Cosine:
    """A linear warm-up, then half a cosine down to 0 at the last epoch (Loshchilov & Hutter 2017).

    Args:
        warmup: The share of all steps that the warm-up takes, from 0 to below 1.
    """

    bounds: ClassVar[Bounds] = {"warmup": (0.0, 0.9)}
    warmup: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CosLog:
    """Four cycles from 0 to lr and back, each twice as long as the one before it (Holzmueller et al. 2024)."""


@dataclass(frozen=True, kw_only=True)
class OneCycle:
    """Up from lr / 25 to lr and down to almost 0, both along a cosine (Smith & Topin 2018).

    Args:
        warmup: The share of all steps on the way up, above 0 and below 1.
    """

    bounds: ClassVar[Bounds] = {"warmup": (0.001, 0.9)}
    warmup: float = 0.3


@dataclass(frozen=True, kw_only=True)
class Plateau:
    """Multiplies the rate by `factor` whenever the validation loss has not improved for `patience` epochs.

    Args:
        factor: Below 1.
        patience: Epochs without improvement that are waited for.
    """

    bounds: ClassVar[Bounds] = {"factor": (0.0, 1.0), "patience": (0, 1e6)}
    factor: float = 0.3
    patience: int = 5


Schedule = Constant | Cosine | CosLog | OneCycle | Plateau
SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "cosine": Cosine,
    "coslog4": CosLog,
    "one_cycle": OneCycle,
    "plateau": Plateau,
}

Course = Literal["constant", "flat_cosine", "cosine", "coslog4"]
"""How the strength of a regulariser moves over all steps: as it is; as it is for half of them, then along half a cosine
down to 0; along half a cosine from the first step on; four cycles from 0 to its whole and back (`CosLog`)."""


ClassWeight = Literal["given", "none", "balanced"]
"""How much classes weigh in the loss."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How long, in what portions, and how regularisation moves.

    Args:
        batch_size: Rows a step; the batches of an epoch differ in size by one row at most.
        epochs: The most that are trained.
        patience: Epochs without a better validation score after which training stops.
        label_smoothing: Share of a class's probability spread over all classes; only for classes.
        class_weight: How much classes weigh in the loss, and in no score: `given` as `--class-weight` says, which is
            all alike where it says nothing; `none` all alike; `balanced` so that all together count as much.
        clip_norm: The largest norm of the whole gradient; 0 is without bound.
        weight_decay_schedule: How the optimizer's weight decay moves.
        dropout_schedule: How the network's dropout rates move.
        smoothing_schedule: How label smoothing moves.

    Source: the moving strengths are RealMLP's (Holzmueller et al., Better by Default, NeurIPS 2024).
    """

    bounds: ClassVar[Bounds] = {
        "batch_size": (1, 1e9),
        "epochs": (1, 1e6),
        "patience": (1, 1e6),
        "label_smoothing": (0.0, 0.9),
        "clip_norm": (0.0, 1e9),
    }
    batch_size: int = 256
    epochs: int = 100
    patience: int = 16
    label_smoothing: float = 0.0
    class_weight: ClassWeight = "given"
    clip_norm: float = 0.0
    weight_decay_schedule: Course = "constant"
    dropout_schedule: Course = "constant"
    smoothing_schedule: Course = "constant"


@dataclass(frozen=True, kw_only=True)
class Augmenting:
    """How the images of a training batch are changed before a step; without images it changes nothing.

    Args:
        flip: Probability that an image is mirrored, left to right.
        shift: The largest shift, as a share of the side, along either axis.
        rotate: The largest angle, in degrees, either way.
        erase: Probability that a rectangle of an image is erased (Zhong et al. 2017).
        mixup: alpha of Beta(alpha, alpha), from which the share is drawn at which each image is mixed with another and
            its target with the other's (Zhang et al. 2018); 0 is without.
        cutmix: alpha likewise, where the share is that of a rectangle taken from the other image (Yun et al. 2019); 0
            is without. With both above 0, each step takes one or the other, at even odds.
    """

    bounds: ClassVar[Bounds] = {
        "flip": (0.0, 0.5),
        "shift": (0.0, 0.5),
        "rotate": (0.0, 45.0),
        "erase": (0.0, 1.0),
        "mixup": (0.0, 10.0),
        "cutmix": (0.0, 10.0),
    }
    flip: float = 0.0
    shift: float = 0.0
    rotate: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Member:
    """One candidate's place in a cohort: everything that may differ between networks of the same shape.

    Args:
        seed: What the order of its rows, its dropout and its augmentation are drawn from.
        optimizer: Its update rule with its hyperparameters.
        schedule: How its learning rate moves.
        training: Its batches and its stopping.
        augmenting: How its images are changed.
        class_weights: How much each class weighs in its loss; empty where all weigh alike.
        loss: What is differentiated; the same for all that train together.
        quantiles: Which quantiles its outputs are; empty where they are none.
        accumulation: In so many parts its batches go through, one after the other, their gradients added up before the
            step, where memory does not hold a whole batch; then it trains alone, and without batch norm.
    """

    seed: int
    optimizer: Optimizer
    schedule: Schedule
    training: Training
    augmenting: Augmenting = Augmenting()
    class_weights: tuple[float, ...] = ()
    loss: LossName = "cross_entropy"
    quantiles: tuple[float, ...] = ()
    accumulation: int = 1

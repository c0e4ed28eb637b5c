"""How the layers of a network fared while it trained, and what is wrong with them, in words; known without torch.

Layers are counted from 1, from the input to the output, those with weights alone.
"""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_VANISHING = 1e-4
"""A layer's gradient, relative to its weights, as a share of the greatest layer's, up to which it vanishes.

In the median of the epochs looked at, on scikit-learn's digits, breast cancer and diabetes at learning rates that suit
them, the least layer has 1e-2 and more with up to 24 layers of ReLU, 4e-4 to 4e-3 with 6 of sigmoid, which learn late,
about 1e-4 with 8 and at most 1e-6 with 12.
"""
_EXPLODING = 100.0
"""A layer's gradient, relative to its weights, above which it explodes: a plain step of rate 0.01 then moves weights by
more than they are. Networks that learned had up to 13 in the median; those that did not, 4e3 and more."""
_MOST_UNITS = 0.5
_LATELY = 3
"""In how many of the last readings most units must be dead or saturated: a batch may have few rows."""
_STEPS_BETWEEN = 24


@dataclass(frozen=True)
class LayerHealth:
    """A layer in one step.

    Args:
        layer: Its name in the network.
        activation: The function after it, `relu` for one, or several before the next layer; empty where none follows.
        gradient: The norm of its weights' gradient, before clipping, over that of the weights; None if not finite.
        dead: The share of its units that gave zero for every row of the batch; None where no ReLU follows.
        saturated: The share of its units at which sigmoid or tanh had less than a tenth of its greatest slope for most
            rows of the batch; None where neither follows.
    """

    layer: str
    activation: str
    gradient: float | None
    dead: float | None
    saturated: float | None


@dataclass(frozen=True)
class Health:
    """All layers in the last step of an epoch, in the order of the network."""

    epoch: int
    layers: tuple[LayerHealth, ...]

    @classmethod
    def of(cls, epoch: int, layers: Iterable[tuple[str, str]], numbers: Sequence[float]) -> Health:
        """Make it of what was measured.

        Args:
            epoch: Its number, from 1.
            layers: Names and activations.
            numbers: Three a layer: gradient, dead, saturated; not finite where there is none.
        """
        kept = [float(f"{number:.3g}") if math.isfinite(number) else None for number in numbers]
        triples = zip(kept[::3], kept[1::3], kept[2::3])
        return cls(epoch, tuple(LayerHealth(*names, *own) for names, own in zip(layers, triples)))

    @property
    def numbers(self) -> list[float]:
        """What it was made of."""
        known = [number for each in self.layers for number in (each.gradient, each.dead, each.saturated)]
        return [math.nan if number is None else number for number in known]


def is_due(epoch: int, last: int, n_steps: int) -> bool:
    """Tell whether layers are looked at in an epoch: often at first, then ever more rarely, so that readings stay few.

    Args:
        epoch: Its number, from 1.
        last: The epoch in which they were last; 0 for none.
        n_steps: Steps an epoch. A reading takes about a fifth of a small network's step: 24 steps lie between two.

    Examples:
        >>> last, due = 0, []
        >>> for epoch in range(1, 100):
        ...     if is_due(epoch, last, n_steps=8):
        ...         last = epoch
        ...         due.append(epoch)
        >>> due
        [1, 4, 8, 12, 16, 24, 32, 48, 64, 96]
    """
    is_round = epoch % (1 << max(0, epoch.bit_length() - 2)) == 0  # 1, 2, 3, 4, 6, 8, 12, 16, 24 and so on
    return last == 0 or (is_round and (epoch - last) * n_steps >= _STEPS_BETWEEN)


def findings(health: Sequence[Health]) -> list[str]:
    """Say what is wrong with a network's layers; nothing where nothing is.

    Gradients vanish (Hochreiter 1991; Glorot & Bengio 2010) or explode (Pascanu et al. 2013) in a layer where they do
    so in most of the epochs looked at. Units are dead (Maas et al. 2013) or saturated (Glorot & Bengio 2010) in a layer
    where most are in each of the last three.

    Args:
        health: A member's readings, in the order of the epochs.

    Examples:
        >>> def read(epoch, first):
        ...     return Health.of(epoch, [("0", "tanh"), ("1", "")], [first, math.nan, 0.0, 0.1, math.nan, math.nan])
        >>> findings([read(1, 1e-7), read(2, 1e-6), read(3, 1e-2)])
        ['gradients vanish in layer 1 of 2 (tanh)']
        >>> findings([read(1, 1e-2)])
        []
    """
    finite = [each for each in health if all(layer.gradient is not None for layer in each.layers)]
    found = [f"gradients were not finite in epoch {each.epoch}" for each in health if each not in finite][:1]
    found += _about_gradients(finite, "vanish", lambda own, greatest: own <= _VANISHING * greatest)
    found += _about_gradients(finite, "explode", lambda own, _: own > _EXPLODING)
    found += _about_units(health[-_LATELY:], "dead", lambda layer: layer.dead)
    found += _about_units(health[-_LATELY:], "saturated", lambda layer: layer.saturated)
    return found


def summary(health: Sequence[Health]) -> dict[str, Any]:
    """Give what is kept of a member's readings, as plain JSON values.

    Returns:
        `findings`; `epochs`: for each reading the `epoch`, and over all layers the least and the greatest relative
        gradient, the greatest share of dead and of saturated units, null where there is none; `layers`: the last
        reading, layer by layer.
    """
    epochs = []
    for each in health:
        gradients, dead, saturated = (
            [value for layer in each.layers if (value := getattr(layer, name)) is not None]
            for name in ("gradient", "dead", "saturated")
        )
        epochs.append(
            {
                "epoch": each.epoch,
                "least_gradient": min(gradients, default=None),
                "greatest_gradient": max(gradients, default=None),
                "dead": max(dead, default=None),
                "saturated": max(saturated, default=None),
            }
        )
    last = [asdict(layer) for layer in health[-1].layers] if health else []
    return {"findings": findings(health), "epochs": epochs, "layers": last}


def _about_gradients(health: Sequence[Health], verb: str, holds: Callable[[float, float], bool]) -> list[str]:
    """Name the layers whose gradient is such, next to the greatest, in more than half of the epochs."""
    if not health:
        return []
    by_epoch = [[layer.gradient or 0.0 for layer in each.layers] for each in health]
    votes = [[holds(own, max(gradients)) for own in gradients] for gradients in by_epoch]
    places = [place for place, each in enumerate(zip(*votes)) if statistics.fmean(each) > 0.5]
    return [f"gradients {verb} in {_named(places, health[-1])}"] if places else []


def _about_units(health: Sequence[Health], word: str, share: Callable[[LayerHealth], float | None]) -> list[str]:
    """Name the layers most units of which are such in each of these epochs."""
    least = [min(share(layer) or 0.0 for layer in readings) for readings in zip(*(each.layers for each in health))]
    places = [place for place, each in enumerate(least) if each > _MOST_UNITS]
    if not places:
        return []
    low, high = (f"{bound(least[place] for place in places):.0%}" for bound in (min, max))
    shares = low if low == high else f"{low} to {high}"
    return [f"{shares} of the units of {_named(places, health[-1])} are {word}"]


def _named(places: Sequence[int], health: Health) -> str:
    """Name layers by their numbers and activations: `layers 1-3, 5 of 8 (relu, tanh)`."""
    spans = []
    for _, neighbours in itertools.groupby(enumerate(places), key=lambda pair: pair[1] - pair[0]):
        run = [place + 1 for _, place in neighbours]
        spans.append(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]))
    kinds = dict.fromkeys(health.layers[place].activation for place in places)
    words = ", ".join(kind for kind in kinds if kind)
    numbers = f"layer{'s' * (len(places) > 1)} {', '.join(spans)} of {len(health.layers)}"
    return f"{numbers} ({words})" if words else numbers

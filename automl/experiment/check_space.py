"""What a sound space amounts to: its size, and one of its networks for a small input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.experiment.recipe import read_recipe
from automl.experiment.space import sound_space
from automl.spaces.count import n_configs, n_continuous
from automl.spaces.draw import draw
from automl.spaces.read import draft_space
from automl.task import Block

if TYPE_CHECKING:
    from automl.experiment.recipe import Recipe
    from automl.spaces.space import Space

_SIDE = 28
_DRAWS = 100

_TABLE = (Block("numeric", (8,), "float32"), Block("category", (1,), "int64", (20,)))
_TABLE_WORDS = "8 numbers, an embedded category of 20 codes, 3 classes"
_CLASSES, _IMAGE_CLASSES = 3, 10


def check_space(name: str) -> dict[str, Any]:
    """Read a space, refuse it with all of its mistakes, or say what it amounts to.

    Args:
        name: The name of a shipped space, or a file.

    Returns:
        Plain JSON values: `name`, `file`, `extends`, `dimensions`, how many of them are `continuous`, the `configs` of
        the discrete part, `starts`, `starts_left_out` and a `sample`.

    Raises:
        SpaceError: There is no such space, or it has mistakes; all are told, one a line.
    """
    space, draft = sound_space(name), draft_space(name)
    return {
        "name": space.name,
        "file": draft.where,
        "extends": draft.extends or None,
        "dimensions": space.dimensions,
        "continuous": n_continuous(space),
        "configs": n_configs(space),
        "starts": len(space.starts),
        "starts_left_out": draft.starts_left_out,
        "sample": _sample(space),
    }


def _sample(space: Space) -> dict[str, Any]:
    """Draw configs until one builds, and list its layers."""
    from automl.models.build import build, infeasible  # takes seconds, and a mistaken space has nothing to build
    from automl.models.summary import layers

    for seed in range(_DRAWS):
        config = draw(space, seed)
        recipe = read_recipe(config)
        words, blocks, n_outputs = _input(recipe)
        reason = infeasible(recipe.family, blocks)
        if not reason:
            network = build(recipe.family, blocks, n_outputs, seed)
            return {"input": words, "config": config, "layers": layers(network, blocks), "infeasible": None}
    return {"input": words, "config": config, "layers": [], "infeasible": reason}


def _input(recipe: Recipe) -> tuple[str, tuple[Block, ...], int]:
    """Give an input that the family reads, in words and as blocks, and how many numbers a row gets."""
    if getattr(recipe.family, "reads", None) != "image":
        return _TABLE_WORDS, _TABLE, _CLASSES
    side = recipe.preparing.resolution or _SIDE
    image = Block("image", (1, side, side), "uint8", mean=(127.5,), std=(64.0,))
    return f"grey images of {side} x {side}, {_IMAGE_CLASSES} classes", (image,), _IMAGE_CLASSES

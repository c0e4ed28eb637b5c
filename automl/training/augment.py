"""Images changed at random before a step, all members' at once on the device; each member by its own seed.

kornia has these operations, but draws from torch's global random state and knows no strength per member: hence
`affine_grid` and `grid_sample` here.

Shapes:
    M members, B rows a step
    images (M, B, C, H, W), uint8 as they come; float32, from 0 to 255, where any member augments
    draws of a step: by image (M, B, 9), by member (M, 5), uniform from 0 to below 1
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from automl.training.draws import keys, uniform, words
from automl.training.loss import Partners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from automl.training.arguments import Augmenting
    from automl.training.feed import Batch

IMAGE = "image"

_AUGMENT = 0xA5EED
"""What sets these draws apart from a member's others."""

_SMALLEST_AREA, _LARGEST_AREA = 0.02, 0.4
_FLATTEST = 0.3
"""The area of an erased rectangle, as a share of the image's, and its least height / width (Zhong et al. 2017, 4.2)."""


class _Draws(NamedTuple):
    """What is drawn for every image, (M, B) each."""

    flip: Tensor
    shift_x: Tensor
    shift_y: Tensor
    angle: Tensor
    erase: Tensor
    area: Tensor
    aspect: Tensor
    top: Tensor
    left: Tensor


class _Mix(NamedTuple):
    """What is drawn for every member, (M,) each."""

    radius: Tensor
    turn: Tensor
    which: Tensor
    top: Tensor
    left: Tensor


class Augmenter:
    """Augments the batches of a cohort.

    Args:
        members: What each member's images go through.
        seeds: Their seeds.
        device: Where batches are.
    """

    def __init__(self, members: Sequence[Augmenting], seeds: Sequence[int], device: torch.device) -> None:
        strengths = [asdict(member) for member in members]
        self._seeds, self._device = seeds, device
        self._keys: dict[int, Tensor] = {}
        names = strengths[0] if strengths else {}
        self._by_member = {
            name: torch.tensor([own[name] for own in strengths], dtype=torch.float32, device=device) for name in names
        }
        self._used = {name for name in names if any(own[name] > 0 for own in strengths)}
        moving = [row for row, own in enumerate(strengths) if own["flip"] or own["shift"] or own["rotate"]]
        self._moving = torch.tensor(moving, dtype=torch.int64, device=device)

    @torch.no_grad()
    def __call__(self, batch: Batch, target: Tensor, step: Tensor) -> tuple[Batch, Partners | None]:
        """Augment a batch {block: (M, B, ...)} of a step: give it, and what its rows were mixed with.

        A batch without images, or of members who augment nothing, stays as it is. Where images are mixed, blocks of
        floats beside them are mixed in the same shares; codes stay those of the first row of a pair, for there is
        nothing between two categories. A row's partner is the row before it: rows come in random order anyway.

        Args:
            batch: The rows.
            target: (M, B)
            step: The number of the step in the training, int64 without axes, on the device.
        """
        if IMAGE not in batch or not self._used:
            return batch, None
        n_members, n_rows = target.shape[:2]
        draws, mix = self._draw(n_members, n_rows, step)
        images = batch[IMAGE].float()
        if len(self._moving) > 0:
            images = self._moved(images, draws)
        if "erase" in self._used:
            images = self._erased(images, draws)
        batch = {**batch, IMAGE: images}
        return self._mixed(batch, target, mix) if self._used & {"mixup", "cutmix"} else (batch, None)

    def _draw(self, n_members: int, n_rows: int, step: Tensor) -> tuple[_Draws, _Mix]:
        by_image, by_member = n_rows * len(_Draws._fields), len(_Mix._fields)
        if n_rows not in self._keys:
            own = [keys(seed ^ _AUGMENT, by_image + by_member, self._device) for seed in self._seeds]
            self._keys[n_rows] = torch.stack(own)
        values = uniform(words(self._keys[n_rows], step))
        images, members = torch.split(values, [by_image, by_member], dim=1)
        return _Draws(*images.view(n_members, -1, n_rows).unbind(1)), _Mix(*members.unbind(1))

    def _strength(self, name: str) -> Tensor:
        """Give the members' strength of that name beside rows, (M, 1)."""
        return self._by_member[name].unsqueeze(1)

    def _moved(self, images: Tensor, draws: _Draws) -> Tensor:
        """Mirror, turn and shift the images of those members who do."""
        height, width = images.shape[-2:]
        matrices = _matrices(
            mirror=torch.where(draws.flip < self._strength("flip"), -1.0, 1.0),
            angle=(2 * draws.angle - 1) * self._strength("rotate") * (math.pi / 180),
            right=((2 * draws.shift_x - 1) * self._strength("shift") * width).round(),
            down=((2 * draws.shift_y - 1) * self._strength("shift") * height).round(),
            aspect=height / width,
            size=(width, height),
        )
        if len(self._moving) == len(images):
            return _warped(images, matrices)
        return images.index_copy(0, self._moving, _warped(images[self._moving], matrices[self._moving]))

    def _erased(self, images: Tensor, draws: _Draws) -> Tensor:
        """Paint a rectangle of some images over with the image's own mean."""
        height, width = images.shape[-2:]
        area = (_SMALLEST_AREA + draws.area * (_LARGEST_AREA - _SMALLEST_AREA)) * height * width
        aspect = _FLATTEST + draws.aspect * (1 / _FLATTEST - _FLATTEST)
        tall = (area * aspect).sqrt().round().clamp(1, height)
        wide = (area / aspect).sqrt().round().clamp(1, width)
        top, left = (draws.top * (height - tall + 1)).floor(), (draws.left * (width - wide + 1)).floor()
        inside = _inside((top, top + tall), (left, left + wide), (height, width))
        erased = inside & (draws.erase < self._strength("erase"))[..., None, None]
        return torch.where(erased.unsqueeze(2), images.mean(dim=(-2, -1), keepdim=True), images)

    def _mixed(self, batch: Batch, target: Tensor, mix: _Mix) -> tuple[Batch, Partners]:
        """Mix each row with its partner, by mixup in some members and by cutmix in others."""
        mixup, cutmix = self._by_member["mixup"], self._by_member["cutmix"]
        cuts = (cutmix > 0) & ((mixup == 0) | (mix.which < 0.5))
        alpha = torch.where(cuts, cutmix, mixup)
        share = torch.where(alpha > 0, beta(alpha, mix.radius, mix.turn), 0.0)
        weight = share[:, None, None]
        if "cutmix" in self._used:
            height, width = batch[IMAGE].shape[-2:]
            box = _box(share, mix, (height, width))
            share = torch.where(cuts, box.float().mean(dim=(-2, -1)), share)
            weight = torch.where(cuts[:, None, None], box.float(), weight)
        mixed = {
            name: _lerped(block, share.view(-1, *(1,) * (block.dim() - 1)))
            for name, block in batch.items()
            if name != IMAGE and block.is_floating_point()
        }
        images = _lerped(batch[IMAGE], weight[:, None, None])
        return {**batch, **mixed, IMAGE: images}, Partners(target.roll(1, dims=1), share.unsqueeze(1))


def beta(alpha: Tensor, radius: Tensor, turn: Tensor) -> Tensor:
    """Turn two uniform numbers into one of Beta(alpha, alpha), without rejecting any.

    With v = radius^(1/alpha) and c = cos(2 pi turn) it is (1 + c sqrt((1 - v) / (v + (1 - v) c^2))) / 2. Source:
    Student's t with 2 alpha degrees of freedom in polar form (Bailey 1994), whose T / sqrt(2 alpha + T^2) is a
    symmetric beta.
    """
    v = radius ** (1 / alpha)
    c = torch.cos(2 * math.pi * turn)
    return ((1 + c * ((1 - v) / (v + (1 - v) * c * c)).sqrt()) / 2).clamp(0, 1)


def _matrices(
    *, mirror: Tensor, angle: Tensor, right: Tensor, down: Tensor, aspect: float, size: tuple[int, int]
) -> Tensor:
    """Give what `affine_grid` takes, (M, B, 2, 3): where in the old image each point of the new one comes from.

    Its axes run from -1 to 1 along either side, so that turning needs the sides' ratio.
    """
    cos, sin = torch.cos(angle), torch.sin(angle)
    x = torch.stack([mirror * cos, -mirror * sin * aspect, right * 2 / size[0]], dim=-1)
    y = torch.stack([sin / aspect, cos, down * 2 / size[1]], dim=-1)
    return torch.stack([x, y], dim=-2)


def _warped(images: Tensor, matrices: Tensor) -> Tensor:
    """Move every image by its matrix; beyond an edge is the edge's own colour: a plain background stays plain."""
    flat = images.flatten(0, 1)
    grid = functional.affine_grid(matrices.flatten(0, 1), list(flat.shape), align_corners=False)
    return functional.grid_sample(flat, grid, padding_mode="border", align_corners=False).view(images.shape)


def _inside(rows: tuple[Tensor, Tensor], columns: tuple[Tensor, Tensor], size: tuple[int, int]) -> Tensor:
    """Mark the pixels of rectangles, (..., H, W): from the first row and column up to, but without, the last."""
    y, x = (torch.arange(side, device=rows[0].device) for side in size)
    tall = (y >= rows[0].unsqueeze(-1)) & (y < rows[1].unsqueeze(-1))
    wide = (x >= columns[0].unsqueeze(-1)) & (x < columns[1].unsqueeze(-1))
    return tall.unsqueeze(-1) & wide.unsqueeze(-2)


def _box(share: Tensor, mix: _Mix, size: tuple[int, int]) -> Tensor:
    """Mark each member's rectangle, (M, H, W), of that share of the image where no edge cuts it (Yun et al. 2019)."""
    edges = []
    for side, at in zip(size, (mix.top, mix.left)):
        middle, half = (at * side).floor(), (share.sqrt() * side / 2).floor()
        edges.append((middle - half, middle + half))
    return _inside(edges[0], edges[1], size)


def _lerped(block: Tensor, share: Tensor) -> Tensor:
    """Go from each row towards its partner."""
    return torch.lerp(block, block.roll(1, dims=1), share)

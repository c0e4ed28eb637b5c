"""Images are changed as each member's strengths say, from its own random numbers, whoever trains beside it."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from automl.training.arguments import AdamW, Augmenting, Constant, Member, Training
from automl.training.augment import Augmenter, beta
from automl.training.checkpoint import read_cohort, save_cohort
from automl.training.cohort import Cohort, train
from automl.training.feed import Rows
from tests.watching import Accuracy

CPU = torch.device("cpu")
EACH = {
    "flip": Augmenting(flip=0.5),
    "shift": Augmenting(shift=0.25),
    "rotate": Augmenting(rotate=30.0),
    "erase": Augmenting(erase=0.5),
    "mixup": Augmenting(mixup=0.4),
    "cutmix": Augmenting(cutmix=1.0),
}
OFF = Augmenting()
ALL = Augmenting(flip=0.5, shift=0.1, rotate=15.0, erase=0.3, mixup=0.2, cutmix=1.0)


def _seeds(places):
    return [100 + place for place in places]


def _images(n_members, n_rows=40, size=(1, 12, 12)):
    draw = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n_members, n_rows, *size), generator=draw, dtype=torch.uint8)


def _targets(images):
    return torch.arange(images.shape[0] * images.shape[1]).view(images.shape[:2])


def _augment(members, images, places=None, **blocks):
    """Augment one batch; every member by the seed of its place."""
    augmenter = Augmenter(members, _seeds(places or range(len(members))), CPU)
    return augmenter({"image": images, **blocks}, _targets(images), torch.tensor(3))


def _one(member, image, n_rows=200):
    """Augment many copies of one image (C, H, W)."""
    images = image.to(torch.uint8).expand(1, n_rows, *image.shape)
    return _augment([member], images)[0]["image"][0]


@pytest.mark.parametrize("name", EACH)
def test_what_changes_nothing_leaves_the_batch_as_it_is(name):
    batch = {"image": _images(2)}
    step = torch.tensor(0)
    augmented, partners = Augmenter([OFF, OFF], [0, 1], CPU)(batch, _targets(batch["image"]), step)
    assert augmented is batch
    assert partners is None
    table = {"numeric": torch.zeros(2, 5, 3)}
    assert Augmenter([EACH[name]] * 2, [0, 1], CPU)(table, torch.zeros(2, 5), step) == (table, None)


@pytest.mark.parametrize("beside", [[OFF], [OFF, ALL], list(EACH.values())], ids=len)
@pytest.mark.parametrize("own", [*EACH.values(), ALL], ids=[*EACH, "all"])
def test_a_members_images_are_bit_for_bit_those_it_gets_alone(own, beside):
    members = [own, *beside, own]
    images = _images(len(members))
    together, partners = _augment(members, images)
    for place in (0, len(members) - 1):
        rows = images[place : place + 1]
        alone, own_partners = _augment([own], rows, places=[place])
        assert torch.equal(together["image"][place], alone["image"][0])
        if own_partners is not None:
            assert torch.equal(partners.share[place], own_partners.share[0])


@pytest.mark.parametrize("beside", [*EACH.values(), ALL], ids=[*EACH, "all"])
def test_a_member_that_augments_nothing_keeps_its_images_and_targets(beside):
    images = _images(2)
    batch, partners = _augment([beside, OFF], images)
    assert torch.equal(batch["image"][1], images[1].float())
    assert partners is None or partners.share[1] == 0


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 1, 9), (1, 8, 5), (4, 28, 28)])
@pytest.mark.parametrize("member", [*EACH.values(), ALL], ids=[*EACH, "all"])
def test_images_of_any_size_stay_images(member, size):
    images = _images(2, 6, size)
    batch, _ = _augment([member, OFF], images)
    augmented = batch["image"]
    assert (augmented.dtype, augmented.shape) == (torch.float32, images.shape)
    assert augmented.min() >= -1e-3
    assert augmented.max() <= 255 + 1e-3


def test_an_image_is_mirrored_as_often_as_asked():
    image = _images(1, 1)[0, 0]
    flipped = _one(Augmenting(flip=0.3), image, n_rows=2000)
    is_same, is_mirrored = ((flipped - each.float()).abs().amax((1, 2, 3)) < 0.01 for each in (image, image.flip(-1)))
    assert torch.all(is_same ^ is_mirrored)
    assert is_mirrored.float().mean() == pytest.approx(0.3, abs=0.05)


def test_a_shift_moves_whole_pixels_up_to_its_share_of_the_side():
    image = torch.zeros(1, 20, 40)
    image[0, 10, 20] = 255
    shifted = _one(Augmenting(shift=0.1), image).squeeze(1)
    assert torch.allclose(shifted.sum((1, 2)), torch.tensor(255.0), atol=0.1)
    assert torch.allclose(shifted.amax((1, 2)), torch.tensor(255.0), atol=0.1)
    places = shifted.flatten(1).argmax(1)
    down, right = places // 40 - 10, places % 40 - 20
    assert (set(down.tolist()), set(right.tolist())) == (set(range(-2, 3)), set(range(-4, 5)))


def test_beyond_an_edge_is_the_edges_colour():
    plain = torch.full((1, 9, 9), 200)
    moved = _one(Augmenting(shift=0.5, rotate=45.0), plain)
    assert torch.allclose(moved, torch.tensor(200.0), atol=0.01)


def test_a_turn_keeps_distances_and_stays_below_its_angle_where_sides_differ():
    image = torch.zeros(1, 31, 61)
    image[0, 15, 40] = 255  # Ten pixels right of the centre.
    turned = _one(Augmenting(rotate=40.0), image).squeeze(1)
    y, x = torch.meshgrid(torch.arange(31.0) - 15, torch.arange(61.0) - 30, indexing="ij")
    mass = turned.sum((1, 2))
    across, down = (turned * x).sum((1, 2)) / mass, (turned * y).sum((1, 2)) / mass
    angles = torch.atan2(down, across) * 180 / math.pi
    assert torch.allclose(torch.hypot(across, down), torch.tensor(10.0), atol=0.5)
    assert angles.abs().max() < 42
    assert angles.max() > 30
    assert angles.min() < -30


def test_some_images_lose_a_rectangle_to_their_mean():
    image = _images(1, 1, (3, 20, 20))[0, 0]
    erased = _one(Augmenting(erase=0.4), image, n_rows=1000)
    is_changed = (erased - image.float()).abs().amax(1) > 1e-3
    hit = is_changed.any(-1).any(-1)
    assert hit.float().mean() == pytest.approx(0.4, abs=0.06)
    for each, mask in zip(erased[hit][:50], is_changed[hit]):
        rows, columns = mask.any(1).nonzero()[:, 0], mask.any(0).nonzero()[:, 0]
        area = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1) / 400
        assert 0.01 <= area <= 0.45
        inside = each[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        mean = image.float().mean((-2, -1))
        assert torch.allclose(inside, mean[:, None, None].expand_as(inside), atol=1e-3)


def test_mixup_mixes_images_floats_and_targets_in_one_share_a_member():
    images = _images(3)
    numeric = torch.randn(3, 40, 2, generator=torch.Generator().manual_seed(1))
    codes = torch.arange(120).view(3, 40, 1)
    members = [Augmenting(mixup=2.0), OFF, Augmenting(mixup=2.0)]
    batch, partners = _augment(members, images, numeric=numeric, category=codes)
    assert torch.equal(partners.target, _targets(images).roll(1, dims=1))
    assert len(set(partners.share[:, 0].tolist())) == 3
    for name, block in (("image", images.float()), ("numeric", numeric)):
        share = partners.share.view(3, 1, *[1] * (block.dim() - 2))
        torch.testing.assert_close(batch[name], (1 - share) * block + share * block.roll(1, dims=1))
    assert batch["category"] is codes


def test_cutmix_takes_a_rectangle_and_counts_its_pixels():
    images = _images(3, 40, (2, 16, 16))
    batch, partners = _augment([Augmenting(cutmix=1.0)] * 3, images)
    own, other = images.float(), images.float().roll(1, dims=1)
    for member in range(3):
        differ = (own[member] != other[member]).all(1)
        taken = differ & (batch["image"][member] == other[member]).all(1)
        kept = differ & (batch["image"][member] == own[member]).all(1)
        assert torch.equal(taken | kept, differ)
        mask = taken.any(0)
        rows, columns = mask.any(1).nonzero()[:, 0], mask.any(0).nonzero()[:, 0]
        assert mask.sum() == len(rows) * len(columns)
        assert partners.share[member].item() == pytest.approx(mask.sum().item() / 256)


def test_with_both_each_step_takes_mixup_or_cutmix_at_even_odds():
    augmenter = Augmenter([Augmenting(mixup=1.0, cutmix=1.0)], _seeds([0]), CPU)
    images = _images(1, 8, (1, 8, 8))
    own, other = images.float(), images.float().roll(1, dims=1)
    cuts = []
    for step in range(300):
        mixed = augmenter({"image": images}, _targets(images), torch.tensor(step))[0]["image"]
        cuts.append(bool(((mixed == own) | (mixed == other)).all()))
    assert np.mean(cuts) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 10.0])
def test_shares_have_the_distribution_of_beta(alpha):
    radius, turn = torch.rand(2, 400_000, generator=torch.Generator().manual_seed(0))
    drawn = beta(torch.tensor(alpha), radius, turn)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    expected = np.random.default_rng(0).beta(alpha, alpha, size=400_000)
    quantiles = np.linspace(0.05, 0.95, 7)
    np.testing.assert_allclose(np.quantile(drawn.numpy(), quantiles), np.quantile(expected, quantiles), atol=0.006)


def test_a_share_is_a_number_at_the_ends_of_what_is_drawn():
    radius, turn = torch.tensor([0.0, 0.0, 0.0, 1 - 2**-24]), torch.tensor([0.0, 0.25, 0.5, 0.25])
    shares = beta(torch.tensor(0.01), radius, turn)
    assert torch.all((shares >= 0) & (shares <= 1))


class Network(nn.Module):
    """A linear layer over pixels, and over numbers where there are any."""

    def __init__(self, seed):
        super().__init__()
        self.linear = nn.Linear(64, 10)
        nn.init.normal_(self.linear.weight, std=0.1, generator=torch.Generator().manual_seed(seed))
        nn.init.zeros_(self.linear.bias)

    def forward(self, batch):
        return self.linear(batch["image"].flatten(-3).float() / 255)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    images = torch.from_numpy((X * 255 / 16).astype(np.uint8)).view(-1, 1, 8, 8)
    parts = (slice(0, 300), slice(300, 400))
    return [Rows({"image": images[part]}, torch.from_numpy(y)[part]) for part in parts]


def _members(augmenting, lr=0.01, epochs=4):
    training = Training(batch_size=64, epochs=epochs)
    return [
        Member(seed=seed, optimizer=AdamW(lr=lr), schedule=Constant(), training=training, augmenting=own)
        for seed, own in enumerate(augmenting)
    ]


def _fit(members, digits):
    networks = [Network(member.seed) for member in members]
    return train(networks, members, *digits, Accuracy(digits[1].target))


def test_what_is_not_said_augments_nothing():
    plain = Member(seed=0, optimizer=AdamW(), schedule=Constant(), training=Training())
    assert plain.augmenting == OFF


@pytest.mark.parametrize("name", EACH)
def test_every_argument_of_augmentation_changes_the_training(name, digits):
    plain, changed = (_fit(_members([own]), digits)[0] for own in (OFF, EACH[name]))
    assert plain.epochs[-1].train_loss != changed.epochs[-1].train_loss


def test_every_argument_of_augmentation_is_among_those_changed_and_has_bounds():
    assert set(EACH) == {field.name for field in fields(Augmenting)} == set(Augmenting.bounds)


@pytest.mark.parametrize("name", EACH)
def test_validation_rows_are_left_as_they_are(name, digits):
    plain, changed = (_fit(_members([own], lr=0.0, epochs=1), digits)[0].epochs[0] for own in (OFF, EACH[name]))
    assert plain.validation_loss == changed.validation_loss
    assert plain.train_loss != changed.train_loss


def test_a_member_that_augments_trains_as_it_would_alone(digits):
    members = _members([*EACH.values(), OFF, ALL])
    for member, together in zip(members, _fit(members, digits)):
        alone = _fit([member], digits)[0]
        for first, second in zip(alone.epochs, together.epochs):
            assert first.train_loss == pytest.approx(second.train_loss, rel=2e-4)
            assert first.validation_loss == pytest.approx(second.validation_loss, rel=2e-4)


@pytest.mark.parametrize("augmenting", [[ALL], [ALL, OFF, EACH["mixup"]]], ids=len)
def test_a_cohort_that_augments_goes_on_bit_for_bit(augmenting, digits, tmp_path):
    def cohort():
        members = _members(augmenting)
        return Cohort([Network(member.seed) for member in members], members, *digits, Accuracy(digits[1].target))

    whole, cut, again = cohort(), cohort(), cohort()
    for _ in range(2):
        cut.run_epoch()
    save_cohort(tmp_path / "cohort.safetensors", cut)
    again.restore(read_cohort(tmp_path / "cohort.safetensors")[0])
    for each in (whole, again):
        while each.is_active:
            each.run_epoch()
    for first, second in zip(whole.fitted, again.fitted):
        assert [e.train_loss for e in first.epochs] == [e.train_loss for e in second.epochs]
        assert all(torch.equal(weight, second.weights[name]) for name, weight in first.weights.items())


def test_augmentation_leaves_the_global_random_state_alone(digits):
    members, networks = _members([ALL]), [Network(0)]
    before = torch.random.get_rng_state()
    train(networks, members, *digits, Accuracy(digits[1].target))
    assert torch.equal(before, torch.random.get_rng_state())

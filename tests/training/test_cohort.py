"""The loop: stopping, best epochs, batches, and members that train as they would alone."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pytest
import torch

from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.task import Block
from automl.training.arguments import (
    OPTIMIZERS,
    SCHEDULES,
    SGD,
    AdamW,
    Constant,
    Cosine,
    CosLog,
    Course,
    Member,
    OneCycle,
    Plateau,
    Training,
)
from automl.training.cohort import batch_edges, train
from automl.training.device import is_worth_bfloat16
from automl.training.failures import OutOfTimeError
from automl.training.feed import WEIGHT, Rows

BLOCKS = (Block("numeric", (4,), "float32"), Block("category", (1,), "int64", (6,)))
IMAGE = Block("image", (1, 8, 8), "uint8", mean=(127.0,), std=(70.0,))
DRY = {
    "mlp": {"dropout": 0.0, "norm": "batch"},
    "resnet": {"dropout": 0.0, "hidden_dropout": 0.0},
    "cnn": {"dropout": 0.0, "stages": 2},
    "realmlp": {"dropout": 0.0},
    "tabm": {"dropout": 0.0, "k": 4},
    "ft_transformer": {"dropout": 0.0, "hidden_dropout": 0.0, "attention_dropout": 0.0, "heads": 4},
}
COURSES = get_args(Course)


class Watch:
    """Scores by accuracy (or negative error), and does what the test tells it to."""

    def __init__(self, target, *, prune_at=None, over_after=None, scores=None):
        self.higher_is_better = True
        self.target = target.numpy()
        self.prune_at, self.over_after, self.scores = prune_at, over_after, scores
        self.seen = []
        self.asked = 0

    def score(self, outputs):
        if self.scores is not None:
            return self.scores[min(len(self.seen), len(self.scores) - 1)]
        if self.target.dtype.kind == "f":
            return -float(np.mean((outputs[:, 0] - self.target) ** 2))
        return float(np.mean(outputs.argmax(1) == self.target))

    def epoch_ended(self, epochs):
        self.seen.append(epochs)
        return set(epochs) if self.prune_at == len(self.seen) else set()

    def is_over(self):
        self.asked += 1
        return self.over_after is not None and self.asked > self.over_after


def _blocks(family):
    """Give columns that a family reads: an image where it needs one."""
    return (*BLOCKS, IMAGE) if hasattr(FAMILIES[family], "reads") else BLOCKS


def _rows(n_rows, seed, regression=False):
    draw = torch.Generator().manual_seed(seed)
    numeric = torch.randn(n_rows, 4, generator=draw)
    category = torch.randint(0, 6, (n_rows, 1), generator=draw)
    signal = numeric[:, 0] + (category[:, 0] > 2)
    target = signal.float() if regression else (signal > 0.5).long()
    images = torch.randint(0, 256, (n_rows, *IMAGE.shape), generator=draw, dtype=torch.uint8)
    images[:, 0, 2:5, 2:5] = (100 + 40 * signal).clamp(0, 255).to(torch.uint8).view(-1, 1, 1)
    return Rows({"numeric": numeric, "category": category, "image": images}, target)


def _member(seed=1, optimizer=None, schedule=None, loss="cross_entropy", **training):
    training = {"batch_size": 32, "epochs": 3, **training}
    told = {"optimizer": optimizer or AdamW(), "schedule": schedule or Constant(), "training": Training(**training)}
    return Member(seed=seed, loss=loss, **told)


def _fit(members, family="mlp", train_rows=None, valid_rows=None, watch=None, own=None, columns=None, **arguments):
    """Train members together; `own` are arguments of the network that each of them has alone."""
    blocks = columns or _blocks(family)
    train_rows = train_rows or _rows(150, 0)
    valid_rows = valid_rows or _rows(60, 1)
    n_outputs = 1 if train_rows.target.is_floating_point() else 2
    arguments = {**DRY[family], "width": 16, **arguments}
    networks = [{**arguments, **each} for each in own or [{}] * len(members)]
    modules = [
        build(FAMILIES[family](**each), blocks, n_outputs, seed=member.seed) for each, member in zip(networks, members)
    ]
    return train(modules, members, train_rows, valid_rows, watch or Watch(valid_rows.target))


def _assert_same(first, second):
    assert len(first.epochs) == len(second.epochs)
    for a, b in zip(first.epochs, second.epochs):
        assert a.train_loss == pytest.approx(b.train_loss, rel=2e-4, abs=1e-5)
        assert a.validation_loss == pytest.approx(b.validation_loss, rel=2e-4, abs=1e-5)
    for name, weight in first.weights.items():
        torch.testing.assert_close(weight, second.weights[name], rtol=2e-3, atol=2e-4)


def _one_of_everything():
    """Members of every optimizer and schedule, with every course of every regulariser; the last has no regulariser."""
    schedules = [Constant(), Cosine(warmup=0.1), OneCycle(), Plateau(patience=0), CosLog(), Constant()]
    return [
        _member(
            seed,
            kind(weight_decay=0.02 * (seed < 5)),
            schedule,
            label_smoothing=0.1 * (seed < 5),
            clip_norm=float(seed % 3),
            weight_decay_schedule=COURSES[seed % 4],
            dropout_schedule=COURSES[(seed + 1) % 4],
            smoothing_schedule=COURSES[(seed + 2) % 4],
        )
        for seed, (kind, schedule) in enumerate(zip(OPTIMIZERS.values(), schedules))
    ]


def _own(family):
    """Activations, dropout and factors on learning rates of six members; some drop here, some there."""
    rates = {"dropout": (0.2, 0.1, 0.2, 0.0, 0.3, 0.0), "hidden_dropout": (0.1, 0.2, 0.0, 0.2, 0.3, 0.0)}
    rates |= {"channel_dropout": (0.0, 0.1, 0.2, 0.0, 0.0, 0.1), "attention_dropout": (0.2, 0.0, 0.1, 0.3, 0.0, 0.1)}
    rates |= {"embedding_lr_factor": (1.0, 0.3, 5.0, 1.0, 0.1, 2.0)}
    rates |= {"activation": ("relu", "silu", "tanh", "relu", "gelu", "sigmoid")}
    known = {field.name for field in fields(FAMILIES[family])}
    return [{name: values[place] for name, values in rates.items() if name in known} for place in range(6)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_member_trains_as_it_would_alone(family):
    members = _one_of_everything()
    together = _fit(members, family, own=_own(family))
    for member, own, fitted in zip(members, _own(family), together):
        _assert_same(_fit([member], family, own=[own])[0], fitted)


@pytest.mark.parametrize(
    "arguments",
    [
        {"block": "separable", "squeeze": True, "norm": "group"},
        {"block": "residual", "pooling": "average", "head": "max"},
        {"block": "bottleneck", "pooling": "stride", "hidden": 9},
        {"kernel": 5, "norm": "none", "pooling": "none", "head": "flatten"},
    ],
    ids=str,
)
def test_a_member_trains_on_images_as_it_would_alone(arguments):
    members = _one_of_everything()
    together = _fit(members, "cnn", columns=(IMAGE,), **arguments)
    for member, fitted in zip(members, together):
        _assert_same(_fit([member], "cnn", columns=(IMAGE,), **arguments)[0], fitted)


@pytest.mark.parametrize("numbers", ["piecewise", "periodic"])
@pytest.mark.parametrize("family", ["mlp", "resnet", "tabm"])
def test_a_member_that_embeds_numbers_trains_as_it_would_alone(family, numbers):
    members = _one_of_everything()
    together = _fit(members, family, numbers=numbers)
    for member, fitted in zip(members, together):
        _assert_same(_fit([member], family, numbers=numbers)[0], fitted)


@pytest.mark.parametrize("family", FAMILIES)
def test_members_that_stay_train_as_they_would_alone(family):
    members = [
        _member(member.seed, member.optimizer, member.schedule, **{**vars(member.training), "patience": patience})
        for member, patience in zip(_one_of_everything(), (1, 9, 9, 2, 9, 1))
    ]
    scores = [0.9, 0.5, 0.4]
    together = _fit(members, family, own=_own(family), watch=Watch(_rows(60, 1).target, scores=scores))
    assert {len(fitted.epochs) for fitted in together} == {2, 3}
    for member, own, fitted in zip(members, _own(family), together):
        alone = _fit([member], family, own=[own], watch=Watch(_rows(60, 1).target, scores=scores))[0]
        _assert_same(alone, fitted)


@pytest.mark.parametrize("n_staying", [1, 2])
def test_rates_stand_still_once_those_whose_rates_moved_have_left(n_staying):
    moving = _member(9, epochs=1, dropout_schedule="cosine")
    staying = [_member(seed, epochs=3) for seed in range(n_staying)]
    together = _fit([moving, *staying], dropout=0.3)
    for member, fitted in zip(staying, together[1:]):
        _assert_same(_fit([member], dropout=0.3)[0], fitted)


def test_the_members_compared_have_every_optimizer_schedule_and_course():
    members = _one_of_everything()
    assert {member.optimizer.rule for member in members} == set(OPTIMIZERS)
    assert {type(member.schedule) for member in members} == set(SCHEDULES.values())
    for name in ("weight_decay_schedule", "dropout_schedule", "smoothing_schedule"):
        assert {getattr(member.training, name) for member in members[:5]} == set(COURSES)


def test_the_same_seed_gives_the_same_bits():
    first, again = (_fit([_member(3)], dropout=0.3)[0] for _ in range(2))
    assert [e.validation_loss for e in first.epochs] == [e.validation_loss for e in again.epochs]
    assert all(torch.equal(weight, again.weights[name]) for name, weight in first.weights.items())


def test_training_leaves_the_global_random_state_alone():
    before = torch.random.get_rng_state()
    _fit([_member()], dropout=0.3)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("regression", [False, True])
def test_it_learns(regression):
    rows, valid = _rows(600, 0, regression), _rows(200, 1, regression)
    member = _member(optimizer=AdamW(lr=0.01), loss="squared_error" if regression else "cross_entropy", epochs=15)
    fitted = _fit([member], train_rows=rows, valid_rows=valid)[0]
    assert fitted.best.validation > (-0.1 if regression else 0.93)


@pytest.mark.parametrize("n_rows", [2, 3, 31, 33, 65])
@pytest.mark.parametrize("family", [name for name, kind in FAMILIES.items() if hasattr(kind, "norm")])
def test_any_number_of_rows_works_with_batch_norm(family, n_rows):
    fitted = _fit([_member(epochs=1)], family, train_rows=_rows(n_rows, 0), norm="batch")[0]
    assert math.isfinite(fitted.best.validation_loss)


@pytest.mark.parametrize("n_rows", range(2, 40))
@pytest.mark.parametrize("batch_size", [1, 2, 7, 32])
def test_batches_cover_every_row_and_have_two_at_least(n_rows, batch_size):
    edges = batch_edges(n_rows, batch_size)
    sizes = np.diff(edges)
    assert edges[0] == 0 and edges[-1] == n_rows
    assert sizes.min() >= 2 and sizes.max() - sizes.min() <= 1
    assert sizes.max() <= max(batch_size, 3)


def test_the_best_epoch_is_kept_not_the_last():
    watch = Watch(_rows(60, 1).target, scores=[0.5, 0.9, 0.6, 0.7, 0.8])
    fitted = _fit([_member(epochs=5)], watch=watch)[0]
    again = _fit([_member(epochs=2)], watch=Watch(_rows(60, 1).target, scores=[0.5, 0.9]))[0]
    assert (fitted.best.epoch, fitted.stopped_by) == (2, "epochs")
    assert all(torch.equal(weight, again.weights[name]) for name, weight in fitted.weights.items())


def test_patience_stops():
    watch = Watch(_rows(60, 1).target, scores=[0.9, 0.5])
    fitted = _fit([_member(epochs=50, patience=3)], watch=watch)[0]
    assert (fitted.best.epoch, len(fitted.epochs), fitted.stopped_by) == (1, 4, "patience")


def test_the_watcher_prunes():
    fitted = _fit([_member(epochs=9)], watch=Watch(_rows(60, 1).target, prune_at=2))[0]
    assert (len(fitted.epochs), fitted.stopped_by) == (2, "pruned")


def test_the_clock_ends_an_epoch_and_its_score_counts():
    fitted = _fit([_member(epochs=9)], watch=Watch(_rows(60, 1).target, over_after=3))[0]
    assert (len(fitted.epochs), fitted.stopped_by) == (1, "budget")
    assert math.isfinite(fitted.best.validation)


def test_no_time_at_all_is_a_failure():
    with pytest.raises(OutOfTimeError, match="before the first step"):
        _fit([_member()], watch=Watch(_rows(60, 1).target, over_after=0))


def test_a_member_that_diverges_leaves_the_others_alone():
    wild = _member(1, SGD(lr=1e30, momentum=0.0))
    calm = _member(2, SGD(lr=0.05), epochs=5)
    together = _fit([calm, wild, _member(3, SGD(lr=0.01), epochs=2)])
    assert together[1].stopped_by == "diverged"
    _assert_same(_fit([calm])[0], together[0])


def test_divergence_leaves_no_best_epoch():
    fitted = _fit([_member(optimizer=SGD(lr=1e30, momentum=0.0))])[0]
    assert (fitted.best, fitted.stopped_by, fitted.weights) == (None, "diverged", {})


def test_members_of_different_batch_sizes_are_refused():
    with pytest.raises(ValueError, match="the same batch size"):
        _fit([_member(batch_size=16), _member(batch_size=32)])


def test_members_of_different_shapes_are_refused():
    modules = [build(FAMILIES["mlp"](width=width), BLOCKS, 2, seed=0) for width in (8, 16)]
    with pytest.raises(ValueError, match="parameters of the same names and shapes"):
        train(modules, [_member()] * 2, _rows(50, 0), _rows(20, 1), Watch(_rows(20, 1).target))


CHANGES = [
    {"optimizer": SGD(lr=0.01)},
    {"optimizer": AdamW(lr=0.002)},
    {"optimizer": AdamW(weight_decay=0.5)},
    {"optimizer": AdamW(beta1=0.5)},
    {"optimizer": AdamW(beta2=0.9)},
    {"schedule": Cosine()},
    {"schedule": Cosine(warmup=0.2)},
    {"schedule": OneCycle(warmup=0.3)},
    {"schedule": OneCycle(warmup=0.1)},
    {"schedule": CosLog()},
    {"schedule": Plateau(patience=0, factor=0.1)},
    {"batch_size": 16},
    {"label_smoothing": 0.1},
    {"clip_norm": 0.05},
    {"seed": 2},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_knob_changes_the_training(change):
    scores = [0.5, 0.4, 0.6]
    plain = _fit([_member()], watch=Watch(_rows(60, 1).target, scores=scores))[0]
    changed = _fit([_member(**change)], watch=Watch(_rows(60, 1).target, scores=scores))[0]
    if isinstance(change.get("schedule"), Plateau):
        plain = _fit([_member(epochs=6, optimizer=AdamW(lr=0.3))])[0]
        changed = _fit([_member(epochs=6, optimizer=AdamW(lr=0.3), **change)])[0]
        assert plain.epochs[-1].lr != changed.epochs[-1].lr
        return
    assert plain.epochs[-1].train_loss != changed.epochs[-1].train_loss


@pytest.mark.parametrize("course", COURSES[1:])
@pytest.mark.parametrize("name", ["weight_decay_schedule", "dropout_schedule", "smoothing_schedule"])
def test_every_course_of_a_regulariser_changes_the_training(name, course):
    regularised = {"optimizer": AdamW(weight_decay=0.5), "label_smoothing": 0.1}
    plain = _fit([_member(**regularised)], dropout=0.3)[0]
    changed = _fit([_member(**regularised, **{name: course})], dropout=0.3)[0]
    assert plain.epochs[-1].train_loss != changed.epochs[-1].train_loss


def test_every_argument_of_a_training_is_among_the_knobs():
    stopping = {"epochs", "patience", "class_weight"}  # the last becomes a member's `class_weights`
    courses = {field.name for field in fields(Training) if field.name.endswith("_schedule")}
    assert {field.name for field in fields(Training)} - stopping - courses <= {
        name for each in CHANGES for name in each
    }


NUMBERS = [
    {"numbers": "piecewise"},
    {"numbers": "piecewise", "bins": 7},
    {"numbers": "periodic"},
    {"numbers": "periodic", "numbers_size": 5},
    {"numbers": "periodic", "frequencies": 5},
    {"numbers": "periodic", "sigma": 1.0},
]
MODEL_CHANGES = [
    ("mlp", {"layers": 2}),
    ("mlp", {"width": 24}),
    ("mlp", {"shape": "funnel"}),
    ("mlp", {"norm": "none"}),
    ("mlp", {"norm": "layer"}),
    ("mlp", {"dropout": 0.2}),
    ("mlp", {"skip": True}),
    ("mlp", {"init": "orthogonal"}),
    ("mlp", {"embedding_size": 3}),
    ("mlp", {"embedding_lr_factor": 0.1}),
    *[("mlp", each) for each in NUMBERS],
    *[
        ("mlp", {"activation": name})
        for name in ("sigmoid", "tanh", "leaky_relu", "elu", "selu", "gelu", "silu", "mish")
    ],
    ("resnet", {"blocks": 1}),
    ("resnet", {"width": 24}),
    ("resnet", {"hidden_factor": 1.5}),
    ("resnet", {"activation": "gelu"}),
    ("resnet", {"norm": "none"}),
    ("resnet", {"dropout": 0.2}),
    ("resnet", {"hidden_dropout": 0.2}),
    ("resnet", {"init": "lecun"}),
    ("resnet", {"embedding_size": 3}),
    ("resnet", {"embedding_lr_factor": 0.1}),
    *[("resnet", each) for each in NUMBERS],
    ("cnn", {"stages": 1}),
    ("cnn", {"layers": 2}),
    ("cnn", {"width": 24}),
    ("cnn", {"growth": 1.5}),
    ("cnn", {"kernel": 5}),
    *[("cnn", {"block": name}) for name in ("separable", "residual", "bottleneck")],
    ("cnn", {"activation": "gelu"}),
    *[("cnn", {"norm": name}) for name in ("group", "none")],
    *[("cnn", {"pooling": name}) for name in ("average", "stride", "none")],
    *[("cnn", {"head": name}) for name in ("flatten", "max")],
    ("cnn", {"squeeze": True}),
    ("cnn", {"mirror": True}),
    ("cnn", {"channel_dropout": 0.2}),
    ("cnn", {"hidden": 12}),
    ("cnn", {"dropout": 0.2}),
    ("cnn", {"init": "lecun"}),
    ("cnn", {"embedding_size": 3}),
    ("cnn", {"embedding_lr_factor": 0.1}),
    ("realmlp", {"layers": 2}),
    ("realmlp", {"width": 24}),
    ("realmlp", {"activation": "mish"}),
    ("realmlp", {"is_parametric": False}),
    ("realmlp", {"front": False}),
    ("realmlp", {"dropout": 0.2}),
    ("realmlp", {"numbers": "plain"}),
    ("realmlp", {"numbers_size": 3}),
    ("realmlp", {"frequencies": 5}),
    ("realmlp", {"sigma": 1.0}),
    ("realmlp", {"numbers_lr_factor": 1.0}),
    ("realmlp", {"lr_factor": 3.0}),
    ("realmlp", {"front_lr_factor": 1.0}),
    ("realmlp", {"activation_lr_factor": 1.0}),
    ("realmlp", {"bias_lr_factor": 1.0}),
    ("realmlp", {"embedding_size": 3}),
    ("realmlp", {"embedding_lr_factor": 0.1}),
    ("tabm", {"k": 3}),
    ("tabm", {"layers": 1}),
    ("tabm", {"width": 24}),
    ("tabm", {"is_mini": True}),
    ("tabm", {"activation": "gelu"}),
    ("tabm", {"dropout": 0.2}),
    ("tabm", {"numbers": "plain"}),
    ("tabm", {"numbers": "periodic"}),
    ("tabm", {"numbers_size": 5}),
    ("tabm", {"bins": 7}),
    ("tabm", {"numbers": "periodic", "frequencies": 5}),
    ("tabm", {"numbers": "periodic", "sigma": 1.0}),
    ("tabm", {"embedding_size": 3}),
    ("tabm", {"embedding_lr_factor": 0.1}),
    ("ft_transformer", {"blocks": 1}),
    ("ft_transformer", {"width": 24}),
    ("ft_transformer", {"heads": 2}),
    ("ft_transformer", {"hidden_factor": 2.0}),
    ("ft_transformer", {"activation": "gelu"}),
    ("ft_transformer", {"attention_dropout": 0.2}),
    ("ft_transformer", {"hidden_dropout": 0.2}),
    ("ft_transformer", {"dropout": 0.2}),
    ("ft_transformer", {"lr_factor": 3.0}),
    ("ft_transformer", {"embedding_lr_factor": 0.1}),
]


@pytest.mark.parametrize(("family", "change"), MODEL_CHANGES, ids=str)
def test_every_argument_of_a_family_changes_the_training(family, change):
    plain = {"numbers": change["numbers"]} if len(change) > 1 else {}
    before, after = (_fit([_member()], family, **arguments)[0] for arguments in (plain, change))
    assert before.epochs[-1].validation_loss != after.epochs[-1].validation_loss


@pytest.mark.parametrize("family", FAMILIES)
def test_every_argument_of_a_family_is_among_those_changed(family):
    assert {field.name for field in fields(FAMILIES[family])} == {
        name for of, change in MODEL_CHANGES if of == family for name in change
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_a_factor_on_embeddings_changes_nothing_where_there_are_none(family):
    rows, valid = _rows(150, 0), _rows(60, 0)
    blocks = [block for block in _blocks(family) if block.name != "category"]

    def fit(factor):
        network = build(FAMILIES[family](width=16, embedding_lr_factor=factor), blocks, 2, seed=1)
        return train([network], [_member()], rows, valid, Watch(valid.target))[0]

    plain, scaled = fit(1.0).weights, fit(9.0).weights
    assert all(torch.equal(weight, scaled[name]) for name, weight in plain.items())


@pytest.mark.skipif(not is_worth_bfloat16(torch.device("cpu"), 1e12, has_images=True), reason="no bfloat16 here")
def test_large_images_train_in_bfloat16_to_about_the_same_weights():
    train_rows, valid_rows = _rows(64, 0), _rows(32, 1)
    exact, mixed = (
        train(
            [build(FAMILIES["cnn"](**DRY["cnn"], width=8), (IMAGE,), 2, seed=1)],
            [_member(epochs=1)],
            train_rows,
            valid_rows,
            Watch(valid_rows.target),
            n_operations=n_operations,
        )[0]
        for n_operations in (1, 10**7)
    )
    assert exact.best.train_loss != mixed.best.train_loss
    assert exact.best.train_loss == pytest.approx(mixed.best.train_loss, rel=2e-2)


def _weighted(rows, weight):
    return Rows({**rows.inputs, WEIGHT: weight}, rows.target)


def test_rows_of_weight_0_teach_nothing():
    """With whole-set batches and SGD the step is the same as without the rows, once the mean weight is 1."""
    whole, member = _rows(64, 0), _member(optimizer=SGD(lr=0.1, momentum=0.0), batch_size=64, epochs=4)
    weight = torch.cat([torch.full((32,), 2.0), torch.zeros(32)])
    half = Rows({name: block[:32] for name, block in whole.inputs.items()}, whole.target[:32])
    weighted, alone = (_fit([member], train_rows=rows, norm="none")[0] for rows in (_weighted(whole, weight), half))
    for name, value in weighted.weights.items():
        torch.testing.assert_close(value, alone.weights[name], rtol=1e-4, atol=1e-5)


def test_weights_of_1_change_nothing():
    plain, weighted = (
        _fit([_member()], train_rows=rows)[0] for rows in (_rows(64, 0), _weighted(_rows(64, 0), torch.ones(64)))
    )
    assert [each.train_loss for each in plain.epochs] == [each.train_loss for each in weighted.epochs]


def test_the_validation_loss_counts_rows_by_their_weights():
    valid = _rows(60, 1)
    weight = torch.cat([torch.full((30,), 2.0), torch.zeros(30)])
    half = Rows({name: block[:30] for name, block in valid.inputs.items()}, valid.target[:30])
    weighted, alone = (_fit([_member()], valid_rows=rows)[0] for rows in (_weighted(valid, weight), half))
    assert weighted.best.validation_loss == pytest.approx(alone.best.validation_loss, rel=1e-5)


def test_classes_weigh_in_one_member_and_not_in_another():
    plain, weighing = _member(2), replace(_member(2), class_weights=(0.2, 1.8))
    together = _fit([plain, weighing])
    for member, fitted in zip((plain, weighing), together):
        _assert_same(_fit([member])[0], fitted)
    assert together[0].epochs[-1].train_loss != together[1].epochs[-1].train_loss

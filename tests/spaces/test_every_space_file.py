"""What holds for every space file that is shipped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from automl.spaces.read import read_space
from automl.spaces.shipped import shipped_spaces
from automl.spaces.space import Choice, Float, Int, Space
from automl.trial import Config, Scalar

FILES = shipped_spaces()

ARGUMENTS = {
    "preparing": {
        *("numeric", "one_hot_max", "resolution", "reduction", "reduced", "components", "redundant", "correlation"),
    },
    "family.mlp": {
        *("layers", "width", "shape", "activation", "norm", "dropout", "skip", "init", "embedding_size"),
    },
    "family.resnet": {
        *(
            "blocks",
            "width",
            "hidden_factor",
            "activation",
            "norm",
            "dropout",
            "hidden_dropout",
            "init",
            "embedding_size",
        ),
    },
    "family.cnn": {
        *("stages", "layers", "width", "growth", "kernel", "block", "activation", "norm", "pooling", "head", "squeeze"),
        *("mirror", "channel_dropout", "hidden", "dropout", "init", "embedding_size"),
    },
    "optimizer.sgd": {"lr", "momentum", "nesterov", "weight_decay"},
    "optimizer.adagrad": {"lr", "weight_decay"},
    "optimizer.rmsprop": {"lr", "alpha", "momentum", "weight_decay"},
    "optimizer.adam": {"lr", "beta1", "beta2", "weight_decay"},
    "optimizer.adamw": {"lr", "beta1", "beta2", "weight_decay"},
    "optimizer.nadam": {"lr", "beta1", "beta2", "weight_decay"},
    "schedule.cosine": {"warmup"},
    "schedule.one_cycle": {"warmup"},
    "schedule.plateau": {"factor", "patience"},
    "training": {"batch_size", "epochs", "patience", "label_smoothing", "clip_norm"},
    "augment": {"flip", "shift", "rotate", "erase", "mixup", "cutmix"},
}
FOR_THE_BEST = {
    *(f"family.realmlp.{name}" for name in ("layers", "width", "activation", "front", "dropout", "numbers", "sigma")),
    "family.realmlp.lr_factor",
    *(f"family.tabm.{name}" for name in ("k", "layers", "width", "is_mini", "dropout")),
    *(f"family.tabm.{name}" for name in ("numbers", "numbers_size", "bins")),
    *(f"family.ft_transformer.{name}" for name in ("blocks", "width", "heads", "hidden_factor", "lr_factor")),
    *(f"family.ft_transformer.{name}" for name in ("attention_dropout", "hidden_dropout", "dropout")),
    *(
        f"family.{family}.{name}"
        for family in ("mlp", "resnet")
        for name in ("numbers", "numbers_size", "bins", "frequencies", "sigma")
    ),
    *("training.weight_decay_schedule", "training.dropout_schedule", "preparing.rare", "preparing.frequency"),
}
FOR_WIDE_TABLES = {f"preparing.{name}" for name in ("reduction", "reduced", "components", "redundant", "correlation")}
FOR_IMAGES = ("family.cnn.", "augment.", "preparing.resolution")


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def space(path: Path) -> Space:
    return read_space(path)


def draw(rng: np.random.Generator, domain: Float | Int | Choice) -> Scalar:
    """Draw a value the way a random search would."""
    if isinstance(domain, Choice):
        return domain.options[int(rng.integers(len(domain.options)))]
    if domain.zero and rng.random() < 0.3:
        return 0
    if isinstance(domain, Int) and domain.step > 1:
        return domain.low + domain.step * int(rng.integers((domain.high - domain.low) // domain.step + 1))
    low, high = float(domain.low), float(domain.high)
    value = float(np.exp(rng.uniform(np.log(low), np.log(high)))) if domain.log else float(rng.uniform(low, high))
    return round(value) if isinstance(domain, Int) else value


def random_configs(space: Space, count: int) -> list[Config]:
    rng = np.random.default_rng(0)
    return [space.walk(lambda name, domain: draw(rng, domain)) for _ in range(count)]


def test_the_shipped_spaces_are_the_documented_ones() -> None:
    names = ["cnn", "cnn_photo", "cnn_small", "mlp", "tabular", "tabular_best", "tabular_small", "wide"]
    assert [path.stem for path in FILES] == names


def test_every_space_is_named_like_its_file_and_described(path: Path, space: Space) -> None:
    assert space.name == path.stem
    assert space.description


def test_every_header_says_when_whence_and_how(path: Path) -> None:
    header = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert header[0].startswith("# When to use it: ")
    assert any(line.startswith("# Source: ") for line in header)
    assert f"# Launch:          automl search data.csv --target COL --space {path.stem}" in header


def test_every_default_completes_to_itself(space: Space) -> None:
    assert space.complete(space.default()) == space.default()


def test_every_space_starts_from_known_good_configs(space: Space) -> None:
    assert space.starts
    assert all(space.complete(start) == start != space.default() for start in space.starts)


def test_every_random_config_is_in_range_and_plain(space: Space) -> None:
    domains = {parameter.name: parameter.domain for parameter in space.parameters_flat()}
    for config in random_configs(space, 200):
        assert all(domains[name].read(value) == value for name, value in config.items())
        assert json.loads(json.dumps(config)) == config
        assert space.complete(config) == config


def test_every_random_config_holds_exactly_the_parameters_whose_conditions_hold(space: Space) -> None:
    for config in random_configs(space, 200):
        active = [each.name for each in space.parameters_flat() if each.when is None or each.when.holds(config)]
        assert list(config) == active


def test_every_option_and_every_parameter_is_reached(space: Space) -> None:
    seen = {name for config in random_configs(space, 200) for name in config}
    assert seen == {parameter.name for parameter in space.parameters_flat()}


def test_every_name_is_an_argument_someone_reads(space: Space) -> None:
    known = {f"{section}.{name}" for section, names in ARGUMENTS.items() for name in names}
    names = {parameter.name for parameter in space.parameters_flat()}
    assert names - known - FOR_THE_BEST == {"family", "optimizer", "schedule"}


def test_the_default_space_sets_every_argument() -> None:
    known = {f"{section}.{name}" for section, names in ARGUMENTS.items() for name in names}
    for_tables = {name for name in known if not name.startswith(FOR_IMAGES)}
    assert for_tables - FOR_WIDE_TABLES <= {parameter.name for parameter in read_space("tabular").parameters_flat()}
    assert for_tables <= {parameter.name for parameter in read_space("wide").parameters_flat()}


def test_the_best_families_are_all_in_one_space() -> None:
    assert {parameter.name for parameter in read_space("tabular_best").parameters_flat()} >= FOR_THE_BEST


def test_the_default_of_the_space_for_wide_tables_keeps_every_column() -> None:
    default = {"preparing.reduction": "none", "preparing.redundant": "keep"}
    config = read_space("wide").complete({})
    assert {**read_space("tabular").complete({}), **default} == config


def test_the_spaces_for_images_set_every_argument_of_images() -> None:
    known = {f"{section}.{name}" for section, names in ARGUMENTS.items() for name in names}
    for_images = {name for name in known if name.startswith(FOR_IMAGES)}
    assert for_images <= {parameter.name for parameter in read_space("cnn_photo").parameters_flat()}
    mirrored = {"augment.flip", "family.cnn.mirror"}
    assert for_images - mirrored <= {parameter.name for parameter in read_space("cnn").parameters_flat()}


@pytest.mark.parametrize("name", ["cnn", "cnn_small"])
def test_signs_are_not_mirrored(name: str) -> None:
    names = {parameter.name for parameter in read_space(name).parameters_flat()}
    assert not names & {"augment.flip", "family.cnn.mirror"}


def test_nesterov_is_asked_for_only_with_momentum() -> None:
    space = read_space("tabular")
    plain = space.complete({"optimizer": "sgd", "optimizer.sgd.momentum": 0})
    assert "optimizer.sgd.nesterov" not in plain
    assert "optimizer.sgd.nesterov" in space.complete({"optimizer": "sgd"})

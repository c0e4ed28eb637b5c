"""Known-good configs in space files, and every sentence about mistaken ones."""

from __future__ import annotations

import pytest

from automl.errors import SpaceError
from automl.spaces.read import read_space_text
from automl.spaces.space import Space
from automl.spaces.starts import fits

STARTS = """name: x
space:
  preparing: {numeric: {choice: [standard, quantile], default: quantile}}
  family: {choice: {mlp: {layers: {int: [1, 6], default: 3}}, linear: }, default: mlp}
starts: [START]
"""


def starts(text: str) -> Space:
    return read_space_text(STARTS.replace("START", text), "x.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "{family: mlp, family.mlp.layers: 2, preparing.numeric: standard}",
        "{family: {mlp: {layers: 2}}, preparing: {numeric: standard}}",
        "{family.mlp: {layers: 2}, preparing.numeric: standard}",
    ],
)
def test_a_start_may_be_flat_or_nested_and_is_completed(text: str) -> None:
    assert starts(text).starts == ({"preparing.numeric": "standard", "family": "mlp", "family.mlp.layers": 2},)


@pytest.mark.parametrize("text", ["{family: linear}", "{family: {linear: {}}}", "{family: {linear: }}"])
def test_a_mapping_under_a_choice_names_its_option(text: str) -> None:
    assert starts(text).starts == ({"preparing.numeric": "quantile", "family": "linear"},)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{family.mlp.layers: 9}", "family.mlp.layers: must be between 1 and 6, got 9"),
        (
            "{family: linear, family.mlp.layers: 2}",
            "family.mlp.layers: is active only when family is mlp, and it is linear",
        ),
        ("{family: {mlp: {}, linear: {}}}", "family: is given twice, as mlp and as linear"),
        ("{family.mlp.layers: 2, family: {mlp: {layers: 3}}}", "family.mlp.layers: is given twice, as 2 and as 3"),
        ("{preparing.numeric: [standard]}", "preparing.numeric: must be a plain value, got ['standard']"),
        (
            "{preparing: {numerics: standard}}",
            "unknown parameter 'preparing.numerics'; did you mean 'preparing.numeric'? ",
        ),
        (
            "{family: {cnn: {layers: 3}}}",
            "unknown parameter 'family.cnn.layers'; did you mean 'family.mlp.layers'? Known: ",
        ),
    ],
)
def test_a_mistaken_start_is_refused_with_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SpaceError) as refusal:
        starts(f"{{}}, {text}")
    assert str(refusal.value).startswith(f"x.yaml: starts[1]: {sentence}")


def test_starts_are_not_blamed_for_a_mistaken_space() -> None:
    said = "x.yaml: space: choice is a word of ranges and cannot be the name of a parameter here"
    with pytest.raises(SpaceError, match=f"^{said}$"):
        read_space_text("name: x\nspace: {choice: [a]}\nstarts: [{b: 1}]", "x.yaml")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({}, True),
        ({"family": {"mlp": {"layers": 2}}}, True),
        ({"family": "linear"}, True),
        ({"family.mlp.layers": 7}, False),
        ({"family": "linear", "family.mlp.layers": 3}, False),
        ({"width": 3}, False),
        ("linear", False),
    ],
)
def test_a_config_fits_where_nothing_is_wrong_with_it(entry: object, told: bool) -> None:
    assert fits(entry, starts("")) is told

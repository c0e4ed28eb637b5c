"""The JSON schema of space files: sound files pass, mistaken ones do not, and editors get words to show."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from automl.experiment.recipe import CHOICES, SECTIONS
from automl.experiment.schema import space_schema
from automl.spaces.shipped import shipped_spaces
from automl.spaces.yaml12 import load

SCHEMA = space_schema()
VALIDATOR = Draft7Validator(SCHEMA)
DOCS = (Path(__file__).parents[2] / "docs" / "space-files.md").read_text(encoding="utf-8")
PIECES = re.findall(r"^```yaml\n(.*?)^```", DOCS, flags=re.DOTALL | re.MULTILINE)


def _passes(text: str) -> bool:
    return VALIDATOR.is_valid(load(text, []))


def test_it_is_a_schema():
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", shipped_spaces(), ids=lambda path: path.stem)
def test_every_shipped_space_passes(path):
    assert [error.message for error in VALIDATOR.iter_errors(load(path.read_text(encoding="utf-8"), []))] == []


@pytest.mark.parametrize("piece", PIECES, ids=range(len(PIECES)))
def test_what_the_how_to_shows_passes(piece):
    assert _passes(piece if re.search("^name:", piece, re.MULTILINE) else f"name: shown\nspace:\n{piece}")


@pytest.mark.parametrize(
    "space",
    [
        "{family: {mlp: {width: {int: [8, 16]}}, resnet: }}",
        "{family: {choice: [mlp, cnn], default: cnn}, schedule: constant, optimizer: {choice: {sgd: , adam: {lr: 1}}}}",
        "{training: {epochs: {default: 50}, clip_norm: , patience: {int: [1, 9], step: , when: {family: mlp}}}}",
        "{preparing: {numeric: {fixed: robust}, when: {family: mlp}}}",
        "{family: {cnn: {kernel: {int: [3, 7], step: 2, default: 3}, growth: {int: [1, 2], default: 1}}}}",
        "{family: {mlp: {skip: {choice: [false, true], default: false}, norm: {choice: {batch: , layer: }}}}}",
    ],
)
def test_every_form_passes(space):
    assert _passes(f"name: x\nextends: tabular\nspace: {space}")


@pytest.mark.parametrize(
    "text",
    [
        "{name: x}",
        "{space: {training: {epochs: 3}}}",
        "{name: x, spcae: {}, extends: mlp}",
        "{name: x, extends: [mlp]}",
        "{name: x, space: {speed: 3}}",
        "{name: x, space: {family: {choice: [rnn], default: rnn}}}",
        "{name: x, space: {family: {choice: {mlp: {widht: 3}}, default: mlp}}}",
        "{name: x, space: {family: {mlp: {width: {int: [0, 3], default: 1}}}}}",
        "{name: x, space: {family: {mlp: {width: {float: [1, 3], default: 1}}}}}",
        "{name: x, space: {family: {mlp: {width: {int: [1], default: 1}}}}}",
        "{name: x, space: {family: {mlp: {dropout: 2}}}}",
        "{name: x, space: {family: {mlp: {activation: {choice: [rleu], default: rleu}}}}}",
        "{name: x, space: {family: {mlp: {activation: {float: [0, 1], default: 0}}}}}",
        "{name: x, space: {family: {mlp: {skip: 'yes'}}}}",
        "{name: x, space: {training: {epochs: {int: [1, 9], defualt: 3}}}}",
        "{name: x, space: {training: {epochs: {int: [1, 9], log: maybe, default: 3}}}}",
        "{name: x, space: {training: {epochs: 3}}, starts: [3]}",
    ],
)
def test_a_mistake_does_not_pass(text):
    assert not _passes(text)


def test_every_argument_that_a_room_publishes_is_there():
    owners = {f"{choice}.{name}": kind for choice, registry in CHOICES.items() for name, kind in registry.items()}
    sections = SCHEMA["definitions"] | SCHEMA["properties"]["space"]["properties"]
    for name, owner in (owners | SECTIONS).items():
        assert list(sections[name]["properties"]) == [*(field.name for field in fields(owner)), "when"]


def test_what_the_docstrings_say_is_shown():
    cnn = SCHEMA["definitions"]["family.cnn"]
    assert cnn["description"] == "Arguments of a convolutional network."
    sections = [
        *SCHEMA["definitions"].values(),
        *(SCHEMA["properties"]["space"]["properties"][name] for name in SECTIONS),
    ]
    assert all(each["description"] for section in sections for each in section["properties"].values())
    assert cnn["properties"]["stages"]["description"] == (
        "Parts at one resolution each, from 1 to 5; every next one has half the rows and columns."
    )


def test_it_is_made_without_torch_and_is_plain_json():
    code = "import sys, json; from automl.experiment.schema import space_schema; json.dumps(space_schema()); "
    done = subprocess.run(
        [sys.executable, "-c", code + "print(sorted({'torch', 'optuna', 'mlflow', 'pandas'} & set(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA

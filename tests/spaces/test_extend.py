"""Spaces that take others over: what is kept, changed, added and removed, and every sentence about mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automl.errors import SpaceError
from automl.spaces.describe import describe
from automl.spaces.extend import extended
from automl.spaces.read import draft_space, read_space, read_space_text, whole_text
from automl.spaces.space import Choice, Fixed, Float, Int, Space
from automl.spaces.yaml12 import load

PARENT = """name: parent
description: what is taken over
space:
  epochs: 100
  family:
    choice:
      mlp:
        layers: {int: [1, 6], default: 3}
        dropout: {float: [0.02, 0.7], zero: true, default: 0.1}
      linear:
    default: mlp
  act: {choice: [relu, gelu, silu], default: gelu}
  lr: {float: [1e-4, 0.1], log: true, default: 1e-3}
  warm: {fixed: 0.1, when: {act: relu}}
starts:
  - {family: {mlp: {layers: 5}}, act: silu}
  - {family: linear}
  - {lr: 0.05}
"""


@pytest.fixture
def heir(tmp_path: Path) -> Any:
    """Read a file that takes the parent over, from what it says beside `name` and `extends`."""
    (tmp_path / "parent.yaml").write_text(PARENT)

    def heir(text: str) -> Space:
        path = tmp_path / "mine.yaml"
        path.write_text(f"name: mine\nextends: parent.yaml\n{text}\n")
        return read_space(path)

    return heir


@pytest.fixture
def changed(heir: Any) -> Any:
    """Give the parameters of a space with these entries, by name."""

    def changed(entries: str) -> dict[str, Any]:
        return {each.name: each.domain for each in heir(f"space: {entries}").parameters_flat()}

    return changed


def test_an_heir_that_changes_nothing_is_the_parent_by_another_name(heir: Any) -> None:
    parent, mine = read_space_text(PARENT, "parent.yaml"), heir("")
    assert (mine.name, mine.description) == ("mine", "what is taken over")
    assert (mine.parameters, mine.starts) == (parent.parameters, parent.starts)


def test_a_description_of_its_own_stands(heir: Any) -> None:
    assert heir("description: narrower").description == "narrower"


def test_a_range_of_the_same_kind_keeps_what_is_not_said_anew(changed: Any) -> None:
    assert changed("{lr: {float: [5e-4, 0.01]}}")["lr"] == Float(5e-4, 0.01, default=1e-3, log=True)


def test_a_default_may_be_changed_alone(changed: Any) -> None:
    assert changed("{lr: {default: 0.02}}")["lr"] == Float(1e-4, 0.1, default=0.02, log=True)
    assert changed("{act: {default: relu}}")["act"] == Choice(("relu", "gelu", "silu"), default="relu")


def test_a_switch_is_taken_out_by_nothing(changed: Any) -> None:
    assert changed("{lr: {log: }}")["lr"] == Float(1e-4, 0.1, default=1e-3)


def test_a_condition_may_be_added_changed_and_taken_out(heir: Any) -> None:
    def condition(entries: str) -> str:
        return next(row["condition"] for row in describe(heir(f"space: {entries}")) if row["name"] == "warm")

    assert condition("{}") == "act is relu"
    assert condition("{warm: {when: {act: silu}}}") == "act is silu"
    assert condition("{warm: {when: }}") == ""


@pytest.mark.parametrize(
    ("node", "domain"),
    [
        ("0.01", Fixed(0.01)),
        ("{choice: [0.1, 0.01], default: 0.1}", Choice((0.1, 0.01), default=0.1)),
        ("{int: [1, 3], default: 2}", Int(1, 3, default=2)),
    ],
)
def test_another_kind_replaces_the_whole_parameter(node: str, domain: object, changed: Any) -> None:
    assert changed(f"{{lr: {node}}}")["lr"] == domain


def test_a_fixed_value_may_become_a_range(changed: Any) -> None:
    assert changed("{epochs: {int: [10, 50], default: 20}}")["epochs"] == Int(10, 50, default=20)


def test_an_argument_of_a_branch_is_reached_by_its_name_in_a_config(changed: Any) -> None:
    mine = changed("{family: {mlp: {layers: {int: [1, 3]}, dropout: 0}}}")
    assert mine["family.mlp.layers"] == Int(1, 3, default=3)
    assert mine["family.mlp.dropout"] == Fixed(0)
    assert mine["family"].options == ("mlp", "linear")


def test_options_that_are_named_anew_are_all_there_are_and_keep_their_parameters(changed: Any) -> None:
    assert list(changed("{family: {choice: [mlp]}}"))[:4] == [
        "epochs",
        "family",
        "family.mlp.layers",
        "family.mlp.dropout",
    ]
    assert changed("{family: {choice: [mlp]}}")["family"].options == ("mlp",)
    assert changed("{act: {choice: [gelu, relu, tanh]}}")["act"] == Choice(("gelu", "relu", "tanh"), "gelu")


def test_an_option_that_is_named_anew_may_change_its_parameters(changed: Any) -> None:
    mine = changed("{family: {choice: {mlp: {layers: 2, width: 8}, cnn: {stages: 3}}}}")
    assert mine["family"].options == ("mlp", "cnn")
    assert mine["family.mlp.layers"] == Fixed(2) and mine["family.mlp.dropout"] == Float(0.02, 0.7, 0.1, zero=True)
    assert mine["family.mlp.width"] == Fixed(8) and mine["family.cnn.stages"] == Fixed(3)


def test_options_are_added_and_removed_by_themselves(changed: Any) -> None:
    mine = changed("{family: {linear: , cnn: {stages: 3}}, act: {silu: , tanh: {}}}")
    assert mine["family"].options == ("mlp", "cnn") and mine["family.cnn.stages"] == Fixed(3)
    assert mine["act"].options == ("relu", "gelu", "tanh")


def test_a_parameter_is_removed_by_nothing(changed: Any) -> None:
    mine = changed("{lr: , family: {mlp: {dropout: null}}}")
    assert "lr" not in mine and "family.mlp.dropout" not in mine


def test_new_parameters_come_after_those_taken_over(changed: Any) -> None:
    assert list(changed("{extra: 1, lr: 0.1}"))[-3:] == ["lr", "warm", "extra"]


def test_starts_that_fit_are_kept_and_the_others_left_out(heir: Any, tmp_path: Path) -> None:
    mine = heir("space: {family: {mlp: {layers: {int: [1, 4]}}}, lr: {float: [1e-4, 0.01]}}")
    assert [start["family"] for start in mine.starts] == ["linear"]
    assert draft_space(tmp_path / "mine.yaml").starts_left_out == 2


def test_starts_of_its_own_replace_those_of_the_parent(heir: Any, tmp_path: Path) -> None:
    assert [start["lr"] for start in heir("starts: [{lr: 0.002}]").starts] == [0.002]
    assert heir("starts: []").starts == ()
    assert draft_space(tmp_path / "mine.yaml").starts_left_out == 0


def test_a_start_of_its_own_must_fit(heir: Any) -> None:
    with pytest.raises(SpaceError, match=r"mine\.yaml: starts\[0\]: lr: must be between 0.0001 and 0.1, got 1$"):
        heir("starts: [{lr: 1}]")


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ("{lr: {float: [0.01, 0.1]}}", "lr: default must be between 0.01 and 0.1, got 0.001"),
        ("{lr: {float: [0, 0.1]}}", "lr: low must be positive when log is set, got 0"),
        ("{lr: {flaot: [1, 2]}}", "lr: unknown key 'flaot'; did you mean 'float'? Known: "),
        ("{act: {defualt: relu}}", "act: unknown key 'defualt'; did you mean 'default'? Known: "),
        ("{act: {choice: [relu, silu]}}", "act: unknown default 'gelu'; did you mean 'relu'? Known: relu, silu"),
        ("{act: {choice: relu}}", "act: choice must be a list of options, or a mapping from options to their sections"),
        ("{act: {choice: [gelu, gelu]}}", "act: the option gelu is given twice"),
        ("{act: {default: }}", "act: unknown default 'null'; Known: relu, gelu, silu"),
        ("{family: {mlp: }}", "family: unknown default 'mlp'; Known: linear"),
        ("{family: {choice: {mlp: 3}}}", "family.mlp: must be a section, which may be empty, got 3"),
        (
            "{family: {choice: {mlp: {layers: {int: [9, 3]}}}}}",
            "family.mlp.layers: low must be below high, got 9 and 3",
        ),
        ("{act: }", "warm: when: unknown parameter 'act'; "),
        (
            "{lrr: }",
            "lrr: nothing to remove: unknown name 'lrr'; did you mean 'lr'? Known: epochs, family, act, lr, warm",
        ),
        (
            "{act: {geul: }}",
            "act.geul: nothing to remove: unknown name 'geul'; did you mean 'gelu'? Known: relu, gelu, ",
        ),
        (
            "{family: {mlp: {layer: }}}",
            "family.mlp.layer: nothing to remove: unknown name 'layer'; did you mean 'layers'",
        ),
        ("3", "space: must be a mapping of parameters"),
        ("", "space: must be a mapping of parameters"),
    ],
)
def test_a_mistaken_change_is_refused_with_file_and_path(entries: str, sentence: str, heir: Any) -> None:
    with pytest.raises(SpaceError) as refusal:
        heir(f"space: {entries}")
    [line] = str(refusal.value).splitlines()
    assert f"mine.yaml: {sentence}" in line


def test_a_parent_is_not_changed() -> None:
    parent: dict[object, object] = {"a": {"b": {"choice": ["x", "y"], "default": "x"}}}
    extended(parent, {"a": {"b": {"y": None}, "c": 1}}, [])
    assert parent == {"a": {"b": {"choice": ["x", "y"], "default": "x"}}}


def test_a_shipped_space_is_taken_over_by_its_name() -> None:
    mine = read_space_text("name: mine\nextends: mlp", "mine.yaml")
    assert mine.parameters == read_space("mlp").parameters


def test_a_file_is_looked_for_beside_the_one_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "base.yaml").write_text("name: base\nspace: {a: 1}")
    (tmp_path / "below" / "middle.yaml").write_text("name: middle\nextends: ../base.yaml\nspace: {b: 2}")
    (tmp_path / "top.yaml").write_text("name: top\nextends: below/middle.yaml\nspace: {c: 3}")
    assert read_space(tmp_path / "top.yaml").default() == {"a": 1, "b": 2, "c": 3}
    (tmp_path / "absolute.yaml").write_text(f"name: x\nextends: {tmp_path / 'base.yaml'}")
    assert read_space(tmp_path / "absolute.yaml").default() == {"a": 1}


@pytest.mark.parametrize(
    ("parent", "sentence"),
    [
        ("tabluar", "unknown space 'tabluar'; did you mean 'tabular'? Known: cnn, "),
        ("none.yaml", "none.yaml: no such file"),
        (".//", ".: a space is a file, and this is a folder"),
        ("3", "must be the name of a space or a file, got 3"),
        ("", "must be the name of a space or a file, got null"),
        ("[mlp, cnn]", "must be the name of a space or a file, got ['mlp', 'cnn']"),
        ("mine.yaml", "a space cannot take itself over: mine.yaml extends mine.yaml"),
    ],
)
def test_an_unknown_parent_is_refused(
    parent: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(f"name: mine\nextends: {parent}")
    with pytest.raises(SpaceError) as refusal:
        read_space("mine.yaml")
    assert str(refusal.value).startswith(f"mine.yaml: extends: {sentence}")


def test_spaces_that_take_each_other_over_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, parent in (("a", "b"), ("b", "c"), ("c", "b")):
        Path(f"{name}.yaml").write_text(f"name: {name}\nextends: {parent}.yaml")
    said = "c.yaml: extends: a space cannot take itself over: a.yaml extends b.yaml extends c.yaml extends b.yaml"
    with pytest.raises(SpaceError, match=f"^{said}$"):
        read_space("a.yaml")


def test_mistakes_of_a_parent_are_told_with_its_file_beside_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text("name: base\nspace: {a: {int: [9, 1], default: 3}}")
    Path("mine.yaml").write_text("name: mine\nextends: base.yaml\nspcae: {a: 1}")
    with pytest.raises(SpaceError) as refusal:
        read_space("mine.yaml")
    assert [line.split("; ")[0] for line in str(refusal.value).splitlines()] == [
        "mine.yaml: unknown key 'spcae'",
        "base.yaml: a: low must be below high, got 9 and 1",
    ]


def test_the_whole_text_of_an_heir_needs_no_parent(heir: Any, tmp_path: Path) -> None:
    mine = heir("space: {act: {silu: }, lr: {default: 0.01}, 'no': 1}")
    text = whole_text(tmp_path / "mine.yaml")
    (tmp_path / "parent.yaml").unlink()
    assert "extends" not in load(text, []) and text.startswith(
        "# mine.yaml, with what it takes over from parent.yaml.\n"
    )
    assert read_space_text(text, "space.yaml") == mine


def test_the_whole_text_of_any_other_space_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(f"# a word\n{PARENT}")
    assert whole_text(tmp_path / "parent.yaml") == f"# a word\n{PARENT}"


def test_a_name_of_its_own_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match=r"^x\.yaml: name: a short name is missing$"):
        read_space_text("extends: mlp", "x.yaml")

"""Space files: what they may say, and every sentence about what they may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.errors import SpaceError
from automl.spaces.read import read_space, read_space_text

WHOLE = "name: x\nspace:\n  "


def sentences(text: str) -> list[str]:
    """What is wrong with a file, without its name."""
    with pytest.raises(SpaceError) as refusal:
        read_space_text(text, "search_spaces/x.yaml")
    lines = str(refusal.value).splitlines()
    assert all(line.startswith("search_spaces/x.yaml: ") for line in lines)
    return [line.removeprefix("search_spaces/x.yaml: ") for line in lines]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("[1, 2]", "a space file is a mapping with name, description, extends, space and starts"),
        ("just a word", "a space file is a mapping with name, description, extends, space and starts"),
        ("space: {a: 1}", "name: a short name is missing"),
        ("name: 3\nspace: {a: 1}", "name: must be one line of text, got 3"),
        ("name: x\ndescription: [a]\nspace: {a: 1}", "description: must be one line of text, got ['a']"),
        ("name: x", "space: must be a mapping of parameters"),
        ("name: x\nspace: {}", "space: must be a mapping of parameters"),
        (
            "name: x\nspace: {float: [0, 1]}",
            "space: float is a word of ranges and cannot be the name of a parameter here",
        ),
        ("name: x\nspcae: 1\nspace: {a: 1}", "unknown key 'spcae'; did you mean 'space'? Known: name, description, "),
        ("name: x\nspace: {a: 1, a: 2}", "line 2: the key 'a' is given twice, first on line 2"),
        ("name: x\nspace: {a: 1\n", "line 3: not valid YAML: "),
        ("name: x\nspace: {a: 1}\nstarts: {a: 1}", "starts: must be a list of configs"),
        ("name: x\nspace: {a: 1}\nstarts: [3]", "starts[0]: must be a mapping from names to values"),
    ],
)
def test_a_mistaken_file_is_refused_with_its_sentence(text: str, sentence: str) -> None:
    (said,) = sentences(text)
    assert said.startswith(sentence)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = """name: x
extra: 1
space:
  optimizer:
    choice:
      adamw:
        lr: {float: [0, 1], log: true, default: 1}
        lr: 3
        beta: {float: [0, 1], log: maybe, step: -1}
      sgd: 3
    default: adam
  width: {int: [9, 1], default: 3}
  depth: {fixed: 3, when: {widht: 3}}
starts:
  - {optimizer: sgdd}
  - {optimizer.adamw.lr: 1, depth: 4, nothing: 1}
"""
    assert [said.split("; ")[0] for said in sentences(text)] == [
        "line 8: the key 'lr' is given twice, first on line 7",
        "unknown key 'extra'",
        "optimizer: unknown default 'adam'",
        "optimizer.adamw.lr: low must be positive when log is set, got 0",
        "optimizer.adamw.beta: log must be true or false, got 'maybe'",
        "optimizer.adamw.beta: step must be a number above 0, got -1",
        "optimizer.adamw.beta: a default is missing",
        "optimizer.sgd: must be a section, which may be empty, got 3",
        "width: low must be below high, got 9 and 1",
        "depth: when: unknown parameter 'widht'",
        "starts[1]: unknown parameter 'nothing'",
    ]


def test_a_condition_on_a_mistaken_parameter_is_not_called_unknown() -> None:
    text = f"{WHOLE}a: {{int: [9, 1], default: 3}}\n  b: {{fixed: 1, when: {{a: 3}}}}"
    assert sentences(text) == ["a: low must be below high, got 9 and 1"]


def test_a_path_is_a_file_named_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("folder/own.yaml").write_text("name: own\nspace: {a: {float: [0, 1], log: true, default: 1}}")
    with pytest.raises(SpaceError, match=r"^folder/own\.yaml: a: low must be positive when log is set, got 0$"):
        read_space("folder/own.yaml")


def test_a_file_in_the_folder_is_read_by_its_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tabular.yml").write_bytes("\ufeffname: mine\nspace: {a: 1}".encode())
    assert read_space("tabular.yml").name == "mine"
    assert read_space(Path("tabular.yml")).name == "mine"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(SpaceError, match=r"x\.yaml: the file is not text in UTF-8"):
        read_space(tmp_path / "x.yaml")

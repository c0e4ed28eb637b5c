"""How a fact reaches the disk whole."""

from __future__ import annotations

import errno
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from automl import files
from automl.errors import StudyError


def test_numbers_come_back_bit_for_bit(tmp_path: Path):
    numbers = [0.1 + 0.2, 1e-320, -0.0, 123456789.123456789, 2**60]
    files.write_json(tmp_path / "a.json", numbers)
    read = files.read_json(tmp_path / "a.json")
    assert read == numbers
    assert math.copysign(1, read[2]) == -1


def test_a_number_that_is_not_finite_becomes_null(tmp_path: Path):
    files.write_json(tmp_path / "a.json", {"nan": math.nan, "inside": [(math.inf,)]})
    assert files.read_json(tmp_path / "a.json") == {"nan": None, "inside": [[None]]}


def test_text_of_any_kind_comes_back(tmp_path: Path):
    value = {"größe": "日本", "broken path": "\udcff"}
    files.write_json(tmp_path / "a.json", value)
    assert files.read_json(tmp_path / "a.json") == value


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    files.write_json(tmp_path / "a.json", 1)
    with pytest.raises(TypeError, match="not JSON serializable"):
        files.write_json(tmp_path / "a.json", {1, 2})
    assert files.read_json(tmp_path / "a.json") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_an_absent_file_is_said_to_be_missing(tmp_path: Path):
    with pytest.raises(StudyError, match=r"a\.json is missing: the study is incomplete"):
        files.read_json(tmp_path / "a.json")


def test_a_file_that_is_not_json_is_said_to_be_damaged(tmp_path: Path):
    (tmp_path / "a.json").write_text('{"a": ')
    with pytest.raises(StudyError, match=r"a\.json is damaged: Expecting value"):
        files.read_json(tmp_path / "a.json")


def test_lines_come_back_in_order(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    assert files.read_jsonl(path) == []
    for number in range(3):
        files.append_jsonl(path, {"number": number})
    assert [line["number"] for line in files.read_jsonl(path)] == [0, 1, 2]


@pytest.mark.parametrize("torn", ['{"number": 1', '{"number": 1}', '{"number": "\xe9'])
def test_a_torn_last_line_is_left_out_and_cut_off_before_the_next(tmp_path: Path, torn: str):
    path = tmp_path / "a.jsonl"
    files.append_jsonl(path, {"number": 0})
    with path.open("a", encoding="utf-8") as file:
        file.write(torn)
    assert files.read_jsonl(path) == [{"number": 0}]
    files.append_jsonl(path, {"number": 2})
    assert files.read_jsonl(path) == [{"number": 0}, {"number": 2}]


def test_a_file_of_one_torn_line_is_empty(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"num')
    assert files.read_jsonl(path) == []
    files.append_jsonl(path, {"number": 0})
    assert files.read_jsonl(path) == [{"number": 0}]


def test_a_damaged_whole_line_is_not_passed_over(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"num\n{"number": 1}\n')
    with pytest.raises(StudyError, match=r"a\.jsonl is damaged"):
        files.read_jsonl(path)


def test_what_need_not_last_is_replaced_in_one_step_too(tmp_path: Path):
    files.write_json(tmp_path / "a.json", 1, lasting=False)
    files.append_jsonl(tmp_path / "a.jsonl", {"number": 1}, lasting=False)
    assert files.read_json(tmp_path / "a.json") == 1
    assert files.read_jsonl(tmp_path / "a.jsonl") == [{"number": 1}]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.jsonl"]


def test_a_draft_takes_the_place_of_a_file(tmp_path: Path):
    (tmp_path / "draft").write_bytes(b"new")
    (tmp_path / "a").write_bytes(b"old")
    files.put(tmp_path / "draft", tmp_path / "a")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"new")]


def test_syncing_takes_files_and_folders_and_nothing(tmp_path: Path):
    (tmp_path / "a").write_text("")
    files.sync([tmp_path, tmp_path / "a"])
    files.sync([])
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "")]


@pytest.mark.parametrize("content", ["", "\n", '{"number": 0}\n'])
def test_a_line_is_appended_after_whole_lines_of_any_length(tmp_path: Path, content: str):
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    files.append_jsonl(path, {"number": 1})
    assert path.read_text() == content + '{"number": 1}\n'


def test_several_lines_are_appended_at_once(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    files.append_jsonl(path, {"number": 0}, {"number": 1})
    files.append_jsonl(path)
    assert files.read_jsonl(path) == [{"number": 0}, {"number": 1}]


def test_lines_that_many_append_at_once_stay_whole(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: files.append_jsonl(path, {"number": number}, lasting=False), range(200)))
    assert sorted(line["number"] for line in files.read_jsonl(path)) == list(range(200))


def test_a_file_is_empty_that_is_absent_or_has_nothing_in_it(tmp_path: Path):
    (tmp_path / "nothing").write_text("")
    (tmp_path / "something").write_text(" ")
    found = [files.is_empty(tmp_path / name) for name in ("absent", "nothing", "something", "something/else")]
    assert found == [True, True, False, True]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_what_may_not_be_written_is_a_sentence(number: int):
    fault = files.disk_fault(OSError(number, "Permission denied", "runs/iris/clock.json"))
    assert str(fault) == "runs/iris/clock.json may not be read or written: Permission denied"

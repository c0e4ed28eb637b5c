"""`automl compare`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.cli.app import run
from automl.tracking.record import Record

WriteStudy = Callable[..., Record]
Capture = pytest.CaptureFixture[str]


def compare(capsys: Capture, tmp_path: Path, *arguments: str) -> str:
    assert run(["compare", *arguments, "--runs-dir", str(tmp_path / "runs")]) == 0
    return capsys.readouterr().out


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_studies_stand_below_one_another(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("first")
    write_study("second", is_judged=True)
    header, _, *rows = cells(compare(capsys, tmp_path))
    assert header[:4] == ["study", "data", "target", "metric"]
    assert [row[0] for row in rows] == ["second", "first"]  # what was judged comes first


def test_a_judged_study_shows_its_test_with_the_interval(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses", is_judged=True)
    assert "0.8500 [0.8300, 0.8700] 0.8000" in " ".join(compare(capsys, tmp_path).split())


def test_one_study_shows_its_trials(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses")
    _, _, *rows = cells(compare(capsys, tmp_path, "houses"))
    assert [row[:2] for row in rows] == [["0", "completed"], ["1", "pruned"], ["2", "failed"]]


def test_two_studies_stand_side_by_side_without_the_third(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    for name in ("a", "b", "c"):
        write_study(name)
    header, _, *rows = cells(compare(capsys, tmp_path, "c", "a"))
    assert header == ["c", "a"]
    assert ["budget", "3", "trials", "3", "trials"] in rows and ["space", "tabular", "tabular"] in rows


def test_why_two_studies_have_no_paired_difference_is_said(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("a", is_judged=True)
    write_study("b")
    *_, last = compare(capsys, tmp_path, "a", "b").splitlines()
    assert last == "b and a have no paired difference: b has not been judged."


def test_studies_side_by_side_are_one_json_object_with_leads(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    for name in ("a", "b"):
        write_study(name)
    first, second = json.loads(compare(capsys, tmp_path, "a", "b", "--json"))["studies"]
    assert first["lead"] is None and (second["lead"]["over"], second["lead"]["value"]) == ("a", None)


def test_studies_are_a_table_of_the_same_columns_judged_or_not(
    write_study: WriteStudy, capsys: Capture, tmp_path: Path
):
    write_study("a")
    header = compare(capsys, tmp_path, "--csv").splitlines()[0]
    write_study("b", is_judged=True)
    table = list(csv.DictReader(io.StringIO(compare(capsys, tmp_path, "--csv"))))
    assert list(table[0]) == header.split(",")
    assert [(row["study"], row["test.value"], row["budget.trials"]) for row in table] == [
        ("b", "0.85", "3"),
        ("a", "", "3"),
    ]


def test_a_table_of_named_studies_has_their_leads(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    for name in ("a", "b"):
        write_study(name)
    first, second = csv.DictReader(io.StringIO(compare(capsys, tmp_path, "a", "b", "--csv")))
    assert (first["lead.over"], second["lead.over"]) == ("", "a")


def test_the_trials_of_a_study_are_a_table_with_their_configs(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses")
    first, *_ = csv.DictReader(io.StringIO(compare(capsys, tmp_path, "houses", "--csv")))
    assert (first["trial"], first["config.family.mlp.layers"]) == ("0", "3")


def test_notes_on_a_judgement_are_shown(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("a", is_judged=True, notes=["the seal was broken: more trials"])
    write_study("b")
    assert "\na: the seal was broken: more trials.\n" in compare(capsys, tmp_path, "a", "b")


def test_studies_are_one_json_object(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses")
    assert [row["study"] for row in json.loads(compare(capsys, tmp_path, "--json"))["studies"]] == ["houses"]


def test_trials_are_one_json_object(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses")
    shown = json.loads(compare(capsys, tmp_path, "houses", "--json"))
    assert (shown["study"], len(shown["trials"])) == ("houses", 3)


def test_no_studies_is_said(capsys: Capture, tmp_path: Path):
    assert compare(capsys, tmp_path).startswith("there are no studies in ")


def test_no_studies_is_an_empty_list_for_a_program(capsys: Capture, tmp_path: Path):
    assert json.loads(compare(capsys, tmp_path, "--json")) == {"studies": []}


def test_a_study_without_trials_is_said(write_study: WriteStudy, capsys: Capture, tmp_path: Path):
    write_study("houses", ())
    assert compare(capsys, tmp_path, "houses") == "houses has no trials yet\n"

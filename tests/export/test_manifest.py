"""Manifests: every kind of damage has its sentence."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from automl.errors import BundleError
from automl.export.manifest import check_manifest, write_json, write_manifest


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "copy")


def test_a_whole_bundle_passes(copy):
    assert set(check_manifest(copy)["files"]) == {path.name for path in copy.iterdir()} - {"manifest.json"}


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path):
    with pytest.raises(BundleError, match=re.escape(f"{tmp_path} is not a bundle: it has no manifest.json")):
        check_manifest(tmp_path)


def test_a_folder_that_is_not_there_is_no_bundle(tmp_path):
    with pytest.raises(BundleError, match=r"is not a bundle: it has no manifest\.json"):
        check_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": "x", "files": {}}', "3"])
def test_an_unreadable_manifest_is_damage(copy, text):
    (copy / "manifest.json").write_text(text)
    with pytest.raises(BundleError, match=r"the bundle is damaged: manifest\.json cannot be read"):
        check_manifest(copy)


@pytest.mark.parametrize("name", ["model.onnx", "task.json", "MODEL_CARD.md"])
def test_a_changed_file_is_named(copy, name):
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    with pytest.raises(BundleError, match=f"the bundle is damaged: {name} is not the file that was exported"):
        check_manifest(copy)


def test_an_absent_file_is_named(copy):
    (copy / "weights.safetensors").unlink()
    with pytest.raises(BundleError, match=r"the bundle is damaged: weights\.safetensors is missing"):
        check_manifest(copy)


def test_a_newer_format_is_refused(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    write_json(copy / "manifest.json", {**manifest, "format": 2})
    with pytest.raises(BundleError, match="a bundle's format must be at most 1 here, got 2"):
        check_manifest(copy)


def test_json_refuses_what_it_has_no_word_for(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"value": float("nan")})


def test_the_manifest_does_not_count_itself(tmp_path):
    (tmp_path / "a").write_text("a")
    write_manifest(tmp_path, {})
    write_manifest(tmp_path, {"again": True})
    assert list(check_manifest(tmp_path)["files"]) == ["a"]

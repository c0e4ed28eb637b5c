"""The test rows leave their seal once, and the ledger knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from automl.data.digest import ROW, rows_digest
from automl.data.images import ImageArray
from automl.data.seal import Seal
from automl.errors import SealError

ROWS = pd.DataFrame({"x": [1.5, None, 3.0], "y": ["a", "b", "a"], ROW: [4, 9, 2]})
OTHER = ROWS.assign(x=0.0)


def ledger(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]


def test_sealed_rows_have_a_digest_and_no_opening(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    assert seal.digest == Seal(tmp_path).digest == rows_digest(ROWS)
    assert (seal.openings(), seal.broken, seal.is_judged) == ([], [], False)
    assert not (tmp_path / "ledger.jsonl").exists()
    assert sorted(path.name for path in (tmp_path / "sealed").iterdir()) == ["test.parquet", "test.sha256"]


def test_opening_gives_the_rows_as_they_were(tmp_path):
    opening = Seal.close(tmp_path, ROWS).open(3, "abc")
    pd.testing.assert_frame_equal(opening.rows, ROWS)
    assert (opening.continued, opening.ordinal) == (False, 1)


def test_printing_an_opening_shows_no_row(tmp_path):
    assert "rows" not in repr(Seal.close(tmp_path, ROWS).open(3, "abc"))


def test_an_opening_is_in_the_ledger_with_its_trial_and_weights(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc")
    (line,) = ledger(tmp_path)
    moment = pd.Timestamp(line.pop("time"))
    assert moment.utcoffset() == pd.Timedelta(0)
    assert line == {
        "event": "opening",
        "ordinal": 1,
        "trial": 3,
        "weights_sha256": "abc",
        "test_sha256": seal.digest,
        "reason": None,
    }


def test_a_result_makes_a_study_judged(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc")
    assert not seal.is_judged
    seal.finish({"value": 0.5})
    assert Seal(tmp_path).is_judged
    assert seal.openings()[0]["result"] == {"value": 0.5}
    assert [line["event"] for line in ledger(tmp_path)] == ["opening", "result"]


def test_a_second_opening_is_refused(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc")
    seal.finish({})
    for weights in ("abc", "def"):
        with pytest.raises(SealError, match=r"the test rows were judged on .* \(trial 3\); --break-seal REASON opens"):
            seal.open(3, weights)
    assert len(ledger(tmp_path)) == 2


def test_an_unfinished_opening_goes_on_for_the_same_weights(tmp_path):
    Seal.close(tmp_path, ROWS).open(3, "abc")
    opening = Seal(tmp_path).open(3, "abc")
    assert (opening.continued, opening.ordinal) == (True, 1)
    Seal(tmp_path).finish({})
    assert [line["event"] for line in ledger(tmp_path)] == ["opening", "continued", "result"]
    assert len(Seal(tmp_path).openings()) == 1


def test_an_unfinished_opening_is_refused_for_other_weights(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc")
    with pytest.raises(SealError, match=r"the test rows were opened for other weights on .* \(trial 3\); --break-seal"):
        seal.open(4, "def")


def test_a_seal_broken_for_a_reason_opens_and_the_reason_stays(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc")
    seal.finish({"value": 1})
    opening = seal.open(4, "def", break_seal=" a bug in the metric ")
    assert (opening.continued, opening.ordinal, seal.is_judged) == (False, 2, False)
    assert Seal(tmp_path).open(4, "def").continued
    seal.finish({"value": 2})
    assert seal.is_judged
    assert seal.broken == ["a bug in the metric"]
    assert [item["result"] for item in seal.openings()] == [{"value": 1}, {"value": 2}]


def test_a_reason_at_the_first_opening_breaks_nothing(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc", break_seal="in advance")
    assert seal.broken == []


def test_an_empty_reason_is_refused(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc")
    seal.finish({})
    with pytest.raises(SealError, match="breaking the seal needs a reason, got an empty one"):
        seal.open(3, "abc", break_seal="  ")


def test_a_result_without_an_opening_is_refused(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    with pytest.raises(SealError, match="a result needs an opening that waits for one"):
        seal.finish({})


def test_changed_rows_are_refused_and_no_opening_is_spent(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    OTHER.to_parquet(tmp_path / "sealed" / "test.parquet")
    with pytest.raises(SealError, match=r"test\.parquet: the test rows have changed since they were sealed"):
        seal.open(3, "abc")
    assert not (tmp_path / "ledger.jsonl").exists()


def test_rows_changed_together_with_their_digest_are_refused_after_an_opening(tmp_path):
    Seal.close(tmp_path, ROWS).open(3, "abc")
    OTHER.to_parquet(tmp_path / "sealed" / "test.parquet")
    (tmp_path / "sealed" / "test.sha256").write_text(rows_digest(OTHER))
    with pytest.raises(SealError, match="the test rows have changed"):
        Seal(tmp_path).open(3, "abc")


@pytest.mark.parametrize("content", [None, b"garbage"])
def test_lost_rows_are_refused(tmp_path, content):
    seal = Seal.close(tmp_path, ROWS)
    (tmp_path / "sealed" / "test.parquet").unlink()
    if content:
        (tmp_path / "sealed" / "test.parquet").write_bytes(content)
    with pytest.raises(SealError, match="the sealed test rows are missing or damaged"):
        seal.open(3, "abc")


PIXELS = np.random.default_rng(0).integers(0, 256, (8, 3, 4, 5), dtype=np.uint8)
IMAGES = pd.DataFrame({"image": ImageArray(PIXELS, np.array([6, -1, 2])), "y": ["a", "b", "a"], ROW: [4, 9, 2]})


def test_images_are_sealed_with_their_rows_and_lie_nowhere_else(tmp_path):
    opening = Seal.close(tmp_path, IMAGES).open(3, "abc")
    pd.testing.assert_frame_equal(opening.rows, IMAGES)
    files = sorted(path.name for path in (tmp_path / "sealed").iterdir())
    assert files == ["test.image.npy", "test.parquet", "test.sha256"]
    assert (np.load(tmp_path / "sealed" / "test.image.npy") == PIXELS[[6, 2]]).all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.jsonl", "sealed"]


@pytest.mark.parametrize("place", [(0, 0, 0, 0), (1, 2, 3, 4)])
def test_a_changed_pixel_is_refused_and_no_opening_is_spent(tmp_path, place):
    seal = Seal.close(tmp_path, IMAGES)
    pixels = np.load(tmp_path / "sealed" / "test.image.npy")
    pixels[place] ^= 1
    np.save(tmp_path / "sealed" / "test.image.npy", pixels)
    with pytest.raises(SealError, match=r"test\.parquet: the test rows have changed since they were sealed"):
        seal.open(3, "abc")
    assert not (tmp_path / "ledger.jsonl").exists()


@pytest.mark.parametrize("content", [None, b"garbage", 150])
def test_lost_pixels_are_refused(tmp_path, content):
    seal = Seal.close(tmp_path, IMAGES)
    pixels = tmp_path / "sealed" / "test.image.npy"
    whole = pixels.read_bytes()
    pixels.unlink()
    if content:
        pixels.write_bytes(whole[:content] if isinstance(content, int) else content)
    with pytest.raises(SealError, match="the sealed test rows are missing or damaged"):
        seal.open(3, "abc")


def test_sealing_the_same_images_again_changes_nothing_and_leaves_nothing(tmp_path):
    Seal.close(tmp_path, IMAGES)
    Seal.close(tmp_path, IMAGES.iloc[::-1])
    files = sorted(path.name for path in (tmp_path / "sealed").iterdir())
    assert files == ["test.image.npy", "test.parquet", "test.sha256"]
    pd.testing.assert_frame_equal(Seal(tmp_path).open(3, "abc").rows, IMAGES)


def test_sealing_other_images_is_refused(tmp_path):
    Seal.close(tmp_path, IMAGES)
    with pytest.raises(SealError, match="other test rows are sealed here already"):
        Seal.close(tmp_path, IMAGES.assign(image=ImageArray(PIXELS, np.array([5, -1, 2]))))


def test_a_folder_without_a_seal_is_refused(tmp_path):
    with pytest.raises(SealError, match="no test rows are sealed here"):
        Seal(tmp_path)


def test_sealing_the_same_rows_again_changes_nothing(tmp_path):
    Seal.close(tmp_path, ROWS).open(3, "abc")
    assert len(Seal.close(tmp_path, ROWS.iloc[::-1]).openings()) == 1


def test_sealing_other_rows_is_refused(tmp_path):
    Seal.close(tmp_path, ROWS)
    with pytest.raises(SealError, match="other test rows are sealed here already"):
        Seal.close(tmp_path, OTHER)
    assert Seal(tmp_path).digest == rows_digest(ROWS)


def test_a_seal_that_was_never_finished_is_made_anew(tmp_path):
    (tmp_path / "sealed").mkdir()
    (tmp_path / "sealed" / "test.parquet").write_bytes(b"half a fi")
    pd.testing.assert_frame_equal(Seal.close(tmp_path, ROWS).open(3, "abc").rows, ROWS)


@pytest.mark.parametrize("torn", [b'{"event": "res', b'{"event": "result", "ordinal": 1, "result": {}}', b"\0\0\0"])
def test_a_torn_last_line_is_cut_off(tmp_path, torn):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc")
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(torn)
    assert not seal.is_judged
    assert seal.open(3, "abc").continued
    assert [line["event"] for line in ledger(tmp_path)] == ["opening", "continued"]


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}"])
def test_a_damaged_line_is_refused(tmp_path, line):
    seal = Seal.close(tmp_path, ROWS)
    seal.open(3, "abc")
    with (tmp_path / "ledger.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(SealError, match=r"ledger\.jsonl: line 2 is damaged"):
        seal.open(3, "abc")


def test_other_studies_that_opened_the_same_rows_are_known_by_name(tmp_path):
    for name, rows in (("second", ROWS), ("first", ROWS.iloc[::-1]), ("other", OTHER), ("unopened", ROWS)):
        Seal.close(tmp_path / name, rows)
    for name in ("first", "other", "second"):
        Seal(tmp_path / name).open(0, name)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "ledger.jsonl").write_text("nonsense\n")
    assert set(Seal(tmp_path / "unopened").judged_before(tmp_path)) == {"first", "second"}
    assert Seal(tmp_path / "first").judged_before(tmp_path) == ["second"]
    assert Seal(tmp_path / "other").judged_before(tmp_path) == []


def test_an_opening_survives_the_death_of_its_process(tmp_path):
    Seal.close(tmp_path, ROWS)
    code = "import os, sys; from automl.data.seal import Seal;Seal(sys.argv[1]).open(3, 'abc'); os.kill(os.getpid(), 9)"
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env={**os.environ}, check=False)
    assert ended.returncode == -9
    assert Seal(tmp_path).open(3, "abc").continued


def test_an_update_has_a_seal_of_its_own_and_the_ledger_tells_of_it_at_once(tmp_path):
    Seal.close(tmp_path, ROWS)
    seal = Seal.close(tmp_path, OTHER, update=2)
    (line,) = ledger(tmp_path)
    assert {**line, "time": None} == {
        "event": "sealed",
        "update": 2,
        "ordinal": 0,
        "test_sha256": rows_digest(OTHER),
        "rows": 3,
        "time": None,
    }
    assert sorted(path.name for path in (tmp_path / "updates" / "2" / "sealed").iterdir()) == [
        "test.parquet",
        "test.sha256",
    ]
    assert seal.digest != Seal(tmp_path).digest


def test_the_openings_of_a_study_and_of_its_updates_are_counted_apart(tmp_path):
    own, new = Seal.close(tmp_path, ROWS), Seal.close(tmp_path, OTHER, update=1)
    own.open(3, "abc")
    own.finish({"value": 0.5})
    assert own.is_judged and not new.is_judged and new.openings() == []
    pd.testing.assert_frame_equal(new.open(3, "def").rows, OTHER)
    assert new.openings()[0]["ordinal"] == 1 and not new.is_judged
    with pytest.raises(SealError, match="opened for other weights"):
        new.open(3, "ghi")
    assert len(own.openings()) == 1 and own.is_judged


def test_whether_rows_are_sealed_is_told_and_no_row_leaves(tmp_path):
    seal = Seal.close(tmp_path, ROWS)
    asked = pd.concat([OTHER, ROWS.iloc[1:2]], ignore_index=True)
    assert seal.holds(asked).tolist() == [False, False, False, True]
    assert seal.holds_values(pd.Series(["b", "c"], name="y")).tolist() == [True, False]
    assert seal.openings() == []

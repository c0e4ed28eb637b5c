"""Several preparations side by side: the blocks of each, and every column that any of them reads, once."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from automl.data.joint import JointPreparation, preparation_from_json
from automl.data.prepare import fit_preparation
from automl.data.preparing import Preparing
from automl.task import Column

AGES = np.random.default_rng(0).integers(18, 90, 200).astype(float)
ROWS = pd.DataFrame({"age": AGES, "age in days": 365 * AGES, "town": ["Ulm", "Bonn", "Ulm", None, "Kiel"] * 40})
COLUMNS = (Column("age", "numeric"), Column("age in days", "numeric"), Column("town", "category"))
PLAIN = fit_preparation(ROWS, COLUMNS, Preparing(numeric="standard"))
LEAN = fit_preparation(ROWS, COLUMNS, Preparing(numeric="quantile", one_hot_max=0, redundant="drop"))
JOINT = JointPreparation((LEAN, PLAIN))


def test_the_blocks_of_each_have_names_of_their_own():
    assert [block.name for block in JOINT.blocks] == ["0/numeric", "0/category", "1/numeric", "1/one_hot"]
    found = JOINT.transform(ROWS)
    assert list(found) == [block.name for block in JOINT.blocks]
    for prefix, part in JOINT.parts.items():
        for name, block in part.transform(ROWS).items():
            assert np.array_equal(found[prefix + name], block)


def test_every_column_that_one_of_them_reads_is_read():
    assert [column.name for column in LEAN.columns] == ["age", "town"]
    assert {column.name for column in JOINT.columns} == {"age", "town", "age in days"}
    assert len(JOINT.encodings) == 3
    assert JOINT.image is None


def test_it_comes_back_from_json():
    told = json.loads(json.dumps(JOINT.to_json()))
    assert preparation_from_json(told) == JOINT
    assert [column["name"] for column in told["columns"]] == [column.name for column in JOINT.columns]
    assert preparation_from_json(json.loads(json.dumps(PLAIN.to_json()))) == PLAIN


def test_rows_that_lack_a_column_are_refused():
    with pytest.raises(Exception, match="the rows lack the columns 'age in days'"):
        JOINT.transform(ROWS.drop(columns="age in days"))

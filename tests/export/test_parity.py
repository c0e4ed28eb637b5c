"""On which rows an export is compared with its network."""

from __future__ import annotations

from dataclasses import replace

from automl.export.parity import comparable


def test_large_pictures_are_compared_on_some_rows(colour, colour_rows):
    large = replace(colour.preparation.encodings[0], height=1024, width=1024)
    rows = comparable(colour_rows, large)
    assert len(rows) == 5 and rows.index.tolist() == [0, 9, 19, 29, 39]
    assert len(comparable(colour_rows, colour.preparation.encodings[0])) == 40

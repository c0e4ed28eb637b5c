"""Several preparations of the same rows side by side, for models that answer together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from automl.data.prepare import Preparation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from automl.data.encodings import Encoding
    from automl.data.image_encoding import ImageEncoding
    from automl.task import Block, Column


@dataclass(frozen=True)
class JointPreparation:
    """Preparations that were fitted on the same training rows; the names of each one's blocks begin with its place.

    Args:
        members: At least one; those that read images bring them to the same size.
    """

    members: tuple[Preparation, ...]

    @property
    def parts(self) -> Mapping[str, Preparation]:
        """The preparations by what the names of their blocks begin with."""
        return {f"{place}/": each for place, each in enumerate(self.members)}

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """How each column is read that any of them reads, as the first of these reads it."""
        found: dict[str, Encoding] = {}
        for each in self.members:
            found = {**found, **{own.name: own for own in each.encodings if own.name not in found}}
        return tuple(found.values())

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that any of them reads."""
        return Preparation(self.encodings).columns

    @property
    def image(self) -> ImageEncoding | None:
        """Their column of images, if there is one."""
        return Preparation(self.encodings).image

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of all of them."""
        return tuple(
            replace(block, name=prefix + block.name) for prefix, each in self.parts.items() for block in each.blocks
        )

    def transform(self, rows: pd.DataFrame) -> dict[str, NDArray[Any]]:
        """Turn rows into the blocks of all of them, by name.

        Raises:
            DataError: The rows lack a column.
        """
        return {
            prefix + name: block for prefix, each in self.parts.items() for name, block in each.transform(rows).items()
        }

    def to_json(self) -> dict[str, Any]:
        """Give them as plain JSON values: `columns` as of one preparation, and `members`."""
        return {**Preparation(self.encodings).to_json(), "members": [each.to_json() for each in self.members]}


def preparation_from_json(record: dict[str, Any]) -> Preparation | JointPreparation:
    """Rebuild one preparation or several from `to_json`."""
    if "members" in record:
        return JointPreparation(tuple(map(Preparation.from_json, record["members"])))
    return Preparation.from_json(record)

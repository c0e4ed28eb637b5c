"""Configs that are tried right after the default: the person's own, then the best of another study.

They are copied into the plan, so that the study depends on neither file nor other study, and made to fit the space once
that is known. The person's own must fit it; those of another study are adapted, or left out with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from automl.errors import SpaceError, StudyError
from automl.experiment.plan import Origin, Wanted
from automl.report.figures import counted
from automl.spaces.adapt import adapt
from automl.spaces.configs import flat_configs, named, read_configs
from automl.spaces.read import read_space
from automl.task import HIGHER_IS_BETTER
from automl.tracking.record import PLAN, SPLIT, TASK, Record
from automl.trial import ranked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from automl.experiment.plan import Plan
    from automl.spaces.space import Space
    from automl.trial import Config

    Configs = str | Path | Sequence[Mapping[str, Any]]

N_WARM = 5
"""So many of another study's best configs are tried at most."""


def with_first(plan: Plan, *, warm_start: str | None = None, seed_configs: Configs | None = None) -> Plan:
    """Copy the configs that are to be tried first into a plan.

    Args:
        plan: What is asked for.
        warm_start: A study of the same runs folder; its best few configs are taken.
        seed_configs: A file of the person's own configs, or the configs themselves.

    Raises:
        SpaceError: The file has mistakes, whatever the space; all are told.
        StudyError: There is no such study, or no trial of it is completed.
    """
    own = _own(seed_configs) if seed_configs is not None else {}
    first = [Wanted(source, config, is_own=True) for source, config in own.items()]
    if warm_start is None:
        return replace(plan, first=tuple(first))
    record = Record.find(Path(plan.runs_dir), warm_start)
    split = record.read_json(SPLIT) if record.has(SPLIT) else {}
    origin = Origin(record.study, split.get("data_sha256"), split.get("test_sha256"))
    return replace(plan, first=(*first, *_best(record)), warm_start=origin)


def _own(configs: Configs) -> dict[str, Config]:
    if isinstance(configs, str | Path):
        return read_configs(configs)
    mistakes: list[str] = []
    found = flat_configs([*configs], "seed_configs", mistakes)
    if mistakes:
        raise SpaceError("\n".join(mistakes))
    return found


def _best(record: Record) -> list[Wanted]:
    metric = record.read_json(TASK)["metric"] if record.has(TASK) else None
    best = ranked(record.outcomes().items(), HIGHER_IS_BETTER[metric]) if metric else []
    if not best:
        raise StudyError(f"study {record.study!r} has no completed trial to start from")
    sources = {f"trial {number} of {record.study}": record.trial(number).read_config() for number in best[:N_WARM]}
    return [Wanted(source, config, is_own=False) for source, config in sources.items()]


def settle_first(record: Record, plan: Plan) -> tuple[Plan, list[str]]:
    """Make the configs that are wanted first fit the study's space, each once; what is settled stays as it is.

    Args:
        record: The run folder, with its space.
        plan: What was asked for.

    Returns:
        The plan with complete configs, and sentences on what was taken, what was changed, and what was not taken.

    Raises:
        SpaceError: Configs of the person's own do not fit the space; all mistakes, one a line.
    """
    if not plan.first:
        return plan, []
    space = read_space(str(record.space_path))
    mistakes = [mistake for wanted in plan.first if wanted.is_own for mistake in _mistakes(wanted, space)]
    if mistakes:
        raise SpaceError("\n".join(mistakes))
    taken: dict[str, Wanted] = {}
    said = []
    known = {"the default": space.default()}
    for wanted in plan.first:
        config, remarks = _fitted(wanted, space)
        twin = next((name for name, other in known.items() if other == config), None)
        if config is None or twin:
            said.append(
                f"{wanted.source} is not taken: {'; '.join(remarks) if twin is None else f'it is the same as {twin}'}"
            )
            continue
        taken[wanted.source] = replace(wanted, config=config)
        known[wanted.source] = config
        said += [f"{wanted.source} is taken with changes: {'; '.join(remarks)}"] if remarks else []
    settled = replace(plan, first=tuple(taken.values()))
    if settled != plan:
        record.write_json(PLAN, record.read_json(PLAN) | {"first": settled.to_json()["first"]})
    names = f": {', '.join(taken)}" if taken else ""
    counts = f"{counted(len(taken), 'config')} to try after the default{names}"
    return settled, [counts, *said, *filter(None, [foreign_rows(record, settled)])]


def _mistakes(wanted: Wanted, space: Space) -> Iterator[str]:
    for sentence in space.check(named(wanted.config, space)).values():
        yield f"{wanted.source}: {sentence}"


def _fitted(wanted: Wanted, space: Space) -> tuple[Config | None, Sequence[str]]:
    if wanted.is_own:
        return space.complete(named(wanted.config, space)), ()
    adapted = adapt(wanted.config, space)
    return adapted.config, adapted.changes


def foreign_rows(record: Record, plan: Plan) -> str | None:
    """Say that a study's test rows had a part in choosing the configs it began with; None where they had none."""
    origin, split = plan.warm_start, record.read_json(SPLIT)
    if origin is None or origin.data_sha256 != split.get("data_sha256") or all(each.is_own for each in plan.first):
        return None
    if origin.test_sha256 == split.get("test_sha256"):
        return None
    return (
        f"configs of {origin.study} were tried first, and that study divided the same data otherwise: "
        "test rows of this one had a part in choosing them"
    )


def beginning_with_first(space: Space, plan: Plan) -> Space:
    """Give the space with the plan's settled configs to try first."""
    return replace(space, first=tuple(wanted.config for wanted in plan.first))

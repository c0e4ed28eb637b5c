"""Which space a study searches: the one that was named, or the one for its kind of data; and whether they fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from automl.errors import PlanError, SpaceError
from automl.experiment.default_space import default_space
from automl.experiment.recipe import lint_lines
from automl.models.families.registry import FAMILIES
from automl.spaces.read import draft_space, whole_text
from automl.spaces.space import Choice, Fixed
from automl.tracking.record import PLAN, SPACE
from automl.training.arguments import Training

if TYPE_CHECKING:
    from automl.experiment.plan import Plan
    from automl.experiment.stage import Stage
    from automl.spaces.space import Domain, Space
    from automl.task import Task
    from automl.tracking.record import Record

_EPOCHS = "training.epochs"


def settle_space(record: Record, plan: Plan, stage: Stage) -> tuple[Plan, list[str]]:
    """Keep a study's space in its run folder, unless it is there.

    Args:
        record: The run folder.
        plan: What was asked for; without a space, the data and the time decide.
        stage: The rows.

    Returns:
        The plan with the space's name, and sentences on why it is that.

    Raises:
        PlanError: The space has a family that reads a kind of column which the data does not have, or it sets class
            weights itself although others were asked for.
        SpaceError: There is no such space, or it has mistakes.
    """
    if record.has(SPACE):
        return plan, []
    name, why = (plan.space, "") if plan.space else default_space(plan, stage)
    space = sound_space(name)
    _check(space, name, stage.task)
    _check_class_weight(space, name, plan)
    record.write_json(PLAN, record.read_json(PLAN) | {"space": name})
    record.write_text(SPACE, whole_text(name))
    return replace(plan, space=name), [why] if why else []


def sound_space(name: str) -> Space:
    """Read a space that proposes only what the rooms accept.

    Args:
        name: The name of a shipped space, or a file.

    Raises:
        SpaceError: There is no such space, or it has mistakes; all are told, one a line.
    """
    draft = draft_space(name)
    mistakes = [*draft.mistakes, *lint_lines(draft.space, draft.where, draft.broken)]
    if mistakes:
        raise SpaceError("\n".join(mistakes))
    return draft.space


def most_epochs(space: Space) -> int:
    """Say how many epochs a config of the space trains at most."""
    named = (each.domain for each in space.parameters_flat() if each.name == _EPOCHS)
    longest = [_longest(domain) for domain in named]
    return max(longest, default=Training().epochs)


def _longest(domain: Domain) -> int:
    if isinstance(domain, Choice):
        return max(int(str(option)) for option in domain.options)
    return int(str(domain.value)) if isinstance(domain, Fixed) else int(domain.high)


def _check(space: Space, name: str, task: Task) -> None:
    kinds = {column.kind for column in task.columns}
    for family in families(space):
        needed = getattr(FAMILIES[family], "reads", None)
        if needed is not None and needed not in kinds:
            said = f"the space {name!r} has the family {family}, which needs an {needed} column"
            raise PlanError(f"{said}, and the data has none")


def _check_class_weight(space: Space, name: str, plan: Plan) -> None:
    """Refuse class weights that the space never takes.

    Raises:
        PlanError: There are some, and the space sets its own.
    """
    if plan.class_weight == "none":
        return
    for each in space.parameters_flat():
        if each.name == "training.class_weight" and "given" not in _options(each.domain):
            raise PlanError(
                f"--class-weight would change nothing: the space {name!r} sets training.class_weight itself; "
                "leave the option out, or let the space choose `given` too"
            )


def _options(domain: object) -> list[str]:
    if isinstance(domain, Choice):
        return [str(option) for option in domain.options]
    return [str(domain.value)] if isinstance(domain, Fixed) else []


def families(space: Space) -> list[str]:
    """List the families that a space may propose."""
    domain = next((each.domain for each in space.parameters if each.name == "family"), None)
    return _options(domain)

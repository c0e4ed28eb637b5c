"""Why a study's winner won, as `automl explain` kept it: read from the run folder, put into sentences and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from automl.report.document import Block, Items, Table, plain
from automl.report.figures import counted, figure, setting
from automl.report.summary import read_or
from automl.tracking.record import Record

EXPLANATION = "explanation.json"

Told = Mapping[str, Any]
"""An explanation as plain JSON values; `runs/README.md` describes it."""

STEP = ("choice", "from", "to", "validation", "gain", "noise", "")
"""The columns of the steps; the last says whether the gain is beyond noise."""

END = ("", "seed 1", "seed 2", "seed 3", "mean", "in the search")
"""The columns of the ends."""

ENOUGH = 0.75
"""The share of the gain that is called the gain."""

_MOST_LISTED = 3


def explanation_of(record: Record, best: int) -> dict[str, Any] | None:
    """Give the explanation of a study's winner; None while there is none, even if an earlier winner was explained.

    Args:
        record: The run folder.
        best: The winner's number.

    Raises:
        StudyError: The file is damaged.
    """
    told: dict[str, Any] | None = read_or(record, EXPLANATION, None)
    return told if told and told["winner"] == best else None


def as_blocks(told: Told) -> list[Block]:
    """Give what a report says of an explanation: the conclusion, the steps, the ends, what else is to be said."""
    if not told["choices"]:
        return [plain(told["sentence"])]
    steps, ends = ([list(row.values()) for row in rows] for rows in (step_rows(told), end_rows(told)))
    path = [Table(STEP, steps, right=(3, 4, 5))] if steps else []
    rest = Items([(remark,) for remark in remarks(told)])
    return [plain(told["sentence"]), *path, Table(END, ends, right=(1, 2, 3, 4, 5)), rest]


def step_rows(told: Told) -> list[dict[str, str]]:
    """Give a row for each step of the path, with the keys `STEP`, after one for the default; none without a gain."""
    if not told["steps"]:
        return []
    default = {"choice": "the default", "validation": figure(told["ends"]["default"]["mean"])}
    return [dict.fromkeys(STEP, "") | default, *(_step_row(told, step) for step in told["steps"])]


def _step_row(told: Told, step: Told) -> dict[str, str]:
    edits, score = _edits(told, step), step["mean"]
    return {
        "choice": _name(told, step),
        "from": setting(edits[0]["from"]) if len(edits) == 1 else "",
        "to": setting(edits[0]["to"]) if len(edits) == 1 else "",
        "validation": figure(score),
        "gain": signed(step["gain"], score),
        "noise": figure(step["noise"], score),
        "": "beyond noise" if step["is_beyond_noise"] else "within noise",
    }


def end_rows(told: Told) -> list[dict[str, str]]:
    """Give a row for each end of the path, with the keys `END`."""
    return [
        {
            "": name,
            **{column: figure(score) for column, score in zip(END[1:4], end["scores"])},
            "mean": figure(end["mean"]),
            "in the search": figure(end["searched"]),
        }
        for name, end in (("the default", told["ends"]["default"]), ("the winner", told["ends"]["winner"]))
    ]


def remarks(told: Told) -> Iterator[str]:
    """Say what the tables leave open, a sentence each."""
    for step in told["steps"]:
        edits = _edits(told, step)
        if len(edits) > 1:
            yield f"{_upper(_name(told, step))}: {', '.join(map(_changed, edits))}."
        for edit in edits:
            if edit["added"]:
                values = (f"{name.rpartition('.')[2]} {setting(value)}" for name, value in edit["added"].items())
                yield f"With {edit['name']} {setting(edit['to'])}: {', '.join(values)}."
    for failure in told["failures"]:
        what = training_name(failure["choices"], len(told["choices"]), failure["seed"])
        yield f"{_upper(what)}, failed ({failure['kind'].replace('_', ' ')}): {failure['message']}."
    if told["deviation"] is not None:
        deviation = figure(told["deviation"], _scale(told))
        yield (
            "A gain is above 0 where the score is better; beyond the noise beside it, other seeds would hardly have "
            f"made it (95 %). From seed to seed, the score of an end varies by {deviation} (standard deviation)."
        )
    yield (
        f"{counted(told['trained'], 'training')} of at most {told['allowed']}, on training and validation rows alone. "
        "In the search the winner's score was the best of many, which flatters it."
    )


def conclusion(told: Told) -> str:
    """Say in one sentence which choices carry the winner's gain, or that none can be named."""
    if not told["choices"]:
        return _nothing_differs(told)
    if told["whole"]["gain"] is None:
        return _nothing_to_compare(told)
    if not told["whole"]["is_beyond_noise"]:
        return _within_noise(told)
    carried, whole = told["carried_by"], told["whole"]
    alone = f"nothing else changed, {_improved(told, carried)}"
    if not carried["is_beyond_noise"]:
        return (
            f"The winner is better than the default, {_improved(told, whole)}, but no two or three choices carry that: "
            f"with {_first(told)} and {alone}."
        )
    if carried["steps"] == len(told["steps"]):
        return f"The whole gain comes from {_first(told)}: {_improved(told, whole)}."
    opening = "The gain comes" if carried["share"] >= ENOUGH else "Part of the gain comes"
    every = f"with all {counted(len(told['choices']), 'choice')}, by {figure(whole['gain'], _scale(told))}"
    return f"{opening} from {_first(told)}: with {alone}; {every}."


def _nothing_differs(told: Told) -> str:
    if told["winner"] == 0:
        return "The winner is trial 0, the default itself: there is no gain to explain."
    return f"The winner, trial {told['winner']}, has the default's config, and its seed alone is another."


def _nothing_to_compare(told: Told) -> str:
    end, n_choices = next(
        (name, number)
        for name, number in (("default", 0), ("winner", len(told["choices"])))
        if told["ends"][name]["mean"] is None
    )
    reason = next(failure["message"] for failure in told["failures"] if len(failure["choices"]) == n_choices)
    return f"There is no gain to measure, for the {end} could not be trained: {reason}."


def _within_noise(told: Told) -> str:
    gain = told["whole"]
    seeds = f"Trained again with {len(told['ends']['winner']['scores'])} seeds"
    if gain["noise"] is None:
        return f"{seeds}, too few trainings came to their end to tell the winner's gain from noise."
    if gain["gain"] <= 0:
        return f"{seeds}, the winner is no better than the default: {_improved(told, gain)}, and no choice is named."
    return (
        f"{seeds}, the winner is better than the default by no more than noise: {_improved(told, gain)}; other seeds "
        "could have made that difference, and no choice is named."
    )


def _improved(told: Told, gain: Told) -> str:
    """Say how much better the metric becomes, beside the noise."""
    value, noise = figure(abs(gain["gain"]), _scale(told)), figure(gain["noise"], _scale(told))
    side = "beyond" if abs(gain["gain"]) > gain["noise"] else "within"
    return f"{told['metric']} {'improves' if gain['gain'] >= 0 else 'worsens'} by {value}, {side} the noise of {noise}"


def _first(told: Told) -> str:
    """Name the choices of the steps that carry the gain."""
    words: list[str] = []
    for step in told["steps"][: told["carried_by"]["steps"]]:
        edits = _edits(told, step)
        words += map(_changed, edits) if len(edits) <= _MOST_LISTED else [_name(told, step)]
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), words[-1]])


def _edits(told: Told, step: Told) -> list[Told]:
    """Give the choices that a step makes, whole."""
    by_name = {edit["name"]: edit for edit in told["choices"]}
    return [by_name[name] for name in step["choices"]]


def _name(told: Told, step: Told) -> str:
    """Name a step."""
    names = step["choices"]
    if len(names) == 1:
        return str(names[0])
    if len(names) == len(told["choices"]):
        return "both choices" if len(names) == 2 else f"all {len(names)} choices"
    is_last = step == told["steps"][-1]
    return f"the other {len(names)} choices" if is_last else f"the {len(names)} slightest changes"


def training_name(names: Sequence[str], n_choices: int, seed: int) -> str:
    """Name a training by the choices of the winner's that it makes.

    Args:
        names: The choices.
        n_choices: How many there are.
        seed: Which seed it is trained with, from 1.

    Examples:
        >>> training_name([], 9, 1), training_name(["optimizer"], 9, 2)
        ('the default, seed 1', "the default with the winner's optimizer, seed 2")
    """
    if len(names) in (0, n_choices):
        what = "the winner" if names else "the default"
    elif len(names) <= _MOST_LISTED:
        what = f"the default with the winner's {', '.join(names)}"
    else:
        what = f"the default with {len(names)} of the winner's {counted(n_choices, 'choice')}"
    return f"{what}, seed {seed}"


def _changed(edit: Told) -> str:
    return f"{edit['name']} ({setting(edit['from'])} → {setting(edit['to'])})"


def signed(value: float, like: float) -> str:
    """Write a gain with its sign, and the decimals of another number.

    Examples:
        >>> signed(0.0123, 0.85), signed(-0.002, 0.85), signed(0.0, 0.85), signed(-123.4, 45123.0)
        ('+0.0123', '-0.0020', '0.0000', '-123')
    """
    text = figure(abs(value), like)
    return text if float(text) == 0 else f"{'-' if value < 0 else '+'}{text}"


def _scale(told: Told) -> float:
    """Give a number whose decimals all others of the same metric are written with."""
    scale: float = told["ends"]["default"]["mean"]
    return scale


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]

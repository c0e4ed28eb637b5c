"""What the final numbers mean in sentences: which baselines are beaten beyond chance, how optimistic validation was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from automl.evaluation.intervals import Bootstrap, Interval
from automl.task import HIGHER_IS_BETTER


def verdict(name: str, difference: Interval, metric: str) -> str:
    """Say whether the model beats a baseline beyond chance: whether the interval of its lead leaves out zero.

    Args:
        name: The baseline.
        difference: The model's lead over it, positive where the model is better.
        metric: What was measured; the sentence shows model minus baseline in its own units and direction.

    Examples:
        >>> verdict("linear", Interval(0.0312, 0.0221, 0.0403), "accuracy")
        'better than linear beyond chance: accuracy +0.031 [+0.022, +0.040]'
        >>> verdict("linear", Interval(1034.0, 980.0, 1090.0), "rmse")
        'better than linear beyond chance: rmse -1034 [-1090, -980]'
    """
    if any(math.isnan(end) for end in (difference.value, difference.low, difference.high)):
        return f"not comparable with {name}: {metric} is undefined on these rows"
    if difference.low > 0:
        opening = f"better than {name} beyond chance"
    elif difference.high < 0:
        opening = f"worse than {name} beyond chance"
    else:
        opening = f"not distinguishable from {name}"
    return f"{opening}: {metric} {_signed(difference, metric)}"


def optimism(metric: str, validation: float, test: float) -> tuple[float, str]:
    """Give the gap between validation and test, positive where validation looked better, and a sentence on it.

    Examples:
        >>> optimism("accuracy", 0.875, 0.75)
        (0.125, 'validation accuracy 0.8750, test 0.7500: validation looked better by 0.1250')
    """
    gap = (validation - test) * (1 if HIGHER_IS_BETTER[metric] else -1)
    digits = _decimals(max(abs(validation), abs(test)) / 100)
    numbers = f"validation {metric} {validation:.{digits}f}, test {test:.{digits}f}"
    if math.isnan(gap):
        return gap, f"{numbers}: the gap is undefined"
    if float(f"{abs(gap):.{digits}f}") == 0:
        return gap, f"{numbers}: no gap"
    better = "validation" if gap > 0 else "test"
    return gap, f"{numbers}: {better} looked better by {abs(gap):.{digits}f}"


def sureness(told: Mapping[str, Any]) -> str:
    """Say how sure the model is, and of judged rows whether it was right to be.

    Args:
        told: Of classes `temperature`, of numbers `level` and whether an interval `is_given`; on how many validation
            `rows` that was learned; of quantiles which `quantiles`; and what it came to on test rows, where they were
            judged.

    Examples:
        >>> sureness({"temperature": 1.0, "rows": 200})
        'no temperature made its probabilities better on 200 validation rows beyond chance: they are as they were'
        >>> sureness({"level": 0.9, "is_given": True, "rows": 4128})
        'its 90 % intervals were learned on 4,128 validation rows'
    """
    if "quantiles" in told:
        return _below(told)
    rows = f"{told['rows']:,} validation rows"
    if told["rows"] == 0:
        what = "probabilities are as they were" if "temperature" in told else "there are no intervals"
        return f"{what}, for no validation row is left that it was not trained on"
    if "temperature" in told:
        if told["temperature"] == 1.0:
            return f"no temperature made its probabilities better on {rows} beyond chance: they are as they were"
        said = f"its logits are divided by {told['temperature']:.3g}, learned on {rows}"
        if "log_loss" not in told:
            return said
        after, before = told["log_loss"], told["log_loss_without"]
        return f"{said}: the log loss on the test rows is {after:.4f}, without it {before:.4f}"
    level = f"{100 * told['level']:.3g} %"
    if not told["is_given"]:
        return f"{rows} are too few to learn {level} intervals on"
    said = f"its {level} intervals were learned on {rows}"
    if "coverage" not in told:
        return said
    share, low, high = (100 * told["coverage"][name] for name in ("value", "ci_low", "ci_high"))
    width = f"{told['width']:,.{_decimals(told['width'] / 100)}f}"
    held = f"they hold the truth of {share:.1f} % [{low:.1f}, {high:.1f}] of the test rows"
    return f"{said}: {held}, and half of them are at most {width} wide"


def _below(told: Mapping[str, Any]) -> str:
    """Say of quantiles which shares of the test rows lie below them."""
    if not told["quantiles"]:
        return "nothing is learned of how sure it is: probabilities and numbers are as the network gives them"
    if "below" not in told:
        return "its quantiles are as they were learned; the test rows will tell which share of them lies below each"
    shares = [[100 * share[end] for end in ("value", "ci_low", "ci_high")] for share in told["below"]]
    said = [
        f"{share:.1f} % [{low:.1f}, {high:.1f}] below the quantile {level:g}"
        for level, (share, low, high) in zip(told["quantiles"], shares)
    ]
    return f"of the test rows lie {', '.join(said)}"


def judgement(
    trial: int,
    metric: str,
    validation: float,
    result: Bootstrap,
    *,
    rows: int,
    validated: float | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Put the numbers and sentences of the final judgement into plain JSON values, None for nan.

    Args:
        trial: The number of the trial that was judged.
        metric: What was measured.
        validation: That trial's score over the validation rows.
        result: Scores on the test rows, the model's first, and its lead over each baseline.
        rows: How many test rows there were.
        validated: What the very networks that were validated come to on the test rows; None where they are the model.
        notes: Sentences the report must show beside, such as that another study was judged on these rows.
    """
    model, *baselines = result.scores
    gap, sentence = optimism(metric, validation, result.scores[model].value if validated is None else validated)
    return {
        "trial": trial,
        "metric": metric,
        "test": {**result.scores[model].to_json(), "rows": rows},
        "baselines": {name: result.scores[name].to_json() for name in baselines},
        "differences": {name: interval.to_json() for name, interval in result.differences.items()},
        "verdicts": [verdict(name.replace("_", " "), lead, metric) for name, lead in result.differences.items()],
        "gap": {"value": None if math.isnan(gap) else gap, "sentence": sentence},
        "notes": list(notes),
    }


def _signed(difference: Interval, metric: str) -> str:
    """Write model minus baseline with its interval, two digits of the interval's width shown."""
    digits = _decimals(difference.high - difference.low)
    value, low, high = difference.value, difference.low, difference.high
    if not HIGHER_IS_BETTER[metric]:
        value, low, high = 0.0 - value, 0.0 - high, 0.0 - low
    return f"{value:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def _decimals(width: float) -> int:
    """Say how many decimals show two digits of a width."""
    if not 0 < width < math.inf:
        return 3
    return min(max(1 - math.floor(math.log10(width)), 0), 8)

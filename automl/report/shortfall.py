"""What a network did not beat, in one sentence: where there is anything to say, every report says it first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.report.ensemble import subject
from automl.report.figures import listed, spoken

_NAMES = {"majority": "the most frequent class", "mean": "the mean", "linear": "the linear model"}


def shortfall(judged: Mapping[str, Any]) -> str:
    """Say which baselines the network loses to, and which it does not beat; nothing where it beats all of them.

    It loses where the whole interval of its lead lies below 0, and beats where all of it lies above.

    Args:
        judged: The judgement; of an older study it may lack baselines that there are now.

    Examples:
        >>> ahead, even, behind = ({"ci_low": low, "ci_high": low + 0.2} for low in (0.1, -0.1, -0.3))
        >>> shortfall({"differences": {"majority": ahead, "linear": ahead}})
        ''
        >>> shortfall({"differences": {"majority": ahead, "linear": even, "boosted_trees": behind}})
        'The network loses to boosted trees beyond chance, and does not beat the linear model.'
    """
    differences, model = judged["differences"], subject(judged)
    lost = [_name(name) for name, lead in differences.items() if lead["ci_high"] is not None and lead["ci_high"] < 0]
    beaten = [_name(name) for name, lead in differences.items() if lead["ci_low"] is not None and lead["ci_low"] > 0]
    even = [_name(name) for name in differences if _name(name) not in (*lost, *beaten)]
    if lost:
        rest = f", and does not beat {listed(even, 'or')}" if even else ""
        return f"The {model} loses to {listed(lost, 'and')} beyond chance{rest}."
    return f"The {model} does not beat {listed(even, 'or')} beyond chance." if even else ""


def _name(name: str) -> str:
    return _NAMES.get(name, spoken(name))

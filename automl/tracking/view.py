"""A study's trials as a view that MLflow's page keeps: best first, with the charts that tell most.

MLflow keeps a view as a tag of the experiment, lists it on the page under *Views*, and opens it by its key in an
address. Without one the page folds trials under their study, and draws what the study logged and nothing of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from automl.tracking.facts import ROLE, STUDY_ID, Study
from automl.tracking.names import short_params
from automl.trial import Scalar

VIEW = "mlflow.sharedViewState."
TRIALS_READ = 100
"""Of so many trials the configs are read, to see which parameters they all have and what differs."""
_MOST_AXES = 8
_COLUMNS = (
    *("tags.`state`", "metrics.`score`", "metrics.`parameters`"),
    *("params.`family`", "params.`optimizer`", "params.`optimizer.lr`", "attributes.`Dataset`"),
)
_HEALTH = ("health_least_gradient", "health_greatest_gradient", "health_dead", "health_saturated")


def trials_place(experiment_id: str, view: str | None) -> str:
    """Give the part of the page's address that shows trials, or the studies where no view of theirs is kept."""
    query = {"workflowType": "machine_learning", "compareRunsMode": "CHART"}
    return f"#/experiments/{experiment_id}/runs?{urlencode(query | ({'viewStateShareKey': view} if view else {}))}"


def run_place(experiment_id: str, run_id: str) -> str:
    """Give the part of the page's address that shows one run."""
    return f"#/experiments/{experiment_id}/runs/{run_id}?workflowType=machine_learning"


def saved_view(study: Study, axes: Sequence[str], made: int) -> str:
    """Write a study's view as MLflow keeps it.

    Args:
        study: The study.
        axes: The parameters that are drawn beside the score.
        made: When the study was made, in milliseconds.
    """
    state = {
        "searchFilter": f"tags.`{ROLE}` = 'trial' and tags.`{STUDY_ID}` = '{study.study_id}'",
        "orderByKey": "metrics.`score`",
        "orderByAsc": not study.higher_is_better,
        "runsHiddenMode": "FIRST_20_RUNS",
        "selectedColumns": _COLUMNS,
        "isAccordionReordered": True,
        **_charts(study, axes),
    }
    return _compact({"name": study.name, "createdAt": made, "updatedAt": made, "state": _compact(state)})


def _compact(value: Any) -> str:
    """Write JSON without spaces: some versions of MLflow keep 5000 characters and refuse more."""
    return json.dumps(value, separators=(",", ":"))


def axes_of(configs: Iterable[Mapping[str, Scalar]]) -> list[str]:
    """Choose the parameters to draw: all configs have them, and they differ most, in the order of the space.

    Examples:
        >>> axes_of([{"family": "mlp", "lr": 0.1, "epochs": 9}, {"family": "mlp", "lr": 0.2, "epochs": 9, "drop": 0.1}])
        ['lr']
    """
    read = [short_params(config) for config in configs]
    common = [name for name in read[0] if all(name in params for params in read)] if read else []
    counts = {name: len({params[name] for params in read}) for name in common}
    chosen = sorted((name for name in common if counts[name] > 1), key=lambda name: -counts[name])[:_MOST_AXES]
    return [name for name in common if name in chosen]


def _charts(study: Study, axes: Sequence[str]) -> dict[str, Any]:
    curve = f"validation_{study.metric}"
    sections = {
        "Trials": (2, [_line(curve), _bar("score")]),
        "Parameters": (1, [_parallel([*axes], ["score"])]),
        "Losses and costs": (
            3,
            [
                *(_line(name, "log") for name in ("validation_loss", "train_loss", "lr")),
                *(_scatter("parameters", "score"), _bar("seconds"), _bar("best_epoch")),
            ],
        ),
        "Layers": (2, [_line(name) for name in _HEALTH]),
    }
    return {
        "compareRunSections": [
            {"uuid": str(place), "name": name, "display": name != "Layers", "isReordered": True, "columns": columns}
            for place, (name, (columns, _)) in enumerate(sections.items())
        ],
        "compareRunCharts": [
            chart | {"uuid": f"{place}.{number}", "metricSectionId": str(place)}
            for place, (_, charts) in enumerate(sections.values())
            for number, chart in enumerate(charts)
        ],
    }


def _line(metric: str, scale: str = "linear") -> dict[str, Any]:
    return {
        "type": "LINE",
        "metricKey": metric,
        "displayName": metric,
        "xAxisKey": "step",
        "xAxisScaleType": "linear",
        "scaleType": scale,
        "yAxisKey": "metric",
        "lineSmoothness": 0,
        "range": {},
        "useGlobalXaxisKey": True,
        "useGlobalLineSmoothing": True,
    }


def _bar(metric: str) -> dict[str, Any]:
    return {"type": "BAR", "metricKey": metric, "displayName": metric}


def _scatter(x: str, y: str) -> dict[str, Any]:
    axes = {name: {"key": metric, "type": "METRIC"} for name, metric in (("xaxis", x), ("yaxis", y))}
    return {"type": "SCATTER", "runsCountToCompare": TRIALS_READ, **axes}


def _parallel(params: Sequence[str], metrics: Sequence[str]) -> dict[str, Any]:
    return {"type": "PARALLEL", "selectedParams": params, "selectedMetrics": metrics, "showAllRuns": True}

"""Fits another system on a table and predicts rows with it; it runs in that system's own virtual environment.

    python benchmarks/peers.py flaml train.parquet test.parquet predicted.parquet --target class --classes --seconds 60

Each gets its defaults and the time, and what it needs to take the columns. Prints one JSON object: `seconds`, and the
`versions` of what it used.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from importlib.metadata import distributions, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable


def autogluon(options: argparse.Namespace, train: pd.DataFrame, test: pd.DataFrame, **how: Any) -> Any:
    """AutoGluon's tabular predictor, with its networks alone or by a preset."""
    from autogluon.tabular import TabularPredictor

    metric = "accuracy" if options.classes else "root_mean_squared_error"
    kind = None if options.classes else "regression"
    with tempfile.TemporaryDirectory() as place:
        predictor = TabularPredictor(options.target, problem_type=kind, eval_metric=metric, path=place, verbosity=1)
        predictor.fit(train, time_limit=options.seconds, num_cpus=options.cores, **how)
        return predictor.predict(test)


def autogluon_networks(options: argparse.Namespace, train: pd.DataFrame, test: pd.DataFrame) -> Any:
    """AutoGluon's two families of networks, and the ensemble of them."""
    return autogluon(options, train, test, hyperparameters={"NN_TORCH": {}, "FASTAI": {}})


def autogluon_medium(options: argparse.Namespace, train: pd.DataFrame, test: pd.DataFrame) -> Any:
    """AutoGluon's medium preset: trees, networks, and the ensemble of them."""
    return autogluon(options, train, test, presets="medium_quality")


def flaml(options: argparse.Namespace, train: pd.DataFrame, test: pd.DataFrame) -> Any:
    """FLAML's search over boosted trees, forests and linear models."""
    from flaml import AutoML

    found = AutoML()
    found.fit(
        train.drop(columns=options.target),
        train[options.target],
        task="classification" if options.classes else "regression",
        metric="accuracy" if options.classes else "rmse",
        time_budget=options.seconds,
        seed=options.seed,
        n_jobs=options.cores,
        verbose=0,
    )
    return found.predict(test)


def realmlp(options: argparse.Namespace, train: pd.DataFrame, test: pd.DataFrame) -> Any:
    """One RealMLP with the default parameters of its authors' package, which has no limit of time."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    kind = RealMLP_TD_Classifier if options.classes else RealMLP_TD_Regressor
    X, rows = (_without_gaps(each, train) for each in (train.drop(columns=options.target), test))
    return kind(random_state=options.seed, n_threads=options.cores).fit(X, train[options.target]).predict(rows)


def _without_gaps(rows: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """Fill what is missing, which that package does not take: a number by the mean, with a column that says so."""
    filled = {}
    for name, column in rows.items():
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            filled[str(name)] = column.astype(object).where(column.notna(), "missing").astype(str).astype("category")
            continue
        mean = float(train[name].mean()) if train[name].notna().any() else 0.0
        filled[str(name)] = column.astype(float).fillna(mean)
        if train[name].isna().any():
            filled[f"{name} is missing"] = column.isna().astype(float)
    return pd.DataFrame(filled, index=rows.index)


SYSTEMS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "autogluon_networks": (autogluon_networks, ("autogluon.tabular", "torch")),
    "autogluon_medium": (autogluon_medium, ("autogluon.tabular", "lightgbm", "catboost", "xgboost")),
    "flaml": (flaml, ("flaml", "lightgbm", "xgboost")),
    "realmlp": (realmlp, ("pytabkit", "torch")),
}
"""By name: what fits and predicts, and the packages that it is made of."""


def _read(path: Path) -> pd.DataFrame:
    """Read rows, texts as categories, which all of the systems take."""
    table = pd.read_parquet(path)
    texts = [name for name, column in table.items() if not pd.api.types.is_numeric_dtype(column)]
    return table.astype(dict.fromkeys(texts, "object")).astype(dict.fromkeys(texts, "category"))


def main() -> None:
    """Fit one system and write what it predicts."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("system", choices=SYSTEMS)
    made.add_argument("train", type=Path)
    made.add_argument("test", type=Path)
    made.add_argument("output", type=Path)
    made.add_argument("--target", required=True)
    made.add_argument("--classes", action="store_true", help="the target is one of classes")
    made.add_argument("--seconds", type=float, default=60.0)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--cores", type=int, default=2)
    options = made.parse_args()
    train, test = _read(options.train), _read(options.test).drop(columns=options.target)
    for name in test.select_dtypes("category"):
        test[name] = test[name].cat.set_categories(train[name].cat.categories)
    fit, packages = SYSTEMS[options.system]
    started = time.perf_counter()
    predicted = fit(options, train, test)
    seconds = time.perf_counter() - started
    told = pd.Series(list(predicted), name="prediction")
    pd.DataFrame({"prediction": told.astype(str) if options.classes else told.astype(float)}).to_parquet(options.output)
    there = {each.name for each in distributions()}
    versions = {name: version(name) for name in packages if name in there}
    print(json.dumps({"seconds": round(seconds, 1), "versions": versions}))


if __name__ == "__main__":
    main()

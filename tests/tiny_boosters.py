"""Small boosters of both libraries, and the files of trainings that hold them."""

import json
from functools import cache

import numpy as np
from numpy.typing import NDArray

from servable.artifact import format_feature_columns

COLUMNS = ("age", "income", "balance", "region")
REGIONS = {"north": 0, "south": 1, "east": 2, "7": 3}
_ROWS, _CODES = 600, 40


@cache
def rows() -> NDArray[np.float64]:
    """`[n, 4]` numbers, of which some are missing or 0, and in the last column codes of categories."""
    draws = np.random.default_rng(0)
    found = draws.normal(size=(_ROWS, 4))
    found[draws.random(found.shape) < 0.08] = np.nan
    found[draws.random(_ROWS) < 0.4, 2] = 0
    found[:, 3] = draws.integers(0, _CODES, _ROWS)
    return found


@cache
def labels(classes: int) -> NDArray[np.int64]:
    """`[n]` classes that follow the rows."""
    draws = np.random.default_rng(1)
    numbers = np.nan_to_num(rows())
    odds = numbers[:, 0] - numbers[:, 1] + (numbers[:, 2] == 0) + (numbers[:, 3] % 7 == 0) * 2
    ranks = np.argsort(np.argsort(odds + draws.normal(size=_ROWS)))
    return ranks * classes // _ROWS


def lightgbm_model(
    objective: str = "binary",
    *,
    classes: int = 2,
    rounds: int = 6,
    names: tuple[str, ...] | None = None,
    codes: tuple[int, ...] = (3,),
    **settings: object,
) -> bytes:
    """The text of a booster that LightGBM trains.

    Args:
        objective: by LightGBM's name.
        classes: of the labels.
        rounds: of training.
        names: of the columns.  [default: none]
        codes: columns that are categories.
        settings: of LightGBM, beside these.
    """
    import lightgbm  # noqa: PLC0415  # 1.5 s, for those tests alone that train

    kept = {"verbosity": -1, "num_threads": 1, "num_leaves": 8, "min_data_per_group": 5, "cat_smooth": 1}
    several = {"num_class": classes} if objective.startswith("multiclass") else {}
    data = lightgbm.Dataset(
        rows(), labels(classes), feature_name=list(names or ()) or "auto", categorical_feature=list(codes)
    )
    trained = lightgbm.train(kept | several | {"objective": objective} | settings, data, rounds)
    return trained.model_to_string().encode()


def xgboost_model(
    objective: str = "binary:logistic",
    *,
    classes: int = 2,
    rounds: int = 6,
    names: tuple[str, ...] | None = None,
    form: str = "ubj",
    **settings: object,
) -> bytes:
    """The file of a booster that XGBoost trains; see `lightgbm_model`."""
    import xgboost  # noqa: PLC0415  # 1.5 s, for those tests alone that train

    several = {"num_class": classes} if objective.startswith("multi:") else {}
    kept = {"nthread": 1, "max_depth": 3, "objective": objective}
    data = xgboost.DMatrix(rows(), labels(classes), feature_names=names)
    return bytes(xgboost.train(kept | several | settings, data, rounds).save_raw(raw_format=form))


def output_of(file: str, model: bytes, **others: object) -> dict[str, bytes]:
    """The files of a training output whose region is a category with a risk table.

    Args:
        file: name of the model.
        model: its bytes.
        others: further files by name with `__` for `.`; None leaves one out. What is no bytes, is JSON.
    """
    tables = {"region": {"bins": {name: code / 4 for name, code in REGIONS.items()}, "default_bin": 0.3}}
    found: dict[str, object] = {
        file: model,
        "feature_columns.txt": format_feature_columns(COLUMNS),
        "hyperparameters.json": settings_of(),
        "risk_table_map.json": tables,
        "impute_dict.json": {"age": 0.5, "income": -0.25},
    }
    found |= {name.replace("__", "."): value for name, value in others.items()}
    return {
        name: value if isinstance(value, bytes) else json.dumps(value).encode()
        for name, value in found.items()
        if value is not None
    }


def settings_of(**changes: object) -> dict[str, object]:
    """What `hyperparameters.json` says."""
    return {
        "tab_field_list": ["age", "income", "balance"],
        "cat_field_list": ["region"],
        "id_name": "id",
        "label_name": "y",
    } | changes


def native_output(**others: object) -> dict[str, bytes]:
    """The files of a training output whose categories LightGBM reads itself."""
    config = {"use_native_categorical": True, "categorical_features": ["region"]}
    native: dict[str, object] = {
        "risk_table_map__json": None,
        "categorical_config__json": config,
        "categorical_mappings__json": {"region": REGIONS},
    }
    model = lightgbm_model(names=COLUMNS)
    return output_of("lightgbm_model.txt", model, **(native | others))

"""Training a gradient-boosted tree classifier of two classes."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from servable.errors import BadInput, Problem, Unavailable
from servable.records import FloatArray

try:
    import xgboost
except ImportError as error:
    raise Unavailable(
        Problem(
            code="train.extra",
            where="family xgboost",
            expected="the package xgboost",
            found="that it is not installed",
            fix="install servable[trees]",
        )
    ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class XGBoostSettings:
    """Hyperparameters, under XGBoost's own names where it has one.

    Attributes:
        max_depth: depth of a tree.
        eta: learning rate.
        num_round: trees at most.
        early_stopping_rounds: rounds without a better log-loss on the validation rows before it ends.
        min_child_weight: smallest sum of curvature in a leaf.
        subsample: share of rows drawn for each tree.
        colsample_bytree: share of columns drawn for each tree.
        seed: of the draws.
    """

    max_depth: int = 6
    eta: float = 0.1
    num_round: int = 500
    early_stopping_rounds: int = 25
    min_child_weight: float = 5.0
    subsample: float = 0.8
    colsample_bytree: float = 0.8
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, is_good, expected in (
            ("max_depth", self.max_depth, 1 <= self.max_depth <= 30, "a depth from 1 to 30"),
            ("eta", self.eta, 0 < self.eta <= 1, "a rate above 0 and at most 1"),
            ("num_round", self.num_round, self.num_round >= 1, "at least one tree"),
            (
                "early_stopping_rounds",
                self.early_stopping_rounds,
                self.early_stopping_rounds >= 1,
                "at least 1",
            ),
            ("min_child_weight", self.min_child_weight, self.min_child_weight >= 0, "at least 0"),
            ("subsample", self.subsample, 0 < self.subsample <= 1, "a share above 0"),
            ("colsample_bytree", self.colsample_bytree, 0 < self.colsample_bytree <= 1, "a share above 0"),
        ):
            if not is_good:
                raise BadInput(
                    Problem(
                        code="train.setting",
                        where=f"setting {name}",
                        expected=expected,
                        found=repr(value),
                        fix="correct the setting",
                    )
                )

    def to_plain(self) -> dict[str, float | int]:
        """The settings as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedBooster:
    """A booster in XGBoost's binary JSON, and how many trees it has."""

    model: bytes
    trees: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Features `[n, t]` float32 and labels `[n]`."""

    features: FloatArray
    labels: NDArray[np.int64]


def fit_booster(
    train: Rows, valid: Rows, settings: XGBoostSettings, on_round: Callable[[int, int], None]
) -> FittedBooster:
    """A booster, cut after its best round on the validation rows.

    One thread: the sums of several threads differ in their last digits from run to run.
    """

    class Rounds(xgboost.callback.TrainingCallback):
        def after_iteration(self, model: object, epoch: int, evals_log: object) -> bool:
            on_round(epoch + 1, settings.num_round)
            return False

    booster = xgboost.train(
        {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "nthread": 1,
            "max_depth": settings.max_depth,
            "eta": settings.eta,
            "min_child_weight": settings.min_child_weight,
            "subsample": settings.subsample,
            "colsample_bytree": settings.colsample_bytree,
            "seed": settings.seed,
        },
        xgboost.DMatrix(train.features, label=train.labels),
        num_boost_round=settings.num_round,
        evals=[(xgboost.DMatrix(valid.features, label=valid.labels), "valid")],
        early_stopping_rounds=settings.early_stopping_rounds,
        verbose_eval=False,
        callbacks=[Rounds()],
    )
    trees = booster.best_iteration + 1
    return FittedBooster(model=bytes(booster[:trees].save_raw(raw_format="ubj")), trees=trees)

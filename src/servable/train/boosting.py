"""Fitting a gradient-boosted tree classifier of two classes."""

from collections.abc import Callable
from dataclasses import asdict

from servable.errors import Problem, Unavailable
from servable.train.family import Examples, FittedModel
from servable.train.xgboost_family import XGBoostSettings

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


def fit_booster(
    train: Examples, valid: Examples, settings: XGBoostSettings, on_round: Callable[[int, int], None]
) -> FittedModel:
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
        xgboost.DMatrix(train.inputs.tabular, label=train.labels),
        num_boost_round=settings.num_round,
        evals=[(xgboost.DMatrix(valid.inputs.tabular, label=valid.labels), "valid")],
        early_stopping_rounds=settings.early_stopping_rounds,
        verbose_eval=False,
        callbacks=[Rounds()],
    )
    trees = booster.best_iteration + 1
    return FittedModel(
        files={"xgboost_model.bst": bytes(booster[:trees].save_raw(raw_format="ubj"))},
        hyperparameters=asdict(settings),
        summary=f"{trees} trees",
    )

"""The family `xgboost`: gradient-boosted trees for two classes, on numbers and risk tables."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from servable.errors import BadInput, Problem
from servable.preprocess import TextReader
from servable.progress import Progress
from servable.schema import Kind, Schema
from servable.train.family import LARGEST_SEED, Examples, FittedModel, Say, require_setting


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

    model_class: ClassVar[str] = "xgboost"
    missing: ClassVar[float] = math.nan

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
            ("seed", self.seed, 0 <= self.seed <= LARGEST_SEED, f"0 to {LARGEST_SEED}"),
        ):
            require_setting(name, value, is_good, expected)

    def require_fields(self, schema: Schema) -> None:
        """Nothing, if there is no text field.

        Raises:
            BadInput: `train.text`.
        """
        if texts := schema.names(Kind.TEXT):
            raise BadInput(
                Problem(
                    code="train.text",
                    where=f"family {self.model_class}",
                    expected="no text field, because trees read none",
                    found=", ".join(texts),
                    fix="train the family bimodal_bert, or leave the text out",
                )
            )

    def readers(self, schema: Schema) -> Mapping[str, TextReader]:
        """None: trees read no text."""
        return {}

    def fit(
        self, train: Examples, valid: Examples, schema: Schema, *, say: Say, progress: Progress
    ) -> FittedModel:
        """A booster, cut after its best round on the validation rows."""
        from servable.train.boosting import fit_booster  # noqa: PLC0415  # xgboost

        return fit_booster(train, valid, self, lambda done, total: progress("fit trees", done, total))

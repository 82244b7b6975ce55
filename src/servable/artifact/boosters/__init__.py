"""What the files of boosters say, read and checked before the library that wrote them sees them."""

from servable.artifact.boosters.facts import BoosterFacts, booster_facts, looks_like_booster
from servable.artifact.boosters.lightgbm_model import LightGBMModel, read_lightgbm
from servable.artifact.boosters.lightgbm_tree import LightGBMTree, MissingValues
from servable.artifact.boosters.xgboost_model import XGBoostModel, XGBoostTree, read_xgboost

__all__ = [
    "BoosterFacts",
    "LightGBMModel",
    "LightGBMTree",
    "MissingValues",
    "XGBoostModel",
    "XGBoostTree",
    "booster_facts",
    "looks_like_booster",
    "read_lightgbm",
    "read_xgboost",
]

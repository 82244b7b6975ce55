"""The error of a booster's file that does not hold what a classifier of trees must hold."""

from servable.errors import Damaged, Problem

WRITE_AGAIN = "copy the model again, or write it again with the training that made it"


def damaged_model(where: str, expected: str, found: str, *, fix: str = WRITE_AGAIN) -> Damaged:
    """`booster.model`, said of a place in the model's file."""
    return Damaged(Problem(code="booster.model", where=where, expected=expected, found=found, fix=fix))


def wrong_objective(where: str, expected: str, found: str) -> Damaged:
    """`booster.objective`: a model that is sound, and yet gives no class probabilities."""
    return Damaged(
        Problem(
            code="booster.objective",
            where=where,
            expected=f"a classifier that gives probabilities ({expected})",
            found=found,
            fix="train it with one of these objectives",
        )
    )

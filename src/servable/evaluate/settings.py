"""Settings that several verbs have, and how one that is none is refused."""

from servable.errors import BadInput, Problem, shown


def setting_refused(where: str, expected: str, found: str) -> BadInput:
    """The error about a setting."""
    return BadInput(
        Problem(
            code="evaluate.setting", where=where, expected=expected, found=found, fix="choose another number"
        )
    )


def require_seed(seed: int) -> None:
    """Nothing, if draws can begin with this seed.

    Raises:
        BadInput: `evaluate.setting`.
    """
    if seed < 0:
        raise setting_refused("--seed", "a number that is not negative", shown(seed))

"""What happens when a declared file is missing or broken (decision 0011)."""

import logging
from enum import StrEnum

from servable.errors import Damaged, ServableError

_log = logging.getLogger("servable.artifact")


class OnDamage(StrEnum):
    """Whether a missing or broken file is refused, or passed over with a warning."""

    REFUSE = "refuse"
    WARN = "warn"


class DamageLog:
    """Collects what was passed over, so that a loaded model can say what it lacks."""

    def __init__(self, on_damage: OnDamage) -> None:
        self._on_damage = on_damage
        self._degradations: list[str] = []

    def report(self, error: ServableError) -> None:
        """Raises the error, or logs it as a warning and remembers it."""
        if self._on_damage is OnDamage.REFUSE:
            raise error if isinstance(error, Damaged) else Damaged(error.problems) from error
        self.note(str(error))

    def note(self, sentence: str) -> None:
        """Logs a warning and remembers it: something was read otherwise than usual, and rightly so."""
        _log.warning("%s", sentence)
        self._degradations.append(sentence)

    @property
    def degradations(self) -> tuple[str, ...]:
        """One sentence for each thing that was passed over."""
        return tuple(self._degradations)

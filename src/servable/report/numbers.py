"""Numbers as a person reads them: no exponents where digits do, thousands apart, true signs."""

import math
from typing import Final

NOTHING: Final = "\N{EN DASH}"
_JOIN: Final = "\N{NO-BREAK SPACE}"
_DIGITS: Final = 4
_LEAST_PLAIN, _BEYOND_PLAIN = 1e-4, 1e12


def significant(value: float | None, unit: str = "") -> str:
    """A measure with four significant digits and its unit; a dash for none."""
    if value is None:
        return NOTHING
    return f"{_plain(value)}{_JOIN}{unit}" if unit else _plain(value)


def signed(value: float) -> str:
    """A difference with four significant digits and its sign, a rise with a plus."""
    text = significant(value)
    return f"+{text}" if value > 0.0 else text


def share(value: float | None) -> str:
    """A share in percent with four significant digits; a dash for none."""
    return significant(None if value is None else 100.0 * value, "%")


def count(value: int) -> str:
    """A whole number, thousands apart."""
    return f"{value:,}".replace("-", "\N{MINUS SIGN}")


def _plain(value: float) -> str:
    if value == 0.0 or not math.isfinite(value):
        return "0" if value == 0.0 else str(value)
    if not _LEAST_PLAIN <= abs(value) < _BEYOND_PLAIN:
        return f"{value:.2e}".replace("-", "\N{MINUS SIGN}")
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "\N{MINUS SIGN}")

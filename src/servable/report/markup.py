"""The library that makes pages, the extra `prove`: the one place that says so where it is missing."""

from servable.errors import Problem, Unavailable

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
except ImportError as error:
    raise Unavailable(
        Problem(
            code="report.extra",
            where="the page of a report",
            expected="the package jinja2",
            found="that it is not installed",
            fix="install servable[prove]",
        )
    ) from error

__all__ = ["Environment", "Markup", "PackageLoader", "StrictUndefined"]

"""The script's errors as those of the family: the script runs alone in a container and has its own."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servable.errors import BadInput, Damaged, NotFound, Problem, ServableError
from servable.payload import script

_FAMILY: tuple[tuple[type[script.PayloadError], type[ServableError]], ...] = (
    (script.SettingError, BadInput),
    (script.ModelNotFoundError, NotFound),
    (script.DamagedModelError, Damaged),
)


@contextmanager
def errors_of_the_family(output: Path) -> Iterator[None]:
    """Turns errors of the script and of files within the block into errors of the family.

    Args:
        output: what is being written, for an error that names no file.

    Raises:
        BadInput: `payload.file` for a file that cannot be read or written, and the script's settings.
        NotFound, Damaged: the script's other errors, by their codes.
    """
    try:
        with _no_errors_logged():
            yield
    except script.PayloadError as error:
        problem = Problem(
            code=error.code,
            where=_place(error.where),
            expected=error.expected,
            found=error.found,
            fix=error.fix,
        )
        kinds = (kind for script_kind, kind in _FAMILY if isinstance(error, script_kind))
        raise next(kinds)(problem) from error
    except ServableError:
        # NotFound is an OSError too, and is already what it should be
        raise
    except OSError as error:
        raise BadInput(
            Problem(
                code="payload.file",
                where=str(error.filename or output),
                expected="a file or directory that can be read and written here",
                found=error.strerror or type(error).__name__,
                fix="check the path, its permissions and the free space",
            )
        ) from error


def _place(where: str) -> str:
    """Where it is wrong, without the prefix of the variables that the script alone reads."""
    name = where.removeprefix(script.SPECIAL_FIELD_PREFIX)
    return where if name == where else f"the special field {name}"


@contextmanager
def _no_errors_logged() -> Iterator[None]:
    """Keeps the script from logging what it raises, which is told by whoever catches it; warnings stay."""

    def is_no_error(record: logging.LogRecord) -> bool:
        return record.levelno < logging.ERROR

    script.logger.addFilter(is_no_error)
    try:
        yield
    finally:
        script.logger.removeFilter(is_no_error)

"""What the interpreter is asked to do while something is read that has no need of it."""

import codecs
import sys
from collections.abc import Callable

from servable.errors import Damaged


class Watch:
    """Hears of imports, files, processes and code while it is on."""

    NEEDLESS = ("import", "exec", "compile", "open", "os.", "subprocess.", "pickle.", "socket.", "ctypes.")

    def __init__(self) -> None:
        self.is_on = False
        self.seen: list[str] = []
        # A hook cannot be removed, so there is one for all tests.
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: object) -> None:
        if self.is_on and event.startswith(self.NEEDLESS):
            self.seen.append(f"{event} {arguments!r:.60}")


_WATCH = Watch()
# Python imports the encoding of a zip's names, and that of text in protocol 0, when it first meets one.
for _encoding in ("cp437", "raw_unicode_escape"):
    codecs.lookup(_encoding)


def only_damaged(read: Callable[[], object]) -> object:
    """What was read, or None where it was refused; either without asking for anything."""
    _WATCH.seen.clear()
    _WATCH.is_on = True
    value: object = None
    try:
        value = read()
    except Damaged:
        pass
    finally:
        _WATCH.is_on = False
    assert not _WATCH.seen, _WATCH.seen
    return value

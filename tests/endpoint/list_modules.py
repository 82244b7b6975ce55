"""Runs a `servable` command and writes the names of all modules it has imported when it ends.

    python list_modules.py FILE VERB ...

It stands in for `python -m servable`, which cannot be asked what it imported.
"""

import sys
from pathlib import Path

from servable.cli import main

if __name__ == "__main__":
    output, *arguments = sys.argv[1:]
    try:
        main(arguments)
    finally:
        Path(output).write_text("\n".join(sorted(sys.modules)))

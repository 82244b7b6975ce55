"""`feature_columns.txt`: the columns of a headerless CSV, which for a booster are its features too."""

from typing import Final

from servable.errors import Damaged, Problem

FEATURE_COLUMNS: Final = "feature_columns.txt"
MOST_COLUMNS: Final = 100_000


def parse_feature_columns(data: bytes) -> tuple[str, ...]:
    """Names of `feature_columns.txt`, in the order of its lines: `<index>,<name>`, `#` begins a comment.

    Raises:
        Damaged: `artifact.feature-columns`, naming the first line of another form.
    """
    if data.count(b"\n") > MOST_COLUMNS:
        raise Damaged(_columns_problem(FEATURE_COLUMNS, f"more than {MOST_COLUMNS} lines"))
    names = []
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        index, comma, name = line.strip().partition(",")
        is_text = "\N{REPLACEMENT CHARACTER}" not in name
        if not comma or not index.strip().isdigit() or not name or "," in name or not is_text:
            raise Damaged(_columns_problem(f"{FEATURE_COLUMNS} line {number}", "another form"))
        names.append(name)
    if not names:
        raise Damaged(_columns_problem(FEATURE_COLUMNS, "no such line"))
    return tuple(names)


def format_feature_columns(names: tuple[str, ...]) -> bytes:
    """The text of `feature_columns.txt`."""
    head = "# The columns that the model reads, in this order: <index>,<name>\n"
    return (head + "".join(f"{index},{name}\n" for index, name in enumerate(names))).encode()


def _columns_problem(where: str, found: str) -> Problem:
    return Problem(
        code="artifact.feature-columns",
        where=where,
        expected="lines of the form `<index>,<name>`",
        found=found,
        fix="write the file again with the training that made it",
    )

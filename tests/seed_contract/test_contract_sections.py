"""Every section of the documentation that promises behaviour is named by a test, and no other is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TITLE = "# Payload Script Documentation"
OF_NO_BEHAVIOUR = {
    "Overview",
    "Purpose and Major Tasks > Primary Purpose",
    "Purpose and Major Tasks > Major Tasks",
    "Performance Characteristics > Complexity Analysis",
    "References > Related Scripts",
    "References > Related Documentation",
    "References > External References",
}
"""Introduction, growth of time and memory without numbers, and links."""


@pytest.fixture(scope="module")
def sections(shared_dir: Path) -> set[str]:
    """Paths of all headings below the title, down to three levels, a function's own heading not counted."""
    texts = (path.read_text() for path in sorted(shared_dir.glob("*/*.txt")))
    document = next(text for text in texts if f"\n{TITLE}\n" in text)
    document = re.sub(r"^```.*?^```", "", document, flags=re.DOTALL | re.MULTILINE)
    found, path = set(), [""] * 3
    for marks, name in re.findall(r"^(##+) (.*)$", document, flags=re.MULTILINE):
        if name.startswith("`"):
            continue
        level = len(marks) - 2
        path[level:] = [name, *[""] * (2 - level)]
        found.add(" > ".join(part for part in path if part))
    return found


def _docstrings() -> Iterator[str]:
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and file != Path(__file__):
                yield ast.get_docstring(node) or f"{file.name}: {node.name} has no docstring"


def test_every_test_names_a_section(sections: set[str]) -> None:
    unnamed = [text for text in _docstrings() if not any(text.startswith(section) for section in sections)]

    assert unnamed == []


def test_every_section_is_named(sections: set[str]) -> None:
    named = " ".join(_docstrings())
    leaves = {s for s in sections if not any(other.startswith(f"{s} > ") for other in sections)}

    assert leaves >= OF_NO_BEHAVIOUR
    assert sorted(leaf for leaf in leaves - OF_NO_BEHAVIOUR if leaf not in named) == []

"""Names that a stranger chose, in a sentence that ends up in a terminal or a log."""

import pytest

from servable.errors import BadInput, Problem


def sentence(name: str) -> str:
    return str(BadInput(Problem(code="a.b", where=f'field "{name}"', expected="a", found="b", fix="c")))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("a\r\nerror: all is well", "a\\r\\nerror: all is well"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u0085\u2028", "\\x85\\u2028"),
        ("\udcff", "\\udcff"),
        ("\U000e0041", "\\U000e0041"),
    ],
    ids=ascii,
)
def test_what_would_steer_a_terminal_is_spelt_out(name: str, shown: str) -> None:
    assert sentence(name) == f'field "{shown}": expected a, found b; c'


@pytest.mark.parametrize("name", ["Größe", "区域", "a b", "\\x1b", "😀"])
def test_what_people_write_stays_as_it_is(name: str) -> None:
    assert sentence(name) == f'field "{name}": expected a, found b; c'

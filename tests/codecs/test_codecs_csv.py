"""CSV request bodies: text cells, RFC 4180, without a header unless the content type says so."""

import pytest

from servable.codecs import decode_request, encode_table
from servable.errors import BadInput, TooLarge
from servable.records import ABSENT, Table

CSV = "text/csv"
WITH_HEADER = "text/csv; header=present"


def _refusal(body: bytes, content_type: str = CSV) -> BadInput:
    with pytest.raises(BadInput) as caught:
        decode_request(body, content_type)
    return caught.value


def test_cells_stay_text_and_an_empty_one_is_missing() -> None:
    table = decode_request(b'007,,NA, x ,"",1.0\n', CSV)

    assert (table.names, list(table.rows)) == (None, [("007", None, "NA", " x ", None, "1.0")])


@pytest.mark.parametrize("body", [b"\xef\xbb\xbfa,b\r\nc,d\r\n", b"a,b\nc,d", b"\n\na,b\n\r\n\nc,d\n\n"])
def test_a_byte_order_mark_carriage_returns_and_blank_lines_do_not_matter(body: bytes) -> None:
    assert list(decode_request(body, CSV).rows) == [("a", "b"), ("c", "d")]


def test_quoted_cells_hold_commas_quotes_and_line_breaks() -> None:
    table = decode_request(b'"a,b","say ""hi""","two\r\nlines"\n', CSV)

    assert list(table.rows) == [("a,b", 'say "hi"', "two\r\nlines")]


@pytest.mark.parametrize("cell", ["a\rb", "a\nb", "a\r\nb", '"', ",", " ", "\x00", "\u2028", "\ufeffa"])
def test_any_text_keeps_its_place_in_a_csv_body(cell: str) -> None:
    table = Table(names=("t", "u"), rows=[(cell, "1"), ("x", cell)])

    assert list(decode_request(encode_table(table, CSV), CSV).rows) == [(cell, "1"), ("x", cell)]


@pytest.mark.parametrize("content_type", [CSV, "application/x-parquet"])
def test_a_key_that_a_record_lacks_cannot_be_written_as_a_cell(content_type: str) -> None:
    table = Table(names=("t", "u"), rows=[("x", ABSENT)])

    with pytest.raises(BadInput):
        encode_table(table, content_type)


def test_a_header_names_the_columns_in_any_order_and_may_leave_names_out() -> None:
    table = decode_request(b"b,,a\n1,2,3\n", WITH_HEADER)

    assert (table.names, list(table.rows)) == (("b", "", "a"), [("1", "2", "3")])


@pytest.mark.parametrize("content_type", ["TEXT/CSV;HEADER=present", 'text/csv; header="present"'])
def test_the_header_parameter_is_read_without_regard_to_case_and_quotes(content_type: str) -> None:
    assert decode_request(b"a\n1\n", content_type).names == ("a",)


def test_a_row_narrower_than_the_header_is_named() -> None:
    error = _refusal(b"a,b\n1,2\n3\n", WITH_HEADER)

    assert error.code == "request.width"
    assert str(error) == (
        "record 1: expected 2 cells, as the header has, found 1; "
        "write a cell for every column, empty if the value is missing"
    )


def test_a_quote_that_does_not_end_is_refused() -> None:
    error = _refusal(b'a,b\n"c,d\n')

    assert error.code == "request.csv"
    assert str(error) == (
        "line 2: expected CSV in UTF-8, found something else (unexpected end of data); "
        "quote cells that hold quotes, commas or line breaks, and double the quotes inside"
    )


def test_text_after_a_closing_quote_is_refused() -> None:
    assert str(_refusal(b'"a"b,c\n')) == (
        "line 1: expected CSV in UTF-8, found something else (',' expected after '\"'); "
        "quote cells that hold quotes, commas or line breaks, and double the quotes inside"
    )


def test_bytes_that_are_not_utf_8_are_refused_with_their_place() -> None:
    assert str(_refusal(b"caf\xe9,1\n")) == (
        "body: expected CSV in UTF-8, found something else (byte 3 is not UTF-8); "
        "quote cells that hold quotes, commas or line breaks, and double the quotes inside"
    )


def test_a_cell_beyond_the_limit_is_refused() -> None:
    assert "field larger than field limit (131072)" in str(_refusal(b"x" * 131_073 + b"\n"))


def test_one_row_more_than_the_limit_is_allowed_because_it_may_be_a_header() -> None:
    assert len(decode_request(b"h\n1\n2\n", CSV, max_rows=2)) == 3
    for body, content_type in ((b"1\n2\n3\n4\n", CSV), (b"h\n1\n2\n3\n", WITH_HEADER)):
        with pytest.raises(TooLarge) as caught:
            decode_request(body, content_type, max_rows=2)

        assert str(caught.value) == "body: expected at most 2 records, found more; split the request"

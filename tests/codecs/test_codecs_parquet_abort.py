"""No column name of a Parquet file may end the process, which the library's own panic would."""

import subprocess
import sys

from servable.codecs import encode_table
from servable.records import Table

DECODE = """
import sys
from servable.codecs import decode_request
from servable.errors import BadInput
try:
    print(decode_request(sys.stdin.buffer.read(), "application/x-parquet").names)
except BadInput as error:
    print(error.code)
"""
ENCODE = """
import sys
from servable.codecs import encode_table
from servable.errors import BadInput
from servable.records import Table
try:
    encode_table(Table(names=(chr(0),), rows=[(1.0,)]), "application/x-parquet")
    print("encoded")
except BadInput as error:
    print(error.code)
"""


def _in_a_process_of_its_own(script: str, body: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", script], input=body, capture_output=True, check=False, timeout=60
    )


def test_a_column_name_with_a_nul_ends_no_process() -> None:
    body = encode_table(Table(names=("aXb",), rows=[(1.0,)]), "application/x-parquet")
    # without the second schema in the file's metadata, which would contradict the changed name
    hostile = body.replace(b"ARROW:schema", b"ARROW:xchema").replace(b"aXb", b"a\0b")
    assert hostile != body

    process = _in_a_process_of_its_own(DECODE, hostile)

    assert process.returncode == 0
    assert process.stdout.split() in ([b"request.parquet"], [b"('a\\x00b',)"])


def test_a_field_name_with_a_nul_ends_no_process() -> None:
    assert _in_a_process_of_its_own(ENCODE, b"").returncode == 0

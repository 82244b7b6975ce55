"""What a training output says about itself: its identity, its facts, its golden records."""

import hashlib
from typing import Final

import msgspec

from servable.artifact.files import Files
from servable.artifact.golden import GoldenSet, read_golden
from servable.artifact.safe import canonical_json, parse_json
from servable.errors import Damaged, Problem

TRAINING: Final = "training.json"


class _Data(msgspec.Struct):
    name: str
    rows: int
    sha256: str


class _Facts(msgspec.Struct):
    data: _Data | None = None
    derived_golden_records: int = 0


def read_training_facts(files: Files) -> dict[str, object]:
    """What training wrote down about itself (`training.json`); empty for outputs of other tools.

    Raises:
        Damaged: `json.*`, or `artifact.training` where it has another form than `train` writes.
    """
    if TRAINING not in files:
        return {}
    return checked_facts(parse_json(files.read(TRAINING), where=TRAINING), where=TRAINING)


def checked_facts(facts: object, *, where: str) -> dict[str, object]:
    """The same facts, if what others read of them has the form that they expect.

    Raises:
        Damaged: `artifact.training`.
    """
    try:
        msgspec.convert(facts, _Facts)
    except msgspec.ValidationError as error:
        raise Damaged(
            Problem(
                code="artifact.training",
                where=where,
                expected="what training writes, name, rows and sha256 of its data among it",
                found=str(error),
                fix="write the file again with the training that made it, or take it away",
            )
        ) from error
    return msgspec.convert(facts, dict[str, object])


def read_training_golden(files: Files, *, dtype: str) -> GoldenSet | None:
    """The golden records that training kept, or None."""
    derived = msgspec.convert(read_training_facts(files), _Facts).derived_golden_records
    return read_golden(files, dtype=dtype, source="train", derived=derived)


def training_digest(files: Files) -> str:
    """The identity of a training output: the sha256 of its files' digests by name."""
    digests = {name: files.sha256(name) for name in files.names()}
    return f"sha256:{hashlib.sha256(canonical_json(digests)).hexdigest()}"

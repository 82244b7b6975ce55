"""What a training output says about itself: its identity, its facts, its golden records."""

import hashlib
from typing import Final

from servable.artifact.files import Files
from servable.artifact.golden import GoldenSet, read_golden
from servable.artifact.safe import canonical_json, parse_json

TRAINING: Final = "training.json"


def read_training_facts(files: Files) -> dict[str, object]:
    """What training wrote down about itself (`training.json`); empty for outputs of other tools."""
    if TRAINING not in files:
        return {}
    facts = parse_json(files.read(TRAINING), where=TRAINING)
    return facts if isinstance(facts, dict) else {}


def read_training_golden(files: Files, *, dtype: str) -> GoldenSet | None:
    """The golden records that training kept, or None."""
    derived = read_training_facts(files).get("derived_golden_records", 0)
    return read_golden(files, dtype=dtype, source="train", derived=derived if isinstance(derived, int) else 0)


def training_digest(files: Files) -> str:
    """The identity of a training output: the sha256 of its files' digests by name."""
    digests = {name: files.sha256(name) for name in files.names()}
    return f"sha256:{hashlib.sha256(canonical_json(digests)).hexdigest()}"

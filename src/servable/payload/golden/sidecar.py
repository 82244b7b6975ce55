"""`golden.tar.gz`, read and written: the document, an answer for each payload file, the illegal requests.

It lies beside the payload archive and is never part of it: others send whatever that archive holds.

Source: docs/formats.md, "Golden answers of a payload".
"""

import hashlib
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import numpy as np

from servable.artifact import Artifact, pretty_json, read_archive, write_tar_gz
from servable.codecs import Answer, decode_answer
from servable.errors import BadInput, Damaged, NotFound, Problem
from servable.payload.archive import Payload
from servable.payload.golden.document import GOLDEN, GoldenDocument, GoldenFile, parse_golden
from servable.payload.golden.tolerance import calibrated_within, calibrator_of, tolerance_of

SIDECAR: Final = "golden.tar.gz"
_AGAIN: Final = "make it again with `servable payload --golden`"
_ROUNDING: Final = 1.02
"""Limits are rounded to three digits, which another version of a library may do otherwise."""


class GoldenAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """The golden answers of one payload archive for one artifact.

    Attributes:
        document: everything but the bodies.
        bodies: answers and illegal requests, by the file names of the document.
    """

    document: GoldenDocument
    bodies: dict[str, bytes]

    def require_artifact(self, digest: str) -> None:
        """Refuse them for another artifact than the one they were made for.

        Raises:
            BadInput: `golden.artifact`.
        """
        if self.document.artifact != digest:
            _refuse("artifact", f"answers of the artifact {digest}", f"those of {self.document.artifact}")

    def require_payload(self, payload: Payload) -> None:
        """Refuse them for another payload than the one they were made of.

        An archive is compared by its digest, a folder file by file.

        Raises:
            BadInput: `golden.payload`.
        """
        if payload.sha256 is not None and payload.sha256 != self.document.payload:
            expected = f"answers of the payload with the sha256 {payload.sha256}"
            _refuse("payload", expected, f"those of {self.document.payload}")
        ours = {file.name: file.sha256 for file in self.document.files}
        theirs = {request.name: request.sha256 for request in payload.requests}
        if ours != theirs:
            names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
            _refuse("payload", "an answer for each file of the payload as it is", f"others, first {names[0]}")

    def require_tolerance(self, artifact: Artifact) -> None:
        """Refuse them if they allow more than the artifact itself does.

        Args:
            artifact: that they were made for.

        Raises:
            BadInput: `golden.tolerance`.
            Damaged: `golden.files` for a golden answer that is none.
        """
        most = tolerance_of(artifact, reference=self.document.reference).raw
        if self.document.tolerance.raw > most:
            found = f"{self.document.tolerance.raw:g}"
            _refuse("tolerance", f"a tolerance of raw scores of at most {most:g}, the artifact's", found)
        calibrator = calibrator_of(artifact)
        for file in self.document.files:
            raw = self.answer_to(file, records=file.records).raw
            within = calibrated_within(calibrator, raw, limit=most)
            if file.calibrated_within > _ROUNDING * within:
                expected = f"a tolerance of calibrated scores of at most {within:g} for {file.name}"
                _refuse("tolerance", expected, f"{file.calibrated_within:g}")

    def answer_to(self, file: GoldenFile, *, records: int) -> Answer:
        """The golden answer to a file of so many records.

        Raises:
            Damaged: `golden.files` if it is none.
        """
        expected = f"an answer of {records} records as {file.accept}"
        try:
            answer = decode_answer(self.bodies[file.response.file], file.accept)
        except BadInput as error:
            _damaged(f"golden answer to {file.name}", expected, str(error), error)
        if len(answer.labels) != records:
            _damaged(f"golden answer to {file.name}", expected, f"one of {len(answer.labels)}")
        if not (np.isfinite(answer.raw).all() and np.isfinite(answer.calibrated).all()):
            _damaged(f"golden answer to {file.name}", expected, "scores that are not finite")
        return answer


def write_answers(path: Path, answers: GoldenAnswers) -> None:
    """Write the sidecar, whole or not at all; equal answers are equal bytes.

    Raises:
        BadInput, NotFound, Unavailable: as `write_tar_gz`.
    """
    write_tar_gz(path, {GOLDEN: pretty_json(answers.document.to_plain()), **answers.bodies})


def read_golden_answers(path: Path) -> GoldenAnswers:
    """The golden answers in a sidecar, each file of which is what its document says.

    Raises:
        NotFound: `golden.absent`.
        Damaged: `archive.*`, `json.*`, `golden.format`, `golden.json`, `golden.files`.
    """
    if not path.is_file():
        raise NotFound(_problem("absent", str(path), f"a {SIDECAR}", "no such file", _AGAIN))
    members = read_archive(path)
    if GOLDEN not in members:
        _damaged(f"{path}: {GOLDEN}", "golden answers", "no such file")
    document = parse_golden(members.pop(GOLDEN), where=f"{path}: {GOLDEN}")
    _require_each_once(document, path)
    for stored in document.stored():
        data = members.get(stored.file)
        if data is None:
            _damaged(f"{path}: {stored.file}", f"the file that {GOLDEN} names", "no such file")
        if hashlib.sha256(data).hexdigest() != stored.sha256:
            _damaged(f"{path}: {stored.file}", f"the sha256 {stored.sha256}", "another")
    if more := sorted(members.keys() - {stored.file for stored in document.stored()}):
        _damaged(f"{path}: {more[0]}", f"files that {GOLDEN} names", "another")
    return GoldenAnswers(document=document, bodies=members)


def _require_each_once(document: GoldenDocument, path: Path) -> None:
    for what, names in (
        ("file of the payload", [file.name for file in document.files]),
        ("file of its own", [stored.file for stored in document.stored()]),
    ):
        if len(set(names)) != len(names):
            _damaged(f"{path}: {GOLDEN}", f"each {what} once", "one twice")


def _damaged(where: str, expected: str, found: str, cause: Exception | None = None) -> NoReturn:
    raise Damaged(_problem("files", where, expected, found, _AGAIN)) from cause


def _refuse(kind: str, expected: str, found: str) -> NoReturn:
    fix = "pass the golden.tar.gz that was written beside this payload for this artifact, or make it again"
    raise BadInput(_problem(kind, "golden answers", expected, found, fix))


def _problem(kind: str, where: str, expected: str, found: str, fix: str) -> Problem:
    return Problem(code=f"golden.{kind}", where=where, expected=expected, found=found, fix=fix)

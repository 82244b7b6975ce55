"""Replays recorded runs of the payload script and says of each whether its answer is the right one."""

import calendar
import csv
import io
import json
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from payload_answers import answers
from payload_recorded import (
    Answer,
    Content,
    PayloadCase,
    Refusal,
    Samples,
    agrees,
    read_payload_case,
    refusal,
)
from payload_rules import RULES

from servable.codecs import decode_request
from servable.payload import script

SAME, SETTLED, FAILED = "same", "settled", "FAILED"
_SHOWN: Final = 300

Run = Callable[[Mapping[str, str], Mapping[str, str], Mapping[str, str], None], str]
"""The script's `main`, or another that is called like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a replay of one run found.

    Attributes:
        word: `same` as recorded, `settled` to be another answer, or `FAILED`.
        rules: names of the rules that make the right answer another than the recorded one.
        difference: what is wrong; empty unless the word is `FAILED`.
    """

    name: str
    word: str
    rules: tuple[str, ...] = ()
    difference: str = ""

    def line(self) -> str:
        """The case, the word and the reasons, for a person."""
        why = self.difference or "; ".join(RULES[name].reason for name in self.rules)
        return f"{self.name:<38} {self.word}{': ' if why else ''}{why}"


def replay_payload_case(folder: Path, run: Run = script.main) -> Verdict:
    """Runs the case of a folder and judges its answer; a case of another form than these fails."""
    try:
        case = read_payload_case(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Verdict(name=folder.name, word=FAILED, difference=f"cannot be read: {error!r}")
    with tempfile.TemporaryDirectory() as work:
        answer, disorder = replayed(case, Path(work), run)
    verdict = judge(case, answer)
    if disorder and not verdict.difference:
        return Verdict(name=case.name, word=FAILED, rules=verdict.rules, difference=disorder)
    return verdict


def judge(case: PayloadCase, answer: Answer) -> Verdict:
    """Whether an answer is the right one, which is the recorded one except where rules explain another."""
    if not any(agrees(case.recorded, theirs) for theirs in answers(case, ())):
        # no rule may change an answer that the rules do not explain
        return _verdict(case, answer, case.recorded, ())
    (right,) = answers(case, RULES)
    return _verdict(case, answer, right, () if _is_recorded(case, right) else rules_of(case, right))


def _is_recorded(case: PayloadCase, right: Answer) -> bool:
    """Whether the right answer is the recorded one; refusals of one kind are, in whatever words."""
    if isinstance(right, Refusal) and isinstance(case.recorded, Refusal):
        return right.kinds[0] in case.recorded.kinds
    return agrees(case.recorded, right)


def rules_of(case: PayloadCase, right: Answer) -> tuple[str, ...]:
    """The rules without which the right answer would be another.

    Where each of several would do alone, those that alone change what was recorded.
    """
    needed = tuple(name for name in RULES if answers(case, RULES.keys() - {name}) != [right])
    return needed or tuple(name for name in RULES if answers(case, {name}) != answers(case, ()))


def _verdict(case: PayloadCase, answer: Answer, right: Answer, rules: tuple[str, ...]) -> Verdict:
    if agrees(answer, right):
        return Verdict(name=case.name, word=SETTLED if rules else SAME, rules=rules)
    difference = f"expected {str(right)[:_SHOWN]}, found {str(answer)[:_SHOWN]}"
    return Verdict(name=case.name, word=FAILED, rules=rules, difference=difference)


def replayed(case: PayloadCase, work: Path, run: Run = script.main) -> tuple[Answer, str]:
    """The script's answer to a case, and what it left behind that it must not; empty, if nothing."""
    clock_s = calendar.timegm(time.strptime(case.clock, "%Y-%m-%d %H:%M:%S"))
    samples, archive = work / "work" / "payload_sample", work / "out" / "payload.tar.gz"
    environ = {**case.environ, "SOURCE_DATE_EPOCH": str(clock_s), "WORKING_DIRECTORY": str(work / "work")}
    try:
        returned = run(
            {} if case.model_dir is None else {"model_input": str(case.model_dir)},
            {"output_dir": str(work / "out")} if case.has_output_dir else {},
            environ,
            None,
        )
    except Exception as error:  # whatever it raises is its answer
        left = [path.name for path in (samples, archive) if path.exists()]
        return refusal(type(error), str(error)), f"left behind: {', '.join(left)}" if left else ""
    if returned != str(archive):
        return _read(archive), f"returned {returned}"
    answer = _read(archive)
    kept = {path.name for path in samples.iterdir()}
    disorder = "" if kept == {name for name, _ in answer.files} else f"kept other samples: {sorted(kept)}"
    return answer, disorder


def _read(archive: Path) -> Samples:
    with tarfile.open(archive) as tar:
        return Samples(
            tuple((m.name, _content(m.name, stream.read())) for m in tar if (stream := tar.extractfile(m)))
        )


def _content(name: str, data: bytes) -> Content:
    if name.endswith(".parquet"):
        table = decode_request(data, "application/x-parquet")
        return [dict(zip(table.names or (), map(str, row), strict=True)) for row in table.rows]
    text = data.decode()
    if name.endswith((".ndjson", ".jsonl")):
        records = [json.loads(line) for line in text.splitlines()]
        return [{key: str(value) for key, value in record.items()} for record in records]
    if "_header_" in name:
        return list(csv.DictReader(io.StringIO(text, newline="")))
    return text

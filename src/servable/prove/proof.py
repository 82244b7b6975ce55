"""A proof on disk: reading it, and judging it again from its samples."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import numpy as np

from servable.artifact import canonical_json, parse_json
from servable.errors import BadInput, Damaged, NotFound, Problem
from servable.prove.document import (
    DERIVED,
    PAYLOAD_GOLDEN,
    SCHEMA,
    SCHEMA_WITH_PAYLOAD,
    Facts,
    TargetFacts,
    derive,
    digest,
    first_difference,
    objective_of,
    plan_digest,
)
from servable.prove.folder import PAGE, PROOF
from servable.prove.gates import Client
from servable.prove.parity import ParityLine
from servable.prove.payload_proof import PayloadProof
from servable.prove.plan import Plan, make_schedule
from servable.prove.samples import FILE, Samples, from_npz
from servable.prove.summary import summary_lines
from servable.prove.verdict import Verdict

_MOST_PLANNED = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """A verdict with all that it rests on.

    Attributes:
        path: the folder that holds `proof.json`, `samples.npz`, `proof.html` and `server.log`.
        document: the JSON values of `proof.json`.
    """

    path: Path
    document: Mapping[str, Any]

    @property
    def verdict(self) -> Verdict:
        """PASS, FAIL, INCONCLUSIVE or INVALID."""
        return Verdict(self.document["verdict"])

    def to_plain(self) -> dict[str, Any]:
        """The proof as JSON values, those of `proof.json`."""
        return dict(self.document)

    def summary_lines(self) -> list[str]:
        """The proof in a few lines for a terminal, the verdict first."""
        page = self.path / PAGE
        return summary_lines(
            self.document, where=str(self.path / PROOF), page=str(page) if page.is_file() else None
        )


def read_proof(path: Path | str) -> Proof:
    """The proof in a folder, as it stands.

    Raises:
        NotFound: `proof.missing`.
        Damaged: `proof.json`.
    """
    folder = Path(path)
    document = parse_json(_read(folder, PROOF), where=PROOF)
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(document, dict) or schema not in (SCHEMA, SCHEMA_WITH_PAYLOAD):
        _damaged(PROOF, f"the schema {SCHEMA} or {SCHEMA_WITH_PAYLOAD}", "another")
    if (PAYLOAD_GOLDEN in document) != (schema == SCHEMA_WITH_PAYLOAD):
        _damaged(PROOF, f"the key {PAYLOAD_GOLDEN} in {SCHEMA_WITH_PAYLOAD} and not before", "otherwise")
    if document.get("verdict") not in list(Verdict):
        _damaged(f"{PROOF}: $.verdict", f"one of {', '.join(Verdict)}", "something else")
    return Proof(path=folder, document=document)


def recheck(path: Path | str) -> Proof:
    """The proof in a folder, judged again from its samples, plan and objective.

    Raises:
        NotFound: `proof.missing` if a file is not there.
        Damaged: `proof.json`, `proof.samples` for files that are not a proof's; `proof.differs`,
            naming the first place where the proof says something else than its samples.
    """
    proof = read_proof(path)
    document = proof.document
    data = _read(proof.path, FILE)
    try:
        claimed_digest, claimed_plan_digest = document["samples"]["digest"], document["plan"]["plan_digest"]
        objective = objective_of(msgspec.convert(document["slo"], dict[str, float]))
        plan = _plan(document["plan"])
        facts = _facts(document)
    except (KeyError, TypeError, msgspec.ValidationError, BadInput) as error:
        _damaged(PROOF, f"the keys of {document['schema']}", f"another content ({error})", error)
    if digest(data) != claimed_digest:
        _differs("$.samples.digest")
    if plan_digest(plan) != claimed_plan_digest:
        _differs("$.plan.plan_digest")
    samples = from_npz(data)
    _check_schedule(samples, plan)
    _check_payload(facts, plan)
    derived = derive(samples, objective=objective, plan=plan, facts=facts)
    for key in DERIVED:
        again = parse_json(canonical_json(derived[key]), where=PROOF)
        if place := first_difference(document.get(key), again, f"$.{key}"):
            _differs(place)
    return proof


def _plan(plan: Mapping[str, Any]) -> Plan:
    names = {field.name for field in fields(Plan)}
    found = msgspec.convert({name: plan[name] for name in names}, Plan)
    if not 0 <= found.warmup_n <= _MOST_PLANNED or not 0 < found.n <= _MOST_PLANNED:
        raise KeyError("a plan of another size")
    return found


def _facts(document: Mapping[str, Any]) -> Facts:
    return Facts(
        artifact_digest=msgspec.convert(document["subject"]["artifact_digest"], str),
        parity=msgspec.convert(document["parity"], tuple[ParityLine, ...]),
        target=msgspec.convert(document["target"], TargetFacts),
        client=msgspec.convert(document["client"], Client),
        payload=msgspec.convert(document.get(PAYLOAD_GOLDEN), PayloadProof | None),
    )


def _check_schedule(samples: Samples, plan: Plan) -> None:
    """The samples are those of the planned requests: the plan was not made after looking at them."""
    if not len(samples):
        return
    schedule = make_schedule(plan)
    if not np.array_equal(samples.scheduled_ns, schedule.at_ns):
        _differs("$.plan: the schedule of its seed, and the column scheduled_ns")
    if not np.array_equal(samples.payload_id, schedule.body):
        _differs("$.plan: the bodies of its seed, and the column payload_id")


def _check_payload(facts: Facts, plan: Plan) -> None:
    """What was recorded of a payload is as much as there was to ask."""
    if facts.payload is None:
        return
    before = facts.target.before
    asked = facts.target.reached and (before is None or before.artifact == facts.artifact_digest)
    for key, lines, expected in (
        ("lines", facts.payload.lines, plan.payload_bodies),
        ("refusals", facts.payload.refusals, facts.payload.illegal),
    ):
        if len(lines) != (expected if asked else 0):
            _differs(f"$.{PAYLOAD_GOLDEN}.{key}")


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise NotFound(
            Problem(
                code="proof.missing",
                where=str(folder / name),
                expected="a file of a proof",
                found="none that can be read",
                fix="give the folder that `servable prove` wrote",
            )
        ) from error


def _differs(where: str) -> NoReturn:
    _damaged(f"{PROOF}: {where}", "what the samples say", "something else")


def _damaged(where: str, expected: str, found: str, cause: Exception | None = None) -> NoReturn:
    raise Damaged(
        Problem(
            code="proof.differs" if expected == "what the samples say" else "proof.json",
            where=where,
            expected=expected,
            found=found,
            fix="do not trust this proof; prove again",
        )
    ) from cause

"""`prove`: start or find the endpoint, replay the golden set, run the load, judge, write the proof."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from servable.artifact import pretty_json
from servable.codecs import REQUEST_TYPES
from servable.progress import Progress, silent
from servable.prove.ammunition import Body, body_classes, class_sizes, error_examples, settle
from servable.prove.document import Facts, TargetFacts, derive, recorded
from servable.prove.endpoint import (
    START_TIMEOUT_S,
    URL_TIMEOUT_S,
    Endpoint,
    Identity,
    Launch,
    own_endpoint,
    parse_target,
    redacted,
    serve_command,
)
from servable.prove.environment import describe_environment
from servable.prove.folder import PAGE, PROOF, proof_folder
from servable.prove.gates import Client
from servable.prove.load import Alarm, LoadRecord, loop_alarm, run_load
from servable.prove.objective import Objective
from servable.prove.page import proof_page
from servable.prove.parity import Expected, ParityLine
from servable.prove.payload_lines import PayloadLine, payload_lines
from servable.prove.payload_proof import payload_proof
from servable.prove.plan import MIN_DURATION_S, MIN_REQUESTS, Plan, Warmup, make_plan, make_schedule
from servable.prove.proof import Proof, read_proof
from servable.prove.refusals import RefusalLine, ask_illegal, probe_of
from servable.prove.replay import ask_payload, replay_golden
from servable.prove.response import Response
from servable.prove.samples import FILE, Outcome, Samples, to_npz
from servable.prove.subject import Subject, read_subject

SERVER_LOG: Final = "server.log"
DEFAULT_SEED: Final = 1
_PREFIX_BYTES: Final = 200
_OWN_PACKAGES: Final = ("numpy", "servable")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Run:
    """What talking to the endpoint left; nothing but the target if it was never ready.

    Attributes:
        target: the endpoint as it was seen.
        parity: golden answers before the load.
        first_answers: what came of each payload file before the load.
        refusals: what came of illegal requests before the load.
        bodies: of the load.
        load: None where the endpoint was not there to be loaded.
    """

    target: TargetFacts
    parity: tuple[ParityLine, ...] = ()
    first_answers: tuple[Response | Outcome, ...] = ()
    refusals: tuple[RefusalLine, ...] = ()
    bodies: tuple[Body, ...] = ()
    load: LoadRecord | None = None


def prove(
    artifact_path: Path | str,
    *,
    objective: Objective,
    output: Path | str,
    seed: int = DEFAULT_SEED,
    payload: Path | str | None = None,
    golden: Path | str | None = None,
    url: str | None = None,
    content_types: Sequence[str] = REQUEST_TYPES,
    min_requests: int = MIN_REQUESTS,
    min_duration_s: float = MIN_DURATION_S,
    warmup: Warmup | None = None,
    headroom: float = 1.0,
    assurance: str = "iid",
    ready_timeout_s: float | None = None,
    launch: Launch = serve_command,
    alarm: Alarm = loop_alarm,
    progress: Progress = silent,
) -> Proof:
    """The proof that an endpoint of this artifact meets an objective, or that it does not.

    Replays the golden set over HTTP, then sends an open-loop Poisson load and judges it. That takes
    the warm-up and n / rate seconds, plus at most the timeout of the last request.

    Args:
        artifact_path: a packed artifact with a golden set.
        objective: the limits.
        output: folder of the proof; an older proof there is replaced as a whole.
        seed: of arrivals, choice of bodies and shuffled batches.
        payload: archive of requests that are mixed into the load; their answers must have the right
            form and be the same each time.
        golden: golden answers of that payload, `golden.tar.gz`: its answers must be these, and the illegal
            requests in it must be refused.
        url: a running endpoint; without one, an endpoint is started for the proof.
        content_types: types in which golden requests are sent.
        min_requests: the fewest measured requests.
        min_duration_s: the shortest measured time.
        warmup: how long requests run before the measured ones.
        headroom: factor on the objective's rate that is offered.
        assurance: `iid`: bounds hold if requests are independent of each other.
        ready_timeout_s: how long /ping may take to answer 200; without it 240 s, at a URL 10 s.
        launch: the command that serves an artifact at a port.
        alarm: how the client is woken at the time of a request.
        progress: told what is being done.

    Raises:
        BadInput: `prove.*` for an argument that cannot be used, `payload.*`, `golden.*`, `write.target`.
        NotFound, Damaged: as `read_artifact`.
    """
    subject = read_subject(
        Path(artifact_path),
        content_types=content_types,
        payload=None if payload is None else Path(payload),
        golden=None if golden is None else Path(golden),
        is_own_endpoint=url is None,
    )
    plan = make_plan(
        objective,
        seed=seed,
        content_types=content_types,
        body_classes=class_sizes(subject.golden, subject.payload),
        min_requests=min_requests,
        min_duration_s=min_duration_s,
        warmup=warmup,
        headroom=headroom,
        assurance=assurance,
    )
    declared_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with proof_folder(Path(output)) as folder:
        with _endpoint(Path(artifact_path), url=url, log=folder / SERVER_LOG, launch=launch) as endpoint:
            progress("start", 0, 1)
            if endpoint.wait_until_ready(ready_timeout_s or _ready_timeout_s(endpoint)):
                progress("start", 1, 1)
                run = _talk(endpoint, subject, plan, alarm=alarm, progress=progress)
            else:
                run = _Run(target=_target_facts(endpoint, is_reached=False, before=None))
        progress("report", 0, 1)
        _write(folder, run, subject, objective=objective, plan=plan, declared_at=declared_at)
    progress("report", 1, 1)
    return read_proof(output)


@contextmanager
def _endpoint(artifact: Path, *, url: str | None, log: Path, launch: Launch) -> Iterator[Endpoint]:
    if url is None:
        with own_endpoint(artifact, log=log, launch=launch) as endpoint:
            yield endpoint
    else:
        yield Endpoint(parse_target(url), None, log)


def _ready_timeout_s(endpoint: Endpoint) -> float:
    return START_TIMEOUT_S if endpoint.is_own else URL_TIMEOUT_S


def _talk(endpoint: Endpoint, subject: Subject, plan: Plan, *, alarm: Alarm, progress: Progress) -> _Run:
    """Everything that needs the endpoint, which is ready."""
    before = endpoint.identity()
    if before is not None and before.artifact != subject.artifact.digest:
        # another model: gate G10 says so, and a load would only cost time
        return _Run(target=_target_facts(endpoint, is_reached=True, before=before))
    parity = replay_golden(
        subject.golden,
        target=endpoint.target,
        expected=Expected.of_predictions(subject.predictions),
        rule=subject.rule,
        seed=plan.seed,
        progress=progress,
    )
    first_answers = ask_payload(subject.payload, target=endpoint.target, progress=progress)
    refusals = _ask_illegal(endpoint, subject, progress)
    bodies = subject.bodies(first_answers, endpoint.target)
    load = None
    if endpoint.death() is None:
        load = run_load(
            endpoint.target.address,
            [body.ammunition for body in bodies],
            plan=plan,
            schedule=make_schedule(plan),
            alarm=alarm,
            progress=progress,
        )
        settle(load, bodies)
    return _Run(
        target=_target_facts(endpoint, is_reached=True, before=before),
        parity=parity,
        first_answers=tuple(first_answers),
        refusals=refusals,
        bodies=tuple(bodies),
        load=load,
    )


def _ask_illegal(endpoint: Endpoint, subject: Subject, progress: Progress) -> tuple[RefusalLine, ...]:
    if subject.answers is None:
        return ()
    probe = probe_of(
        subject.golden, predictions=subject.predictions, target=endpoint.target, rule=subject.rule
    )
    return ask_illegal(
        subject.answers,
        probe=probe,
        target=endpoint.target,
        is_own_endpoint=endpoint.is_own,
        progress=progress,
    )


def _target_facts(endpoint: Endpoint, *, is_reached: bool, before: Identity | None) -> TargetFacts:
    died = endpoint.death()
    return TargetFacts(
        kind="process" if endpoint.is_own else "url",
        colocated=endpoint.target.is_local,
        reached=is_reached,
        before=before,
        after=endpoint.identity() if is_reached and died is None else None,
        died=died,
        log=() if is_reached else endpoint.last_lines(),
    )


def _write(
    folder: Path, run: _Run, subject: Subject, *, objective: Objective, plan: Plan, declared_at: str
) -> None:
    """The files of the proof but for the server's log, which is there already."""
    samples = Samples.empty() if run.load is None else run.load.samples
    samples_file = to_npz(samples)
    lines = payload_lines(subject.payload, run.first_answers)
    facts = Facts(
        artifact_digest=subject.artifact.digest,
        parity=run.parity,
        target=run.target,
        client=_client(run.load),
        payload=None
        if subject.answers is None
        else payload_proof(subject.answers, rule=subject.rule, lines=lines, refusals=run.refusals),
    )
    document = {
        **recorded(
            samples_file, samples, objective=objective, plan=plan, facts=facts, declared_at=declared_at
        ),
        **derive(samples, objective=objective, plan=plan, facts=facts),
        "subject": subject.describe(),
        "bodies": body_classes(run.bodies),
        **({"payload": [_payload_facts(line) for line in lines]} if subject.answers is None else {}),
        "error_examples": _examples(run),
        "environment": describe_environment([*subject.libraries, *_OWN_PACKAGES]),
    }
    (folder / FILE).write_bytes(samples_file)
    (folder / PROOF).write_bytes(pretty_json(document))
    (folder / PAGE).write_bytes(proof_page(document, samples).encode())


def _client(load: LoadRecord | None) -> Client:
    if load is None:
        return Client(cpu_s=0.0, wall_s=0.0, connections=0)
    return Client(cpu_s=load.cpu_s, wall_s=load.wall_s, connections=load.connections)


def _payload_facts(line: PayloadLine) -> dict[str, Any]:
    """A payload file without a golden answer, and what came of it before the load; None: scores."""
    facts = {"name": line.name, "content_type": line.content_type, "records": line.records}
    return facts | {"failure": line.failure}


def _examples(run: _Run) -> list[dict[str, str]]:
    """The first answer of each kind of error, cut to 200 bytes."""
    if run.load is None:
        return []
    return [
        {
            "kind": kind,
            "content_type": content_type,
            "answer": redacted(answer[:_PREFIX_BYTES].decode(errors="replace")),
        }
        for kind, (content_type, answer) in error_examples(run.load, run.bodies).items()
    ]

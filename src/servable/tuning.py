"""A scorer made ready for the machine it serves on: how many threads a network gets, by measurement."""

from dataclasses import replace

import msgspec

from servable.engines import Engine, ThreadChoice, choose_threads, open_engine, usable_cores
from servable.records import ModelInputs, Table
from servable.scorer import Scorer

_BUDGET_S = 0.1


def tuned(scorer: Scorer) -> tuple[Scorer, ThreadChoice | None]:
    """The scorer on as many threads as are worth it here, and what was measured.

    A network runs a golden record of middling length on one thread and on all usable cores. Trees
    always stay on one thread, and without a golden record there is nothing to measure with.
    """
    inputs = _typical(scorer) if scorer.artifact.texts else None
    if inputs is None:
        return scorer, None
    engines: dict[int, Engine] = {scorer.threads: scorer.engine}

    def engine(threads: int) -> Engine:
        if threads not in engines:
            engines[threads] = open_engine(scorer.artifact, threads=threads, device=scorer.device)
        return engines[threads]

    choice = choose_threads(engine, inputs, cores=usable_cores(), budget_s=_BUDGET_S)
    return replace(scorer, engine=engine(choice.threads), threads=choice.threads), choice


def _typical(scorer: Scorer) -> ModelInputs | None:
    """The inputs of the golden record whose request has the median length."""
    golden = scorer.artifact.golden
    if golden is None:
        return None
    requests = sorted(golden.requests, key=len)
    record = msgspec.json.decode(requests[len(requests) // 2])
    return scorer.preprocessor.apply(scorer.schema.bind(Table.of_records([record])))

"""All illegal requests of a model."""

from itertools import chain

from servable.payload.facts import ModelFacts
from servable.payload.illegal.cells import cell_requests
from servable.payload.illegal.json_bodies import json_requests, lines_requests
from servable.payload.illegal.request import IllegalRequest
from servable.payload.illegal.tables import csv_requests, parquet_requests
from servable.payload.illegal.types import type_requests
from servable.payload.strategies.case_records import plain_records


def illegal_requests(facts: ModelFacts) -> tuple[IllegalRequest, ...]:
    """Requests that break one rule each; those for kinds of fields that a model lacks are left out.

    The rules are those of the codecs (what a body is), of `schema.bind` (what a cell is) and of the
    content type. Where a table has two records, it is the second one that breaks the rule.
    """
    plain = plain_records(facts, 1)[0]
    return tuple(
        chain(
            cell_requests(facts, plain),
            json_requests(facts, plain),
            lines_requests(facts, plain),
            csv_requests(facts, plain),
            parquet_requests(facts, plain),
            type_requests(plain),
        )
    )

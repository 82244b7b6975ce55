"""An artifact in memory, with and without a profile of its data, for tests of strategies."""

from dataclasses import replace

import numpy as np
from payload_models import stored_text

from servable.artifact import (
    Artifact,
    CategoryProfile,
    EngineFile,
    EngineKind,
    GoldenSet,
    Histogram,
    MemoryFiles,
    NumberProfile,
    Profile,
    ProfileSource,
    StoredRiskTable,
    TextProfile,
)
from servable.records import Predictions
from servable.schema import Field, Kind, Schema

SCHEMA = Schema(
    fields=(
        Field("note", Kind.TEXT),
        Field("age", Kind.NUMERIC),
        Field("region", Kind.CATEGORICAL),
        Field("rate", Kind.NUMERIC),
    ),
    classes=("0", "1"),
    id_name="customer",
    csv_columns=("customer", "region", "age", "rate", "note"),
)
BARE = Artifact(
    name="bare",
    family="xgboost",
    digest="sha256:0",
    schema=SCHEMA,
    features=("age", "region", "rate"),
    risk_tables={
        "region": StoredRiskTable(
            bins={"nan": 0.4, "": 0.2, "rare": 0.3, "east": 0.9, "west": 0.25, "south": 0.31}, default_bin=0.3
        )
    },
    imputation={"age": 41.25, "rate": 0.5},
    calibrations=(),
    engine=EngineFile(kind=EngineKind.XGBOOST, file="model.bst"),
    golden=None,
    manifest=None,
    degradations=(),
    files=MemoryFiles({}),
    texts=(stored_text("note", "dialogue_splitter"),),
)
"""Knows tables alone; "rare" had too few rows for a value of its own."""

PROFILE = Profile(
    format=1,
    source=ProfileSource.TRAIN,
    rows=1000,
    held_out=100,
    scored=100,
    numbers=(
        NumberProfile(
            field="age",
            missing=100,
            values=Histogram(
                low=18,
                high=90,
                edges=(20.5, 25.5, 30.5, 35.5, 40, 45.5, 50.5, 55.5, 60.5),
                counts=(2, 98, 75, 75, 75, 75, 100, 100, 100, 100, 98, 2),
            ),
        ),
        NumberProfile(
            field="rate",
            missing=0,
            values=Histogram(
                low=0.013,
                high=0.97,
                edges=(0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.42, 0.5, 0.7),
                counts=(0, *[100] * 10, 0),
            ),
        ),
    ),
    categories=(
        CategoryProfile(
            field="region",
            missing=200,
            unknown=1,
            distinct=5,
            categories={"south": 250, "west": 500},
            rest=50,
        ),
    ),
    texts=(
        TextProfile(
            field="note",
            empty=50,
            characters=Histogram(low=40, high=900, edges=(200,), counts=(0, 700, 250, 0)),
        ),
    ),
    scores=(None,),
)
PROFILED = replace(BARE, profile=PROFILE)


def golden(*requests: bytes, derived: int) -> GoldenSet:
    """Requests with some answers, the last ones derived from the schema."""
    scores = np.full((len(requests), 2), 0.5, np.float32)
    return GoldenSet(
        requests=requests,
        reference=Predictions(raw=scores, calibrated=scores),
        packed=None,
        source="train",
        derived=derived,
    )

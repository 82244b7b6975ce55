"""A small model that is made by hand, and populations for it: what a profile and drift are tested on.

Its score is a function of one number, so that what a test changes in a table is all that changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from servable.artifact import (
    Artifact,
    EngineFile,
    EngineKind,
    MemoryFiles,
    Profile,
    ProfileSource,
    StoredRiskTable,
    StoredText,
)
from servable.profile import Rows, profile_of
from servable.records import Columns, FloatArray, ModelInputs, Records
from servable.schema import Field, Kind, Schema
from servable.scorer import Scorer, preprocessor_of

REGIONS = ("north", "south", "east", "west")
WORDS = ("good", "bad", "dress", "size", "blue", "soft")
MOST_TOKENS = 8
Column = NDArray[Any]


class _Engine:
    """Answers by the first feature alone, and counts the records that it was asked about."""

    def __init__(self, *, features: int, classes: int) -> None:
        self.features = features
        self.classes = classes
        self.asked = 0

    def run(self, inputs: ModelInputs) -> FloatArray:
        self.asked += len(inputs)
        one = 1 / (1 + np.exp(-(inputs.tabular[:, 0].astype(np.float64) - 50) / 10))
        rest = [(1 - one) / (self.classes - 1)] * (self.classes - 1)
        return np.column_stack([*rest, one]).astype(np.float32)


def tokenizer() -> bytes:
    words = {word: number for number, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS))}
    made = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))  # noqa: S106  # a token of a vocabulary
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made.to_str().encode()


def artifact(*, has_text: bool = False, classes: tuple[str, ...] = ("no", "yes")) -> Artifact:
    """Two numbers, a category with a risk table, one without, and a text or none."""
    fields = (
        Field("amount", Kind.NUMERIC),
        Field("visits", Kind.NUMERIC),
        Field("region", Kind.CATEGORICAL),
        Field("channel", Kind.CATEGORICAL),
        *([Field("review", Kind.TEXT)] if has_text else []),
    )
    text = StoredText(
        field="review",
        steps=("dialogue_chunker", "tokenizer"),
        max_tokens=MOST_TOKENS,
        max_chunks=1,
        tokenizer=tokenizer(),
        where="tokenizer.json",
    )
    return Artifact(
        name="shop",
        family="bimodal_bert" if has_text else "xgboost",
        digest=f"sha256:{64 * 'a'}",
        schema=Schema(fields=fields, classes=classes, label_name="returned"),
        features=("amount", "visits", "region"),
        risk_tables={"region": StoredRiskTable(bins=dict.fromkeys(REGIONS, 0.5), default_bin=0.25)},
        imputation={"amount": 48.5, "visits": 3.0},
        calibrations=(),
        engine=EngineFile(kind=EngineKind.ONNX_TREES, file="trees.onnx"),
        golden=None,
        manifest=None,
        degradations=(),
        files=MemoryFiles({}),
        texts=(text,) if has_text else (),
    )


def scorer(
    *, has_text: bool = False, classes: tuple[str, ...] = ("no", "yes"), profile: Profile | None = None
) -> Scorer:
    made = replace(artifact(has_text=has_text, classes=classes), profile=profile)
    return Scorer(
        artifact=made,
        preprocessor=preprocessor_of(made),
        engine=_Engine(features=3, classes=len(classes)),
        calibrator=None,
        degradations=(),
    )


def asked(model: Scorer) -> int:
    """How many records the model was asked about."""
    assert isinstance(model.engine, _Engine)
    return model.engine.asked


def columns(n: int, *, seed: int, has_text: bool = False) -> dict[str, Column]:
    """One cell in twenty missing; lengths of texts from nothing to what is cut."""
    draws = np.random.default_rng(seed)
    amount = np.round(draws.normal(50, 10, n), 2)
    visits = draws.integers(0, 12, n).astype(np.float64)
    for numbers in (amount, visits):
        numbers[draws.random(n) < 0.05] = np.nan
    region, channel = (_categories(draws, names, n) for names in (REGIONS, ("web", "shop")))
    made: dict[str, Column] = {"amount": amount, "visits": visits, "region": region, "channel": channel}
    if has_text:
        texts = [" ".join(draws.choice(WORDS, draws.integers(0, 10))) for _ in range(n)]
        made["review"] = np.array(texts, dtype=object)
    return made


def _categories(draws: np.random.Generator, names: Sequence[str], n: int) -> Column:
    found = np.array(draws.choice(names, n), dtype=object)
    found[draws.random(n) < 0.05] = None
    return found


def records(cells: Mapping[str, Column]) -> Records:
    n = len(cells["amount"])
    return Records(columns=Columns.of(cells, n), n=n)


def rows(
    n: int, *, seed: int, has_text: bool = False, change: Callable[[dict[str, Column]], None] | None = None
) -> Rows:
    """Rows with labels that follow the score, after a change of their cells."""
    cells = columns(n, seed=seed, has_text=has_text)
    labels = (np.random.default_rng([seed, 1]).random(n) < 0.4).astype(np.int64)
    if change is not None:
        change(cells)
    return Rows(records=records(cells), labels=labels)


def profiled(n: int, *, seed: int, has_text: bool = False) -> Scorer:
    """A model with the profile of so many rows."""
    model = scorer(has_text=has_text)
    table = [rows(n, seed=seed, has_text=has_text)]
    return scorer(has_text=has_text, profile=profile_of(model, table, source=ProfileSource.TABLE))

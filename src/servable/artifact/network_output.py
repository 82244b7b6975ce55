"""Reading what the training of a text network leaves: the layout of the handler's documentation.

Settings stand twice, in `hyperparameters.json` and in the configuration inside `model_artifacts.pth`;
the first wins, the second is the copy to fall back on (decision 0011).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from servable.artifact.artifact import (
    Artifact,
    EngineFile,
    StoredNetwork,
    StoredRiskTable,
    StoredText,
)
from servable.artifact.damage import DamageLog
from servable.artifact.feature_columns import FEATURE_COLUMNS, parse_feature_columns
from servable.artifact.files import Files
from servable.artifact.hyperparameters import (
    FIELD_LISTS,
    HYPERPARAMETERS,
    class_names,
    names,
    null_spellings,
    optional_name,
    problem,
    read_hyperparameters,
)
from servable.artifact.manifest import EngineKind
from servable.artifact.safe import read_torch
from servable.artifact.tables import (
    IMPUTATION,
    RISK_TABLES,
    imputation_values,
    read_calibrations,
    read_twin,
    risk_tables,
)
from servable.artifact.tokenizers import FoundTokenizer, TokenizerSearch, find_tokenizer
from servable.artifact.training_facts import read_training_golden, training_digest
from servable.errors import Damaged, Problem, ServableError
from servable.records import TextJoin
from servable.schema import NETWORK_MAX, Field, Kind, Schema

WEIGHTS: Final = "model.pth"
MODEL_ARTIFACTS: Final = "model_artifacts.pth"
WHOLE_GRAPH: Final = "model.onnx"

FULL_STEPS: Final = (
    *("dialogue_splitter", "html_normalizer", "emoji_remover"),
    *("text_normalizer", "dialogue_chunker", "tokenizer"),
)
MINIMAL_STEPS: Final = ("dialogue_splitter", "text_normalizer", "dialogue_chunker", "tokenizer")
"""What a text field goes through where an artifact says nothing: the handler's documented defaults."""

_TEXT_FIELDS: Final = (
    ("text_name", "text_processing_steps", FULL_STEPS),
    ("primary_text_name", "primary_text_processing_steps", FULL_STEPS),
    ("secondary_text_name", "secondary_text_processing_steps", MINIMAL_STEPS),
)
_MAX_TOKENS, _MAX_CHUNKS = 512, 5


def read_network_output(files: Files, damage: DamageLog, *, tokenizers: TokenizerSearch) -> Artifact:
    """The artifact of a training output with a text network.

    Raises:
        Damaged: if a declared file is missing or broken and damage is refused.
        NotFound: `artifact.tokenizer`.
    """
    stored = _read_model_artifacts(files, damage)
    settings = _read_settings(files, stored, damage)
    fields = _Fields.of(settings, files, _risk_tables(files, stored, damage))
    schema = fields.schema(settings)
    found = find_tokenizer(files, optional_name(settings, "tokenizer"), search=tokenizers)
    texts = _texts(settings, fields.texts, found, damage)
    calibrations, broken = read_calibrations(files, schema.classes)
    for error in broken:
        damage.report(error)
    return Artifact(
        name=optional_name(settings, "pipeline_name") or "model",
        family=_model_class(stored, settings),
        digest=training_digest(files),
        schema=schema,
        features=fields.features,
        risk_tables=fields.risk,
        imputation=_imputation(files, stored, damage),
        calibrations=tuple(calibrations),
        engine=_engine(files, found),
        golden=read_training_golden(files, dtype="float32"),
        manifest=None,
        degradations=damage.degradations,
        files=files,
        texts=texts,
        text_join=_text_join(settings, fields.texts),
        network=StoredNetwork(
            model_class=_model_class(stored, settings),
            encoder=found.encoder,
            ids_suffix=optional_name(settings, "text_input_ids_key") or "input_ids",
            mask_suffix=optional_name(settings, "text_attention_mask_key") or "attention_mask",
        ),
    )


def _read_model_artifacts(files: Files, damage: DamageLog) -> Mapping[str, object]:
    try:
        if MODEL_ARTIFACTS not in files:
            raise _missing(MODEL_ARTIFACTS)
        found = read_torch(files.read(MODEL_ARTIFACTS), where=MODEL_ARTIFACTS)
        if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
            raise Damaged(problem(MODEL_ARTIFACTS, 'an object with the key "config"', "something else"))
    except ServableError as error:
        damage.report(error)
        return {}
    return found


def _read_settings(files: Files, stored: Mapping[str, object], damage: DamageLog) -> dict[str, object]:
    """The settings of `hyperparameters.json` over their copies; of the copies alone where it is broken."""
    config = stored.get("config")
    copies = dict(config) if isinstance(config, dict) else {}
    try:
        if HYPERPARAMETERS not in files:
            raise _missing(HYPERPARAMETERS)
        return copies | read_hyperparameters(files)
    except ServableError as error:
        damage.report(error)
        return copies


def _model_class(stored: Mapping[str, object], settings: Mapping[str, object]) -> str:
    name = optional_name(stored, "model_class") or optional_name(settings, "model_class")
    if name is None:
        raise Damaged(problem(MODEL_ARTIFACTS, '"model_class", the name of a family', "none"))
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """What the columns of a network's artifact are (decisions 0001, 0002 and 0007).

    Attributes:
        columns: of a headerless CSV.
        texts: text fields, in the order in which the network reads them.
        features: what its tabular part reads, in order.
        risk: table of each categorical field that has one.
        categorical: fields with a risk table, or listed as categories.
    """

    columns: tuple[str, ...]
    texts: tuple[str, ...]
    features: tuple[str, ...]
    risk: Mapping[str, StoredRiskTable]
    categorical: frozenset[str]

    @classmethod
    def of(
        cls, settings: Mapping[str, object], files: Files, risk: Mapping[str, StoredRiskTable]
    ) -> "_Fields":
        listed, categories = (names(settings, key, where=HYPERPARAMETERS) for key in FIELD_LISTS)
        texts = tuple(filter(None, (optional_name(settings, key) for key, _, _ in _TEXT_FIELDS)))
        if FEATURE_COLUMNS in files:
            columns = parse_feature_columns(files.read(FEATURE_COLUMNS))
        else:
            both = (*listed, *categories)
            columns = (*both, *(text for text in texts if text not in both))
        has_own = settings.get("network_fields") is not None
        features = names(settings, "network_fields", where=HYPERPARAMETERS) if has_own else listed
        features = tuple(name for name in features if name not in texts)
        fields = cls(
            columns=columns,
            texts=texts,
            features=features,
            risk={name: table for name, table in risk.items() if name not in texts},
            categorical=frozenset((*risk, *categories)) - frozenset(texts),
        )
        fields._require_consistent()
        return fields

    def _require_consistent(self) -> None:
        if not self.texts:
            raise Damaged(problem(HYPERPARAMETERS, '"text_name", the name of a text field', "none"))
        for name in (*self.texts, *self.features):
            if name not in self.columns:
                raise Damaged(problem(FEATURE_COLUMNS, f'a line for the field "{name}"', "none"))
        for name in self.features:
            if name in self.categorical and name not in self.risk:
                found = "none"
                raise Damaged(problem(f"{RISK_TABLES}.json", f'a table of the category "{name}"', found))

    def schema(self, settings: Mapping[str, object]) -> Schema:
        id_name, label_name = optional_name(settings, "id_name"), optional_name(settings, "label_name")
        return Schema(
            fields=tuple(
                Field(name, self._kind(name))
                for name in dict.fromkeys(self.columns)
                if name not in {id_name, label_name}
            ),
            classes=class_names(settings),
            id_name=id_name,
            label_name=label_name,
            csv_columns=self.columns,
            null_spellings=null_spellings(settings),
            number_limit=NETWORK_MAX,
        )

    def _kind(self, name: str) -> Kind:
        if name in self.texts:
            return Kind.TEXT
        # a column that no list names has no effect, and then anything may stand in it
        is_number = name in self.features and name not in self.categorical
        return Kind.NUMERIC if is_number else Kind.CATEGORICAL


def _risk_tables(files: Files, stored: Mapping[str, object], damage: DamageLog) -> dict[str, StoredRiskTable]:
    return risk_tables(_table_or_copy(files, stored, RISK_TABLES, "risk_tables", damage), where=RISK_TABLES)


def _imputation(files: Files, stored: Mapping[str, object], damage: DamageLog) -> dict[str, float]:
    plain = _table_or_copy(files, stored, IMPUTATION, "imputation_dict", damage)
    return imputation_values(plain, where=IMPUTATION)


def _table_or_copy(
    files: Files, stored: Mapping[str, object], stem: str, key: str, damage: DamageLog
) -> object:
    """A table, else its copy in the configuration, else an empty one: a network may have none."""
    try:
        plain = read_twin(files, stem)
    except ServableError as error:
        damage.report(error)
        plain = None
    if plain is not None:
        return plain
    config = stored.get("config")
    copy = config.get(key) if isinstance(config, dict) else None
    if copy:
        damage.note(f"{stem}: taken from its copy in {MODEL_ARTIFACTS}")
    return copy or {}


def _engine(files: Files, found: FoundTokenizer) -> EngineFile:
    """The graph of the whole network where there is one, else its weights."""
    pad = found.encoder.get("pad_token_id")
    kind, file = (EngineKind.ONNX_WHOLE, WHOLE_GRAPH) if WHOLE_GRAPH in files else (EngineKind.TORCH, WEIGHTS)
    return EngineFile(kind=kind, file=file, pad_token_id=pad if isinstance(pad, int) else 0)


def _texts(
    settings: Mapping[str, object], fields: tuple[str, ...], found: FoundTokenizer, damage: DamageLog
) -> tuple[StoredText, ...]:
    max_tokens = _positive(settings, "max_sen_len", _MAX_TOKENS)
    is_limited = settings.get("chunk_trancate") is True
    max_chunks = _positive(settings, "max_total_chunks", _MAX_CHUNKS) if is_limited else None
    texts = []
    for name_key, steps_key, default in _TEXT_FIELDS:
        field = optional_name(settings, name_key)
        if field not in fields:
            continue
        steps: tuple[str, ...] = default
        if settings.get(steps_key) is None:
            damage.note(
                f'field "{field}": no "{steps_key}", so the default steps {", ".join(default)} are used'
            )
        else:
            steps = names(settings, steps_key, where=HYPERPARAMETERS)
        texts.append(
            StoredText(
                field=str(field),
                steps=steps,
                max_tokens=max_tokens,
                max_chunks=max_chunks,
                tokenizer=found.tokenizer,
                where=found.where,
            )
        )
    return tuple(texts)


def _positive(settings: Mapping[str, object], key: str, default: int) -> int:
    value = settings.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Damaged(problem(HYPERPARAMETERS, f'"{key}", a number from 1 on', repr(value)[:60]))
    return value


def _text_join(settings: Mapping[str, object], texts: tuple[str, ...]) -> TextJoin | None:
    """Which columns training joined into its one text field, if it did."""
    if settings.get("text_columns") is None:
        return None
    separator = settings.get("text_separator", " ")
    if not isinstance(separator, str):
        raise Damaged(problem(HYPERPARAMETERS, '"text_separator", a text', "something else"))
    return TextJoin(
        field=texts[0],
        columns=names(settings, "text_columns", where=HYPERPARAMETERS),
        separator=separator,
    )


def _missing(name: str) -> Damaged:
    return Damaged(
        Problem(
            code="artifact.missing-file",
            where=name,
            expected="the file beside the weights of a network",
            found="no such file",
            fix="copy it from the training output, or pass `--on-damage warn` to go on without",
        )
    )

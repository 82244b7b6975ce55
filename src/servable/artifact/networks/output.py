"""Reading what the training of a text network leaves: the layout of the handler's documentation."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from servable.artifact.artifact import Artifact, EngineFile, StoredNetwork, StoredRiskTable
from servable.artifact.damage import DamageLog
from servable.artifact.files import Files
from servable.artifact.hyperparameters import optional_name
from servable.artifact.manifest import EngineKind
from servable.artifact.networks.agreement import (
    agreed_class,
    agreed_encoder,
    require_tokenizer,
    require_widths,
)
from servable.artifact.networks.classes import family_of
from servable.artifact.networks.fields import network_fields
from servable.artifact.networks.settings import MODEL_ARTIFACTS, NetworkSettings, read_network_settings
from servable.artifact.networks.texts import stored_texts, text_join
from servable.artifact.networks.weights import WEIGHTS, Shapes, read_weights, shapes_of
from servable.artifact.profile import profile_of_output
from servable.artifact.tables import (
    IMPUTATION,
    RISK_TABLES,
    imputation_values,
    read_calibrations,
    read_twin,
    risk_tables,
)
from servable.artifact.tokenizers.search import TokenizerSearch, find_tokenizer
from servable.artifact.training_facts import training_digest
from servable.artifact.training_golden import tolerated_golden, without
from servable.errors import Damaged, Problem, ServableError

WHOLE_GRAPH: Final = "model.onnx"

_Table = TypeVar("_Table")


def read_network_output(files: Files, damage: DamageLog, *, tokenizers: TokenizerSearch) -> Artifact:
    """The artifact of a training output with a text network.

    Raises:
        Damaged: if a declared file is missing or broken and damage is refused, or files contradict one
            another.
        NotFound: `artifact.tokenizer`.
        Unavailable: `artifact.extra` if a tokenizer is to be fetched and the library for that is missing.
    """
    settings = read_network_settings(files, damage)
    values, shapes = settings.values, _shapes(files, damage)
    model_class = agreed_class(settings, shapes, damage)
    require_widths(values, shapes, damage)
    fields = network_fields(
        values,
        files,
        family=family_of(model_class, where="model_class"),
        risk=_risk_tables(files, settings, damage),
        imputation=_imputation(files, settings, damage),
        damage=damage,
    )
    schema = fields.schema(values)
    found = find_tokenizer(files, optional_name(values, "tokenizer"), search=tokenizers)
    odd_tokenizer = require_tokenizer(found, shapes, vocabulary=settings.vocabulary, damage=damage)
    encoder = agreed_encoder(found, shapes, damage)
    texts = stored_texts(values, fields.texts, found, damage)
    calibrations, broken = read_calibrations(files, schema.classes)
    for error in broken:
        damage.report(error)
    golden, broken_records = tolerated_golden(files, damage, dtype="float32")
    profile = profile_of_output(files, schema)
    readable = without(files, (*settings.unreadable, *broken_records))
    return Artifact(
        name=optional_name(values, "pipeline_name") or "model",
        family=model_class,
        digest=training_digest(files),
        schema=schema,
        features=fields.features,
        risk_tables=fields.risk,
        imputation=fields.imputation,
        calibrations=tuple(calibrations),
        engine=_engine(files, pad_token_id=found.pad_token_id),
        golden=golden,
        manifest=None,
        profile=profile.profile,
        profile_problem=profile.problem,
        degradations=damage.degradations,
        files=readable,
        texts=texts,
        text_join=text_join(values, fields.texts),
        network=StoredNetwork(
            model_class=model_class,
            encoder=encoder,
            ids_suffix=optional_name(values, "text_input_ids_key") or "input_ids",
            mask_suffix=optional_name(values, "text_attention_mask_key") or "attention_mask",
        ),
        remarks=(
            *profile.remarks,
            *settings.remarks,
            *fields.remarks,
            *odd_tokenizer,
            *([found.remark] if found.remark else []),
        ),
    )


def _shapes(files: Files, damage: DamageLog) -> Shapes:
    """The shapes of the weights, which must be sound also beside a graph of their own."""
    try:
        return shapes_of(read_weights(files))
    except ServableError as error:
        damage.report(error)
        return {}


def _risk_tables(files: Files, settings: NetworkSettings, damage: DamageLog) -> Mapping[str, StoredRiskTable]:
    return _table_or_copy(files, RISK_TABLES, risk_tables, settings.copies.get("risk_tables"), damage)


def _imputation(files: Files, settings: NetworkSettings, damage: DamageLog) -> Mapping[str, float]:
    return _table_or_copy(
        files, IMPUTATION, imputation_values, settings.copies.get("imputation_dict"), damage
    )


def _table_or_copy(
    files: Files,
    stem: str,
    parse: Callable[..., dict[str, _Table]],
    copy: object,
    damage: DamageLog,
) -> dict[str, _Table]:
    """A table, else its copy in the configuration, else an empty one: a network may have none."""
    where = f"{MODEL_ARTIFACTS}, copy of {stem}"
    try:
        plain = read_twin(files, stem)
        table = None if plain is None else parse(plain, where=stem)
    except ServableError as error:
        damage.report(error)
        table = None
    if table is None:
        if not copy:
            return {}
        damage.note(f"{stem}: taken from its copy in {MODEL_ARTIFACTS}")
        return parse(copy, where=where)
    if copy is not None:
        try:
            _require_equal(stem, table, parse(copy, where=where))
        except Damaged as error:
            damage.report(error)
    return table


def _require_equal(stem: str, table: Mapping[str, object], copy: Mapping[str, object]) -> None:
    """Nothing, if a table is its copy; else the first number that one of them has otherwise."""
    if table == copy:
        return
    found, expected = _numbers(table), _numbers(copy)
    place = next(place for place in sorted({*found, *expected}) if found.get(place) != expected.get(place))
    raise Damaged(
        Problem(
            code="artifact.table",
            where=f"{stem}, {place}",
            expected=f"{expected.get(place, 'none')}, as its copy in {MODEL_ARTIFACTS} says",
            found=str(found.get(place, "none")),
            fix="use the table that was written with these weights",
        )
    )


def _numbers(table: Mapping[str, object]) -> dict[str, object]:
    """The numbers of a table by their place, in words."""
    numbers: dict[str, object] = {}
    for field, entry in table.items():
        here = f'field "{field}"'
        if isinstance(entry, StoredRiskTable):
            numbers[f"{here}, default_bin"] = entry.default_bin
            numbers |= {f'{here}, bin "{name}"': value for name, value in entry.bins.items()}
        else:
            numbers[here] = entry
    return numbers


def _engine(files: Files, *, pad_token_id: int) -> EngineFile:
    """The graph of the whole network where there is one, else its weights."""
    kind, file = (EngineKind.ONNX_WHOLE, WHOLE_GRAPH) if WHOLE_GRAPH in files else (EngineKind.TORCH, WEIGHTS)
    return EngineFile(kind=kind, file=file, pad_token_id=pad_token_id)

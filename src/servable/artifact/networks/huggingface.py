"""Reading a sequence classifier as Hugging Face saves it: one text, an encoder, classes by name.

The folder's own library cuts a text at the limit of its tokenizer or its positions, whichever is less, and
so does the one text field that is made of it; nothing else is done to a text.
"""

from collections.abc import Mapping
from typing import Final

from servable.artifact.artifact import Artifact, EngineFile, StoredNetwork, StoredText
from servable.artifact.damage import DamageLog
from servable.artifact.files import Files
from servable.artifact.manifest import EngineKind
from servable.artifact.networks.agreement import require_tokenizer
from servable.artifact.networks.weights import (
    SAFETENSORS,
    TORCH_WEIGHTS,
    read_weights,
    shapes_of,
    weights_file,
)
from servable.artifact.safe import parse_json
from servable.artifact.tables import read_calibrations
from servable.artifact.tokenizers.folder import (
    ENCODER_CONFIG,
    TOKENIZER_SETTINGS,
    FoundTokenizer,
    read_tokenizer,
)
from servable.artifact.training_facts import training_digest
from servable.errors import Damaged, Problem, shown
from servable.schema import NETWORK_MAX, PANDAS_NULLS, Field, Kind, Schema

MODEL_CLASS: Final = "bert"
TEXT_FIELD: Final = "text"
TEXT_STEPS: Final = ("one_chunk", "tokenizer")

_ARCHITECTURES: Final = {
    "BertForSequenceClassification": "bert",
    "RobertaForSequenceClassification": "roberta",
    "XLMRobertaForSequenceClassification": "xlm-roberta",
}
"""Architecture -> type of its encoder."""

_FAMILY_TYPES: Final = {"xlm-roberta": "roberta"}
"""Types of encoders that are another one under a name of their own."""

_FEWEST_TOKENS: Final = 3
"""The first, the last, and one of the text."""

_ONE_LABEL: Final = "single_label_classification"
_CUT_AT_THE_END: Final = "right"


def is_huggingface_output(files: Files) -> bool:
    """Whether these are the files of a model that Hugging Face saved."""
    names = (SAFETENSORS, f"{SAFETENSORS}.index.json", TORCH_WEIGHTS, f"{TORCH_WEIGHTS}.index.json")
    return ENCODER_CONFIG in files and any(name in files for name in names)


def read_huggingface_output(files: Files, damage: DamageLog) -> Artifact:
    """The artifact of a sequence classifier with one text.

    Raises:
        Damaged: `artifact.huggingface` if it is another kind of model, or a file is missing or broken.
    """
    config = _config(files)
    found = read_tokenizer(files)
    weights = weights_file(files)
    if weights is None:
        expected = f"the weights in one file, {SAFETENSORS} or {TORCH_WEIGHTS}"
        raise _damaged("weights", expected, "none", fix="save the model once more as one file")
    shapes = shapes_of(read_weights(files))
    remarks = require_tokenizer(found, shapes, vocabulary=None, damage=damage)
    schema = _schema(_class_names(config))
    calibrations, broken = read_calibrations(files, schema.classes)
    for error in broken:
        damage.report(error)
    return Artifact(
        name="model",
        family=MODEL_CLASS,
        digest=training_digest(files),
        schema=schema,
        features=(),
        risk_tables={},
        imputation={},
        calibrations=tuple(calibrations),
        engine=EngineFile(kind=EngineKind.TORCH, file=weights, pad_token_id=found.pad_token_id),
        golden=None,
        manifest=None,
        degradations=damage.degradations,
        files=files,
        texts=(
            StoredText(
                field=TEXT_FIELD,
                steps=TEXT_STEPS,
                max_tokens=_max_tokens(config, found),
                max_chunks=None,
                tokenizer=found.tokenizer,
                where=found.where,
            ),
        ),
        network=StoredNetwork(model_class=MODEL_CLASS, encoder=config),
        remarks=remarks,
    )


def _config(files: Files) -> Mapping[str, object]:
    """The configuration, with the type of its encoder under the name that the family knows."""
    config = parse_json(files.read(ENCODER_CONFIG), where=ENCODER_CONFIG)
    if not isinstance(config, dict):
        raise _damaged(ENCODER_CONFIG, "an object", "something else")
    architectures = config.get("architectures")
    known = [name for name in _ARCHITECTURES if architectures == [name]]
    if not known:
        expected = f"one of {', '.join(_ARCHITECTURES)}"
        raise _damaged(f'{ENCODER_CONFIG}, "architectures"', expected, shown(architectures))
    problem_type = config.get("problem_type")
    if problem_type not in (None, _ONE_LABEL):
        where, expected = f'{ENCODER_CONFIG}, "problem_type"', f"{_ONE_LABEL}, or none"
        raise _damaged(where, expected, shown(problem_type))
    model_type = _ARCHITECTURES[known[0]]
    if config.get("model_type", model_type) != model_type:
        where, expected = f'{ENCODER_CONFIG}, "model_type"', f"{model_type}, as of {known[0]}"
        raise _damaged(where, expected, shown(config["model_type"]))
    return config | {"model_type": _FAMILY_TYPES.get(model_type, model_type)}


def _class_names(config: Mapping[str, object]) -> tuple[str, ...]:
    """The names of the labels in the order of their indices; the library's own where none are given."""
    where = f'{ENCODER_CONFIG}, "id2label"'
    labels, number = config.get("id2label"), config.get("num_labels")
    if labels is None:
        count = number if isinstance(number, int) and not isinstance(number, bool) else 2
        names = tuple(f"LABEL_{index}" for index in range(max(0, count)))
    else:
        indices = [str(index) for index in range(len(labels))] if isinstance(labels, dict) else []
        if not isinstance(labels, dict) or {*labels} != {*indices}:
            raise _damaged(where, "the name of each label under its index, from 0 on", shown(labels))
        names = tuple(str(labels[index]) for index in indices)
    if len(names) < 2 or len(set(names)) != len(names):
        expected = "at least two labels of different names, of a classifier that gives one of them"
        raise _damaged(where, expected, ", ".join(names) or "none")
    return names


def _max_tokens(config: Mapping[str, object], found: FoundTokenizer) -> int:
    """Tokens of a text at most: what the tokenizer admits, and no more than the encoder has positions for."""
    side = found.settings.get("truncation_side", _CUT_AT_THE_END)
    if side != _CUT_AT_THE_END:
        where, expected = f'{TOKENIZER_SETTINGS}, "truncation_side"', f'"{_CUT_AT_THE_END}"'
        raise _damaged(where, expected, shown(side))
    positions = config.get("max_position_embeddings")
    if not isinstance(positions, int) or isinstance(positions, bool):
        where = f'{ENCODER_CONFIG}, "max_position_embeddings"'
        raise _damaged(where, "a number", shown(positions))
    # those of a RoBERTa are counted from behind its token of padding
    reserved = found.pad_token_id + 1 if config["model_type"] == "roberta" else 0
    most = found.settings.get("model_max_length")
    if most is None:
        return positions - reserved
    if isinstance(most, bool) or not isinstance(most, int | float) or most < _FEWEST_TOKENS:
        where = f'{TOKENIZER_SETTINGS}, "model_max_length"'
        raise _damaged(where, f"a number of tokens, at least {_FEWEST_TOKENS}", shown(most))
    return int(min(positions - reserved, most))  # "no limit" is written as a huge number


def _schema(classes: tuple[str, ...]) -> Schema:
    return Schema(
        fields=(Field(TEXT_FIELD, Kind.TEXT),),
        classes=classes,
        csv_columns=(TEXT_FIELD,),
        null_spellings=PANDAS_NULLS,
        number_limit=NETWORK_MAX,
    )


def _damaged(
    where: str,
    expected: str,
    found: str,
    *,
    fix: str = "name the folder of a classifier of one text that this layout can hold",
) -> Damaged:
    return Damaged(Problem(code="artifact.huggingface", where=where, expected=expected, found=found, fix=fix))

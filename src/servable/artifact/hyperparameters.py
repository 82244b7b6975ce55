"""`hyperparameters.json`: fields, classes and settings, as training wrote them down."""

from collections.abc import Mapping
from typing import Final

from servable.artifact.files import Files
from servable.artifact.safe import parse_json
from servable.errors import Damaged, Problem, shown
from servable.schema import PANDAS_NULLS, Kind, Schema
from servable.wording import enumerated

HYPERPARAMETERS: Final = "hyperparameters.json"
FIELD_LISTS: Final = ("tab_field_list", "cat_field_list")
TWO_TEXTS: Final = ("primary_text_name", "secondary_text_name")
MOST_CLASSES: Final = 1_000
"""Of a model: every answer has two numbers for each, and nothing here is meant for more."""

_NUMBER_OF_CLASSES, _CATEGORIES = "num_classes", "multiclass_categories"


def read_hyperparameters(files: Files) -> dict[str, object]:
    """The settings of `hyperparameters.json`, its two lists of fields among them.

    Raises:
        Damaged: `json.*`, or `artifact.hyperparameters` where a list of fields is missing.
    """
    found = parse_json(files.read(HYPERPARAMETERS), where=HYPERPARAMETERS)
    settings = found if isinstance(found, dict) else {}
    for key in FIELD_LISTS:
        names(settings, key, where=HYPERPARAMETERS)
    return settings


def names(settings: Mapping[str, object], key: str, *, where: str) -> tuple[str, ...]:
    """The list of names under a key.

    Raises:
        Damaged: `artifact.hyperparameters` if there is none.
    """
    value = settings.get(key)
    if not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        found = "none" if value is None else "something else"
        raise Damaged(problem(where, f'"{key}", a list of names', found))
    return tuple(value)


def optional_name(settings: Mapping[str, object], key: str) -> str | None:
    """The name under a key, or None where there is none."""
    value = settings.get(key)
    return value if isinstance(value, str) and value else None


def class_names(settings: Mapping[str, object]) -> tuple[str, ...]:
    """Names of the classes in the order of the scores; their indices where none are given, two at least.

    Raises:
        Damaged: `artifact.hyperparameters` if there are more than `MOST_CLASSES`, or their number is none.
    """
    categories = settings.get(_CATEGORIES)
    if isinstance(categories, list) and categories:
        _require_few(len(categories), _CATEGORIES)
        return tuple(map(str, categories))
    number = max(2, _whole(settings, _NUMBER_OF_CLASSES) or 2)
    _require_few(number, _NUMBER_OF_CLASSES)
    return tuple(map(str, range(number)))


def _require_few(number: int, key: str) -> None:
    if number > MOST_CLASSES:
        where = f'{HYPERPARAMETERS}, "{key}"'
        raise Damaged(problem(where, f"at most {MOST_CLASSES} classes", shown(number)))


def require_consistent_classes(settings: Mapping[str, object]) -> None:
    """Nothing, if number, names and kind of the classes agree with one another.

    Raises:
        Damaged: `artifact.hyperparameters`, naming the first contradiction.
    """
    classes, number = class_names(settings), _whole(settings, _NUMBER_OF_CLASSES)
    found = f"the {len(classes)} classes {enumerated(classes)}"
    where = f'{HYPERPARAMETERS}, "{_CATEGORIES}"'
    if len(set(classes)) != len(classes):
        raise Damaged(problem(where, "classes of different names", found))
    if settings.get("is_binary") is True and len(classes) != 2:
        raise Damaged(problem(where, 'two classes, because "is_binary" is true', found))
    if number is not None and number != len(classes):
        raise Damaged(problem(where, f'{number} classes, as "num_classes" says', found))


def require_class_weights(settings: Mapping[str, object]) -> None:
    """Nothing, if training had one weight for each class, or none; scoring does not read them.

    Raises:
        Damaged: `artifact.hyperparameters`.
    """
    weights, classes = settings.get("class_weights"), class_names(settings)
    if isinstance(weights, list) and len(weights) != len(classes):
        where = f'{HYPERPARAMETERS}, "class_weights"'
        raise Damaged(problem(where, f"{len(classes)} numbers, one for each class", f"{len(weights)}"))


def _whole(settings: Mapping[str, object], key: str) -> int | None:
    value = settings.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise Damaged(problem(f'{HYPERPARAMETERS}, "{key}"', "a whole number", shown(value)))


def null_spellings(settings: Mapping[str, object]) -> frozenset[str]:
    """Spellings of a missing number; those of pandas where none are given."""
    spellings = settings.get("null_spellings")
    return frozenset(map(str, spellings)) if isinstance(spellings, list) else PANDAS_NULLS


def field_lists(schema: Schema) -> dict[str, object]:
    """What `hyperparameters.json` says about fields and classes."""
    texts = schema.names(Kind.TEXT)
    return {
        "full_field_list": [*schema.names(), *filter(None, [schema.id_name, schema.label_name])],
        "tab_field_list": list(schema.names(Kind.NUMERIC)),
        "cat_field_list": [*schema.names(Kind.CATEGORICAL), *texts],
        "label_name": schema.label_name,
        "id_name": schema.id_name,
        "is_binary": len(schema.classes) == 2,
        "num_classes": len(schema.classes),
        "multiclass_categories": list(schema.classes),
        "null_spellings": sorted(schema.null_spellings),
        **dict(zip(("text_name",) if len(texts) == 1 else TWO_TEXTS, texts, strict=False)),
    }


def problem(where: str, expected: str, found: str) -> Problem:
    """What is wrong with the settings."""
    return Problem(
        code="artifact.hyperparameters",
        where=where,
        expected=expected,
        found=found,
        fix="write the file again with the training that made it",
    )

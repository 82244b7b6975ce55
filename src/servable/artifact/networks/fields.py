"""What the columns of a network's training output are (decisions 0001, 0002 and 0007)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from servable.artifact.artifact import StoredRiskTable
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
)
from servable.artifact.networks.classes import reads_two_texts
from servable.artifact.tables import RISK_TABLES
from servable.errors import Damaged
from servable.schema import NETWORK_MAX, Field, Kind, Schema

TEXT, PRIMARY, SECONDARY = "text_name", "primary_text_name", "secondary_text_name"
_TEXT_NAMES: Final = (TEXT, PRIMARY, SECONDARY)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFields:
    """The fields of a network's artifact.

    Attributes:
        columns: of a headerless CSV.
        texts: setting that names it -> text field, in the order in which the network reads them.
        features: what its tabular part reads, in order.
        risk: table of each categorical field that has one.
        imputation: value of a missing number, by field.
        categorical: fields with a risk table, or listed as categories.
        id_name, label_name: columns that are no fields.
        remarks: what is sound and yet odd.
    """

    columns: tuple[str, ...]
    texts: Mapping[str, str]
    features: tuple[str, ...]
    risk: Mapping[str, StoredRiskTable]
    imputation: Mapping[str, float]
    categorical: frozenset[str]
    id_name: str | None
    label_name: str | None
    remarks: tuple[str, ...]

    def schema(self, settings: Mapping[str, object]) -> Schema:
        """What a record must hold."""
        # a column that no list names has no effect, and then anything may stand in it
        kinds = {name: Kind.NUMERIC for name in self.features if name not in self.categorical}
        kinds |= dict.fromkeys(self.texts.values(), Kind.TEXT)
        return Schema(
            fields=tuple(
                Field(name, kinds.get(name, Kind.CATEGORICAL))
                for name in dict.fromkeys(self.columns)
                if name not in {self.id_name, self.label_name}
            ),
            classes=class_names(settings),
            id_name=self.id_name,
            label_name=self.label_name,
            csv_columns=self.columns,
            null_spellings=null_spellings(settings),
            number_limit=NETWORK_MAX,
        )


def network_fields(
    settings: Mapping[str, object],
    files: Files,
    *,
    family: str,
    risk: Mapping[str, StoredRiskTable],
    imputation: Mapping[str, float],
    damage: DamageLog,
) -> NetworkFields:
    """The fields that settings, columns and tables make together.

    Args:
        settings: of the network.
        files: the artifact's.
        family: of the network, which reads one text or two.
        risk: tables by field, any field.
        imputation: values by field, any field.
        damage: takes a list of columns that does not hold what the network reads.

    Raises:
        Damaged: `artifact.hyperparameters` if fields are missing, or a category that the network reads has
            no table.
    """
    listed, categories = (names(settings, key, where=HYPERPARAMETERS) for key in FIELD_LISTS)
    label_name, texts = optional_name(settings, "label_name"), _texts(settings, family)
    features = _features(settings, listed, frozenset((label_name, *texts.values())))
    id_name = optional_name(settings, "id_name")
    both = (*listed, *categories)
    columns = _columns(files, both, texts=tuple(texts.values()), features=features, damage=damage)
    known = frozenset(columns) - frozenset((label_name, *texts.values()))
    fields = NetworkFields(
        columns=columns,
        texts=texts,
        features=features,
        risk={name: table for name, table in risk.items() if name in known},
        imputation={name: value for name, value in imputation.items() if name in known},
        categorical=frozenset((*risk, *categories)) - frozenset(texts.values()),
        # what the network reads is a field, even if it was named as the id
        id_name=None if id_name in (*texts.values(), *features) else id_name,
        label_name=label_name,
        remarks=(
            *_of_no_field("risk table", risk, known),
            *_of_no_field("imputation value", imputation, known),
            *_unread_texts(settings, texts),
        ),
    )
    _require_tables(fields)
    return fields


def _texts(settings: Mapping[str, object], family: str) -> dict[str, str]:
    """The texts that a network of this family reads, by the setting that names them."""
    named = {key: name for key in _TEXT_NAMES if (name := optional_name(settings, key))}
    one = PRIMARY if PRIMARY in named and TEXT not in named else TEXT
    asked = (PRIMARY, SECONDARY) if reads_two_texts(family) else (one,)
    for key in asked:
        if key not in named:
            raise Damaged(problem(HYPERPARAMETERS, f'"{key}", the name of a text field', "none"))
    if len({named[key] for key in asked}) != len(asked):
        expected = f'another field under "{SECONDARY}" than under "{PRIMARY}"'
        raise Damaged(problem(HYPERPARAMETERS, expected, f'"{named[PRIMARY]}"'))
    return {key: named[key] for key in asked}


def _features(
    settings: Mapping[str, object], listed: tuple[str, ...], others: frozenset[str | None]
) -> tuple[str, ...]:
    """What the tabular part reads: a list of its own where there is one, else all that is listed."""
    has_own = settings.get("network_fields") is not None
    features = names(settings, "network_fields", where=HYPERPARAMETERS) if has_own else listed
    return tuple(name for name in features if name not in others)


def _columns(
    files: Files,
    listed: tuple[str, ...],
    *,
    texts: tuple[str, ...],
    features: tuple[str, ...],
    damage: DamageLog,
) -> tuple[str, ...]:
    """The columns of `feature_columns.txt`; of the lists of fields where it is missing or broken."""
    if FEATURE_COLUMNS in files:
        try:
            columns = parse_feature_columns(files.read(FEATURE_COLUMNS))
            if (missing := _first_missing(columns, (*texts, *features))) is not None:
                raise Damaged(problem(FEATURE_COLUMNS, f'a line for the field "{missing}"', "none"))
        except Damaged as error:
            damage.report(error)
        else:
            return columns
    columns = (*listed, *(text for text in texts if text not in listed))
    if (missing := _first_missing(columns, features)) is not None:
        raise Damaged(problem(HYPERPARAMETERS, f'the field "{missing}" in a list of fields', "none"))
    return columns


def _first_missing(columns: tuple[str, ...], read: tuple[str, ...]) -> str | None:
    known = frozenset(columns)
    return next((name for name in read if name not in known), None)


def _require_tables(fields: NetworkFields) -> None:
    for name in fields.features:
        if name in fields.categorical and name not in fields.risk:
            raise Damaged(problem(f"{RISK_TABLES}.json", f'a table of the category "{name}"', "none"))


def _of_no_field(kind: str, tables: Mapping[str, object], known: frozenset[str]) -> list[str]:
    return [
        f'"{name}": its {kind} has no effect, because it is no field that takes one'
        for name in tables
        if name not in known
    ]


def _unread_texts(settings: Mapping[str, object], texts: Mapping[str, str]) -> list[str]:
    named = {key: optional_name(settings, key) for key in _TEXT_NAMES}
    return [
        f'"{name}": named by "{key}", and the network does not read it'
        for key, name in named.items()
        if name is not None and name not in texts.values()
    ]

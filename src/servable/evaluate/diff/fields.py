"""What a record must hold, as two artifacts have it."""

from dataclasses import dataclass

from servable.artifact import Artifact
from servable.evaluate.diff.change import Change, Pair, changed
from servable.schema import Field, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherKind:
    """A field that both artifacts have, of two kinds."""

    name: str
    a: Kind
    b: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsDiff:
    """How the records of two artifacts differ.

    Attributes:
        fields: how many both have, of one kind.
        added: fields of B alone, in its order.
        removed: fields of A alone, in its order.
        other_kind: fields of both.
        changes: classes, names, order, columns of a CSV without a header, spellings of a missing number.
    """

    fields: int
    added: tuple[Field, ...]
    removed: tuple[Field, ...]
    other_kind: tuple[OtherKind, ...]
    changes: tuple[Change, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.other_kind or self.changes)

    @property
    def moves_scores(self) -> bool:
        """Whether a record may be read in another way, or its scores may mean another thing."""
        named = self.added or self.removed or self.other_kind
        return bool(named) or any(change.moves_scores for change in self.changes)


def fields_diff(a: Artifact, b: Artifact) -> FieldsDiff:
    """The fields that differ between A and B, and what else decides how a record is read."""
    of_a, of_b = ({field.name: field for field in side.schema.fields} for side in (a, b))
    common = [name for name in of_a if name in of_b]
    other_kind = [
        OtherKind(name=name, a=of_a[name].kind, b=of_b[name].kind)
        for name in common
        if of_a[name].kind is not of_b[name].kind
    ]
    return FieldsDiff(
        fields=len(common) - len(other_kind),
        added=tuple(field for name, field in of_b.items() if name not in of_a),
        removed=tuple(field for name, field in of_a.items() if name not in of_b),
        other_kind=tuple(other_kind),
        changes=(
            *changed(_of_scores(a, b), moves_scores=True),
            *changed(_of_names(a, b, common), moves_scores=False),
        ),
    )


def _of_scores(a: Artifact, b: Artifact) -> list[Pair]:
    """What decides which number a cell becomes, or which class a score is of."""
    return [
        Pair("classes", a.schema.classes, b.schema.classes),
        Pair("order in which the model reads", a.features, b.features),
        Pair("columns of a CSV without a header", a.schema.csv_columns, b.schema.csv_columns),
        Pair("spellings of a missing number", *(tuple(sorted(s.schema.null_spellings)) for s in (a, b))),
        Pair("columns joined into a text", *(_joined(side) for side in (a, b))),
    ]


def _of_names(a: Artifact, b: Artifact, common: list[str]) -> list[Pair]:
    of_both = set(common)
    orders = (tuple(name for name in side.schema.names() if name in of_both) for side in (a, b))
    return [
        Pair("order of the fields", *orders),
        Pair("id", a.schema.id_name, b.schema.id_name),
        Pair("label", a.schema.label_name, b.schema.label_name),
    ]


def _joined(artifact: Artifact) -> tuple[str, ...] | None:
    """The text field, the columns that are joined into it and what stands between two of them."""
    join = artifact.text_join
    return None if join is None else (join.field, *join.columns, join.separator)

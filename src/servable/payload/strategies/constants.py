"""The sample that needs no more of an artifact than its lists of fields: the script's constants."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from servable.errors import Damaged, NotFound, Problem, shown
from servable.payload import script
from servable.payload.field_values import Variable
from servable.payload.samples import Sample
from servable.payload.texts import sample_texts
from servable.records import Cell
from servable.schema import FLOAT64_MAX, Field, Kind, Schema

CASE: Final = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """What the lists of fields in an artifact say.

    Attributes:
        schema: fields that are numbers, and others; the columns of a CSV.
        variables: the fields and the columns with their types, as the script has them.
        texts: by text field, a text of which the model's steps leave something.
    """

    schema: Schema
    variables: tuple[Variable, ...]
    texts: Mapping[str, str]


def constant_samples(model: ListedModel, *, count: int, number: float, text: str | None) -> Iterator[Sample]:
    """`count` equal samples of one record.

    Args:
        model: whose fields they have.
        count: how many.
        number: the value of every number.
        text: that of every category and text; None: the script's placeholder for a category, and for a text
            field a text of which something reaches the model.
    """

    def cell(name: str, var_type: str) -> Cell:
        if var_type == script.VariableType.NUMERIC:
            return number
        return model.texts.get(name, script.DEFAULT_TEXT_VALUE) if text is None else text

    record = {name: cell(name, var_type) for name, var_type in reversed(model.variables)}
    in_order = {name: record[name] for name, _ in model.variables}
    for _ in range(count):
        yield Sample(case=CASE, records=(in_order,))


def listed_model(artifact_path: Path) -> ListedModel:
    """The lists of fields of an artifact that may lack everything else.

    Args:
        artifact_path: a `.tar.gz` with `hyperparameters.json` at its root, or a directory with it.

    Raises:
        NotFound: `payload.not-found`.
        Damaged: `payload.no-fields`, `json.*`.
        PayloadError: as the script's readers.
    """
    files = _open_model(artifact_path)
    hyperparameters = script.parse_hyperparameters(files)
    variables = _variables(files, hyperparameters)
    columns = script.csv_variables(files, variables)
    return ListedModel(
        schema=Schema(
            fields=tuple(
                Field(name, _kind(var_type))
                for name, var_type in {name: var_type for name, var_type in variables}.items()
            ),
            classes=("0", "1"),
            csv_columns=tuple(name for name, _ in columns),
            number_limit=FLOAT64_MAX,
        ),
        variables=(*map(tuple, variables), *map(tuple, columns)),
        texts=sample_texts(files, hyperparameters),
    )


def _kind(var_type: str) -> Kind:
    return Kind.NUMERIC if var_type == script.VariableType.NUMERIC else Kind.TEXT


def _open_model(artifact_path: Path) -> script.ModelFiles:
    if artifact_path.is_dir():
        return script.find_model_files(artifact_path)
    if artifact_path.is_file():
        return script.read_model_archive(artifact_path)
    raise NotFound(
        Problem(
            code="payload.not-found",
            where=str(artifact_path),
            expected="an artifact: a .tar.gz or a directory",
            found="nothing",
            fix="check the path",
        )
    )


def _variables(files: script.ModelFiles, hyperparameters: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    variables = script.request_variables(hyperparameters)
    if variables:
        return variables
    raise Damaged(
        Problem(
            code="payload.no-fields",
            where=f"{files.where}: {script.HYPERPARAMETERS}",
            expected="fields in tab_field_list, cat_field_list or text_name, beside the label and the id",
            found=f"none among its keys {shown(sorted(hyperparameters))}",
            fix="write the lists that training used and pack the model again",
        )
    )

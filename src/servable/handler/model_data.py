"""What `model_fn` returns: a loaded model that is read like the dict of the handler's documentation."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from servable.artifact import (
    FEATURE_COLUMNS,
    HYPERPARAMETERS,
    MODEL_ARTIFACTS,
    parse_json,
    read_torch,
)
from servable.errors import ServableError
from servable.handler.calibration import documented_calibrator
from servable.handler.model import Model
from servable.handler.processors import (
    Processor,
    numerical_processor,
    risk_processor,
    text_processor,
)
from servable.schema import Field, Kind


class Config(dict[str, Any]):
    """Settings by name, also as attributes: `config["text_name"]`, `config.text_name`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(f"the model's configuration has no {name!r}") from error


class ModelData(Mapping[str, Any]):
    """A loaded model under eleven keys; each value is made when it is first asked for.

    | key | value |
    |---|---|
    | `model` | what scores: a `Model` |
    | `config` | `Config`: settings of `hyperparameters.json` over their copies in `model_artifacts.pth` |
    | `embedding_mat` | `[vocabulary, width]` array of `model_artifacts.pth`, or None without that file |
    | `vocab` | token -> id, of the same file, or empty |
    | `model_class` | the name of the model's family |
    | `pipelines` | text field -> `Processor` to chunks of token ids |
    | `calibrator` | `{"type": ..., "data": ...}` of the calibrator in use, or None |
    | `feature_columns` | the columns of `feature_columns.txt`, or None without that file |
    | `hyperparameters` | the settings of `hyperparameters.json`, or empty |
    | `risk_processors` | categorical field -> `Processor` to its risk |
    | `numerical_processors` | numeric field -> `Processor` to the number, imputed where it is missing |

    Source: `model_fn` in the documentation of the inference handler.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._artifact = model.scorer.artifact
        self._schema = model.scorer.schema

    def __getitem__(self, key: str) -> Any:
        return _VALUES[key](self)

    def __iter__(self) -> Iterator[str]:
        return iter(_VALUES)

    def __len__(self) -> int:
        return len(_VALUES)

    def __repr__(self) -> str:
        return f"ModelData({self._model!r})"

    @cached_property
    def hyperparameters(self) -> dict[str, Any]:
        """The settings of `hyperparameters.json`; empty where it is missing or broken."""
        if HYPERPARAMETERS not in self._artifact.files:
            return {}
        try:
            found = parse_json(self._artifact.files.read(HYPERPARAMETERS), where=HYPERPARAMETERS)
        except ServableError:  # told when the model was loaded
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def _stored(self) -> dict[str, Any]:
        """The content of `model_artifacts.pth`; empty where it is missing or broken."""
        if MODEL_ARTIFACTS not in self._artifact.files:
            return {}
        try:
            found = read_torch(self._artifact.files.read(MODEL_ARTIFACTS), where=MODEL_ARTIFACTS)
        except ServableError:  # told when the model was loaded
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def config(self) -> Config:
        """All settings of the model; number and names of its classes are always among them.

        A setting that `hyperparameters.json` lacks is its copy, as where the model is read; family,
        imputation values and risk tables are those in use, wherever they came from.
        """
        classes, risk_tables = self._schema.classes, self._artifact.risk_tables
        of_classes = {
            "is_binary": len(classes) == 2,
            "num_classes": len(classes),
            "multiclass_categories": list(classes),
        }
        in_use = {
            "model_class": self._artifact.family,
            "imputation_dict": dict(self._artifact.imputation),
            "risk_tables": {
                name: {"bins": dict(table.bins), "default_bin": table.default_bin}
                for name, table in risk_tables.items()
            },
        }
        config = self._stored.get("config")
        copies = config if isinstance(config, dict) else {}
        return Config(of_classes | copies | self.hyperparameters | in_use)

    @cached_property
    def pipelines(self) -> Mapping[str, Processor[Any]]:
        """By text field."""
        readers = self._model.scorer.preprocessor.texts
        return MappingProxyType(
            {
                field.name: text_processor(self._schema, field, readers[field.name])
                for field in self._fields(Kind.TEXT)
                if field.name in readers
            }
        )

    @cached_property
    def risk_processors(self) -> Mapping[str, Processor[float]]:
        """By categorical field that has a table."""
        tables = self._model.scorer.preprocessor.risk_tables
        return MappingProxyType(
            {
                field.name: risk_processor(self._schema, field, tables[field.name])
                for field in self._fields(Kind.CATEGORICAL)
                if field.name in tables
            }
        )

    @cached_property
    def numerical_processors(self) -> Mapping[str, Processor[float]]:
        """By numeric field that has an imputation value."""
        values = self._artifact.imputation
        return MappingProxyType(
            {
                field.name: numerical_processor(self._schema, field, values[field.name])
                for field in self._fields(Kind.NUMERIC)
                if field.name in values
            }
        )

    @cached_property
    def feature_columns(self) -> list[str] | None:
        """The columns as their file lists them, repeated ones included."""
        columns = self._schema.csv_columns
        return None if columns is None or FEATURE_COLUMNS not in self._artifact.files else [*columns]

    def _fields(self, kind: Kind) -> list[Field]:
        return [field for field in self._schema.fields if field.kind is kind]


_VALUES: Final[Mapping[str, Callable[[ModelData], Any]]] = MappingProxyType(
    {
        "model": lambda data: data._model,
        "config": lambda data: data.config,
        "embedding_mat": lambda data: data._stored.get("embedding_mat"),
        "vocab": lambda data: data._stored.get("vocab", {}),
        "model_class": lambda data: data._artifact.family,
        "pipelines": lambda data: data.pipelines,
        "calibrator": lambda data: documented_calibrator(data._model.scorer.calibrator),
        "feature_columns": lambda data: data.feature_columns,
        "hyperparameters": lambda data: data.hyperparameters,
        "risk_processors": lambda data: data.risk_processors,
        "numerical_processors": lambda data: data.numerical_processors,
    }
)

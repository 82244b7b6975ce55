"""What an artifact holds, in words: for people who are about to trust it."""

from dataclasses import asdict
from typing import Any

from servable.calibration import CalibratorKind
from servable.preprocess import MISSING_BIN
from servable.schema import PANDAS_NULLS
from servable.scorer import Scorer

_WORDS = frozenset(["NA", "NULL", "None", "null", "nan"])


def describe(scorer: Scorer) -> dict[str, Any]:
    """Everything worth knowing of a loaded artifact, as JSON values."""
    artifact, schema, manifest = scorer.artifact, scorer.schema, scorer.artifact.manifest
    golden, calibrator = artifact.golden, scorer.calibrator
    return {
        "name": artifact.name,
        "family": artifact.family,
        "layout": "packed" if manifest else "training output",
        "digest": artifact.digest,
        "classes": list(schema.classes),
        "id": schema.id_name,
        "label": schema.label_name,
        "fields": [
            {"name": field.name, "kind": str(field.kind)} | _table(scorer, field.name)
            for field in schema.fields
        ],
        "csv_columns": None if schema.csv_columns is None else list(schema.csv_columns),
        "engine": {
            "kind": str(artifact.engine.kind),
            "file": artifact.engine.file,
            "encoders": dict(artifact.engine.encoders),
            "intra_op_threads": artifact.engine.intra_op_threads,
        },
        "calibrator": None
        if calibrator is None
        else {
            "kind": str(calibrator.kind),
            "knots": {str(index): len(table.x) for index, table in calibrator.tables.items()},
        },
        "text_join": None if artifact.text_join is None else asdict(artifact.text_join),
        "golden": None
        if golden is None
        else {
            "source": golden.source,
            "records": len(golden),
            "derived_records": golden.derived,
            "holds_real_records": golden.source == "train",
        },
        "conversion": None
        if manifest is None or manifest.conversion is None
        else {
            "golden_records": manifest.conversion.golden_records,
            "hard_records": manifest.conversion.hard_records,
            "max_difference": manifest.conversion.max_difference,
        },
        "training": None if manifest is None else manifest.training,
        "libraries": None if manifest is None else manifest.libraries,
        "degradations": list(scorer.degradations),
        "warnings": warnings(scorer),
    }


def warnings(scorer: Scorer) -> list[str]:
    """What parity with training requires and a user should know, one sentence each."""
    found = []
    # a training that read no word as missing has no such doubt
    tables = scorer.artifact.risk_tables if scorer.schema.null_spellings & _WORDS else {}
    for name, table in tables.items():
        if MISSING_BIN in table.bins and not (PANDAS_NULLS - {MISSING_BIN}) & table.bins.keys():
            found.append(
                f'field "{name}": its table has a bin for missing values and none for words like NA or None, '
                "so such words were probably missing in training; here they are categories of their own"
            )
    found += _text_warnings(scorer)
    found += [
        f'field "{name}": its risk table has no effect, because the network does not read the field'
        for name in scorer.artifact.risk_tables
        if name not in scorer.artifact.features
    ]
    calibrator = scorer.calibrator
    if calibrator and calibrator.kind is not CalibratorKind.MULTICLASS and len(scorer.schema.classes) > 2:
        found.append(
            f"the calibrator ({calibrator.kind}) is one for two classes and has no effect on "
            f"{len(scorer.schema.classes)}: calibrated scores are the raw ones"
        )
    if scorer.artifact.golden is None:
        found.append("there are no golden records, so an endpoint of this artifact cannot be proved right")
    return found


def _text_warnings(scorer: Scorer) -> list[str]:
    """Steps whose faults are kept, because the weights were fitted with them (decision 0006)."""
    found = []
    for text in scorer.artifact.texts:
        if "emoji_remover" in text.steps:
            found.append(
                f'field "{text.field}": emoji_remover also removes Chinese, Japanese and Korean characters, '
                "as it did in training"
            )
        if "dialogue_chunker" not in text.steps:
            found.append(
                f'field "{text.field}": without dialogue_chunker every character is a chunk of its own, '
                "as it was in training"
            )
    return found


def description_lines(description: dict[str, Any]) -> list[str]:
    """The description as text."""
    engine, calibrator, golden = description["engine"], description["calibrator"], description["golden"]
    lines = [
        f"{description['name']} ({description['family']}, {description['layout']})",
        f"  digest      {description['digest']}",
        f"  classes     {', '.join(description['classes'])}",
        f"  engine      {engine['kind']} ({_engine_line(engine)})",
        "  calibrator  "
        + (f"{calibrator['kind']}, knots {calibrator['knots']}" if calibrator else "none: calibrated = raw"),
        "  golden      " + (_golden_line(golden) if golden else "none"),
    ]
    if conversion := description["conversion"]:
        lines.append(
            f"  conversion  largest difference {conversion['max_difference']:.2g} on "
            f"{conversion['golden_records']} golden records and {conversion['hard_records']}"
        )
    if data := (description["training"] or {}).get("data"):
        lines.append(f"  data        {data['name']}, {data['rows']} rows, sha256 {data['sha256']}")
    count = len(description["fields"])
    lines.append(f"  fields      {count}, id {description['id']}, label {description['label']}")
    lines += [f"    {field['name']}: {field['kind']}, {_detail(field)}" for field in description["fields"]]
    if join := description["text_join"]:
        lines.append(f"  joined      {join['field']} = {', '.join(join['columns'])}")
    lines += [f"  degraded: {sentence}" for sentence in description["degradations"]]
    lines += [f"  warning: {sentence}" for sentence in description["warnings"]]
    return lines


def _table(scorer: Scorer, name: str) -> dict[str, Any]:
    for text in scorer.artifact.texts:
        if text.field == name:
            return {"steps": list(text.steps), "max_tokens": text.max_tokens, "max_chunks": text.max_chunks}
    table = scorer.artifact.risk_tables.get(name)
    if table is not None:
        return {"bins": len(table.bins), "default_bin": table.default_bin}
    return {"imputation": scorer.artifact.imputation.get(name)}


def _engine_line(engine: dict[str, Any]) -> str:
    threads = engine["intra_op_threads"]
    files = ", ".join([*engine["encoders"].values(), engine["file"]])
    return f"{files}; compared on {threads} thread{'' if threads == 1 else 's'}"


def _detail(field: dict[str, Any]) -> str:
    if "steps" in field:
        chunks = "any number of" if field["max_chunks"] is None else f"at most {field['max_chunks']}"
        return f"{' > '.join(field['steps'])}; {chunks} chunks of {field['max_tokens']} tokens"
    return f"{field['bins']} bins" if "bins" in field else f"imputed by {field.get('imputation')}"


def _golden_line(golden: dict[str, Any]) -> str:
    real = golden["records"] - golden["derived_records"]
    origin = f"{real} real records of the test split" if golden["holds_real_records"] else f"{real} records"
    return f"{golden['records']}: {origin}, {golden['derived_records']} derived from the schema"

"""JSON, lists, tables and manifests that are hostile, contradict themselves, or are cut off."""

from collections.abc import Iterator
from typing import Any

from attack import Attack, cut, edit, put, rework, set_at
from sound_artifacts import Files, as_json

DEEP = b'{"a":' * 10_000
SAME_KEY = b'{"tab_field_list":[],"tab_field_list":["a"],"cat_field_list":[]}'

_JSON = {
    "ten thousand levels": (DEEP, "at most 64 levels of JSON"),
    "half a million empty lists": (b"[" + b"[]," * 600_000 + b"[]]", "commas and brackets of JSON"),
    "a key twice": (SAME_KEY, "expected each key once"),
    "a key twice by an escape": (b'{"a":1,"\\u0061":2}', "expected each key once"),
    "a number that is none": (b'{"a":NaN}', "expected a finite number"),
    "a number beyond float64": (b'{"a":1e999}', "expected a finite number"),
    "a number of a million digits": (b'{"a":' + b"9" * 1_000_000 + b"}", "one of 1000000 digits"),
    "half a surrogate pair": (b'{"a":"\\ud800"}', "half a surrogate pair"),
    "another encoding": (b'{"a":"\xff\xfe"}', "expected UTF-8"),
    "code": (b"__import__('os').system('touch evil')", "expected valid JSON"),
    "two values": (b"{}{}", "expected valid JSON"),
    "nothing": (b"", "expected valid JSON"),
}

_FILES = {
    "hyperparameters.json": "xgboost",
    "risk_table_map.json": "xgboost in UBJSON",
    "impute_dict.json": "xgboost in UBJSON",
    "calibration/percentile_score.json": "xgboost in UBJSON",
    "calibration/temperature.json": "xgboost in UBJSON",
    "categorical_mappings.json": "lightgbm with categories",
    "categorical_config.json": "lightgbm with categories",
    "tokenizer/config.json": "network",
    "tokenizer/tokenizer.json": "network",
    "config.json": "hugging face",
    "tokenizer_config.json": "hugging face",
    "manifest.json": "packed trees",
    "tables/risk.json": "packed trees",
}

_CUT = {
    "xgboost": ("xgboost_model.bst", "risk_table_map.pkl", "calibration/percentile_score.pkl"),
    "xgboost in UBJSON": ("xgboost_model.bst", "hyperparameters.json"),
    "lightgbm": ("lightgbm_model.txt", "impute_dict.json"),
    "lightgbm with categories": ("categorical_mappings.json",),
    "network": ("model.pth", "model_artifacts.pth", "tokenizer/tokenizer.json", "tokenizer/config.json"),
    "network with a graph": ("model.onnx",),
    "hugging face": ("model.safetensors",),
    "hugging face, pickled": ("pytorch_model.bin",),
    "packed network": ("head.onnx", "encoder.onnx", "encoder.onnx.data", "golden/answers.ndjson"),
    "packed trees": ("trees.onnx", "manifest.json"),
}

_LISTS: dict[str, tuple[str, Any, str]] = {
    "a million columns": (
        "xgboost",
        put("feature_columns.txt", b"".join(b"%d,c%d\n" % (n, n) for n in range(1_000_000))),
        "more than 100000 lines",
    ),
    "columns of another form": (
        "xgboost",
        put("feature_columns.txt", b"0;age\n"),
        "of the form `<index>,<name>`",
    ),
    "a column with an escape sequence": (
        "xgboost",
        put("feature_columns.txt", b"0,age\n1,income\n2,balance\n3,\x1b[2J\x07\n"),
        "\\x1b[2J\\x07",
    ),
    "fewer columns than the model reads": ("xgboost", put("feature_columns.txt", b"0,age\n"), "expected"),
    "no columns": ("xgboost", put("feature_columns.txt", b"# nothing\n"), "found no such line"),
    "fields that are no list": (
        "network",
        edit("hyperparameters.json", tab_field_list={"a": 1}),
        "tab_field_list",
    ),
    "fields that are no text": (
        "network",
        edit("hyperparameters.json", tab_field_list=[["age"]]),
        "tab_field_list",
    ),
    "a text that is no field": ("network", edit("hyperparameters.json", text_name="other"), "other"),
    "chunks of 2^70 tokens": ("network", edit("hyperparameters.json", max_sen_len=2**70), "max_sen_len"),
    "chunks of no token": ("network", edit("hyperparameters.json", max_sen_len=-1), "max_sen_len"),
    "steps that are none": (
        "network",
        edit("hyperparameters.json", text_processing_steps=["os.system", "tokenizer"]),
        "os.system",
    ),
    "three hundred thousand steps": (
        "network",
        edit("hyperparameters.json", text_processing_steps=["text_normalizer"] * 300_000 + ["tokenizer"]),
        "at most 100 steps",
    ),
    "another family": ("network", edit("hyperparameters.json", model_class="os.system"), "model_class"),
    "a hundred thousand classes": (
        "network",
        edit("hyperparameters.json", multiclass_categories=list(range(100_000)), num_classes=100_000),
        "classes",
    ),
    "risk tables of text": (
        "xgboost in UBJSON",
        put("risk_table_map.json", as_json({"region": {"bins": {"a": "0.5"}, "default_bin": 0}})),
        "a number for each bin",
    ),
    "a risk table that is a list": (
        "xgboost in UBJSON",
        put("risk_table_map.json", as_json({"region": [1, 2]})),
        "an object with string keys",
    ),
    "imputation by truth": ("xgboost in UBJSON", put("impute_dict.json", as_json({"age": True})), "a number"),
    "twins that differ": ("xgboost", put("impute_dict.json", as_json({"age": 9.0})), "the same table as"),
    "a calibration of text": (
        "xgboost in UBJSON",
        put("calibration/percentile_score.json", as_json([["0", "1"]])),
        "percentile_score",
    ),
    "a calibration without knots": (
        "xgboost in UBJSON",
        put("calibration/calibration_model.json", b"[]"),
        "calibration_model",
    ),
    "a calibration of a class that is none": (
        "xgboost in UBJSON",
        put("calibration/calibration_models/calibration_model_class_99.json", b"[[0,0],[1,1]]"),
        "99",
    ),
    "a temperature of nothing": (
        "xgboost in UBJSON",
        put("calibration/temperature.json", b"{}"),
        "temperature",
    ),
    "categories coded by text": (
        "lightgbm with categories",
        put("categorical_mappings.json", as_json({"region": {"north": "0"}})),
        "categorical_mappings",
    ),
}


def _manifest(path: str, value: object) -> Any:
    return set_at("manifest.json", path, value)


def _undeclared(files: Files) -> None:
    """The engine's file is no longer declared."""
    rework("manifest.json", lambda manifest: manifest["files"].pop("trees.onnx"))(files)


def _without(files: Files) -> None:
    """No longer there; the manifest stays as it was."""
    del files["trees.onnx"]
    files["manifest.json"] += b"\n"


def _changed(files: Files, name: str) -> None:
    """Another content; the manifest stays as it was."""
    files[name] += b" "
    files["manifest.json"] += b"\n"


_MANIFESTS: dict[str, tuple[str, Any, str]] = {
    "another content under the digest": (
        "packed trees",
        lambda files: _changed(files, "trees.onnx"),
        "sha256",
    ),
    "another table under the digest": (
        "packed trees",
        lambda files: _changed(files, "tables/risk.json"),
        "sha256",
    ),
    "a digest that is none": ("packed trees", _manifest("files.trees~onnx.sha256", "0"), "sha256"),
    "a declared file that is not there": ("packed trees", _without, "no such file"),
    "an engine that is not declared": ("packed trees", _undeclared, "files of the manifest"),
    "an engine outside": (
        "packed trees",
        _manifest("engine.file", "../../../etc/passwd"),
        "files of the manifest",
    ),
    "an engine at the root": (
        "packed trees",
        _manifest("engine.file", "/etc/passwd"),
        "files of the manifest",
    ),
    "an encoder outside": (
        "packed network",
        _manifest("engine.encoders", {"notes": "../encoder.onnx"}),
        "files of the manifest",
    ),
    "a tokenizer outside": ("packed network", _manifest("texts.0.tokenizer", "/etc/passwd"), "no such file"),
    "a file above declared": (
        "packed trees",
        _manifest("files.~~/secret", {"sha256": "0" * 64, "size": 1}),
        "no such file",
    ),
    "another kind of engine": ("packed trees", _manifest("engine.kind", "torch"), "expected"),
    "an engine by a module's name": (
        "packed trees",
        _manifest("engine.kind", "os.system"),
        "the keys and values",
    ),
    "a key that nobody knows": ("packed trees", _manifest("run", "touch evil"), "the keys and values"),
    "a format of tomorrow": ("packed trees", _manifest("format", 2), "$.format"),
    "a billion threads": ("packed network", _manifest("engine.intra_op_threads", 10**9), "threads"),
    "features that are no fields": ("packed trees", _manifest("features", ["evil"] * 4), "evil"),
    "fewer features": ("packed trees", _manifest("features", ["age"]), "features, as the artifact lists"),
    "a token of padding of 2^62": (
        "packed network",
        _manifest("engine.pad_token_id", 2**62),
        "a graph that computes",
    ),
    "a manifest that is a list": ("packed trees", put("manifest.json", b"[1]"), "$.format"),
}


def _attacks() -> Iterator[Attack]:
    for name, (data, says) in _JSON.items():
        yield Attack(kind="JSON", name=name, says=says, change=put("hyperparameters.json", data))
    for file, base in _FILES.items():
        for name in ("ten thousand levels", "a key twice by an escape"):
            data, says = _JSON[name]
            yield Attack(kind="JSON", name=f"{name} in {file}", says=says, base=base, change=put(file, data))
    for base, names in _CUT.items():
        for file in names:
            name = f"{file} of {base}"
            says = "cut off" if file.endswith(".onnx") else file.split("/")[-1].split(".")[0]
            yield Attack(kind="truncated files", name=name, says=says, base=base, change=cut(file))
    for kind, table in (("lists and tables that lie", _LISTS), ("manifests that lie", _MANIFESTS)):
        for name, (base, change, says) in table.items():
            yield Attack(kind=kind, name=name, says=says, base=base, change=change)


TEXTS = tuple(_attacks())

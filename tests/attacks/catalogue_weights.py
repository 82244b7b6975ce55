"""Weights that lie about their size, and configurations that ask for more than there is."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import torch
from attack import Attack, edit, put
from hostile import zip_of
from sound_artifacts import Files, as_json, saved, weights
from torch import Tensor

NAME = "text_subnetwork.head_layer.1.weight"
_STORAGE = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ"
_HOOKS = b"\x89ccollections\nOrderedDict\n)R"


def _number(value: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", value)


def _pth(
    size: int, stride: int, *, offset: int = 0, storage: bytes = bytes(16), hooks: bytes = _HOOKS
) -> bytes:
    """A file with one tensor, of whatever size and stride."""
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + _STORAGE + _number(offset)
    tensor += _number(size) + b"\x85" + _number(stride) + b"\x85" + hooks + b"tR"
    pickled = b"\x80\x02}X" + struct.pack("<I", len(NAME)) + NAME.encode() + tensor + b"s."
    files = {"archive/data.pkl": pickled, "archive/byteorder": b"little", "archive/data/0": storage}
    return zip_of(files, zipfile.ZIP_STORED)


def _changed(work: Callable[[dict[str, Any]], object]) -> Callable[[Files], object]:
    def change(files: Files) -> None:
        stored: dict[str, Any] = weights()
        work(stored)
        files["model.pth"] = saved(stored)

    return change


def _set(name: str, value: object) -> Callable[[Files], object]:
    return _changed(lambda stored: stored.__setitem__(name, value))


def _legacy(files: Files) -> None:
    buffer = io.BytesIO()
    torch.save(weights(), buffer, _use_new_zipfile_serialization=False)
    files["model.pth"] = buffer.getvalue()


def _wide(size: int) -> Tensor:
    """A tensor that repeats one number so often."""
    return torch.zeros(1).expand(size, 8)


def _config(**values: object) -> Callable[[Files], object]:
    return edit("tokenizer/config.json", **values)


_STORED: dict[str, tuple[Callable[[Files], object], str]] = {
    "a tensor beyond its storage": (put("model.pth", _pth(5, 1)), "expected a tensor within"),
    "a tensor that begins behind its storage": (
        put("model.pth", _pth(1, 1, offset=1 << 40)),
        "a tensor within",
    ),
    "a number repeated to four terabytes": (put("model.pth", _pth(1 << 40, 0)), "tensors that fill at most"),
    "a size that overflows": (put("model.pth", _pth(1 << 62, 1 << 62)), "tensors that fill at most"),
    "a negative size": (put("model.pth", _pth(-4, 1)), "of whole numbers from 0"),
    "a storage shorter than it says": (put("model.pth", _pth(4, 1, storage=bytes(15))), "elements of"),
    "hooks": (put("model.pth", _pth(4, 1, hooks=b"\x89}K\x01K\x02s")), "with other arguments"),
    "the format before the zip": (_legacy, "as PyTorch wrote before 1.6"),
    "a deflated file that unfolds a hundred times": (
        put("model.pth", zip_of({"archive/data.pkl": b"\x80\x02}.", "archive/data/0": bytes(70 << 20)})),
        "unfolds to at most",
    ),
    "a program": (
        put("model.pth", zip_of({"archive/data.pkl": b"\x80\x02}.", "archive/constants.pkl": b"\x80\x02)."})),
        "a TorchScript program",
    ),
    "weights that are no mapping": (put("model.pth", saved([1.0])), "weights by name"),
    "a weight that is no array": (_set(NAME, "evil"), NAME),
    "a weight of integers": (_set(NAME, torch.zeros(4, 8, dtype=torch.int64)), NAME),
    "a weight without dimensions": (_set(NAME, torch.tensor(1.0)), "head_layer"),
    "a weight of a million rows": (_set(NAME, _wide(1 << 20)), "hidden_common_dim"),
    "a weight of NaN": (
        _set("final_merge_network.1.bias", torch.tensor([float("nan")] * 2)),
        "a finite score",
    ),
    "hundreds of unknown weights": (
        _changed(lambda stored: stored.update({f"evil.{n}": torch.zeros(1) for n in range(300)})),
        "weights",
    ),
    "no weights": (_changed(dict.clear), "expected"),
    "half of the weights": (
        _changed(lambda stored: [stored.pop(name) for name in list(stored)[::2]]),
        "expected",
    ),
}

_SHAPES: dict[str, tuple[Callable[[Files], object], str]] = {
    "a width of 2^40": (_config(hidden_size=2**40), "hidden_size"),
    "a width of 2^24": (_config(hidden_size=2**24), "16777216"),
    "a width of text": (_config(hidden_size="8"), "hidden_size"),
    "a billion layers": (_config(num_hidden_layers=10**9), "num_hidden_layers"),
    "a hundred layers": (_config(num_hidden_layers=100), "encoder"),
    "no layers": (_config(num_hidden_layers=0), "num_hidden_layers"),
    "heads that do not divide the width": (_config(num_attention_heads=3), "heads"),
    "2^24 heads": (_config(num_attention_heads=2**24), "heads"),
    "2^62 positions": (_config(max_position_embeddings=2**62), "max_position_embeddings"),
    "2^24 positions": (_config(max_position_embeddings=2**24), "16777216"),
    "a vocabulary of 2^62": (_config(vocab_size=2**62), "vocab_size"),
    "a vocabulary of no token": (_config(vocab_size=0), "at most 0 tokens"),
    "another kind of model": (_config(model_type="evil"), "model_type"),
    "an epsilon of zero": (_config(layer_norm_eps=0), "layer_norm_eps"),
    "an activation by a module's name": (_config(hidden_act="os.system"), "hidden_act"),
    "a decoder": (_config(is_decoder=True), "decoder"),
    "code from a hub": (_config(auto_map={"AutoModel": "evil--modeling.Evil"}), "auto_map"),
    "a configuration that trusts": (_config(trust_remote_code=True), "trust_remote_code"),
    "a configuration that is a list": (put("tokenizer/config.json", b"[]"), "an object"),
}


def _safetensors(header: Any, data: bytes = bytes(64), *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else as_json(header)
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def _tensor(kind: str = "F32", shape: object = (16,), offsets: object = (0, 64)) -> dict[str, object]:
    return {"dtype": kind, "shape": shape, "data_offsets": offsets}


_SAFETENSORS: dict[str, tuple[bytes, str]] = {
    "a header of sixteen exabytes": (_safetensors({}, length=(1 << 64) - 1), "a header as long as"),
    "a header longer than the file": (_safetensors({}, length=1000), "a header as long as"),
    "a header that is a list": (_safetensors([], b""), "an object of tensors by name"),
    "a header of ten thousand levels": (_safetensors(b'{"a":' * 10_000), "at most 64 levels"),
    "a tensor twice": (
        _safetensors(b'{"a":' + as_json(_tensor()) + b',"a":' + as_json(_tensor()) + b"}"),
        "expected each key once",
    ),
    "tensors that overlap": (
        _safetensors({"a": _tensor(), "b": _tensor(offsets=(32, 64), shape=(8,))}),
        "expected its first byte at",
    ),
    "a tensor behind the end": (
        _safetensors({"a": _tensor(offsets=(0, 128), shape=(32,))}),
        "128 bytes of tensors",
    ),
    "a tensor that begins before the file": (
        _safetensors({"a": _tensor(offsets=(-64, 0))}),
        "`data_offsets`",
    ),
    "a tensor of another size": (_safetensors({"a": _tensor(shape=(1 << 40,))}), "for its shape"),
    "a shape that overflows": (_safetensors({"a": _tensor(shape=(1 << 62, 1 << 62))}), "`data_offsets`"),
    "a shape of zeros that overflows": (
        _safetensors({"a": _tensor(shape=(0, 1 << 58, 1 << 58), offsets=(0, 0))}, b""),
        "`data_offsets`",
    ),
    "a negative shape": (_safetensors({"a": _tensor(shape=(-16,))}), "`data_offsets`"),
    "a type that nobody knows": (_safetensors({"a": _tensor(kind="evil")}), "a type of"),
    "bytes between tensors": (_safetensors({"a": _tensor(offsets=(0, 32), shape=(8,))}), "of tensors"),
    "a truth value of seven": (
        _safetensors({"a": _tensor(kind="BOOL", shape=(64,))}, b"\7" * 64),
        "truth values",
    ),
    "a key that is none": (_safetensors({"a": _tensor() | {"run": "evil"}}), "`data_offsets`"),
    "weights of another model": (_safetensors({"a": _tensor()}), "expected"),
    "a pickle": (b"\x80\x02cos\nsystem\n(X\x0a\0\0\0touch eviltR.", "a header as long as"),
}


def _sharded(files: Files) -> None:
    """Weights in parts, of which one lies elsewhere."""
    del files["model.safetensors"]
    index = {"weight_map": {"classifier.weight": "../../etc/passwd"}}
    files["model.safetensors.index.json"] = json.dumps(index).encode()


def _attacks() -> Iterator[Attack]:
    for name, (change, says) in _STORED.items():
        yield Attack(kind="weights that lie", name=name, says=says, base="network", change=change)
    for name, (change, says) in _SHAPES.items():
        yield Attack(kind="shapes that exhaust memory", name=name, says=says, base="network", change=change)
    for name, (data, says) in _SAFETENSORS.items():
        change = put("model.safetensors", data)
        yield Attack(kind="safetensors", name=name, says=says, base="hugging face", change=change)
    yield Attack(
        kind="safetensors",
        name="a part that lies elsewhere",
        says="expected",
        base="hugging face",
        change=_sharded,
    )


WEIGHTS = tuple(_attacks())

"""Pickles that call something, or that are larger than they look, in every file that holds one."""

import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator

from attack import Attack, put
from hostile import zip_of
from sound_artifacts import Files

CALL = b"touch evil"
_TEXT = b"X\x0a\0\0\0" + CALL

GADGETS = {
    "GLOBAL and REDUCE": b"cos\nsystem\n(S'touch evil'\ntR.",
    "STACK_GLOBAL and REDUCE": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0a" + CALL + b"\x85R.",
    "INST": b"(Vtouch evil\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'touch evil'\no.",
    "NEWOBJ": b"\x80\x02csubprocess\nPopen\n(" + _TEXT + b"l\x85\x81.",
    "NEWOBJ_EX": b"\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93)}\x92.",
    "BUILD of an object": b"\x80\x02ctypes\nSimpleNamespace\n)R}X\x01\0\0\0a" + _TEXT + b"sb.",
    "BUILD of a class": b"\x80\x02cbuiltins\nobject\n}X\x0c\0\0\0__setstate__cos\nsystem\nsb.",
    "EXT1": b"\x80\x02\x82\x01.",
    "EXT2": b"\x80\x02\x83\x01\0.",
    "EXT4": b"\x80\x02\x84\x01\0\0\0.",
    "PERSID": b"Pos.system\n.",
    "BINPERSID": b"\x80\x02X\x09\0\0\0os.systemQ.",
    "NEXT_BUFFER": b"\x80\x05\x97.",
    "a name with dots": b"\x80\x04\x8c\x08builtins\x8c\x0feval.__call__.x\x93.",
    "eval, spelt by getattr": b"cbuiltins\ngetattr\n(cbuiltins\n__dict__\nS'eval'\ntR.",
    "an import": b"c__builtin__\n__import__\n(S'antigravity'\ntR.",
    "a call before the data": b"cos\nsystem\n(S'touch evil'\ntR0}.",
    "a NumPy array of objects": b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85U\x01btR.",
    "a model object": b"\x80\x02csklearn.isotonic\nIsotonicRegression\n)\x81}b.",
}
"""A pickle for each way to call."""

BOMBS = {
    "ten lists of ten lists of ten lists": (
        b"\x80\x02](]q\0" + b"".join(b"](" + b"h%c" % n * 10 + b"eq%c" % (n + 1) for n in range(30)) + b"e.",
        "expected data that spells out to at most",
    ),
    "a memo that doubles": (
        b"\x80\x02](X\x04\0\0\0boomq\0" + b"".join(b"(h%ch%ctq%c" % (n, n, n + 1) for n in range(60)) + b"e.",
        "expected data that spells out to at most",
    ),
    "a million empty dicts": (b"\x80\x02](" + b"}" * 1_600_000 + b"e.", "within the limit of items"),
    "ten thousand levels": (
        b"\x80\x02" + b"]" * 10_000 + b"a" * 9_999 + b".",
        "of at most 64 levels",
    ),
    "a list inside itself": (b"\x80\x02]q\0h\0a.", "expected data without cycles"),
    "an integer of a megabyte": (
        b"\x80\x02\x8b" + struct.pack("<i", 1 << 20) + b"\x7f" * (1 << 20) + b".",
        "expected integers of at most 64 bits",
    ),
    "a text that claims gigabytes": (b"\x80\x04\x8d" + struct.pack("<Q", 1 << 40) + b"a.", "bad argument"),
    "a memo entry at two billion": (b"\x80\x02}r\xff\xff\xff\x7fj\xfe\xff\xff\x7f.", "that was not stored"),
    "more bytes than are read": (pickle.dumps({"a": "x" * (65 << 20)}), "at most"),
}
"""A pickle for each way to exhaust a machine, and the words of its refusal."""

_PICKLES = {
    "risk_table_map.pkl": "xgboost",
    "impute_dict.pkl": "xgboost",
    "calibration/percentile_score.pkl": "xgboost",
    "calibration/calibration_model.pkl": "xgboost",
    "calibration/calibration_models/calibration_model_class_1.pkl": "lightgbm",
    "categorical_mappings.pkl": "lightgbm with categories",
}
_TORCH = {
    "model.pth": "network",
    "model_artifacts.pth": "network",
    "pytorch_model.bin": "hugging face, pickled",
}


def _torch(pickled: bytes) -> bytes:
    files = {"archive/data.pkl": pickled, "archive/version": b"3\n", "archive/byteorder": b"little"}
    return zip_of(files, zipfile.ZIP_STORED)


def _place(file: str, data: bytes) -> Callable[[Files], object]:
    if file != "categorical_mappings.pkl":
        return put(file, data)

    def change(files: Files) -> None:
        files.pop("categorical_mappings.json")
        files[file] = data

    return change


def _found(name: str) -> str:
    """What each gadget is refused for."""
    words = {
        "EXT1": "the opcode EXT1",
        "EXT2": "the opcode EXT2",
        "EXT4": "the opcode EXT4",
        "PERSID": "the opcode PERSID",
        "BINPERSID": "persistent",
        "NEXT_BUFFER": "the opcode NEXT_BUFFER",
    }
    return words.get(name, "a reference to `")


def _attacks() -> Iterator[Attack]:
    for name, data in GADGETS.items():
        says = "the opcode BINPERSID" if name == "BINPERSID" else _found(name)
        yield Attack(kind="pickle gadgets", name=name, says=says, change=put("risk_table_map.pkl", data))
    for file, base in _PICKLES.items():
        for name in ("GLOBAL and REDUCE", "STACK_GLOBAL and REDUCE", "INST"):
            change = _place(file, GADGETS[name])
            title = f"{name} in {file}"
            yield Attack(
                kind="pickle gadgets", name=title, says=file.rpartition(".")[0], base=base, change=change
            )
    for file, base in _TORCH.items():
        for name in ("GLOBAL and REDUCE", "STACK_GLOBAL and REDUCE", "OBJ", "NEWOBJ_EX", "BINPERSID"):
            change = put(file, _torch(GADGETS[name]))
            title = f"{name} in {file}"
            yield Attack(kind="pickle gadgets", name=title, says=file, base=base, change=change)
    for name, (data, says) in BOMBS.items():
        yield Attack(kind="pickle bombs", name=name, says=says, change=put("impute_dict.pkl", data))


PICKLES = tuple(_attacks())

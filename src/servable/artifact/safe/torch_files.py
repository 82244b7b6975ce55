"""PyTorch files from strangers, read as data: a zip archive of one pickle and the bytes of its tensors.

The pickle is interpreted with the names by which `torch.save` writes tensors, parameters, sizes, ordered
dicts and its own version. None of them is imported or called; PyTorch need not be installed
(decision 0020, law 3).

Source: PyTorch's `torch/serialization.py` and `caffe2/serialize/inline_container.h` for the archive,
`torch/_utils.py` for the calls.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np

from servable.artifact.safe.members import Limits, Members
from servable.artifact.safe.names import PLAIN_VOCABULARY, Meaning, Reference, Vocabulary, give_numpy_order
from servable.artifact.safe.pickles import interpret
from servable.artifact.safe.tensors import ELEMENT_TYPES, Tensors, refuse_torch
from servable.artifact.safe.zips import SIGNATURES, read_zip
from servable.errors import Damaged, Problem, shown

_PICKLE = "data.pkl"
# torch.save compresses nothing; who has packed a file again may have
_ARCHIVE_LIMITS: Final = Limits(ratio=4)
_PICKLE_START = b"\x80"


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchLimits:
    """How much a PyTorch file may hold.

    Attributes:
        file_bytes: of the file; beyond 4 GiB its archive would need numbers of another form.
        repeats: bytes that all tensors fill, each counted whole, for one byte of the file, where they fill
            more than `free_bytes`.
        free_bytes: what tensors may fill in a file of any size.
    """

    file_bytes: int = (4 << 30) - 1
    repeats: int = 4
    free_bytes: int = 64 << 20


DEFAULT_TORCH_LIMITS = TorchLimits()


def read_torch(data: bytes, *, where: str, limits: TorchLimits = DEFAULT_TORCH_LIMITS) -> object:
    """The plain data of a file that `torch.save` wrote, with a NumPy array for each tensor.

    Arrays are read-only views of the stored bytes, and those of one storage share them. They have the
    tensor's shape and its type: float64, float32, float16, int64, int32, int16, int8, uint8 or bool;
    bfloat16 becomes float32. An ordered dict becomes a dict, a parameter its array, a size a tuple and
    PyTorch's version its text; attributes of a parameter or a state dict are dropped. The rest is as
    `read_pickle` reads it.

    Args:
        data: the file, in the zip format of PyTorch 1.6 or newer.
        where: its name, as errors show it.
        limits: how much it may hold.

    Raises:
        Damaged: `torch.*` if it is of another format, or a tensor leaves its storage or the limits;
            `pickle.reference` if it refers to anything else; `pickle.*` and `archive.*` as `read_pickle`
            and `read_archive`.
    """
    files, root = _contents(data, where=where, limits=limits)
    prefix = f"{root}data/"
    storages = {
        name.removeprefix(prefix): stored for name, stored in files.items() if name.startswith(prefix)
    }
    most_bytes = max(limits.free_bytes, limits.repeats * len(data))
    tensors = Tensors(storages, most_bytes=most_bytes)
    return interpret(
        files[f"{root}{_PICKLE}"],
        where=f"{where}, member {shown(root + _PICKLE)}",
        vocabulary=_vocabulary(tensors),
        leaves=(np.ndarray,),
    )


def _contents(data: bytes, *, where: str, limits: TorchLimits) -> tuple[dict[str, bytes], str]:
    """The members of the archive, and the folder that holds them, with its slash."""
    if len(data) > limits.file_bytes:
        expected = f"a PyTorch file of at most {limits.file_bytes} bytes"
        refuse_torch("size", where, expected=expected, found=f"{len(data)}")
    _require_format(data, where)
    members = Members(archive=where, stored_bytes=len(data), limits=_ARCHIVE_LIMITS)
    read_zip(BytesIO(data), stored_bytes=len(data), members=members)
    files = members.files()
    roots = [
        name.removesuffix(_PICKLE) for name in files if name.count("/") == 1 and name.endswith(f"/{_PICKLE}")
    ]
    if len(roots) != 1:
        expected = f"one folder with the file {_PICKLE}, as torch.save writes it"
        refuse_torch("layout", where, expected=expected, found=f"{len(roots) or 'none'}")
    (root,) = roots
    if f"{root}constants.pkl" in files:
        refuse_torch("script", where, expected="plain data and tensors", found="a TorchScript program")
    # Older versions wrote no such member.
    if files.get(f"{root}byteorder", b"little") != b"little":
        refuse_torch("byte-order", where, expected="little-endian numbers", found="another byte order")
    return files, root


def _require_format(data: bytes, where: str) -> None:
    if data.startswith(SIGNATURES):
        return
    expected = "a PyTorch file in the zip format"
    if data.startswith(_PICKLE_START):
        raise Damaged(
            Problem(
                code="torch.legacy",
                where=where,
                expected=expected,
                found="a pickle, as PyTorch wrote before 1.6",
                fix="if you trust it, load it and save it again with torch.save of PyTorch 1.6 or newer",
            )
        )
    found = f"a file that begins with the bytes {data[:8].hex(' ')}" if data else "an empty file"
    refuse_torch("format", where, expected=expected, found=found)


def _vocabulary(tensors: Tensors) -> Vocabulary:
    """The names of plain data and those that `torch.save` writes, for the tensors of one file."""
    return Vocabulary(
        names={
            **PLAIN_VOCABULARY.names,
            **ELEMENT_TYPES,
            **{name: Reference(name, meaning) for name, meaning in _MEANINGS.items()},
            _TENSOR: Reference(_TENSOR, tensors.tensor),
        },
        give_state=_give_state,
        persistent=tensors.storage,
        opcodes=frozenset({"BINPERSID", "NEWOBJ"}),
    )


def _ordered_dict(arguments: tuple[object, ...], _: str) -> object | None:
    return None if arguments else {}


def _parameter(arguments: tuple[object, ...], _: str) -> object | None:
    match arguments:
        case (np.ndarray() as array, bool(), dict(hooks)) if not hooks:
            return array
    return None


def _parameter_with_state(arguments: tuple[object, ...], place: str) -> object | None:
    match arguments:
        case (array, requires_gradient, hooks, dict()):
            return _parameter((array, requires_gradient, hooks), place)
    return None


def _size(arguments: tuple[object, ...], _: str) -> object | None:
    match arguments:
        case (tuple(size),) if all(type(n) is int for n in size):
            return size
    return None


def _version(arguments: tuple[object, ...], _: str) -> object | None:
    match arguments:
        case (str(version),):
            return version
    return None


def _give_state(target: object, state: object, place: str) -> bool:
    """As plain data; and drops the versions of modules, which a state dict carries as an attribute."""
    match target, state:
        case dict(), dict(attributes) if attributes.keys() <= {"_metadata"}:
            return True
    return give_numpy_order(target, state, place)


_TENSOR = "torch._utils._rebuild_tensor_v2"
_MEANINGS: Final[dict[str, Meaning]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter_with_state,
    "torch.Size": _size,
    "torch.torch_version.TorchVersion": _version,
}

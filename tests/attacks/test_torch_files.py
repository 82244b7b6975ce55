"""PyTorch files that try to run something, to leave their storages, or to exhaust the machine."""

import io
import os
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from hostile import Refused, zip_of
from hypothesis import given, settings
from hypothesis import strategies as st
from watching import only_damaged

from servable.artifact.safe import TorchLimits, read_pickle, read_torch

WHERE = "model.pth"
FOUR = np.arange(4, dtype="<f4").tobytes()
NO_HOOKS = b"ccollections\nOrderedDict\n)R"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"


class Call:
    """Pickles as a call of anything."""

    def __init__(self, called: Callable[..., object], *arguments: object) -> None:
        self.reduced = (called, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.reduced


def code(value: object) -> bytes:
    """The opcodes that push a value."""
    return pickle.dumps(value, 2)[2:-1]


def storage(key: object = "0", n: object = 4, *, kind: bytes = b"torch\nFloatStorage") -> bytes:
    """The opcodes that push a storage."""
    return b"(" + code("storage") + b"c" + kind + b"\n" + code(key) + code("cpu") + code(n) + b"tQ"


def tensor(
    offset: object = 0,
    size: object = (4,),
    stride: object = (1,),
    *,
    of: bytes = storage(),
    rest: bytes = b"\x89" + NO_HOOKS,
) -> bytes:
    """The opcodes that push a tensor."""
    return TENSOR + b"(" + of + code(offset) + code(size) + code(stride) + rest + b"tR"


def torch_file(
    opcodes: bytes,
    storages: Mapping[str, bytes] = {"0": FOUR},
) -> bytes:
    """A file whose pickle has these opcodes."""
    files = {"model/data.pkl": b"\x80\x02" + opcodes + b".", "model/byteorder": b"little"}
    files |= {f"model/data/{key}": data for key, data in storages.items()}
    return zip_of(files, zipfile.ZIP_STORED)


def pickle_of(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("model/data.pkl")


def saved(value: object, **options: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def attack(data: bytes, limits: TorchLimits = TorchLimits()) -> Callable[[], object]:  # noqa: B008  # frozen
    return lambda: read_torch(data, where=WHERE, limits=limits)


def test_the_file_that_the_attacks_change_is_read() -> None:
    found = read_torch(torch_file(tensor()), where=WHERE)

    assert isinstance(found, np.ndarray)
    assert found.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_call_is_refused_by_name_with_a_whole_sentence(refused: Refused) -> None:
    error = refused(attack(saved({"weight": torch.ones(2), "evil": Call(os.system, "touch evil")})))

    assert str(error) == (
        "model.pth, member 'archive/data.pkl': expected plain data (list, tuple, dict, str, number), "
        f"found a reference to `{os.system.__module__}.system`; "
        "save it again as lists, dicts, strings and numbers"
    )
    assert error.code == "pickle.reference"


@pytest.mark.parametrize(
    "value",
    [
        Call(eval, "open('evil', 'w')"),
        Call(torch.load, "evil"),
        Call(torch.hub.load, "evil", "evil"),
        Call(torch.from_file, "evil", True, 4),
        torch.nn.Linear(2, 2),
        torch.float32,
        torch.device("cpu"),
        torch.ones(2, dtype=torch.complex64),
        torch.ones(2, dtype=torch.uint16),
        torch.ones(2).to_sparse(),
        torch.ones(2, device="meta"),
        np.ones(2),
        {"one"},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_neither_plain_nor_a_dense_tensor_is_refused(refused: Refused, value: object) -> None:
    assert refused(attack(saved([value]))).code == "pickle.reference"


def test_names_of_pytorch_have_no_meaning_in_other_pickles(refused: Refused) -> None:
    for opcodes in (NO_HOOKS, TENSOR, b"ctorch\nSize\n)R", storage()):
        error = refused(lambda: read_pickle(opcodes + b".", where="impute_dict.pkl"))  # noqa: B023  # called now
        assert error.code == "pickle.reference"


@pytest.mark.parametrize(
    ("offset", "size", "stride", "end"),
    [
        (0, (5,), (1,), 5),
        (1, (4,), (1,), 5),
        (5, (), (), 6),
        (4, (), (), 5),
        (0, (2,), (4,), 5),
        (0, (2, 2), (3, 1), 5),
        (2**62, (1,), (1,), 2**62 + 1),
        (2**63, (1,), (1,), 2**63 + 1),
        (0, (2,), (2**63,), 2**63 + 1),
        (1, (2, 2), (2**63, 2**63), 2**64 + 2),
    ],
)
def test_a_view_out_of_its_storage_is_refused(
    refused: Refused, offset: int, size: tuple[int, ...], stride: tuple[int, ...], end: int
) -> None:
    error = refused(attack(torch_file(tensor(offset, size, stride))))

    assert error.code == "torch.bounds"
    assert error.problems[0].found == f"one up to element {end}"


def test_a_view_out_of_its_storage_is_refused_with_a_whole_sentence(refused: Refused) -> None:
    data = torch_file(tensor(1))

    assert str(refused(attack(data))) == (
        f"model.pth, member 'model/data.pkl', byte {len(pickle_of(data)) - 2}: "
        "expected a tensor within the 4 elements of the storage '0', found one up to element 5; "
        "save it again with torch.save, as plain data and tensors"
    )


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (-1, (1,), (1,)),
        (0, (-1,), (1,)),
        (3, (2,), (-1,)),
        (0, (-2, -2), (1, 1)),
        (0, (True,), (1,)),
        (False, (1,), (1,)),
        (0, (1.0,), (1,)),
        (0.5, (1,), (1,)),
        (0, ("1",), (1,)),
        (None, (1,), (1,)),
        (0, ((1,),), (1,)),
        (0, (2, 2), (1,)),
        (0, (), (1,)),
        (0, (1,) * 65, (1,) * 65),
        (0, (0, 2**62, 2**62), (1, 1, 1)),
    ],
)
def test_a_size_that_no_tensor_has_is_refused(
    refused: Refused, offset: object, size: tuple[object, ...], stride: tuple[object, ...]
) -> None:
    assert refused(attack(torch_file(tensor(offset, size, stride)))).code == "torch.tensor"


@pytest.mark.parametrize("size", [(2**40,), (2**32, 2**32), (2**63, 2**63, 2**63), (1 << 24, 2)])
def test_a_storage_that_repeats_without_end_is_refused(refused: Refused, size: tuple[int, ...]) -> None:
    data = torch_file(tensor(0, size, (0,) * len(size)))

    tracemalloc.start()
    try:
        error = refused(attack(data))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert str(error) == (
        f"model.pth, member 'model/data.pkl', byte {len(pickle_of(data)) - 2}: expected tensors that fill "
        "at most 67108864 bytes in all, found more; save it again with torch.save, as plain data and tensors"
    )
    assert peak_bytes < 1 << 20


def test_many_tensors_that_each_repeat_a_little_are_refused(refused: Refused) -> None:
    opcodes = b"](" + tensor(0, (1 << 20,), (0,)) * 17 + b"e"

    assert refused(attack(torch_file(opcodes))).code == "torch.extent"


def test_many_tensors_of_nothing_are_refused(refused: Refused) -> None:
    again = (
        TENSOR + b"(" + storage() + code(0) + code((0,)) + code((1,)) + b"\x89" + NO_HOOKS + b"tr\xff\0\0\0R"
    )
    opcodes = b"](" + again + (TENSOR + b"j\xff\0\0\0R") * 10 + b"e"

    read_torch(torch_file(opcodes), where=WHERE)
    assert (
        refused(attack(torch_file(opcodes), TorchLimits(free_bytes=1000, repeats=1))).code == "torch.extent"
    )


def test_a_tensor_that_repeats_within_the_limit_is_read() -> None:
    found = read_torch(torch_file(tensor(1, (1000, 2), (0, 1))), where=WHERE)

    assert isinstance(found, np.ndarray)
    assert (found == [1.0, 2.0]).all()


@pytest.mark.parametrize(
    ("key", "n", "stored"),
    [
        ("1", 4, {"0": FOUR}),
        ("0", 4, {}),
        ("../data.pkl", 4, {"0": FOUR}),
        ("", 4, {"0": FOUR}),
        ("/etc/passwd", 4, {"0": FOUR}),
        ("0", 5, {"0": FOUR}),
        ("0", 3, {"0": FOUR}),
        ("0", -4, {"0": FOUR}),
        ("0", 2**64 - 1, {"0": FOUR}),
        ("0", 4, {"0": FOUR[:-1]}),
        ("0", 4, {"0": FOUR + b"x"}),
    ],
    ids=repr,
)
def test_a_storage_that_is_absent_or_of_another_length_is_refused(
    refused: Refused, key: str, n: int, stored: dict[str, bytes]
) -> None:
    error = refused(attack(torch_file(tensor(of=storage(key, n)), stored)))

    assert error.code == "torch.storage"


def test_a_truth_value_beyond_one_is_refused(refused: Refused) -> None:
    opcodes = tensor(of=storage(kind=b"torch\nBoolStorage"))

    assert refused(attack(torch_file(opcodes, {"0": b"\0\1\1\2"}))).problems[0].found == "another byte"


@pytest.mark.parametrize(
    "opcodes",
    [
        b"NQ",
        b")Q",
        code(("storage", "0", "cpu", 4)) + b"Q",
        b"(" + code("module") + b"ctorch\nFloatStorage\n" + code("0") + code("cpu") + code(4) + b"tQ",
        b"(" + code("storage") + b"ctorch\nSize\n" + code("0") + code("cpu") + code(4) + b"tQ",
        storage(0),
        storage(n=4.0),
        storage(n=True),
        storage(n=None),
        b"(" + tensor() + b"ctorch\nFloatStorage\n" + code("0") + code("cpu") + code(4) + b"tQ",
    ],
    ids=repr,
)
def test_a_persistent_id_of_another_form_is_refused(refused: Refused, opcodes: bytes) -> None:
    error = refused(attack(torch_file(opcodes)))

    assert error.code == "pickle.persistent-id"
    assert error.problems[0].found == "a persistent id of another form"


@pytest.mark.parametrize(
    ("opcodes", "found"),
    [
        (tensor(rest=b"\x89"), "`torch._utils._rebuild_tensor_v2` with other arguments"),
        (tensor(rest=b"\x89}K\x01K\x02s"), "`torch._utils._rebuild_tensor_v2` with other arguments"),
        (
            tensor(rest=b"\x89" + NO_HOOKS + code({"neg": True})),
            "`torch._utils._rebuild_tensor_v2` with other arguments",
        ),
        (tensor(of=code("0")), "`torch._utils._rebuild_tensor_v2` with other arguments"),
        (tensor(size=[4]), "`torch._utils._rebuild_tensor_v2` with other arguments"),
        (TENSOR + b")\x81", "`torch._utils._rebuild_tensor_v2` with other arguments"),
        (b"ccollections\nOrderedDict\n(]tR", "`collections.OrderedDict` with other arguments"),
        (b"ctorch\nSize\n" + code((["x"],)) + b"R", "`torch.Size` with other arguments"),
        (b"ctorch\nSize\n" + code((("x",),)) + b"R", "`torch.Size` with other arguments"),
        (
            b"ctorch.torch_version\nTorchVersion\n" + code((1,)) + b"\x81",
            "`torch.torch_version.TorchVersion` with other arguments",
        ),
        (
            b"ctorch._utils\n_rebuild_parameter\n(" + code([1.0]) + b"\x88" + NO_HOOKS + b"tR",
            "`torch._utils._rebuild_parameter` with other arguments",
        ),
        (
            b"ctorch._utils\n_rebuild_parameter\n(" + tensor() + b"\x88" + code({"hook": 1}) + b"tR",
            "`torch._utils._rebuild_parameter` with other arguments",
        ),
        (
            b"ctorch._utils\n_rebuild_parameter_with_state\n(" + tensor() + b"\x88" + NO_HOOKS + b"NtR",
            "`torch._utils._rebuild_parameter_with_state` with other arguments",
        ),
        (tensor() + b"}b", "a value with a state of its own"),
        (NO_HOOKS + code({"keys": "mine"}) + b"b", "a value with a state of its own"),
        (NO_HOOKS + code([("_metadata", 1)]) + b"b", "a value with a state of its own"),
        (storage(), "the storage '0' itself"),
        (b"ctorch\nFloatStorage\n", "`torch.FloatStorage` itself"),
        (b"ctorch\nSize\n", "`torch.Size` itself"),
        (b"ctorch\nFloatStorage\n)R", "a call of a value"),
        (tensor() + b")R", "a call of a value"),
        (b"}" + tensor() + b"K\x01s", "a key of type ndarray"),
        (b"N0", "the opcode POP"),
        (b"N2\x86", "the opcode DUP"),
        (b"\x8f", "the opcode EMPTY_SET"),
    ],
    ids=repr,
)
def test_what_pytorch_does_not_write_is_refused(refused: Refused, opcodes: bytes, found: str) -> None:
    assert refused(attack(torch_file(opcodes))).problems[0].found == found


@pytest.mark.parametrize("size", [(4,), (1,), (0,)])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"cnumpy\ndtype\n(Vf8\n", b"K\x01tR"),
        (b"cnumpy\ndtype\n(", b"K\x00K\x01tR"),
        (b"cnumpy\ndtype\n(Vf8\nK\x00K\x01tR(", b"V<\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"),
        (b"cnumpy\ndtype\n(Vf8\nK\x00K\x01tR(K\x03V<\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff", b"tb"),
        (b"cnumpy.core.multiarray\nscalar\n", b"\x85R"),
        (b"c_codecs\nencode\n(Vx\n", b"tR"),
        (b"c__builtin__\nbytes\n", b"R"),
        (b"ccollections\nOrderedDict\n", b"R"),
        (b"ctorch\nSize\n", b"R"),
        (b"ctorch.torch_version\nTorchVersion\n", b"\x85R"),
        (TENSOR, b"R"),
        (b"", b"Q"),
        (b"}", b"b"),
        (b"}(", b"e"),
    ],
    ids=repr,
)
def test_an_array_where_something_else_belongs_is_refused(
    refused: Refused, before: bytes, after: bytes, size: tuple[int, ...]
) -> None:
    assert refused(attack(torch_file(before + tensor(0, size) + after))).code.startswith("pickle.")


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"data.pkl": b"\x80\x02}."}, "layout"),
        ({"a/b/data.pkl": b"\x80\x02}."}, "layout"),
        ({"model/weights": b"\x80\x02}."}, "layout"),
        ({"a/data.pkl": b"\x80\x02}.", "b/data.pkl": b"\x80\x02}."}, "layout"),
        ({"model/data.pkl": b"\x80\x02}.", "model/byteorder": b"big"}, "byte-order"),
        ({"model/data.pkl": b"\x80\x02}.", "model/byteorder": b""}, "byte-order"),
        ({"model/data.pkl": b"\x80\x02}.", "model/constants.pkl": b"\x80\x02)."}, "script"),
    ],
    ids=repr,
)
def test_an_archive_of_another_kind_is_refused(refused: Refused, files: dict[str, bytes], kind: str) -> None:
    assert refused(attack(zip_of(files))).code == f"torch.{kind}"


def test_the_storages_of_another_folder_are_not_found(refused: Refused) -> None:
    files = {"model/data.pkl": b"\x80\x02" + tensor() + b".", "other/data/0": FOUR}

    assert refused(attack(zip_of(files))).code == "torch.storage"


def test_the_format_before_zip_is_refused_with_a_whole_sentence(refused: Refused) -> None:
    data = saved({"weight": torch.ones(2)}, _use_new_zipfile_serialization=False)

    assert str(refused(attack(data))) == (
        "model.pth: expected a PyTorch file in the zip format, found a pickle, as PyTorch wrote before 1.6; "
        "if you trust it, load it and save it again with torch.save of PyTorch 1.6 or newer"
    )


@pytest.mark.parametrize("data", [b"", b"GGUF", b"PK", b"\x1f\x8b\x08"])
def test_another_format_is_refused(refused: Refused, data: bytes) -> None:
    assert refused(attack(data)).code == "torch.format"


def test_a_file_beyond_the_limit_is_refused_with_a_whole_sentence(refused: Refused) -> None:
    data = saved(torch.ones(100))

    assert str(refused(attack(data, TorchLimits(file_bytes=1000)))) == (
        f"model.pth: expected a PyTorch file of at most 1000 bytes, found {len(data)}; "
        "save it again with torch.save, as plain data and tensors"
    )


def test_a_changed_byte_of_a_tensor_is_refused(refused: Refused) -> None:
    data = bytearray(saved(torch.ones(64)))
    data[data.index(torch.ones(64).numpy().tobytes())] ^= 1

    assert refused(attack(bytes(data))).code == "archive.checksum"


def test_a_file_cut_off_anywhere_is_refused(refused: Refused) -> None:
    data = saved({"weight": torch.ones(2)})
    for length in range(0, len(data), 7):
        refused(attack(data[:length]))


BASE = torch.arange(24.0).reshape(4, 6)
HONEST = [
    saved(torch.nn.Linear(2, 2).state_dict()),
    saved({"a": [BASE.T, BASE[1:, ::2]], "b": torch.nn.Parameter(BASE), "c": torch.__version__}),
    saved((BASE.bool(), BASE.bfloat16().expand(2, 4, 6), torch.Size([2, 3]), np.float64(0.5))),
    torch_file(b"(" + tensor() + b"cos\nsystem\n" + code(("touch evil",)) + b"Rt"),
]


def touched(value: object) -> int:
    """The bytes of all arrays, each read, so that one out of bounds would show."""
    match value:
        case np.ndarray():
            return len(value.tobytes())
        case dict():
            return sum(map(touched, value.values()))
        case list() | tuple():
            return sum(map(touched, value))
    return 0


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(HONEST), st.data())
def test_a_changed_pickle_is_read_within_bounds_or_refused_and_asks_for_nothing(
    honest: bytes, choices: st.DataObject
) -> None:
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = next(name for name in files if name.endswith("data.pkl"))
    data = bytearray(files[name])
    for _ in range(choices.draw(st.integers(1, 4))):
        start = choices.draw(st.integers(0, len(data)))
        data[start : start + choices.draw(st.integers(0, 4))] = choices.draw(st.binary(max_size=4))
    changed = zip_of(files | {name: bytes(data)})

    assert touched(only_damaged(attack(changed))) <= TorchLimits().free_bytes


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(HONEST), st.data())
def test_a_changed_archive_is_read_or_refused_and_asks_for_nothing(
    honest: bytes, choices: st.DataObject
) -> None:
    data = bytearray(honest)
    for _ in range(choices.draw(st.integers(1, 3))):
        start = choices.draw(st.integers(0, len(data)))
        data[start : start + choices.draw(st.integers(0, 3))] = choices.draw(st.binary(max_size=3))

    only_damaged(attack(bytes(data)))

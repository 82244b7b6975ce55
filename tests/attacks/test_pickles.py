"""Pickles that try to run something, to exhaust the machine, or to be what no pickler writes."""

import builtins
import os
import pickle
import struct
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from watching import only_damaged

from servable.artifact.safe import PickleLimits, parse_json, read_pickle
from servable.errors import Damaged

Refused = Callable[[Callable[[], object]], Damaged]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
WHERE = "calibration_model.pkl"


class Call:
    """Pickles as a call of anything."""

    def __init__(self, called: Callable[..., object], *arguments: object) -> None:
        self.reduced = (called, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.reduced


class Stateful:
    """An instance with a state of its own."""

    def __init__(self) -> None:
        self.knots = [(0.0, 0.0)]


def attack(data: bytes, limits: PickleLimits = PickleLimits()) -> Callable[[], object]:  # noqa: B008  # frozen
    return lambda: read_pickle(data, where=WHERE, limits=limits)


def read(data: bytes) -> object:
    return read_pickle(data, where=WHERE)


def test_a_call_is_refused_by_name_with_a_whole_sentence(refused: Refused) -> None:
    error = refused(attack(b"cos\nsystem\n(S'touch evil'\ntR."))

    assert str(error) == (
        "calibration_model.pkl: expected plain data (list, tuple, dict, str, number), "
        "found a reference to `os.system`; save it again as lists, dicts, strings and numbers"
    )
    assert error.code == "pickle.reference"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "called",
    [
        Call(os.system, "touch evil"),
        Call(builtins.eval, "open('evil', 'w')"),
        Call(builtins.exec, "open('evil', 'w')"),
        Call(builtins.getattr, "", "join"),
        Call(builtins.open, "evil", "w"),
        Call(builtins.bytearray, 9),
        Call(builtins.__import__, "antigravity"),
        Call(os.mkdir, "evil"),
        Call(pickle.loads, b"N."),
        Call(np.load, "evil"),
        Call(np.frombuffer, b"12345678"),
        Call(os.path.join, "a", "b"),
    ],
    ids=lambda call: call.reduced[0].__name__,
)
def test_no_call_of_any_protocol_is_made(refused: Refused, called: Call, protocol: int) -> None:
    for data in (called, [called], {"bins": called}, (1.0, called)):
        error = refused(attack(pickle.dumps(data, protocol)))

        assert error.code == "pickle.reference"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "value",
    [
        Stateful(),
        Stateful,
        Decimal(1),
        complex(1, 1),
        len,
        object(),
        range(3),
        Path("model"),
        np.array([1.0]),
        np.dtype("f8"),
        np.float16(1.0),
        np.uint8(1),
        np.str_("a"),
        np.datetime64(1, "s"),
        {"one"},
        frozenset({"one"}),
        bytearray(b"one"),
        bytes,
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_but_plain_data_is_refused(refused: Refused, value: object, protocol: int) -> None:
    error = refused(attack(pickle.dumps([value], protocol)))

    assert error.code in {"pickle.reference", "pickle.opcode", "pickle.dtype", "pickle.kind"}
    assert error.problems[0].expected == "plain data (list, tuple, dict, str, number)"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"(S'touch evil'\nios\nsystem\n.", "the opcode STRING"),
        (b"(ios\nsystem\n.", "a reference to `os.system`"),
        (b"(cos\nsystem\n\x8c\x04evilo.", "a reference to `os.system`"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "a reference to `os.system`"),
        (b"\x80\x04\x8c\x08os.path.\x8c\x04join\x93.", "a reference to `os.path..join`"),
        (b"cnumpy\ndtype\n)\x81.", "the opcode NEWOBJ"),
        (b"cnumpy\ndtype\n)}\x92.", "the opcode NEWOBJ_EX"),
        (b"(cnumpy\ndtype\no.", "the opcode OBJ"),
        (b"(inumpy\ndtype\n.", "the opcode INST"),
        (b"Psome id\n.", "the opcode PERSID"),
        (b"NQ.", "the opcode BINPERSID"),
        (b"\x82\x01.", "the opcode EXT1"),
        (b"\x83\x01\0.", "the opcode EXT2"),
        (b"\x84\x01\0\0\0.", "the opcode EXT4"),
        (b"\x80\x05\x97.", "the opcode NEXT_BUFFER"),
        (b"N\x98.", "the opcode READONLY_BUFFER"),
        (b"\x80\x05\x96\x01\0\0\0\0\0\0\0x.", "the opcode BYTEARRAY8"),
        (b"U\x01x.", "the opcode SHORT_BINSTRING"),
        (b"NN0.", "the opcode POP"),
        (b"N2\x86.", "the opcode DUP"),
        (b"}}b.", "a value with a state of its own"),
        (b"cnumpy\ndtype\n(NtR.", "`numpy.dtype` with other arguments"),
        (b"cnumpy\ndtype\n(VO8\nI00\nI01\ntR.", "a NumPy value of type 'O8'"),
        (b"cnumpy.core.multiarray\nscalar\n)R.", "`numpy.scalar` with other arguments"),
        (b"c_codecs\nencode\n(V\\u0100\nVlatin1\ntR.", "`_codecs.encode` with other arguments"),
        (b"c_codecs\nencode\n(Vx\nVrot13\ntR.", "`_codecs.encode` with other arguments"),
        (b"c__builtin__\nbytes\n(K\x09tR.", "`bytes` with other arguments"),
        (b"c__builtin__\nbytes\n.", "`bytes` itself"),
    ],
    ids=repr,
)
def test_opcodes_beyond_plain_data_are_refused(refused: Refused, data: bytes, found: str) -> None:
    error = refused(attack(data))

    assert error.problems[0].expected == "plain data (list, tuple, dict, str, number)"
    assert error.problems[0].found == found


@pytest.mark.parametrize("name", [b"os\x1b[2J", b"o s", b"\xff\xfe", b"\\q", b"x" * 1000])
def test_a_hostile_name_is_shown_harmlessly(refused: Refused, name: bytes) -> None:
    found = refused(attack(b"c" + name + b"\nsystem\n.")).problems[0].found

    assert found.startswith("a reference to '")
    assert found.isprintable()
    assert len(found) < 100


def numpy_scalar(data: bytes, state: tuple[object, ...]) -> bytes:
    """A pickled f8 with these eight bytes, whose type has this state."""
    reference = b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(Vf8\nI00\nI01\ntR"
    return reference + pickle.dumps(state, 0)[:-1] + b"bC\x08" + data + b"\x86R."


@pytest.mark.parametrize(
    "state",
    [
        (3, "<", None, ("a",), None, -1, -1, 0),
        (3, "<", None, None, {"a": 1}, -1, -1, 0),
        (3, "<", None, None, None, 8, 8, 63),
        (3, "|", None, None, None, -1, -1, 0),
        (3, "=", None, None, None, -1, -1, 0),
        (4, "<", None, None, None, -1, -1, 0, {}),
        (),
    ],
)
def test_a_numpy_type_with_another_state_is_refused(refused: Refused, state: tuple[object, ...]) -> None:
    assert refused(attack(numpy_scalar(b"12345678", state))).code == "pickle.dtype"


def test_a_numpy_number_of_another_length_is_refused(refused: Refused) -> None:
    data = pickle.dumps(np.float64(0.5), 4).replace(b"C\x08", b"C\x07")

    assert refused(attack(data)).code.startswith("pickle.")


def test_a_numpy_type_without_byte_order_is_refused(refused: Refused) -> None:
    data = b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(Vf8\nI00\nI01\ntRC\x0812345678\x86R."

    assert refused(attack(data)).problems[0].found == "`numpy.scalar` with other arguments"


def memo_bomb(opening: bytes, closing: bytes) -> bytes:
    """Fifty containers in a tuple, each of two references to the one before it."""
    levels = b"".join(opening % (level, level) + closing + b"\x94" for level in range(50))
    return b"\x80\x04(}\x94" + levels + b"t."


@pytest.mark.parametrize(
    ("opening", "closing"), [(b"](h%ch%c", b"e"), (b"(h%ch%c", b"t"), (b"}(K\x01h%cK\x02h%c", b"u")]
)
def test_a_memo_bomb_is_refused_with_a_whole_sentence(
    refused: Refused, opening: bytes, closing: bytes
) -> None:
    assert str(refused(attack(memo_bomb(opening, closing)))) == (
        "calibration_model.pkl: expected data that spells out to at most 268435456 values and characters, "
        "found more; save it again as plain lists and dicts"
    )


def test_a_long_text_that_is_shared_a_million_times_is_refused(refused: Refused) -> None:
    data = pickle.dumps(["x" * 10_000] * 50_000, 4)

    assert refused(attack(data)).code == "pickle.extent"


def test_shared_parts_are_plain() -> None:
    shared = [1.0, 2.0]

    assert read(pickle.dumps({"a": shared, "b": [shared, shared]})) == {"a": shared, "b": [shared, shared]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_container_inside_itself_is_refused(refused: Refused, protocol: int) -> None:
    inside_list: list[object] = []
    inside_list.append(inside_list)
    inside_dict: dict[str, object] = {}
    inside_dict["itself"] = [inside_dict]
    inside_tuple: tuple[list[object]] = ([],)
    inside_tuple[0].append(inside_tuple)

    for value in (inside_list, inside_dict):
        assert refused(attack(pickle.dumps(value, protocol))).code == "pickle.cycle"
    assert refused(attack(pickle.dumps(inside_tuple, protocol))).code in {"pickle.cycle", "pickle.opcode"}


@pytest.mark.parametrize(
    "data",
    [
        b"]" * 65 + b"a" * 64 + b".",
        b"]" * 200_000 + b"a" * 199_999 + b".",
        b")" + b"\x85" * 200_000 + b".",
        b"(" * 200_000 + b"t" * 200_000 + b".",
    ],
    ids=["65 lists", "many lists", "many tuples", "many groups"],
)
def test_nesting_beyond_the_limit_is_refused(refused: Refused, data: bytes) -> None:
    assert refused(attack(data)).code == "pickle.depth"


def test_nesting_that_hides_behind_a_shared_part_is_refused(refused: Refused) -> None:
    deep: list[object] = []
    for _ in range(40):
        deep = [deep]
    deeper: list[object] = deep
    for _ in range(40):
        deeper = [deeper]

    assert refused(attack(pickle.dumps([deep, deeper]))).code == "pickle.depth"


def test_nesting_within_the_limit_is_read() -> None:
    assert read(b"]" * 64 + b"a" * 63 + b".") is not None


def test_a_tuple_as_a_key_is_refused_before_it_is_hashed(refused: Refused) -> None:
    data = b"}" + b")" + b"\x85" * 200_000 + b"Ns."

    assert refused(attack(data)).code == "pickle.key"


def test_a_key_twice_is_refused(refused: Refused) -> None:
    error = refused(attack(b"}(\x8c\x01aK\x01\x8c\x01aK\x02u."))

    assert str(error) == (
        "calibration_model.pkl, byte 12: expected each key once in a dict, found 'a' again; "
        "save it again as lists, dicts, strings and numbers"
    )


def test_more_items_than_the_limit_are_refused(refused: Refused) -> None:
    limits = PickleLimits(items=1000)

    for data in (b"]" * 1001 + b".", b"(" * 1001 + b".", b"N" + b"\x94" * 1000 + b"."):
        assert refused(attack(data, limits)).code == "pickle.items"


def test_frames_without_end_are_refused(refused: Refused) -> None:
    data = b"\x80\x04" + (b"\x95" + bytes(8)) * 101 + b"}."

    assert read_pickle(data, where="a.pkl") == {}
    error = refused(lambda: read_pickle(data, where="a.pkl", limits=PickleLimits(items=100)))
    assert error.code == "pickle.items"


def test_more_bytes_than_the_limit_are_refused(refused: Refused) -> None:
    data = pickle.dumps("x" * 100)

    error = refused(attack(data, PickleLimits(data_bytes=100)))

    assert str(error) == (
        f"calibration_model.pkl: expected a pickle of at most 100 bytes, found {len(data)}; "
        "save it again as lists, dicts, strings and numbers"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pickle",
        b"\x80",
        b"\x80\x06N.",
        b"\x80\xffN.",
        b"N\x80\x04.",
        b".",
        b"NN.",
        b"(N.",
        b"N",
        b"N.N.",
        b"N.\n",
        b"\xff.",
        b"t.",
        b"e.",
        b"a.",
        b"Na.",
        b"NNa.",
        b"}Ns.",
        b"}(Nu.",
        b"NNNs.",
        b"\x85.",
        b"N\x87.",
        b"R.",
        b"NNR.",
        b")NR.",
        b"b.",
        b"\x94.",
        b"h\x00.",
        b"g7\n.",
        b"Np-1\n.",
        b"Npx\n.",
        b"gx\n.",
        b"I\n.",
        b"Ix\n.",
        b"I1",
        b"L1",
        b"Fx\n.",
        b"F\\q\n.",
        b"G123.",
        b"J\x00.",
        b"V\\u12\n.",
        b"V\\ud800\n.",
        b"X\xff\xff\xff\xffx.",
        b"\x8d" + b"\xff" * 8 + b"x.",
        b"\x8e" + b"\xff" * 8 + b"x.",
        b"\x8b\xff\xff\xff\xffx.",
        b"\x8c\x02\xff\xfe.",
        b"\x8c\x03\xed\xa0\x80.",
        b"I" + b"9" * 5000 + b"\n.",
        b"L" + b"9" * 30 + b"L\n.",
        b"\x8a\x09" + b"\x7f" * 9 + b".",
        b"cos\n",
        b"cos",
        b"NN\x93.",
        b"\x8c\x02osN\x93.",
        b"\x93.",
    ],
    ids=repr,
)
def test_a_malformed_pickle_is_refused_and_not_a_traceback(refused: Refused, data: bytes) -> None:
    error = refused(attack(data))

    assert error.code.startswith("pickle.")
    assert str(error).startswith(WHERE)


def test_a_malformed_pickle_is_refused_with_a_whole_sentence(refused: Refused) -> None:
    assert str(refused(attack(b"NNR."))) == (
        "calibration_model.pkl, byte 2: expected a well-formed pickle, found a call of a value; "
        "save it again as lists, dicts, strings and numbers"
    )


NUMBERS = [
    np.float64(0.1),
    np.float32(0.1),
    np.int64(-(2**60)),
    np.int32(-7),
    np.bool_(True),
    np.bool_(False),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{type(number).__name__} {number}")
def test_a_numpy_scalar_becomes_the_python_number_it_equals(number: np.generic, protocol: int) -> None:
    found = read(pickle.dumps([(number, 1.0), (number, number)], protocol))

    assert found == [(number.item(), 1.0), (number.item(), number.item())]
    assert type(found[0][0]) is type(number.item())


def test_the_older_name_of_a_numpy_scalar_is_read_too() -> None:
    data = pickle.dumps(np.float64(0.25), 2)
    older = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")

    assert older != data
    assert read(older) == 0.25


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_numpy_scalar_of_either_byte_order_is_read(order: str) -> None:
    data = struct.pack(f"{order}d", 0.1)

    assert read(numpy_scalar(data, (3, order, None, None, None, -1, -1, 0))) == 0.1


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
PLAIN = st.recursive(
    SCALARS,
    lambda parts: (
        st.lists(parts)
        | st.lists(parts).map(tuple)
        | st.dictionaries(st.text() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False), parts)
    ),
    max_leaves=30,
)


def same(one: object, two: object) -> bool:
    """Whether two values are equal in kind too: 1 is neither 1.0 nor true."""
    if type(one) is not type(two) or one != two:
        return False
    if isinstance(one, list | tuple):
        return all(map(same, one, two))
    if isinstance(one, dict):
        return all(same(one[key], two[key]) for key in one)
    return True


@settings(deadline=None, max_examples=200)
@given(PLAIN, st.sampled_from(PROTOCOLS))
@example([(0.0, 0.0), (np.nextafter(0.5, 1).item(), 1.0)], 4)
def test_plain_data_comes_back(value: object, protocol: int) -> None:
    assert same(value, read(pickle.dumps(value, protocol)))


HONEST = [
    pickle.dumps(value, protocol)
    for protocol in PROTOCOLS
    for value in (
        {"region": {"bins": {"EU": 0.4, "nan": 0.5}, "default_bin": 0.88}},
        [(0.0, 0.0), (np.float64(0.3), 0.6), (1.0, 1.0)],
        Call(os.mkdir, "evil"),
        Stateful(),
    )
]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(HONEST), st.data())
def test_a_changed_pickle_is_read_or_refused_and_asks_for_nothing(
    honest: bytes, choices: st.DataObject
) -> None:
    data = bytearray(honest)
    for _ in range(choices.draw(st.integers(1, 4))):
        start = choices.draw(st.integers(0, len(data)))
        data[start : start + choices.draw(st.integers(0, 4))] = choices.draw(st.binary(max_size=4))

    only_damaged(attack(bytes(data)))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from([bytes([code]) for code in range(256)]) | st.binary(max_size=9)))
def test_any_bytes_are_read_or_refused_and_ask_for_nothing(pieces: list[bytes]) -> None:
    only_damaged(attack(b"".join(pieces)))


def test_a_pickle_cut_off_anywhere_is_refused(refused: Refused) -> None:
    for honest in HONEST:
        for length in range(len(honest)):
            refused(attack(honest[:length]))


@pytest.mark.conformance
def test_every_stored_pickle_is_read_and_equals_its_json_twin(shared_dir: Path) -> None:
    paths = sorted((shared_dir / "conformance" / "cases").glob("*/artifact/**/*.pkl"))
    damaged, twins = [], 0

    for path in paths:
        try:
            value = read_pickle(path.read_bytes(), where=path.name)
        except Damaged:
            damaged.append(path.parents[2].name)
            continue
        twin = path.with_suffix(".json")
        if twin.exists():
            assert parse_json(twin.read_bytes(), where=twin.name) == value
            twins += 1

    assert damaged == ["t25_onnx_corrupt_percentile"]
    assert len(paths) >= 97
    assert twins >= 48

"""ONNX files that look outside, call what is not ONNX, or ask for more than a machine has."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from attack import Attack, put
from onnx import TensorProto, helper, numpy_helper
from sound_artifacts import PROBS, SCORES, Files, graph

SUM = helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0)
PLUS = helper.make_node("Add", ["both", "sum"], ["more"])
FROM_SUM = [SUM, PLUS, helper.make_node("Softmax", ["more"], ["probs"], axis=1)]
"""From a tensor `big` to the answer, so that nobody may leave it out."""


def _numbers(name: str, *values: int) -> TensorProto:
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


ONE = numpy_helper.from_array(np.ones(1, dtype=np.float32), "one")
TRUE = numpy_helper.from_array(np.array(True), "true")


def _outside(location: str, *, entries: Mapping[str, str] | None = None, name: str = "big") -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in ({"location": location, "offset": "0", "length": "16"} | dict(entries or {})).items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def _claiming(*dims: int, data: bytes = b"") -> TensorProto:
    return TensorProto(name="big", data_type=TensorProto.FLOAT, dims=dims, raw_data=data)


def _model(nodes: list[Any], *initializers: TensorProto, **others: Any) -> Callable[[], bytes]:
    return lambda: bytes(graph([SCORES, *nodes], initializers=initializers, **others).SerializeToString())


def _filled(*dims: int) -> Callable[[], bytes]:
    return _model([helper.make_node("ConstantOfShape", ["s"], ["big"]), *FROM_SUM], _numbers("s", *dims))


def _body(operator: str, count: int) -> Callable[[], bytes]:
    """A loop that adds a number to itself so often."""
    shapes = {"i": TensorProto.INT64, "go": TensorProto.BOOL, "v": TensorProto.FLOAT}
    inside = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["v", "v"], ["w"])],
        "inside",
        [helper.make_tensor_value_info(name, kind, []) for name, kind in shapes.items()],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("w", TensorProto.FLOAT, []),
        ],
    )
    loop = helper.make_node(operator, ["n", "true", "one"], ["big"], body=inside)
    return _model([loop, *FROM_SUM], _numbers("n", count), TRUE, ONE)


def _nested(depth: int) -> Callable[[], bytes]:
    """A condition inside a condition."""
    answer = [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)]
    inner = helper.make_graph([helper.make_node("Identity", ["both"], ["o"])], "inner", [], answer)
    for _ in range(depth):
        condition = helper.make_node("If", ["true"], ["o"], then_branch=inner)
        inner = helper.make_graph([condition], "outer", [], answer)
    return _model([helper.make_node("If", ["true"], ["probs"], then_branch=inner)], TRUE)


def _functions(n: int) -> Callable[[], bytes]:
    """Functions that each call the one before twice: a kilobyte becomes 2^n operators."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    first = helper.make_function(
        "own", "f0", ["a"], ["b"], [helper.make_node("Neg", ["a"], ["b"])], opsets[:1]
    )
    further = [
        helper.make_function(
            "own",
            f"f{number}",
            ["a"],
            ["b"],
            [
                helper.make_node(f"f{number - 1}", ["a"], ["c"], domain="own"),
                helper.make_node(f"f{number - 1}", ["c"], ["b"], domain="own"),
            ],
            opsets,
        )
        for number in range(1, n)
    ]
    call = helper.make_node(f"f{n - 1}", ["both"], ["probs"], domain="own")
    return _model([call], functions=(first, *further), domains=("own",))


def _chain(n: int) -> Callable[[], bytes]:
    places = ["both", *(f"n{number}" for number in range(n))]
    nodes = [helper.make_node("Neg", [a], [b]) for a, b in pairwise(places)]
    return _model([*nodes, helper.make_node("Softmax", [places[-1]], ["probs"], axis=1)])


def _sparse() -> bytes:
    """A sparse tensor of one number that stands for a terabyte of them."""
    model = graph([SCORES, *FROM_SUM])
    values = numpy_helper.from_array(np.ones(1, dtype=np.float32), "big")
    model.graph.sparse_initializer.add(values=values, indices=_numbers("places", 5), dims=[1 << 40])
    return bytes(model.SerializeToString())


def _ranks() -> bytes:
    """A shape of two billion dimensions, as an input says."""
    shape = helper.make_tensor_value_info("s", TensorProto.INT64, [1 << 31])
    node = helper.make_node("Expand", ["one", "s"], ["big"])
    return bytes(graph([SCORES, node, *FROM_SUM], initializers=(ONE,), inputs=(shape,)).SerializeToString())


def _deep_trees(depth: int) -> bytes:
    n = 2 * depth + 1
    steps = range(n)
    inner = [number % 2 == 0 and number < n - 1 for number in steps]
    trees = helper.make_node(
        "TreeEnsembleClassifier",
        ["both"],
        ["label", "probs"],
        domain="ai.onnx.ml",
        nodes_treeids=[0] * n,
        nodes_nodeids=list(steps),
        nodes_featureids=[0] * n,
        nodes_values=[float(number) for number in steps],
        nodes_modes=["BRANCH_LT" if is_inner else "LEAF" for is_inner in inner],
        nodes_truenodeids=[number + 1 if inner[number] else 0 for number in steps],
        nodes_falsenodeids=[number + 2 if inner[number] else 0 for number in steps],
        class_treeids=[0],
        class_nodeids=[1],
        class_ids=[0],
        class_weights=[1.0],
        classlabels_int64s=[0, 1],
    )
    return bytes(graph([SCORES, trees], domains=("ai.onnx.ml",)).SerializeToString())


def _op(name: str, domain: str, **attributes: object) -> Callable[[], bytes]:
    return _model(
        [helper.make_node(name, ["both"], ["probs"], domain=domain, **attributes)], domains=(domain,)
    )


_OUTSIDE = "expected tensors in the file itself"
_STRANGE = "expected operators of ONNX itself, and its trees"
_GRAPHS: dict[str, tuple[Callable[[], bytes], str]] = {
    "weights in /etc/passwd": (_model(FROM_SUM, _outside("/etc/passwd")), _OUTSIDE),
    "weights above": (_model(FROM_SUM, _outside("../../secret")), _OUTSIDE),
    "weights in the working directory": (_model(FROM_SUM, _outside("secret")), _OUTSIDE),
    "weights in an endless device": (_model(FROM_SUM, _outside("/dev/zero")), _OUTSIDE),
    "weights at an address of memory": (
        _model(FROM_SUM, _outside("*/_ORT_MEM_ADDR_/*", entries={"offset": "94000000000000"})),
        _OUTSIDE,
    ),
    "weights beside, of a file that is not the artifact's": (
        _model(FROM_SUM, _outside("model.pth")),
        _OUTSIDE,
    ),
    "weights in no file": (_model(FROM_SUM, _outside("")), _OUTSIDE),
    "a constant in a file": (
        _model([helper.make_node("Constant", [], ["big"], value=_outside("/etc/passwd")), *FROM_SUM]),
        _OUTSIDE,
    ),
    "an operator of its own": (_op("Evil", "evil.example"), _STRANGE),
    "an operator of a vendor": (_op("FusedGemm", "com.microsoft"), _STRANGE),
    "a compiled part in a file": (
        _op("EPContext", "com.microsoft", ep_cache_context="/etc/passwd", embed_mode=0),
        _STRANGE,
    ),
    "Python": (_op("PyOp", "ai.onnx.contrib", module="os", class_name="system"), _STRANGE),
    "another operator for tables": (_op("TfIdfVectorizer", "ai.onnx.ml"), _STRANGE),
    "functions that double thirty times": (_functions(30), "of the domain 'own'"),
    "a loop of 2^40 rounds": (_body("Loop", 1 << 40), "operators that compute once"),
    "a scan": (_body("Scan", 1), "operators that compute once"),
    "conditions inside conditions": (_nested(20), "graphs inside graphs"),
    "ten thousand operators": (_chain(10_001), "at most 10000 operators"),
    "a tensor that claims four terabytes": (_model(FROM_SUM, _claiming(1 << 40)), "one that it refuses"),
    "a tensor whose size overflows": (_model(FROM_SUM, _claiming(1 << 62, 4)), "one that it refuses"),
    "a tensor of a negative size": (_model(FROM_SUM, _claiming(-4, data=bytes(16))), "one that it refuses"),
    "a tensor with less than it claims": (
        _model(FROM_SUM, _claiming(5, data=bytes(16))),
        "one that it refuses",
    ),
    "a sparse tensor": (_sparse, "expected dense tensors"),
    "a shape of two billion dimensions": (_ranks, "for want of memory"),
    "four gigabytes of zeros": (_filled(1 << 30), "what the model computes within 512 MiB"),
    "zeros of more than can be counted": (_filled(1 << 40, 1 << 40), "expected"),
    "a number repeated to eight gigabytes": (
        _model([helper.make_node("Tile", ["one", "s"], ["big"]), *FROM_SUM], ONE, _numbers("s", 1 << 31)),
        "a graph that computes what it is given",
    ),
    "a table that doubles thirty times": (
        _model(
            [
                helper.make_node("Concat", ["one", "one"], ["c0"], axis=0),
                *(
                    helper.make_node("Concat", [f"c{n}", f"c{n}"], [f"c{n + 1}" if n < 30 else "big"], axis=0)
                    for n in range(31)
                ),
                *FROM_SUM,
            ],
            ONE,
        ),
        "what the model computes within 512 MiB",
    ),
    "a graph that goes round": (
        _model([helper.make_node("Add", ["both", "b"], ["a"]), helper.make_node("Neg", ["a"], ["b"]), PROBS]),
        "one that it refuses",
    ),
    "a tree of ten thousand levels": (lambda: _deep_trees(10_000), "within 1024 levels"),
    "an operator that reads beyond its table": (
        _model([helper.make_node("Gather", ["both", "s"], ["probs"], axis=1)], _numbers("s", 1 << 40, 0)),
        "a graph that computes what it is given",
    ),
    # which it recognises by four letters, behind a field that a reader of protobuf passes over
    "the runtime's own format": (lambda: b"\x22\x06\0\0ORTM" + b"\xff" * 99, "one that it refuses"),
    "names in another encoding": (
        lambda: _model([PROBS])().replace(b"notes_attention_mask", b"\xff\xfe\xfd" + b"x" * 17),
        "one that it refuses",
    ),
}


def _put(model: Callable[[], bytes]) -> Callable[[Files], object]:
    return lambda files: files.__setitem__("model.onnx", model())


GRAPHS = (
    *(
        Attack(kind="ONNX graphs", name=name, says=says, base="network with a graph", change=_put(model))
        for name, (model, says) in _GRAPHS.items()
    ),
    Attack(
        kind="ONNX graphs",
        name="weights of an encoder elsewhere",
        says=_OUTSIDE,
        base="packed network",
        change=lambda files: files.__setitem__(
            "encoder.onnx", files["encoder.onnx"].replace(b"encoder.onnx.data", b"/etc/passwd000000")
        ),
    ),
    Attack(
        kind="ONNX graphs",
        name="weights of an encoder that end too soon",
        says="encoder",
        base="packed network",
        change=put("encoder.onnx.data", b"\0" * 100),
    ),
)

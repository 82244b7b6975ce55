"""Weights of networks held against each other: also a training output and its pack."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from diffed import differing
from onnx import TensorProto, helper, numpy_helper

from servable.artifact import (
    Artifact,
    EngineKind,
    MemoryFiles,
    TokenizerSearch,
    read_artifact,
    read_onnx,
)
from servable.evaluate import DiffVerdict, Side, diff
from servable.evaluate.diff.layers import layers_of
from servable.evaluate.diff.networks import networks_diff
from servable.evaluate.diff.tensors import Tensors, operators_digest, tensors_of
from servable.evaluate.diff.weights import WeightsDiff, weights_diff
from servable.evaluate.diff.weights_lines import weights_lines
from servable.evaluate.diff.words import OPERATORS_DIFFER
from servable.pack import pack
from servable.scorer import scorer_of

BIMODAL, TRIMODAL, ATTENTION = "t04_bimodal_bert", "t15_trimodal_bert", "t10_bimodal_cross_attn"
LAYER = "text_subnetwork.bert.encoder.layer.1.output.dense.weight"


def _tensors(kind: EngineKind = EngineKind.TORCH, **named: Any) -> Tensors:
    arrays = {name.replace("__", "."): np.array(value, dtype=np.float32) for name, value in named.items()}
    return Tensors(named=arrays, nameless={}, unread=(), kind=kind)


def test_a_changed_tensor_is_told_with_its_norms() -> None:
    a = _tensors(head__weight=[[3.0, 4.0], [0.0, 0.0]], head__bias=[1.0])
    b = _tensors(head__weight=[[3.0, 4.0], [0.0, 2.0]], head__bias=[1.0])

    found = networks_diff(a, b)

    (tensor,) = found.tensors
    assert (tensor.name, tensor.layer, tensor.shape_a, tensor.shape_b) == (
        "head.weight",
        "head: head",
        (2, 2),
        (2, 2),
    )
    assert (tensor.norm_a, tensor.change_norm, tensor.relative, tensor.largest) == (5.0, 2.0, 0.4, 2.0)
    assert (found.compared, found.is_equal, found.is_whole) == (2, False, True)
    (layer,) = found.layers
    assert (layer.tensors, layer.changed, layer.change_norm) == (2, 1, 2.0)
    assert layer.norm_a == pytest.approx(26**0.5)


def test_tensors_of_other_shapes_and_of_one_network_alone_are_differences() -> None:
    a = _tensors(one=[1.0, 2.0], two=[1.0])
    b = _tensors(one=[1.0, 2.0, 3.0], three=[1.0])

    found = networks_diff(a, b)

    assert [(tensor.shape_a, tensor.shape_b, tensor.change_norm) for tensor in found.tensors] == [
        ((2,), (3,), None)
    ]
    assert (found.only_a, found.only_b, found.not_compared_a, found.is_equal) == (
        ("two",),
        ("three",),
        (),
        False,
    )


def test_what_a_graph_does_not_hold_is_not_compared_rather_than_different() -> None:
    a = _tensors(one=[1.0, 2.0], unused=[1.0])
    b = _tensors(EngineKind.ONNX_NETWORK, one=[1.0, 2.0])

    found = networks_diff(a, b)

    assert (found.is_equal, found.is_whole, found.not_compared_a, found.only_a) == (
        True,
        False,
        ("unused",),
        (),
    )


def test_rows_that_a_graph_holds_of_a_weight_are_found_by_what_they_are() -> None:
    segments = [[1.0, 2.0], [3.0, 4.0]]
    graph = Tensors(
        named={},
        nameless={"/embeddings/Add[1]": np.array([1.0, 2.0], dtype=np.float32)},
        unread=(),
        kind=EngineKind.ONNX_NETWORK,
    )

    same, other = (networks_diff(_tensors(segments=rows), graph) for rows in (segments, segments[::-1]))
    strange = networks_diff(_tensors(segments=[[9.0, 2.0], [3.0, 4.0]]), graph)

    assert (same.compared, same.is_whole, other.is_whole) == (1, True, True)
    assert (strange.compared, strange.not_compared_a, strange.not_compared_b) == (
        0,
        ("segments",),
        ("/embeddings/Add[1]",),
    )


def test_rows_are_looked_for_no_longer_than_a_moment() -> None:
    graph = Tensors(
        named={},
        nameless={
            **{f"/one{place}": np.array(place, dtype=np.float32) for place in range(1, 21)},
            **{f"/rows{place}": np.full(4, place, dtype=np.float32) for place in range(1, 2001)},
        },
        unread=(),
        kind=EngineKind.ONNX_NETWORK,
    )
    network = _tensors(row=np.zeros(100_000), rows=np.zeros((100_000, 4)))

    began = perf_counter()
    found = networks_diff(network, graph)

    assert perf_counter() - began < 5
    assert (found.compared, len(found.not_compared_b)) == (0, 2020)


def _graph(*nodes: Any, outputs: tuple[str, ...] = ("z",)) -> Tensors:
    weight, bias = (
        numpy_helper.from_array(np.ones((2, 2), np.float32), "head.weight"),
        numpy_helper.from_array(np.ones(2, np.float32), "head.bias"),
    )
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in outputs]
    graph = helper.make_graph(list(nodes), "graph", [], given, [weight, bias])
    contents = read_onnx(helper.make_model(graph).SerializeToString(), where="graph.onnx")
    return Tensors(
        named=contents.tensors,
        nameless={},
        unread=contents.unread,
        kind=EngineKind.ONNX_NETWORK,
        operators=operators_digest(contents),
    )


def _product(output: str = "y") -> Any:
    return helper.make_node("MatMul", ["x", "head.weight"], [output])


@pytest.mark.parametrize(
    "other",
    [
        (_product(), helper.make_node("Tanh", ["y"], ["z"])),
        (_product(), helper.make_node("LeakyRelu", ["y"], ["z"], alpha=0.9)),
        (_product(), helper.make_node("LeakyRelu", ["x"], ["z"], alpha=0.1)),
        (
            helper.make_node("MatMul", ["x", "head.bias"], ["y"]),
            helper.make_node("LeakyRelu", ["y"], ["z"], alpha=0.1),
        ),
    ],
    ids=["operator", "attribute", "wiring", "tensor"],
)
def test_graphs_of_other_operators_are_not_called_the_same(other: tuple[Any, ...]) -> None:
    one = _graph(_product(), helper.make_node("LeakyRelu", ["y"], ["z"], alpha=0.1))

    found = networks_diff(one, _graph(*other))

    assert (found.is_equal, found.is_whole, found.operators_differ) == (True, False, True)
    lines = [*weights_lines(WeightsDiff(digest_a="a", digest_b="b", networks=found))]
    assert ("operators", OPERATORS_DIFFER) in lines


def test_the_output_of_a_graph_is_a_part_of_what_it_computes() -> None:
    nodes = (_product(), helper.make_node("Relu", ["y"], ["z"]))

    assert networks_diff(_graph(*nodes), _graph(*nodes, outputs=("y",))).operators_differ


def test_what_an_exporter_numbered_otherwise_is_the_same() -> None:
    one = _graph(_product(), helper.make_node("Relu", ["y"], ["z"], name="first"))
    other = _graph(_product("y_1"), helper.make_node("Relu", ["y_1"], ["z_1"]), outputs=("z_1",))

    assert networks_diff(one, other).is_whole


def test_numbers_that_are_none_do_not_reach_the_figures() -> None:
    a, b = _tensors(one=[1.0, np.nan]), _tensors(one=[2.0, np.nan])

    same, other = networks_diff(a, a), networks_diff(a, b)

    assert same.is_equal
    assert [(tensor.norm_a, tensor.change_norm, tensor.relative) for tensor in other.tensors] == [
        (None, None, None)
    ]


def test_layers_stand_in_the_order_in_which_a_record_passes_them() -> None:
    names = (
        *("final_merge_network.1.bias", "text_subnetwork.bert.pooler.dense.bias", LAYER),
        *("text_subnetwork.bert.encoder.layer.10.output.dense.bias", "text_subnetwork.head_layer.1.weight"),
        "text_subnetwork.bert.embeddings.LayerNorm.bias",
    )

    ordered = sorted(set(layers_of(names).values()))

    assert [str(layer) for layer in ordered] == [
        *("embeddings", "layer 1", "layer 10", "pooler"),
        *("head: final_merge_network", "head: text_subnetwork.head_layer"),
    ]


def test_layers_of_two_encoders_are_told_apart() -> None:
    names = [
        f"{text}_text_subnetwork.bert.encoder.layer.0.output.dense.bias" for text in ("primary", "secondary")
    ]

    found = {str(layer) for layer in layers_of(names).values()}

    assert found == {f"{text}_text_subnetwork.bert: layer 0" for text in ("primary", "secondary")}


@pytest.fixture(scope="module")
def search(shared_dir: Path) -> TokenizerSearch:
    return TokenizerSearch(folder=shared_dir / "conformance")


@pytest.fixture(scope="module")
def outputs(shared_dir: Path, search: TokenizerSearch) -> Mapping[str, Artifact]:
    """Recorded training outputs of networks."""
    cases = shared_dir / "conformance/cases"
    return {
        name: read_artifact(cases / name / "artifact", tokenizers=search)
        for name in (BIMODAL, TRIMODAL, ATTENTION)
    }


@pytest.fixture(scope="module")
def packed(
    shared_dir: Path, outputs: Mapping[str, Artifact], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Artifact]:
    """The packs of them."""
    folder = tmp_path_factory.mktemp("packed")
    found = {}
    for name in outputs:
        path = folder / f"{name}.tar.gz"
        source = shared_dir / "conformance/cases" / name / "artifact"
        pack(source, path, tokenizers=shared_dir / "conformance")
        found[name] = read_artifact(path)
    return found


@pytest.mark.slow
@pytest.mark.conformance
@pytest.mark.parametrize("name", [BIMODAL, TRIMODAL, ATTENTION])
def test_a_network_and_its_pack_differ_in_nothing_that_moves_a_score(
    name: str, outputs: Mapping[str, Artifact], packed: Mapping[str, Artifact]
) -> None:
    found = diff(*(Side.of(scorer_of(artifact)) for artifact in (outputs[name], packed[name])))

    assert differing(found) <= {"engine", "golden", "about"}
    assert (found.verdict in {DiffVerdict.ROUNDING, DiffVerdict.SAME_SCORES}, found.moves_scores) == (
        True,
        False,
    )
    assert found.weights.networks is not None
    assert found.weights.networks.is_whole
    assert found.weights.networks.compared > 40


@pytest.mark.slow
@pytest.mark.conformance
def test_one_shifted_weight_of_a_pack_is_found_under_the_name_that_training_gave(
    outputs: Mapping[str, Artifact], packed: Mapping[str, Artifact]
) -> None:
    artifact = packed[BIMODAL]
    files = {name: artifact.files.read(name) for name in artifact.files.names()}
    data = files["encoder.onnx.data"]
    wanted = tensors_of(artifact).named[LAYER]
    start = data.index(np.ascontiguousarray(wanted.T).tobytes())
    value = np.frombuffer(data[start : start + 4], "<f4")[0] + np.float32(0.5)
    shifted = data[:start] + np.float32(value).tobytes() + data[start + 4 :]
    other = replace(artifact, files=MemoryFiles({**files, "encoder.onnx.data": shifted}))

    for one in (artifact, outputs[BIMODAL]):
        networks = weights_diff(one, other).networks
        assert networks is not None
        assert [tensor.name for tensor in networks.tensors] == [LAYER]
        assert networks.is_whole
        assert networks.tensors[0].largest == pytest.approx(0.5, abs=1e-6)
        assert [layer.name for layer in networks.layers if layer.changed] == ["layer 1"]

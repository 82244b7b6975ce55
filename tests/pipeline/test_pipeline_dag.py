"""The graph of a pipeline: orders, and graphs that cannot be run."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servable.errors import BadInput
from servable.pipeline import PipelineDAG

CHAIN = ("CreatePytorchModelStep", "PackagingStep", "PayloadStep", "RegistrationStep")
DIAMOND = (
    ("data_load", "preprocess"),
    ("preprocess", "train"),
    ("train", "payload"),
    ("train", "package"),
    ("payload", "register"),
    ("package", "register"),
)


def diamond() -> PipelineDAG:
    dag = PipelineDAG()
    for node in ("data_load", "preprocess", "train", "payload", "package", "register"):
        dag.add_node(node)
    for before, after in DIAMOND:
        dag.add_edge(before, after)
    return dag


def test_a_chain_is_ordered_as_its_edges_say_whatever_order_its_nodes_came_in() -> None:
    dag = PipelineDAG(nodes=reversed(CHAIN), edges=pairwise(CHAIN))

    assert dag.order() == CHAIN
    assert dag.nodes == CHAIN[::-1]


def test_a_diamond_is_ordered_by_its_edges_and_then_by_the_order_of_its_nodes() -> None:
    dag = diamond()

    assert dag.order() == ("data_load", "preprocess", "train", "payload", "package", "register")
    assert dag.before("register") == ("payload", "package")
    assert dag.after("train") == ("payload", "package")
    assert dag.edges == DIAMOND


def test_ancestors_come_the_nearest_first_and_each_once() -> None:
    dag = diamond()
    dag.add_edge("train", "register")

    assert dag.ancestors("register") == (("train", "payload", "package"), ("preprocess",), ("data_load",))
    assert dag.ancestors("data_load") == ()


@pytest.mark.parametrize(
    ("edge", "refused"),
    [
        (
            ("register", "preprocess"),
            "graph, edge: expected no way back to a node, found register -> preprocess -> train -> payload "
            "-> register; leave out an edge of this path",
        ),
        (
            ("train", "train"),
            "graph, edge: expected no way back to a node, found train -> train; leave out an edge of this "
            "path",
        ),
        (
            ("train", "payload"),
            "graph, edge: expected each edge once, found train -> payload twice; leave one of them out",
        ),
        (
            ("trian", "payload"),
            "graph, edge: expected a node of the graph, one of data_load, preprocess, train, payload, "
            "package, register, found 'trian' (did you mean \"train\"?); add the node before the edge, or "
            "correct the name",
        ),
    ],
    ids=["cycle", "edge to itself", "edge twice", "unknown node"],
)
def test_an_edge_that_cannot_be_is_refused_and_the_graph_stays_as_it_was(
    edge: tuple[str, str], refused: str
) -> None:
    dag = diamond()

    with pytest.raises(BadInput) as caught:
        dag.add_edge(*edge)

    assert str(caught.value) == refused
    assert dag.edges == DIAMOND


@pytest.mark.parametrize("node", ["train", "", " ", None])
def test_a_node_without_a_name_of_its_own_is_refused(node: object) -> None:
    with pytest.raises(BadInput) as caught:
        diamond().add_node(node)  # type: ignore[arg-type]

    assert caught.value.code == "dag.node"


def test_an_edge_that_is_no_pair_is_refused() -> None:
    with pytest.raises(BadInput, match="expected a pair of names"):
        PipelineDAG(nodes=["a", "b"], edges=["ab"])


@given(st.data())
def test_in_every_order_each_node_stands_after_all_that_come_before_it(data: st.DataObject) -> None:
    nodes = [f"n{number}" for number in range(data.draw(st.integers(1, 12)))]
    pairs = [(one, other) for at, one in enumerate(nodes) for other in nodes[at + 1 :]]
    edges = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    dag = PipelineDAG(data.draw(st.permutations(nodes)), edges)

    place = {node: at for at, node in enumerate(dag.order())}

    assert sorted(place) == sorted(nodes)
    assert all(place[before] < place[after] for before, after in edges)

"""ONNX files from strangers: what a graph asks of its runtime, looked at before the runtime sees it.

A graph is a program. Read here are its operators and where its tensors come from, and refused is what no
classifier of texts and tables needs: operators of others, functions, loops, tensors in other files than
the one that belongs to it, sparse tensors (which unfold), and more parts than a runtime opens in time.
What is left computes each of its operators once, so that its time is bounded by the sizes of its tensors,
and the memory for these is bounded where it runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn

from servable.artifact.safe.onnx_fields import (
    ATTRIBUTE,
    DOMAIN,
    EXTERNAL,
    FUNCTIONS,
    GRAPH,
    INITIALIZER,
    INPUT,
    KEY,
    LOCATION,
    NODE,
    NODE_INPUT,
    NODE_OUTPUT,
    OPERATOR,
    OUTPUT,
    SPARSE,
    SPARSE_INITIALIZER,
    SUBGRAPH,
    SUBGRAPHS,
    TENSOR,
    TENSORS,
    VALUE,
    VALUE_INFO,
)
from servable.artifact.safe.protobuf import Fields, MalformedError, Value
from servable.artifact.safe.tree_ensembles import TREES, Attribute, fault_of_trees
from servable.errors import Damaged, Problem, shown

MOST_NODES: Final = 10_000
MOST_TENSORS: Final = 10_000
MOST_NAMES: Final = 100_000
"""Of inputs and outputs of operators, and of what else a graph lists."""

_MOST_BYTES: Final = (1 << 31) - 1
_MOST_FIELDS: Final = 1_000_000
_MOST_DEPTH: Final = 8

_OWN: Final = frozenset({"", "ai.onnx"})
_LOOPS: Final = frozenset({"Loop", "Scan", "SequenceMap"})
_ML: Final = "ai.onnx.ml"
_ML_OPERATORS: Final = TREES | {
    *("ArrayFeatureExtractor", "Binarizer", "LabelEncoder", "Normalizer", "Scaler", "ZipMap"),
}


def check_onnx(model: bytes, *, where: str, fix: str, weights_file: str | None = None) -> None:
    """Returns where an ONNX file asks for nothing but a bounded computation, else raises.

    Whether it is a sound graph is for its runtime to say.

    Args:
        model: the file.
        where: its name, as errors show it.
        fix: what to do about it, an imperative.
        weights_file: the one other file that its tensors may lie in, if there is one.

    Raises:
        Damaged: `onnx.format`, `onnx.operator`, `onnx.function`, `onnx.external`, `onnx.sparse`,
            `onnx.trees` or `onnx.size`.
    """
    check = _Check(where=where, fix=fix, weights_file=weights_file)
    if len(model) > _MOST_BYTES:
        check.refuse("size", f"at most {_MOST_BYTES} bytes", str(len(model)))
    try:
        for number, value in check.fields(model):
            if number == GRAPH:
                check.graph(value, depth=0)
            elif number == FUNCTIONS:
                check.refuse("function", "a graph of ONNX's own operators", "a function of its own")
    except MalformedError as error:
        check.refuse("format", "an ONNX graph that ONNX Runtime can load", f"one that it refuses ({error})")


@dataclass(slots=True, kw_only=True)
class _Check:
    """What is left of the limits while one file is looked at."""

    where: str
    fix: str
    weights_file: str | None
    nodes_left: int = MOST_NODES
    tensors_left: int = MOST_TENSORS
    names_left: int = MOST_NAMES
    _fields: Fields = field(default_factory=lambda: Fields(most=_MOST_FIELDS))

    def refuse(self, kind: str, expected: str, found: str) -> NoReturn:
        raise Damaged(
            Problem(code=f"onnx.{kind}", where=self.where, expected=expected, found=found, fix=self.fix)
        )

    def fields(self, message: Value | bytes) -> Iterator[tuple[int, Value]]:
        """Those of an inner message; none of a number, which a reader passes over where a message belongs."""
        return self._fields.of(memoryview(message)) if isinstance(message, bytes | memoryview) else iter(())

    def graph(self, message: Value, *, depth: int) -> None:
        if depth > _MOST_DEPTH:
            self.refuse("size", f"graphs inside graphs, at most {_MOST_DEPTH} deep", "more")
        for number, value in self.fields(message):
            if number == NODE:
                self.node(value, depth=depth)
            elif number == INITIALIZER:
                self.tensor(value)
            elif number in {INPUT, OUTPUT, VALUE_INFO}:
                self.name()
            elif number == SPARSE_INITIALIZER:
                self.refuse("sparse", "dense tensors", "a sparse one")

    def node(self, message: Value, *, depth: int) -> None:
        self.nodes_left -= 1
        if self.nodes_left < 0:
            self.refuse("size", f"at most {MOST_NODES} operators", "more")
        kinds: dict[int, list[str]] = {OPERATOR: [], DOMAIN: []}
        attributes: list[Attribute] = []
        for number, value in self.fields(message):
            if number in kinds and isinstance(value, memoryview):
                kinds[number].append(_text(value))
            elif number in {NODE_INPUT, NODE_OUTPUT}:
                self.name()
            elif number == ATTRIBUTE:
                attributes.append(list(self.fields(value)))
        operator = self.operator(kinds)
        if operator in TREES:
            fault = fault_of_trees(attributes)
            if fault is not None:
                self.refuse("trees", *fault)
        for attribute in attributes:
            self.attribute(attribute, depth=depth)

    def operator(self, kinds: dict[int, list[str]]) -> str:
        """The operator's name, if a graph may use it."""
        names, domains = kinds[OPERATOR], kinds[DOMAIN] or [""]
        # of two names a runtime takes one, and another runtime perhaps the other
        if len(names) != 1 or len(domains) != 1:
            self.refuse("operator", "one name for each operator", "none or several")
        (name,), (domain,) = names, domains
        if domain in _OWN and name in _LOOPS:
            self.refuse("operator", "operators that compute once", f"the loop {shown(name)}")
        if domain not in _OWN and not (domain == _ML and name in _ML_OPERATORS):
            found = f"{shown(name)} of the domain {shown(domain)}"
            self.refuse("operator", "operators of ONNX itself, and its trees", found)
        return name

    def attribute(self, attribute: Attribute, *, depth: int) -> None:
        for number, value in attribute:
            if number in {TENSOR, TENSORS}:
                self.tensor(value)
            elif number in {SUBGRAPH, SUBGRAPHS}:
                self.graph(value, depth=depth + 1)
            elif number in SPARSE:
                self.refuse("sparse", "dense tensors", "a sparse one")

    def tensor(self, message: Value) -> None:
        self.tensors_left -= 1
        if self.tensors_left < 0:
            self.refuse("size", f"at most {MOST_TENSORS} stored tensors", "more")
        is_external, places = False, []
        for number, value in self.fields(message):
            is_external |= number == EXTERNAL or (number == LOCATION and value != 0)
            if number == EXTERNAL:
                places += [place for key, place in self.pairs(value) if key == "location"]
        if is_external and places != [self.weights_file]:
            found = f"a tensor in {shown(places[0])}" if places else "a tensor in no file"
            own = f"tensors in the file itself{f' or in {self.weights_file}' if self.weights_file else ''}"
            self.refuse("external", own, found)

    def pairs(self, message: Value) -> list[tuple[str, str]]:
        """Key and value of an entry of strings; each twice is two entries, because readers differ."""
        entry: dict[int, list[str]] = {KEY: [], VALUE: []}
        for number, value in self.fields(message):
            if number in entry and isinstance(value, memoryview):
                entry[number].append(_text(value))
        return [(key, value) for key in entry[KEY] for value in entry[VALUE]]

    def name(self) -> None:
        self.names_left -= 1
        if self.names_left < 0:
            self.refuse("size", f"at most {MOST_NAMES} inputs and outputs", "more")


def _text(value: memoryview) -> str:
    return bytes(value[:256]).decode("utf-8", "backslashreplace")

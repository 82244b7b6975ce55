"""The graph of a pipeline: nodes, edges from what comes before to what comes after, and an order of all.

Source: the payload step's documentation, "Usage with Pipeline Builder Template".
"""

import difflib
from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter

from servable.errors import BadInput, Problem, shown
from servable.wording import enumerated

Edge = tuple[str, str]


class PipelineDAG:
    """Nodes by name, and edges between them; a graph that cannot be run is refused as soon as it is known.

    Nodes and edges keep the order in which they came, and so does everything that is made of them.
    """

    def __init__(self, nodes: Iterable[str] = (), edges: Iterable[Sequence[str]] = ()) -> None:
        """A graph of these nodes and edges.

        Args:
            nodes: names.
            edges: pairs, each from a node to one that comes after it.

        Raises:
            BadInput: what `add_node` and `add_edge` raise.
        """
        self._after: dict[str, list[str]] = {}
        for node in nodes:
            self.add_node(node)
        for edge in edges:
            if isinstance(edge, str) or len(edge) != 2:
                raise _refused("edge", "a pair of names, (before, after)", shown(edge), "write it as a pair")
            self.add_edge(*edge)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names, in the order in which they came."""
        return tuple(self._after)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Pairs of names, by the node that comes before and then in the order in which they came."""
        return tuple((before, after) for before, nodes in self._after.items() for after in nodes)

    def add_node(self, node: str) -> None:
        """Add a node.

        Raises:
            BadInput: `dag.node` for what is no name, or the name of a node that is there.
        """
        if not (isinstance(node, str) and node.strip()):
            raise _refused("node", "a name", shown(node), "name the node")
        if node in self._after:
            raise _refused("node", "a name of its own", f'a second "{node}"', "rename one of the two")
        self._after[node] = []

    def add_edge(self, before: str, after: str) -> None:
        """Add an edge: one node comes before another.

        Raises:
            BadInput: `dag.edge` for a node that is not there, an edge that is there, or an edge that would
                close a cycle, which is printed.
        """
        for node in (before, after):
            if node not in self._after:
                raise _unknown(node, self.nodes)
        if after in self._after[before]:
            raise _refused("edge", "each edge once", f"{before} -> {after} twice", "leave one of them out")
        path = self._path(after, before)
        if path is not None:
            raise _refused(
                "edge",
                "no way back to a node",
                " -> ".join([before, *path]),
                "leave out an edge of this path",
            )
        self._after[before].append(after)

    def before(self, node: str) -> tuple[str, ...]:
        """The nodes that have an edge to this one, in the order in which they came.

        Raises:
            BadInput: `dag.edge` for a node that is not there.
        """
        if node not in self._after:
            raise _unknown(node, self.nodes)
        return tuple(each for each, nodes in self._after.items() if node in nodes)

    def after(self, node: str) -> tuple[str, ...]:
        """The nodes that this one has an edge to, in the order in which they came.

        Raises:
            BadInput: `dag.edge` for a node that is not there.
        """
        if node not in self._after:
            raise _unknown(node, self.nodes)
        return tuple(self._after[node])

    def order(self) -> tuple[str, ...]:
        """Every node after all that come before it; of those that may come next, the one that came first."""
        waiting_for = {node: set(self.before(node)) for node in self._after}
        sorter = TopologicalSorter(waiting_for)
        sorter.prepare()
        place = {node: at for at, node in enumerate(self._after)}
        ready: list[str] = []
        ordered: list[str] = []
        while sorter.is_active():
            ready = sorted([*ready, *sorter.get_ready()], key=place.__getitem__)
            node = ready.pop(0)
            ordered.append(node)
            sorter.done(node)
        return tuple(ordered)

    def ancestors(self, node: str) -> tuple[tuple[str, ...], ...]:
        """All that comes before a node, the nearest first: its predecessors, then theirs, and so on.

        Raises:
            BadInput: `dag.edge` for a node that is not there.
        """
        seen: set[str] = set()
        generations: list[tuple[str, ...]] = []
        nearest = self.before(node)
        while nearest:
            generations.append(nearest)
            seen.update(nearest)
            further = dict.fromkeys(each for near in nearest for each in self.before(near))
            nearest = tuple(each for each in further if each not in seen)
        return tuple(generations)

    def _path(self, start: str, end: str) -> list[str] | None:
        """The first path from one node to another, with both; None if there is none."""
        came_from: dict[str, str] = {}
        waiting = [start]
        for node in waiting:
            if node == end:
                path = [end]
                while path[0] != start:
                    path.insert(0, came_from[path[0]])
                return path
            for after in self._after[node]:
                if after not in came_from and after != start:
                    came_from[after] = node
                    waiting.append(after)
        return None


def _unknown(node: str, nodes: Sequence[str]) -> BadInput:
    near = difflib.get_close_matches(str(node), nodes, n=1)
    return _refused(
        "edge",
        f"a node of the graph, one of {enumerated(nodes)}"
        if nodes
        else "a node of the graph, which has none",
        shown(node) + (f' (did you mean "{near[0]}"?)' if near else ""),
        "add the node before the edge, or correct the name",
    )


def _refused(what: str, expected: str, found: str, fix: str) -> BadInput:
    return BadInput(
        Problem(code=f"dag.{what}", where=f"graph, {what}", expected=expected, found=found, fix=fix)
    )

"""The nodes of an ONNX graph as steps, one after the other: a node, or two branches that meet again.

They are what `exports` writes: the inverse is read in `onnx_layers` and `onnx_blocks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from remap_core.imports.onnx_graph import Graph, Node, UnreadableNode

MAX_DEPTH = 8
"""Branches inside branches."""


@dataclass(frozen=True, eq=False)
class Join:
    """A node that takes the results of two branches, which both start at the value so far.

    branches: the steps of each, in the order of the node's inputs; none for the value itself.
    """

    node: Node
    branches: tuple[Sequence[Step], Sequence[Step]]

    @property
    def longer_first(self) -> tuple[Sequence[Step], Sequence[Step]]:
        """The branches of an operator for which their order does not matter."""
        first, second = self.branches
        return (second, first) if len(second) > len(first) else (first, second)


Step = Node | Join


def node_of(step: Step) -> Node:
    """The node of a step: the last one, where it has several."""
    return step.node if isinstance(step, Join) else step


def steps_of(graph: Graph) -> list[Step]:
    """The steps from the input to the output; raises UnreadableNode for a graph that is no chain of such steps."""
    return _Walk(graph).steps()


class _Walk:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._seen: set[int] = set()

    def steps(self) -> list[Step]:
        steps, node = self._from(self._graph.input, depth=0)
        if node:
            raise UnreadableNode(node, "it joins what does not come from one value")
        return steps

    def _from(self, value: str, depth: int) -> tuple[list[Step], Node | None]:
        """The steps from a value on, and the node where another branch comes in; None at the end."""
        steps: list[Step] = []
        while True:
            users = self._graph.users.get(value, ())
            if not users:
                return steps, None
            if len(users) == 1:
                (node,) = users
                if len(node.inputs) > 1:
                    return steps, node
                self._visit(node)
                steps.append(node)
            else:
                join = self._fork(value, users, depth)
                steps.append(join)
                node = join.node
            value = node.outputs[0] if node.outputs else ""

    def _fork(self, value: str, users: Sequence[Node], depth: int) -> Join:
        """The branches that start at a value, to the node where they meet."""
        if len(users) > 2 or depth == MAX_DEPTH:
            names = ", ".join(node.operator for node in users[:4])
            raise UnreadableNode(
                users[0], f"what it takes goes to {len(users)} nodes at once ({names}): that is no chain"
            )
        first, second = users
        if first is second:
            self._visit(first)
            return Join(first, ((), ()))
        ends = [self._branch(value, node, depth + 1) for node in users]
        (first_steps, meeting), (second_steps, other) = ends
        if meeting is None or meeting is not other or len(meeting.inputs) != 2:
            raise UnreadableNode(second, f"it and {first.title} start branches that do not meet in one node")
        self._visit(meeting)
        branches = (tuple(first_steps), tuple(second_steps))
        return Join(meeting, branches if self._comes_first(value, meeting, first_steps) else branches[::-1])

    def _branch(self, value: str, node: Node, depth: int) -> tuple[list[Step], Node | None]:
        if len(node.inputs) > 1:
            return [], node
        self._visit(node)
        steps, meeting = self._from(node.outputs[0] if node.outputs else "", depth)
        return [node, *steps], meeting

    @staticmethod
    def _comes_first(value: str, meeting: Node, steps: Sequence[Step]) -> bool:
        """Whether a branch is the first input of the node where it ends."""
        end = node_of(steps[-1]).outputs[0] if steps else value
        return meeting.inputs[0] == end

    def _visit(self, node: Node) -> None:
        if id(node) in self._seen:
            raise UnreadableNode(node, "it is reached twice: the graph runs in a circle")
        self._seen.add(id(node))

"""Which modules a training slice calls, and on what; and a copy of its graph to change."""

from __future__ import annotations

import operator

from torch import fx, nn


def copied(module: fx.GraphModule) -> fx.Graph:
    """The graph of a slice once more: others keep theirs when it is changed."""
    graph = fx.Graph()
    graph.output(graph.graph_copy(module.graph, {}))
    return graph


def called(module: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    """The module of a block that `node` calls on one tensor alone; None where it is anything else."""
    if node.op != "call_method" or node.target != "forward" or len(node.args) != 2 or node.kwargs:
        return None
    owner, read = node.args
    if not isinstance(read, fx.Node):
        return None
    assert isinstance(owner, fx.Node)
    found: nn.Module = operator.attrgetter(str(owner.target))(module)
    return found


def read_by(node: fx.Node) -> fx.Node:
    """What a node reads of which `called` knows the module."""
    read = node.args[1]
    assert isinstance(read, fx.Node)
    return read

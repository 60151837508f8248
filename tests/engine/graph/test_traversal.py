import random
import sys

import networkx
from hypothesis import given
from hypothesis import strategies as st

from engine.graph.graph import Block, Graph, PortRef, Weights, Wire
from engine.graph.traversal import cyclic_blocks, downstream, execution_order, predecessors, successors, upstream


def drawn(edges: list[tuple[str, str]], ids: tuple[str, ...] = ()) -> Graph:
    """A body of such edges; the port tells wires into one block apart."""
    names = [*ids, *(id for edge in edges for id in edge)]
    wires = [Wire(PortRef(a, "output"), PortRef(b, f"{number}")) for number, (a, b) in enumerate(edges)]
    return Graph(blocks={id: Block(id, "add", id) for id in names}, wires=tuple(wires))


def residual_chain(length: int) -> Graph:
    """Each block adds its predecessor and the one before that: 2^length paths from end to end."""
    edges = [(f"b{n:05}", f"b{n + 1:05}") for n in range(length - 1)]
    return drawn(edges + [(f"b{n:05}", f"b{n + 2:05}") for n in range(length - 2)])


def test_ties_go_by_id_and_the_order_of_the_mapping_does_not_matter() -> None:
    edges = [("z", "b"), ("z", "a"), ("b", "m"), ("a", "m")]
    assert execution_order(drawn(edges, ("c",))) == ("c", "z", "a", "b", "m")
    shuffled = drawn(edges[::-1], ("m", "z", "c"))
    assert execution_order(shuffled) == ("c", "z", "a", "b", "m")


def test_blocks_on_and_behind_a_loop_are_left_out() -> None:
    graph = drawn([("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("x", "y")])
    assert execution_order(graph) == ("a", "x", "y")
    assert cyclic_blocks(graph) == {"b", "c"}, "d stands behind the loop, not on it"
    assert cyclic_blocks(drawn([("a", "a"), ("a", "b")])) == {"a"}


def test_a_block_between_two_loops_is_on_neither() -> None:
    graph = drawn([("a", "b"), ("b", "a"), ("b", "between"), ("between", "c"), ("c", "d"), ("d", "c")])
    assert cyclic_blocks(graph) == {"a", "b", "c", "d"}


def test_shared_weights_count_as_a_dependency() -> None:
    blocks = {
        "user": Block("user", "dense", "user", weights=Weights("zowner")),
        "zowner": Block("zowner", "dense", "z"),
    }
    graph = Graph(blocks=blocks)
    assert execution_order(graph) == ("zowner", "user")
    assert downstream(graph, ["zowner"]) == {"zowner", "user"}
    assert successors(graph)["zowner"] == ["user"]
    assert predecessors(graph)["user"] == ["zowner"]


def test_wires_and_weights_of_blocks_that_are_gone_are_passed_over() -> None:
    lost = Wire(PortRef("gone", "output"), PortRef("a", "input"))
    graph = Graph(blocks={"a": Block("a", "relu", "a", weights=Weights("gone"))}, wires=(lost,))
    assert execution_order(graph) == ("a",)
    assert upstream(graph, ["gone", "a"]) == {"a"}


def calls_for_a_residual_chain(length: int) -> int:
    """How many calls it takes to put a residual chain in order and to walk it from both ends."""
    graph = residual_chain(length)
    count = 0

    def hear(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(hear)
    try:
        order = execution_order(graph)
        after, before = downstream(graph, ["b00000"]), upstream(graph, [f"b{length - 1:05}"])
    finally:
        sys.setprofile(None)
    assert order == tuple(f"b{n:05}" for n in range(length))
    assert len(after) == len(before) == length
    return count


def test_a_residual_chain_costs_linear_time() -> None:
    limit = sys.getrecursionlimit()
    assert calls_for_a_residual_chain(8_000) < 4.5 * calls_for_a_residual_chain(2_000)
    assert sys.getrecursionlimit() == limit


def test_a_deep_chain_needs_no_recursion() -> None:
    graph = drawn([(f"b{n:05}", f"b{n + 1:05}") for n in range(19_999)])
    assert len(execution_order(graph)) == 20_000
    assert len(upstream(graph, ["b19999"])) == 20_000
    closed = drawn([*((f"b{n:05}", f"b{n + 1:05}") for n in range(19_999)), ("b19999", "b00000")])
    assert len(cyclic_blocks(closed)) == 20_000


@given(st.integers(2, 12), st.integers(0, 2**32), st.integers(0, 40))
def test_walks_agree_with_networkx(count: int, seed: int, edges: int) -> None:
    chance = random.Random(seed)
    ids = [f"b{n}" for n in range(count)]
    pairs = [(chance.choice(ids), chance.choice(ids)) for _ in range(edges)]
    graph = drawn(pairs, tuple(ids))
    reference = networkx.MultiDiGraph(pairs)
    reference.add_nodes_from(ids)
    start = ids[0]
    assert downstream(graph, [start]) == networkx.descendants(reference, start) | {start}
    assert upstream(graph, [start]) == networkx.ancestors(reference, start) | {start}
    if networkx.is_directed_acyclic_graph(reference):
        assert list(execution_order(graph)) == list(networkx.lexicographical_topological_sort(reference))
    on_loops = {a for a, b in pairs if a == b or networkx.has_path(reference, b, a)}
    assert cyclic_blocks(graph) == on_loops

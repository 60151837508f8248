import msgspec
import pytest

from engine.graph.graph import Block, Graph, PortRef, Weights, Wire
from engine.graph.problem import Refused
from engine.project.structure import check_structure

from .drawings import small


def _wire(source: str, target: str, port: str = "input") -> Wire:
    return Wire(PortRef(source, "output"), PortRef(target, port))


def _dense(id: str, weights: Weights | None = None) -> Block:
    return Block(id=id, type="dense", name=f"layer {id}", weights=weights)


def _blocks(*blocks: Block) -> dict[str, Block]:
    return {block.id: block for block in blocks}


def _inside(body: Graph) -> Graph:
    return Graph(blocks={"c": Block(id="c", type="residual", name="Residual", body=body)})


BROKEN = [
    (Graph(blocks={"a": _dense("b")}), "file-id-twice", "b"),
    (
        Graph(blocks={"c": Block(id="c", type="residual", name="R", body=Graph(blocks={"c": _dense("c")}))}),
        "file-id-twice",
        "c",
    ),
    (Graph(blocks={"a": Block("a", "relu", "bodied", body=Graph())}), "file-body", "bodied"),
    (Graph(blocks=_blocks(_dense("a")), wires=(_wire("gone", "a"),)), "file-wire-end", "gone"),
    (Graph(blocks=_blocks(_dense("a")), wires=(_wire("a", "gone"),)), "file-wire-end", "gone"),
    (
        Graph(blocks=_blocks(_dense("a"), _dense("b"), _dense("c")), wires=(_wire("a", "c"), _wire("b", "c"))),
        "file-wire-twice",
        "layer c",
    ),
    (Graph(blocks=_blocks(_dense("a")), wires=(_wire("a", "a"),)), "file-loop", "layer a"),
    (
        Graph(blocks=_blocks(_dense("a"), _dense("b")), wires=(_wire("a", "b"), _wire("b", "a"))),
        "file-loop",
        "layer a",
    ),
    (
        Graph(
            blocks=_blocks(_dense("a"), _dense("b"), _dense("c")),
            wires=(_wire("c", "a"), _wire("b", "c"), _wire("c", "b")),
        ),
        "file-loop",
        "layer b",
    ),
    (
        Graph(blocks=_blocks(_dense("a"), _dense("b")), wires=(_wire("b", "a"), _wire("b", "b"))),
        "file-loop",
        "layer b",
    ),
    (
        Graph(blocks=_blocks(_dense("a", Weights(of="b")), _dense("b")), wires=(_wire("a", "b"),)),
        "file-loop",
        "layer a",
    ),
]


@pytest.mark.parametrize(("graph", "code", "named"), BROKEN)
def test_what_no_edit_could_have_made_is_refused_at_every_depth(graph: Graph, code: str, named: str) -> None:
    for drawing in (graph, _inside(msgspec.structs.replace(graph))):
        with pytest.raises(Refused) as refused:
            check_structure(drawing, "net.loom")
        assert refused.value.problem.code in (code, "file-id-twice")
        assert refused.value.problem.code == code or drawing is not graph
        assert str(refused.value).startswith("net.loom is damaged")
    with pytest.raises(Refused) as refused:
        check_structure(graph, "net.loom")
    assert named in str(refused.value)


def test_a_body_of_an_unknown_type_is_kept() -> None:
    check_structure(Graph(blocks={"a": Block("a", "quantum", "Q", body=Graph())}), "net.loom")


def test_a_legal_drawing_passes() -> None:
    check_structure(small(), "net.loom")
    check_structure(Graph(), "net.loom")

"""Which blocks each kind of view can look at, in real drawings."""

from __future__ import annotations

from app.views.registry import VIEW_KINDS, candidate_at, candidates, has_candidates, is_fed, sole_candidate, suiting
from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph, Look, PortRef, Wire
from tests.app.counted_wires import CountedWires

GRAPH = Graph(
    blocks={
        block.id: block
        for block in (
            Block(id="in", type="input", name="Input"),
            Block(id="cv", type="conv2d", name="Convolution", look=Look(x=200)),
            Block(id="re", type="relu", name="ReLU", look=Look(x=400)),
            Block(
                id="rs",
                type="residual",
                name="Residual",
                look=Look(x=600),
                body=Graph(blocks={"c2": Block(id="c2", type="conv2d", name="Inner")}),
            ),
            Block(id="fl", type="flatten", name="Flatten", look=Look(x=0, y=200)),
            Block(id="dn", type="dense", name="Dense", look=Look(x=200, y=200)),
            Block(id="ce", type="cross_entropy", name="Cross-entropy", look=Look(x=400, y=200)),
        )
    }
)


def found(kind: str) -> list[tuple[str, str]]:
    return [tuple(candidate) for candidate in candidates(kind, GRAPH, BLOCK_TYPES)]


def test_filters_look_at_blocks_with_weights_inside_containers_too() -> None:
    assert found("filters") == [("cv", "Convolution"), ("rs/c2", "Residual › Inner"), ("dn", "Dense")]


def test_latent_space_looks_at_any_block_but_losses() -> None:
    assert [path for path, _ in found("latent")] == ["in", "cv", "re", "rs", "rs/c2", "fl", "dn"]


def test_latent_space_looks_at_an_input_only_where_that_is_chosen() -> None:
    wire = Wire(source=PortRef("in", "image"), target=PortRef("ce", "logits"))
    for ids in (["in"], ["in", "ce"]):
        drawn = Graph(blocks={id: GRAPH.blocks[id] for id in ids}, wires=(wire,) * (len(ids) - 1))
        assert suiting("latent", drawn, BLOCK_TYPES) is None
        assert candidate_at("latent", "in", drawn, BLOCK_TYPES) == ("in", "Input")
        assert is_fed("in", drawn, BLOCK_TYPES), "the data come from it"


def test_predictions_and_boundary_look_at_losses() -> None:
    assert found("predictions") == found("boundary") == [("ce", "Cross-entropy")]


def test_a_new_view_looks_where_most_is_seen() -> None:
    assert suiting("filters", GRAPH, BLOCK_TYPES) == "cv"
    assert suiting("latent", GRAPH, BLOCK_TYPES) == "fl"
    assert suiting("loss", GRAPH, BLOCK_TYPES) is None
    assert suiting("filters", Graph(), BLOCK_TYPES) is None
    only = Graph(blocks={"rs": GRAPH.blocks["rs"]})
    assert suiting("filters", only, BLOCK_TYPES) == "rs/c2"
    assert suiting("latent", only, BLOCK_TYPES) == "rs"
    alone = Graph(blocks={"re": GRAPH.blocks["re"]})
    assert suiting("latent", alone, BLOCK_TYPES) == "re"


def test_latent_space_without_a_loss_is_that_of_the_last_layer() -> None:
    machine = Block(id="rbm", type="rbm", name="RBM", look=Look(x=200, y=200))
    drawn = Graph(blocks={"in": GRAPH.blocks["in"], "fl": GRAPH.blocks["fl"], "rbm": machine})
    assert suiting("latent", drawn, BLOCK_TYPES) == "rbm"


def test_a_block_that_nothing_is_wired_into_yet_takes_no_view_away() -> None:
    wire = Wire(source=PortRef("in", "image"), target=PortRef("fl", "input"))
    begun = Block(id="new", type="dense", name="Dense 2", look=Look(x=200, y=400))
    for blocks in (GRAPH.blocks, {"in": GRAPH.blocks["in"], "fl": GRAPH.blocks["fl"]}):
        drawn = Graph(blocks={**blocks, "new": begun}, wires=(wire,))
        assert suiting("latent", drawn, BLOCK_TYPES) == "fl"


def test_nor_does_one_inside_a_container() -> None:
    inner = Wire(source=PortRef("entry", "output"), target=PortRef("c2", "input"))
    inside = GRAPH.blocks["rs"].body.blocks
    begun = {"new": Block(id="new", type="dense", name="Dense 2", look=Look(x=900))}
    wires = tuple(Wire(source=PortRef("in", "image"), target=PortRef(id, "input")) for id in ("ce", "fl", "rs"))

    def place(body: Graph) -> str | None:
        residual = Block(id="rs", type="residual", name="Residual", look=Look(x=600), body=body)
        blocks = {"fl": GRAPH.blocks["fl"], "rs": residual, "ce": GRAPH.blocks["ce"]}
        return suiting("latent", Graph(blocks=blocks, wires=wires), BLOCK_TYPES)

    assert place(Graph(blocks=inside, wires=(inner,))) == place(Graph(blocks={**inside, **begun}, wires=(inner,)))
    assert place(Graph(blocks=begun)) == place(Graph())


def test_blocks_on_no_path_of_data_take_no_view_away_of_any_kind() -> None:
    wires = (
        Wire(source=PortRef("in", "image"), target=PortRef("cv", "input")),
        Wire(source=PortRef("cv", "output"), target=PortRef("fl", "input")),
        Wire(source=PortRef("fl", "output"), target=PortRef("dn", "input")),
        Wire(source=PortRef("dn", "output"), target=PortRef("ce", "logits")),
    )
    kinds = [kind.kind for kind in VIEW_KINDS.values() if kind.needs_block]
    drawn = Graph(blocks=GRAPH.blocks, wires=wires)
    chosen = [suiting(kind, drawn, BLOCK_TYPES) for kind in kinds]
    assert chosen == ["cv", "fl", "ce", "ce"]
    loose = (
        Block(id="c0", type="conv2d", name="Before", look=Look(x=-400)),
        Block(id="d0", type="dense", name="Its reader", look=Look(x=-200)),
        Block(id="l0", type="cross_entropy", name="Its loss", look=Look(x=-100)),
        Block(id="d9", type="dense", name="Behind", look=Look(x=900, y=900)),
        Block(id="r9", type="relu", name="Behind that", look=Look(x=999, y=900)),
    )
    among_them = (
        Wire(source=PortRef("c0", "output"), target=PortRef("d0", "input")),
        Wire(source=PortRef("d0", "output"), target=PortRef("l0", "logits")),
        Wire(source=PortRef("d9", "output"), target=PortRef("r9", "input")),
    )
    begun = {**GRAPH.blocks, **{block.id: block for block in loose}}
    both = Graph(blocks=begun, wires=(*wires, *among_them))
    assert [suiting(kind, both, BLOCK_TYPES) for kind in kinds] == chosen
    assert [is_fed(path, both, BLOCK_TYPES) for path in ("cv", "c0", "d0", "r9", "rs/c2", "gone")] == [True] + 5 * [
        False
    ]
    alone = Graph(blocks={block.id: block for block in loose}, wires=among_them)
    assert suiting("filters", alone, BLOCK_TYPES) == "c0", "better than none"


def test_what_is_remembered_of_a_drawing_is_not_told_of_the_next() -> None:
    assert candidates("filters", GRAPH, BLOCK_TYPES) is candidates("filters", GRAPH, BLOCK_TYPES)
    other = Graph(blocks={"dn": GRAPH.blocks["dn"]})
    assert [candidate.path for candidate in candidates("filters", other, BLOCK_TYPES)] == ["dn"]
    fewer = {id: type for id, type in BLOCK_TYPES.items() if id != "dense"}
    assert candidates("filters", other, fewer) == ()


def test_what_data_reach_is_looked_for_once_in_each_body_of_a_drawing() -> None:
    for inside in ([Wire(source=PortRef("entry", "output"), target=PortRef("c2", "input"))], []):
        inner = CountedWires(inside)
        wires = CountedWires(Wire(source=PortRef("in", "image"), target=PortRef(id, "input")) for id in ("cv", "rs"))
        body = Graph(blocks=GRAPH.blocks["rs"].body.blocks, wires=inner)
        residual = Block(id="rs", type="residual", name="Residual", look=Look(x=600), body=body)
        drawn = Graph(blocks={**GRAPH.blocks, "rs": residual}, wires=wires)
        assert is_fed("cv", drawn, BLOCK_TYPES)
        assert inner.read == 0, "nobody asked about the blocks in there"
        assert is_fed("rs/c2", drawn, BLOCK_TYPES) == bool(inside), "what was found in the last drawing is not told"
        read = wires.read, inner.read
        assert [is_fed(path, drawn, BLOCK_TYPES) for path in ("cv", "rs", "fl")] == [True, True, False]
        assert is_fed("rs/c2", drawn, BLOCK_TYPES) == bool(inside)
        assert suiting("filters", drawn, BLOCK_TYPES) == "cv"
        assert suiting("latent", drawn, BLOCK_TYPES) == ("rs" if inside else "cv")
        assert (wires.read, inner.read) == read
    inputless = {id: type for id, type in BLOCK_TYPES.items() if id != "input"}
    assert not is_fed("cv", drawn, inputless)


def test_whether_several_blocks_fit_counts_those_inside_containers() -> None:
    assert has_candidates("filters", GRAPH, BLOCK_TYPES, 3)
    assert not has_candidates("filters", GRAPH, BLOCK_TYPES, 4)
    assert not has_candidates("predictions", GRAPH, BLOCK_TYPES, 2)
    assert not has_candidates("filters", Graph(), BLOCK_TYPES)


def test_one_block_is_found_by_its_path() -> None:
    assert candidate_at("filters", "rs/c2", GRAPH, BLOCK_TYPES) == ("rs/c2", "Residual › Inner")
    assert candidate_at("filters", "re", GRAPH, BLOCK_TYPES) is None, "it has no weights"
    assert candidate_at("filters", "rs/gone", GRAPH, BLOCK_TYPES) is None
    assert candidate_at("filters", "cv/deeper", GRAPH, BLOCK_TYPES) is None


def test_the_only_loss_is_named_and_one_of_two_is_not() -> None:
    assert sole_candidate("loss", GRAPH, BLOCK_TYPES) == ("ce", "Cross-entropy")
    second = Block(id="c3", type="cross_entropy", name="Second")
    assert sole_candidate("loss", Graph(blocks={**GRAPH.blocks, "c3": second}), BLOCK_TYPES) is None


def test_an_energy_block_has_filters() -> None:
    graph = Graph(blocks={"r": Block(id="r", type="rbm", name="RBM")})
    assert [candidate.path for candidate in candidates("filters", graph, BLOCK_TYPES)] == ["r"]


def test_every_kind_has_an_icon_that_exists(qapp) -> None:
    from graph_editor.theme import icon_path

    for kind in VIEW_KINDS.values():
        assert not icon_path(kind.icon, 16.0).isEmpty()

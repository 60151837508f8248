"""Drawings for the tests of project files: one by hand, many by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from engine.graph.graph import (
    Block,
    Frame,
    Graph,
    Initialiser,
    Learning,
    Look,
    Note,
    PortRef,
    Weights,
    Wire,
    sorted_wires,
)
from engine.graph.values import Formula

TYPES = frozenset(["input", "dense", "relu", "cross_entropy", "residual", "entry", "exit"])


def small() -> Graph:
    """An Input, a dense layer with a formula, a container with a body, a loss; a note and a frame."""
    body = Graph(
        blocks={
            "e": Block(id="e", type="entry", name="Entry"),
            "r": Block(id="r", type="relu", name="ReLU", look=Look(80, 0)),
            "x": Block(id="x", type="exit", name="Exit", look=Look(160, 0)),
        },
        wires=(
            Wire(PortRef("e", "output"), PortRef("r", "input")),
            Wire(PortRef("r", "output"), PortRef("x", "input")),
        ),
    )
    blocks = (
        Block(id="a", type="input", name="Digits", parameters={"fields": ("point: 2 float32", "label: 2 classes")}),
        Block(
            id="d",
            type="dense",
            name="hidden ü",
            parameters={"out_features": Formula(text="2 * width")},
            learning=Learning(initialisers={"weight": Initialiser(name="normal", arguments={"std": 0.1})}, decay=0.5),
        ),
        Block(id="c", type="residual", name="Residual", body=body, bypassed=True, look=Look(1, -2, True)),
        Block(id="f", type="dense", name="again", weights=Weights(of="d")),
        Block(id="l", type="cross_entropy", name="Loss"),
    )
    wires = (
        Wire(PortRef("a", "point"), PortRef("d", "input"), bends=((10, 20), (30, 20))),
        Wire(PortRef("d", "output"), PortRef("c", "e")),
        Wire(PortRef("c", "x"), PortRef("l", "logits")),
        Wire(PortRef("a", "label"), PortRef("l", "target")),
    )
    return Graph(
        blocks={block.id: block for block in blocks},
        wires=sorted_wires(wires),
        variables={"width": 8},
        notes=(Note(id="n", text='**Note** "quoted" \\ [', rectangle=(0, 0, 100, 50)),),
        frames=(Frame(id="o", title="Frame", colour="layer", rectangle=(-10, -10, 400, 90)),),
    )


_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_items = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), _floats, _texts, st.none(), st.builds(Formula, text=_texts)
)
_values = st.one_of(
    _items, st.lists(_items, max_size=3).map(tuple), st.lists(st.lists(_items, max_size=2).map(tuple)).map(tuple)
)
_looks = st.builds(Look, x=st.integers(-9999, 9999), y=st.integers(-9999, 9999), open=st.booleans())
_learning = st.builds(
    Learning,
    initialisers=st.dictionaries(
        _texts, st.builds(Initialiser, name=_texts, arguments=st.dictionaries(_texts, _values)), max_size=1
    ),
    frozen=st.booleans(),
    rate_factor=_floats,
    decay=st.none() | _floats,
)


@st.composite
def drawings(draw: st.DrawFn, depth: int = 2, prefix: str = "b") -> Graph:
    """Legal drawings: unique ids, wires forward, containers down to `depth`."""
    count = draw(st.integers(0, 4))
    blocks = {}
    for number in range(count):
        id = f"{prefix}{number}"
        body = draw(drawings(depth=depth - 1, prefix=f"{id}.")) if depth and draw(st.booleans()) else None
        blocks[id] = Block(
            id=id,
            type="residual" if body is not None else draw(st.sampled_from(["dense", "relu"])),
            name=draw(_texts),
            parameters=draw(st.dictionaries(_texts, _values, max_size=3)),
            learning=draw(_learning),
            bypassed=draw(st.booleans()),
            body=body,
            look=draw(_looks),
        )
    wires = [
        Wire(PortRef(f"{prefix}{source}", "output"), PortRef(f"{prefix}{target}", "input"))
        for target in range(1, count)
        for source in [draw(st.integers(-1, target - 1))]
        if source >= 0
    ]
    return Graph(
        blocks=blocks,
        wires=sorted_wires(wires),
        variables=draw(st.dictionaries(_texts, _items, max_size=2)) if prefix == "b" else {},
        notes=tuple(
            draw(st.lists(st.builds(Note, id=_texts, text=_texts, rectangle=st.just((0, 1, 2, 3))), max_size=1))
        ),
    )

import json

import msgspec
import pytest
from hypothesis import given, settings

from engine.graph.graph import FARTHEST, Block, Graph, Look, PortRef, Wire
from engine.graph.paths import DEEPEST
from engine.graph.problem import Refused
from engine.project.graph_json import check_json, decode_graph, encode_graph

from .drawings import TYPES, drawings, small

UNKNOWN = '{"type": "quantum",  "id":"q","name":"Q ü","look":{"x":5,"y":6}, "deep":{"er":[{"z":1e3}]}, "new":1}'


def _with_unknown(raw: str = UNKNOWN) -> bytes:
    plain = {"blocks": {"d": json.loads(bytes(encode_graph(small())))["blocks"]["d"]}}
    text = json.dumps(plain)
    return (text[: text.index('{"d"') + 1] + f'"q":{raw},' + text[text.index('{"d"') + 1 :]).encode()


@settings(deadline=None, max_examples=60)
@given(drawings())
def test_every_legal_drawing_comes_back_equal(graph: Graph) -> None:
    data = bytes(encode_graph(graph))
    check_json(data, "net.loom")
    assert decode_graph(data, TYPES, "net.loom") == graph
    assert bytes(encode_graph(decode_graph(data, TYPES, "net.loom"))) == data


def test_a_block_of_an_unknown_type_keeps_its_json_to_the_last_byte() -> None:
    graph = decode_graph(_with_unknown(), TYPES, "net.loom")
    kept = graph.blocks["q"]
    assert (kept.type, kept.name, kept.look, kept.raw) == ("quantum", "Q ü", Look(5, 6), UNKNOWN)
    assert graph.blocks["d"] == small().blocks["d"]
    written = bytes(encode_graph(graph))
    assert UNKNOWN.encode() in written
    assert decode_graph(written, TYPES, "net.loom") == graph


def test_an_unknown_block_that_was_moved_changes_only_there() -> None:
    graph = decode_graph(_with_unknown(), TYPES, "net.loom")
    moved = msgspec.structs.replace(graph.blocks["q"], look=Look(70, 80), name="mine")
    written = bytes(encode_graph(msgspec.structs.replace(graph, blocks={"q": moved})))
    again = decode_graph(written, TYPES, "net.loom").blocks["q"]
    assert (again.look, again.name) == (Look(70, 80), "mine")
    assert again.raw is not None
    before, after = json.loads(UNKNOWN), json.loads(again.raw)
    assert after == {**before, "name": "mine", "look": {"x": 70, "y": 80, "open": False}}


def test_a_kept_block_is_read_as_usual_once_its_type_is_known() -> None:
    raw = json.dumps(msgspec.to_builtins(Block(id="q", type="quantum", name="Q", parameters={"qubits": 3})))
    graph = decode_graph(_with_unknown(raw), TYPES, "net.loom")
    assert graph.blocks["q"].raw == raw
    known = decode_graph(bytes(encode_graph(graph)), TYPES | {"quantum"}, "net.loom").blocks["q"]
    assert known == Block(id="q", type="quantum", name="Q", parameters={"qubits": 3})


def test_an_unknown_container_inside_a_container_is_kept_too() -> None:
    inner = '{"id":"u","type":"loop","name":"U","body":{"blocks":{"k":{"id":"k"}},"future":true}}'
    data = (
        f'{{"blocks":{{"c":{{"id":"c","type":"residual","name":"R","body":{{"blocks":{{"u":{inner}}}}}}}}}}}'.encode()
    )
    graph = decode_graph(data, TYPES, "net.loom")
    assert graph.blocks["c"].body is not None
    assert graph.blocks["c"].body.blocks["u"].raw == inner
    assert inner.encode() in bytes(encode_graph(graph))


@pytest.mark.parametrize(
    ("member", "fragment"),
    [
        ('"parameters":{"out_features":{"a":1}}', "out_features"),
        ('"parameters":{"out_features":{"type":"formula","code":"1"}}', "out_features"),
        ('"look":{"x":1.5}', "look.x"),
        ('"surprise":1', "surprise"),
        ('"body":[]', "body"),
        ('"name":null', "name"),
    ],
)
def test_a_known_block_that_was_damaged_is_refused_by_its_id(member: str, fragment: str) -> None:
    data = f'{{"blocks":{{"d":{{"id":"d","type":"dense","name":"hidden",{member}}}}}}}'.encode()
    with pytest.raises(Refused) as refused:
        decode_graph(data, TYPES, "net.loom")
    assert refused.value.problem.code in ("file-block", "file-json")
    assert "net.loom" in str(refused.value)
    assert fragment in str(refused.value)


def _nested(depth: int) -> bytes:
    data = b'{"blocks":{}}'
    for level in range(depth):
        id = f"c{level}".encode()
        data = b'{"blocks":{"' + id + b'":{"id":"' + id + b'","type":"residual","name":"c","body":' + data + b"}}}"
    return data


def test_thirty_two_containers_deep_is_read_and_one_more_is_refused() -> None:
    check_json(_nested(DEEPEST), "net.loom")
    assert bytes(encode_graph(decode_graph(_nested(DEEPEST), TYPES, "net.loom")))
    for depth in (DEEPEST + 1, 40):
        check_json(_nested(depth), "net.loom")
        with pytest.raises(Refused) as refused:
            decode_graph(_nested(depth), TYPES, "net.loom")
        assert refused.value.problem.code == "too-deep"


@pytest.mark.parametrize("data", [_nested(500), b"[" * 1_000_000, b'{"a":' * 300_000])
def test_json_without_bottom_is_refused_before_anything_decodes_it(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        check_json(data, "net.loom")
    assert refused.value.problem.code == "too-deep"


def test_brackets_inside_texts_do_not_count() -> None:
    check_json(json.dumps({"text": '[{"\\' * 5000}).encode(), "net.loom")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-json"),
        (b"{", "file-json"),
        (b"\xff\xfe{}", "file-json"),
        (b'{"a":NaN}', "file-json"),
        (b'{"a":' + b"9" * 10_000 + b"}", "file-json"),
        (b'{"d":1,"d":2}', "file-key-twice"),
    ],
)
def test_broken_json_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_json(data, "net.loom")
    assert refused.value.problem.code == code
    assert "net.loom" in str(refused.value)


def test_wires_are_sorted_whatever_the_file_says() -> None:
    graph = small()
    plain = json.loads(bytes(encode_graph(graph)))
    plain["wires"].reverse()
    assert decode_graph(json.dumps(plain).encode(), TYPES, "net.loom") == graph
    assert Wire(PortRef("d", "output"), PortRef("c", "e")) in graph.wires


def test_places_beyond_all_reach_are_read_as_the_farthest_there_is() -> None:
    plain = json.loads(bytes(encode_graph(small())))
    plain["blocks"]["d"]["look"] = {"x": 10**400, "y": -(10**18)}
    plain["wires"][0]["bends"] = [[10**12, 7], [-(2**31), 5]]
    graph = decode_graph(json.dumps(plain).encode(), TYPES, "net.loom")
    assert graph.blocks["d"].look == Look(FARTHEST, -FARTHEST)
    assert graph.wires[0].bends == ((FARTHEST, 7), (-FARTHEST, 5))
    assert decode_graph(bytes(encode_graph(graph)), TYPES, "net.loom") == graph
    moved = msgspec.structs.replace(graph.blocks["d"].look, x=2 * FARTHEST)
    assert moved.x == FARTHEST, "what is kept can be read again"


def test_an_unknown_block_beyond_all_reach_keeps_its_json_to_the_last_byte() -> None:
    raw = UNKNOWN.replace('"x":5', '"x":1' + "0" * 18)
    graph = decode_graph(_with_unknown(raw), TYPES, "net.loom")
    assert graph.blocks["q"].look == Look(FARTHEST, 6)
    assert raw.encode() in bytes(encode_graph(graph))

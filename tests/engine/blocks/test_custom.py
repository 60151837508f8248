"""Own Python: ports, settings and the name of the file, before anything is read."""

from __future__ import annotations

import pytest

from engine.blocks.custom import CUSTOM, is_plain_name, parse_setting
from engine.graph.graph import Block
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value

ROWS = TensorSpec((Dim("N"), 12), "float32")
DEFAULTS: dict[str, Value] = {parameter.id: parameter.default for parameter in CUSTOM.parameters}


def test_ports_are_named_by_the_block() -> None:
    block = Block("b", "custom", "Mine", {"inputs": ("x", "mask"), "outputs": ("left", "right", "left", "not a name")})
    ports = CUSTOM.ports_of(block)
    assert [port.id for port in ports.inputs] == ["x", "mask"]
    assert [port.id for port in ports.outputs] == ["left", "right"]


def test_the_arguments_are_plain_values() -> None:
    parameters = {**DEFAULTS, "settings": ("width=64", "rate = 0.5", "kind=wide", "bias=no", "seed=none")}
    arguments = CUSTOM.arguments(parameters, {"input": TensorSpec((Dim("N", 2), Dim("T"), 6), "float32")})
    assert arguments["settings"] == (("width", 64), ("rate", 0.5), ("kind", "wide"), ("bias", False), ("seed", None))
    assert arguments["shapes"] == ((6, 4, 6),)
    assert arguments["dtypes"] == ("float32",)


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/x.py", "a\\b.py", "C:x.py", ".py", "-x.py", "x.pyc", "x", "", "a\n.py"]
)
def test_a_file_lies_in_the_projects_folder_and_nowhere_else(name: str) -> None:
    assert not is_plain_name(name)
    found = CUSTOM.expect({**DEFAULTS, "file": name}, {"input": ROWS})
    assert found is not None
    assert "is not the name of a Python file" in str(found.facts["reason"])


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"inputs": ()}, "it has no inputs"),
        ({"outputs": ("a", "a")}, "two outputs have one name"),
        ({"outputs": ("a", "2b")}, "“2b” cannot be the name of a port"),
        ({"definition": "a.b"}, "“a.b” is not the name of a class or function"),
        ({"settings": ("width",)}, "“width” is no setting"),
        ({"settings": ("a=1", "a=2")}, "two settings have one name"),
    ],
)
def test_what_cannot_be_is_refused_in_words(parameters: dict[str, Value], reason: str) -> None:
    found = CUSTOM.expect({**DEFAULTS, **parameters}, {"input": ROWS})
    assert found is not None
    assert found.facts["reason"] == reason
    assert CUSTOM.expect(DEFAULTS, {"input": ROWS}) is None


def test_settings_are_parsed_and_never_evaluated() -> None:
    assert parse_setting("code=__import__('os')") == ("code", "__import__('os')")
    with pytest.raises(ValueError, match="is no setting"):
        parse_setting("a.b=1")

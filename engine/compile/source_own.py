"""How a written file calls the user's own Python files: it imports them, and they lie beside it."""

from __future__ import annotations

import inspect
import keyword
import sys
from collections.abc import Mapping

from engine.blocks.custom import backward_of
from engine.compile.source_text import written
from engine.graph.block_type import BlockType, Inputs, Parameters
from engine.graph.graph import Graph
from engine.graph.paths import bodies
from engine.graph.problem import refused
from engine.modules.own_loading import load

OWN_BLOCK = "engine.modules.own_written:OwnBlock"
"""What a written file has in place of the program's own module."""
_TAKEN = {"torch", "safetensors", "numpy", *sys.stdlib_module_names}


def own_files(graph: Graph, types: Mapping[str, BlockType]) -> frozenset[str]:
    """The modules that the source of `graph` imports: the names of the user's files without `.py`.

    Raises Refused `export-own` for a file that cannot be imported under its name.
    """
    found: set[str] = set()
    for path, body in bodies(graph):
        for id, block in body.blocks.items():
            type = types[block.type]
            if "own_code" not in type.traits:
                continue
            file = str(type.resolved(block, graph.variables)["file"])
            name = file.removesuffix(".py")
            if not name.isidentifier() or keyword.iskeyword(name) or name in _TAKEN:
                raise refused("export-own", (*path, id), title=type.title, name=block.name, file=file)
            found.add(name)
    return frozenset(found)


def own_arguments(type: BlockType, parameters: Parameters, inputs: Inputs) -> tuple[str, list[str]]:
    """The module to import, and what OwnBlock is given: `square.forward, square.backward, power=3`."""
    arguments = type.arguments(parameters, inputs)
    file, definition = str(arguments["file"]), str(arguments["definition"])
    module = load(file).module
    pairs = arguments["settings"]
    assert isinstance(pairs, tuple)
    settings = [f"{pair[0]}={written(pair[1])}" for pair in pairs if isinstance(pair, tuple)]
    name = file.removesuffix(".py")
    if inspect.isclass(getattr(module, definition)):
        return name, [f"{name}.{definition}({', '.join(settings)})"]
    backward = backward_of(definition)
    by_hand = [f"{name}.{backward}"] if hasattr(module, backward) else []
    return name, [f"{name}.{definition}", *by_hand, *settings]

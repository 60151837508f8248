"""Paths into nested bodies, and names that Python accepts."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator

import msgspec

from engine.graph.graph import Graph, Path
from engine.graph.problem import refused
from engine.graph.scope import COPY_INDEX, Scope

BodyPath = tuple[str, ...]
"""Ids of containers from the root inwards; () is the root."""

DEEPEST = 32


def body_at(graph: Graph, path: BodyPath) -> Graph:
    """The body at `path`. Raises Refused where a container is gone."""
    for id in path:
        block = graph.blocks.get(id)
        if block is None or block.body is None:
            raise refused("unknown-block", id=id)
        graph = block.body
    return graph


def ancestors_of(graph: Graph, path: BodyPath) -> tuple[Graph, ...]:
    """The bodies that enclose the one at `path`, from the root inwards."""
    return tuple(body_at(graph, path[:depth]) for depth in range(len(path)))


def scope_at(graph: Graph, path: BodyPath, scope: Scope) -> Scope:
    """The scope of the body at `path`, from that of the root; inside a Repeat it knows the index of the first copy.

    Raises Refused where a container is gone.
    """
    body_at(graph, path)
    enclosing = ancestors_of(graph, path)
    variables = scope.variables
    around = [scope.types.get(body.blocks[id].type) for body, id in zip(enclosing, path, strict=True)]
    if any(type is not None and type.copies is not None for type in around):
        variables = {**variables, COPY_INDEX: 0}
    over_time = any(type is not None and type.runs_over_time for type in around)
    return msgspec.structs.replace(scope, ancestors=enclosing, variables=variables, over_time=over_time)


def within(graph: Graph, path: BodyPath, edit: Callable[..., Graph], scope: Scope, *arguments: object) -> Graph:
    """`graph` with `edit(body, scope, *arguments)` in place of the body at `path`."""
    scope = scope_at(graph, path, scope)
    enclosing, body = scope.ancestors, body_at(graph, path)
    changed = edit(body, scope, *arguments)
    if changed is body:
        return graph
    for outer, id in zip(reversed(enclosing), reversed(path), strict=True):
        block = msgspec.structs.replace(outer.blocks[id], body=changed)
        changed = msgspec.structs.replace(outer, blocks={**outer.blocks, id: block})
    return changed


def bodies(graph: Graph) -> Iterator[tuple[BodyPath, Graph]]:
    """Every body with its path, the root first. Iterative, so depth is no danger."""
    stack: list[tuple[BodyPath, Graph]] = [((), graph)]
    while stack:
        path, body = stack.pop()
        yield path, body
        stack.extend(((*path, block.id), block.body) for block in body.blocks.values() if block.body is not None)


def depth(graph: Graph) -> int:
    """How many containers deep the drawing goes; 0 without any."""
    return max(len(path) for path, _ in bodies(graph))


def all_ids(graph: Graph) -> frozenset[str]:
    """Ids of all blocks at every depth."""
    return frozenset(id for _, body in bodies(graph) for id in body.blocks)


def body_path(path: Path) -> BodyPath:
    """The ids of an instance path, Repeat indices dropped."""
    return tuple(step for step in path if isinstance(step, str))


_RESERVED = frozenset(
    [
        "add_module",
        "add_submodule",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "code",
        "compile",
        "cpu",
        "cuda",
        "delete_all_unused_submodules",
        "delete_submodule",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "graph",
        "half",
        "ipu",
        "load_state_dict",
        "math",
        "meta",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "nn",
        "parameters",
        "print_readable",
        "recompile",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "self",
        "set_extra_state",
        "set_submodule",
        "shape_env",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "to_folder",
        "torch",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]  # fmt: skip
)
"""Attributes of torch.nn.Module and torch.fx.GraphModule that a submodule must not hide, and names in their source."""


def identifier(name: str) -> str:
    """A Python-safe, lower-case name that hides nothing of torch, from what something is called."""
    base = re.sub(r"\W+", "_", name.casefold(), flags=re.ASCII).strip("_") or "block"
    if base[0].isdigit() or keyword.iskeyword(base) or keyword.issoftkeyword(base) or base in _RESERVED:
        base = f"block_{base}"
    return base


def identifiers(graph: Graph) -> dict[str, str]:
    """For each block id of one body a Python-safe, unique, lower-case name, from what the block is called."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    for id in sorted(graph.blocks):
        base = identifier(graph.blocks[id].name)
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        names[id] = name
    return names

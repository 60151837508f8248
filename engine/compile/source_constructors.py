"""How a person writes the construction of a module: without what the defaults say, and a 3 for a (3, 3)."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from torch import nn

from engine.compile.probing import module_class
from engine.compile.source_text import Import, written
from engine.graph.block_type import BlockType, Inputs, Parameters
from engine.graph.values import Value

_SAME_ALONG_AXES = ("kernel_size", "stride", "padding", "dilation", "output_padding")
"""Arguments for which torch.nn takes one number in place of as many equal ones."""
_MISSING = object()


def class_expression(module: str, own: Mapping[str, str]) -> tuple[str, Import]:
    """The class "package.module:Class" as the source calls it, and the import it needs; `own` are written out in it."""
    if module in own:
        return own[module], ("", "")
    package, _, name = module.partition(":")
    if package == "torch.nn":
        return f"nn.{name}", ("torch", "nn")
    return name, (package, name)


def constructor_arguments(type: BlockType, parameters: Parameters, inputs: Inputs) -> list[str]:
    """`name=value` for each argument that differs from the class's own default."""
    cls = module_class(type.module)
    arguments = type.arguments(parameters, inputs)
    found: list[str] = []
    for name, value in arguments.items():
        value = _one_number(cls, name, value)
        default = _default(type.module, name)
        if _equal(value, default) or _follows(name, value, default, cls, arguments):
            continue
        found.append(f"{name}={written(value)}")
    return found


def _one_number(cls: type[nn.Module], name: str, value: Value) -> Value:
    plain = cls.__module__.startswith("torch.nn.modules.") and ("Conv" in cls.__name__ or "Pool" in cls.__name__)
    is_same = isinstance(value, tuple) and value and len(set(value)) == 1
    return value[0] if plain and name in _SAME_ALONG_AXES and isinstance(value, tuple) and is_same else value


def _follows(name: str, value: Value, default: object, cls: type[nn.Module], arguments: Mapping[str, Value]) -> bool:
    """A pool that is told no stride steps as far as its window is long."""
    if name != "stride" or default is not None or "Pool" not in cls.__name__ or "kernel_size" not in arguments:
        return False
    return _equal(value, _one_number(cls, "kernel_size", arguments["kernel_size"]))


def _equal(value: Value, default: object) -> bool:
    return type(value) is type(default) and value == default


@lru_cache(maxsize=4096)
def _default(module: str, name: str) -> Any:
    """The default of a constructor's argument; where it hands arguments on to its base, that one's."""
    for base in inspect.getmro(module_class(module)):
        constructor = vars(base).get("__init__")
        if constructor is None:
            continue
        parameters = inspect.signature(constructor).parameters
        if name in parameters:
            default = parameters[name].default
            return _MISSING if default is inspect.Parameter.empty else default
        if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
            break
    return _MISSING

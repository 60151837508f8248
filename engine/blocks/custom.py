"""A block that runs the user's own Python file, which lies beside the project."""

from __future__ import annotations

import keyword
from collections.abc import Mapping

from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Item, Value

OWN_CODE = "custom"
"""The id of the type."""
DEFAULT_FILE = "my_block.py"
_TRIAL_LENGTHS = {"N": 3, "T": 4, "T′": 5}
"""How long the open axes are where forward and backward are held to each other."""


def is_plain_name(file: object) -> bool:
    """Whether `file` names a Python file in the project's own folder and nothing else."""
    return (
        isinstance(file, str)
        and file.endswith(".py")
        and len(file) > len(".py")
        and not file.startswith((".", "-"))
        and not any(sign in '/\\:*?"<>|' or not sign.isprintable() for sign in file)
    )


def backward_of(function: str) -> str:
    """What the file calls the backward of a function: `backward` that of `forward`, `f_backward` that of `f`."""
    return "backward" if function == "forward" else f"{function}_backward"


def parse_setting(text: str) -> tuple[str, Item]:
    """Name and value of `width=64`: a number, yes, no, none, or a text as it is. Raises ValueError."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not _is_name(name):
        raise ValueError(f"“{text}” is no setting")
    words: Mapping[str, Item] = {"yes": True, "true": True, "no": False, "false": False, "none": None}
    if value.casefold() in words:
        return name, words[value.casefold()]
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _texts(value: Value) -> tuple[str, ...]:
    """The texts that a parameter holds: a single one counts as well."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, tuple) else ()


def _names(value: Value) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in _texts(value) if _is_name(name)))


def _ports(parameters: Parameters, body: Graph | None) -> Ports:
    inputs, outputs = _names(parameters["inputs"]), _names(parameters["outputs"])
    return Ports(
        inputs=tuple(Port(name, "" if len(inputs) == 1 else name) for name in inputs),
        outputs=tuple(Port(name, "" if len(outputs) == 1 else name) for name in outputs),
    )


def _expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    port = next(iter(inputs), "")

    def mismatch(reason: str, hint: str) -> Mismatch:
        return Mismatch("together", port, {"reason": reason, "hint": hint})

    for side in ("inputs", "outputs"):
        texts = _texts(parameters[side])
        if not _names(parameters[side]):
            return mismatch(f"it has no {side}", f"Name at least one under {side.capitalize()}.")
        wrong = next((text for text in texts if not _is_name(text)), None)
        if wrong is not None or len(set(texts)) < len(texts):
            words = f"“{wrong}” cannot be the name of a port" if wrong is not None else f"two {side} have one name"
            return mismatch(words, "Use names such as x, mask, left_half, each once.")
    if not is_plain_name(parameters["file"]):
        return mismatch(
            f"“{parameters['file']}” is not the name of a Python file",
            "Write a name such as my_block.py; the file lies in the folder of the project.",
        )
    if not _is_name(str(parameters["definition"])):
        return mismatch(f"“{parameters['definition']}” is not the name of a class or function", "Write its name.")
    try:
        settings = [parse_setting(text) for text in _texts(parameters["settings"])]
    except ValueError as fault:
        return mismatch(str(fault), "Write settings as width=64, with commas between them.")
    if len({name for name, _ in settings}) < len(settings):
        return mismatch("two settings have one name", "Write each once.")
    return None


def _trial_shape(spec: TensorSpec) -> tuple[int, ...]:
    return tuple(
        length.factor * _TRIAL_LENGTHS[length.symbol] if isinstance(length, Dim) else length for length in spec.shape
    )


def _arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    names = _names(parameters["inputs"])
    specs = [inputs[name] for name in names if name in inputs]
    return {
        "file": parameters["file"],
        "definition": parameters["definition"],
        "inputs": names,
        "outputs": _names(parameters["outputs"]),
        "settings": tuple(parse_setting(text) for text in _texts(parameters["settings"])),
        "shapes": tuple(_trial_shape(spec) for spec in specs),
        "dtypes": tuple(spec.dtype for spec in specs),
    }


CUSTOM = BlockType(
    id=OWN_CODE,
    family="merge",
    title="Own Python",
    aliases=("custom", "code", "script", "lambda", "function", "user", "my own", "backward", "gradcheck"),
    icon="ph.code",
    purpose="Runs a Python file of your own, with a backward of your own if you like.",
    formula="y = f(x)",
    parameters=(
        Parameter("file", "File", "text", DEFAULT_FILE, "A Python file in the folder of the project."),
        Parameter(
            "definition",
            "Class or function",
            "text",
            "forward",
            "What the file calls it; the backward of a function f is f_backward, that of forward is backward.",
        ),
        Parameter("inputs", "Inputs", "text", ("input",), "The names of the input ports, in the order of forward."),
        Parameter("outputs", "Outputs", "text", ("output",), "The names of the output ports, in the order returned."),
        Parameter("settings", "Settings", "text", (), "Handed to the class or function by name, such as width=64."),
    ),
    summary=("{file}",),
    module="engine.modules.own:Own",
    ports=_ports,
    expect=_expect,
    arguments=_arguments,
    traits=frozenset({"own_code"}),
)

TYPES = (CUSTOM,)

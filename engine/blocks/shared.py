"""What many block declarations share: ports, common parameters, and friendly expectations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.graph.block_type import Inputs, Mismatch, Parameter, Parameters, Port, Ports, Repair, WeightGroups
from engine.graph.graph import Graph
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value

INPUT, OUTPUT = "input", "output"
FLATTEN = Repair("flatten")
GLOBAL_AVERAGE = Repair("global_avg_pool2d")

_ONE_TO_ONE = Ports(inputs=(Port(INPUT, ""),), outputs=(Port(OUTPUT, ""),))


def one_to_one(parameters: Parameters, body: Graph | None) -> Ports:
    """One unnamed input, one unnamed output."""
    return _ONE_TO_ONE


def no_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    """Nothing to construct the module with."""
    return {}


def weight_and_bias(parameters: Parameters) -> WeightGroups:
    """A weight, and a bias where the parameter of that name is not off."""
    bias = (("Initial bias", ("bias",)),) if parameters.get("bias", True) else ()
    return (("Initial weights", ("weight",)), *bias)


def scale_and_shift(parameters: Parameters) -> WeightGroups:
    """The γ and β of a normalisation, where they are learned."""
    return (("Initial scale", ("weight",)), ("Initial shift", ("bias",))) if parameters.get("affine", True) else ()


def recurrent_weights(parameters: Parameters) -> WeightGroups:
    """The weights of nn.RNNBase by layer and direction."""
    layers = parameters.get("num_layers", 1)
    count = int(layers) if isinstance(layers, (int, float)) else 1
    directions = ("", "_reverse") if parameters.get("bidirectional") else ("",)
    ends = tuple(f"_l{layer}{direction}" for layer in range(count) for direction in directions)
    bias = (("Initial bias", tuple(f"bias_{kind}{end}" for end in ends for kind in ("ih", "hh"))),)
    return (
        ("Input weights", tuple(f"weight_ih{end}" for end in ends)),
        ("State weights", tuple(f"weight_hh{end}" for end in ends)),
        *(bias if parameters.get("bias", True) else ()),
    )


def same_arguments(*names: str) -> Callable[[Parameters, Inputs], Mapping[str, Value]]:
    """Constructor arguments that are the block's own parameters."""

    def arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
        return {name: parameters[name] for name in names}

    return arguments


def whole(parameters: Parameters, name: str) -> int:
    """A parameter that is a whole number."""
    value = parameters[name]
    assert isinstance(value, (int, float))
    return int(value)


def pair(parameters: Parameters, name: str) -> tuple[int, ...]:
    """A parameter that is a tuple of whole numbers."""
    value = parameters[name]
    assert isinstance(value, tuple)
    return tuple(int(item) for item in value if isinstance(item, (int, float)))


def channels(inputs: Inputs, axis: int = 1, port: str = INPUT) -> int:
    """The length of an axis that `expect` has made sure is a number."""
    length = inputs[port].shape[axis]
    assert isinstance(length, int)
    return length


def impossible(reason: str, hint: str = "") -> Mismatch:
    """Parameters that do not go together, or not with the input: no fault of what is wired to it."""
    return Mismatch("together", INPUT, {"reason": reason, "hint": hint})


def values_of_rank(
    inputs: Inputs,
    port: str,
    ranks: tuple[int, ...],
    expected: str,
    hint: str = "",
    repairs: tuple[Repair, ...] = (),
) -> Mismatch | None:
    """A Mismatch unless the port is unconnected or receives floating-point values of one of `ranks`, N first."""
    spec = inputs.get(port)
    if spec is None:
        return None
    if spec.is_label:
        return Mismatch(
            "dtype",
            port,
            {
                "expected": "values",
                "received": f"labels ({spec}, {spec.dtype})",
                "hint": "Labels go to the target of a loss.",
            },
        )
    if spec.rank not in ranks:
        return Mismatch("rank", port, {"expected": expected, "received": spec, "hint": hint}, repairs)
    return None


def any_values(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """Floating-point values of any shape."""
    spec = inputs.get(INPUT)
    return values_of_rank(inputs, INPUT, (spec.rank,), "") if spec is not None else None


def pictures(inputs: Inputs) -> Mismatch | None:
    """N×channels×height×width."""
    return values_of_rank(
        inputs,
        INPUT,
        (4,),
        "pictures N×channels×height×width",
        "Put a Reshape between them, or wire it to a picture.",
        (Repair("reshape"),) if (spec := inputs.get(INPUT)) is not None and spec.rank == 2 else (),
    )


def sizes_known(inputs: Inputs, axes: tuple[int, ...], port: str = INPUT) -> Mismatch | None:
    """A Mismatch where one of `axes` has no fixed length, as a weight needs one."""
    spec = inputs.get(port)
    if spec is None:
        return None
    for axis in axes:
        if isinstance(spec.shape[axis], Dim):
            return Mismatch(
                "channels",
                port,
                {"expected": "a fixed number of features", "received": spec, "hint": "Use an LSTM to read a sequence."},
            )
    return None


def fits_window(
    parameters: Parameters, inputs: Inputs, window: tuple[int, ...], padding: tuple[int, ...]
) -> Mismatch | None:
    """A Mismatch where a window is larger than the padded picture."""
    spec = inputs.get(INPUT)
    if spec is None:
        return None
    spatial = spec.shape[-len(window) :]
    for length, extent, pad in zip(spatial, window, padding, strict=True):
        if isinstance(length, int) and extent > length + 2 * pad:
            facts = {"window": "×".join(map(str, window)), "received": "×".join(map(str, spatial))}
            return Mismatch("window", INPUT, facts)
    return None


def same_shapes(inputs: Inputs) -> Mismatch | None:
    """A Mismatch unless all connected inputs have one shape; torch would broadcast some."""
    first: TensorSpec | None = None
    for port, spec in inputs.items():
        if spec.is_label:
            return values_of_rank(inputs, port, (spec.rank,), "")
        if first is None:
            first = spec
        elif spec.shape != first.shape:
            return Mismatch("shapes-differ", port, {"first": first, "second": spec})
    return None


BIAS = Parameter("bias", "Bias", "boolean", True, "Adds a learned constant to each output.")
EPS = Parameter(
    "eps", "Epsilon", "float", 1e-5, "Keeps the division safe.", 1e-12, 1.0, advanced=True, logarithmic=True
)


AXES = {1: "Length", 2: "Height and width", 3: "Depth, height and width"}
_GRIDS = {
    1: "sequences N×channels×length",
    2: "pictures N×channels×height×width",
    3: "volumes N×channels×depth×height×width",
}


def grid(inputs: Inputs, dimensions: int, repairs: tuple[Repair, ...] = ()) -> Mismatch | None:
    """A Mismatch unless the input is N×channels× as many spatial axes as `dimensions`."""
    if dimensions == 2 and not repairs:
        return pictures(inputs)
    return values_of_rank(inputs, INPUT, (dimensions + 2,), _GRIDS[dimensions], "", repairs)


def tuple_parameter(
    id: str,
    label: str,
    default: tuple[int, ...] | None,
    help: str,
    length: int,
    minimum: int = 1,
    advanced: bool = False,
    absent: str = "",
    unit: str = "",
) -> Parameter:
    """`length` whole numbers, one a spatial axis; without a default it may be left out."""
    return Parameter(
        id,
        label,
        "tuple",
        default,
        help,
        minimum,
        65_536,
        length=length,
        optional=default is None,
        advanced=advanced,
        absent=absent,
        unit=unit,
    )


def pair_parameter(
    id: str,
    label: str,
    default: tuple[int, int] | None,
    help: str,
    minimum: int = 1,
    advanced: bool = False,
    unit: str = "",
) -> Parameter:
    """A pair of whole numbers, height and width."""
    return tuple_parameter(id, label, default, help, 2, minimum, advanced, unit=unit)

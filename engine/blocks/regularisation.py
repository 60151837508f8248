"""Dropout and noise: what disturbs a network while it trains."""

from __future__ import annotations

from collections.abc import Callable

from engine.blocks.shared import INPUT, OUTPUT, any_values, grid, one_to_one, same_arguments
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports, Trait
from engine.graph.graph import Graph
from engine.graph.tensor_spec import told_apart

MASK = "mask"
_MASKED = Ports(inputs=(Port(INPUT, ""), Port(MASK, MASK, optional=True)), outputs=(Port(OUTPUT, ""),))
_RANDOM: frozenset[Trait] = frozenset({"stochastic"})


_MASK_PORT = Parameter(
    "masked", "Mask port", "boolean", False, "Takes its mask from a port instead of drawing one.", advanced=True
)


def _masked_ports(parameters: Parameters, body: Graph | None) -> Ports:
    return _MASKED if parameters.get("masked") else one_to_one(parameters, body)


def _mask_fault(inputs: Inputs, axes: int | None) -> Mismatch | None:
    """A Mismatch unless a connected mask has the first `axes` axes of the input."""
    spec, mask = inputs.get(INPUT), inputs.get(MASK)
    if spec is None or mask is None or mask.shape == spec.shape[:axes]:
        return None
    hint = f"Give it one number for each {'number of the input' if axes is None else 'channel'}."
    expected, received = told_apart(spec, mask) if axes is None else ("×".join(map(str, spec.shape[:axes])), str(mask))
    return Mismatch("channels", MASK, {"expected": f"a mask {expected}", "received": received, "hint": hint})


def _expect_masked(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return any_values(parameters, inputs) or _mask_fault(inputs, None)


def _expect_channels(dimensions: int) -> Callable[[Parameters, Inputs], Mismatch | None]:
    def expect(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
        return grid(inputs, dimensions) or _mask_fault(inputs, 2)

    return expect


def _probability(default: float, help: str = "The share of numbers that is dropped.") -> Parameter:
    return Parameter("p", "Probability", "float", default, help, 0.0, 1.0)


def _dropout(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    expect: Callable[[Parameters, Inputs], Mismatch | None],
    help: str = "The share of numbers that is dropped.",
) -> BlockType:
    return BlockType(
        id=id,
        family="regularisation",
        title=title,
        aliases=("regularisation", "noise", "drop", *aliases),
        icon="ph.drop-half",
        purpose=purpose,
        formula=formula,
        parameters=(_probability(0.5, help), _MASK_PORT),
        summary=("p {p}",),
        module=f"engine.modules.dropout:{module}",
        ports=_masked_ports,
        expect=expect,
        arguments=same_arguments("p"),
        traits=_RANDOM,
    )


def _noise(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    parameters: tuple[Parameter, ...],
    summary: str,
    icon: str = "ph.broadcast",
) -> BlockType:
    return BlockType(
        id=id,
        family="regularisation",
        title=title,
        aliases=aliases,
        icon=icon,
        purpose=purpose,
        formula=formula,
        parameters=parameters,
        summary=(summary,),
        module=module,
        ports=one_to_one,
        expect=any_values,
        arguments=same_arguments(*(parameter.id for parameter in parameters)),
        traits=_RANDOM,
    )


DROPOUT = _dropout(
    "dropout",
    "Dropout",
    "Dropout",
    "While training, sets each number to 0 with probability p, so that no unit relies on another.",
    "y = m x / (1 − p), m ~ Bernoulli(1 − p)",
    (),
    _expect_masked,
)
_CHANNELS = "The share of channels that is dropped."
DROPOUT1D, DROPOUT2D, DROPOUT3D = (
    _dropout(
        f"dropout{dimensions}d",
        f"Dropout {dimensions}-D",
        f"Dropout{dimensions}d",
        f"While training, sets whole channels of {what} to 0 with probability p: neighbours carry the same news.",
        "y[c] = m[c] x[c] / (1 − p), m ~ Bernoulli(1 − p)",
        ("spatial dropout", "channel dropout"),
        _expect_channels(dimensions),
        _CHANNELS,
    )
    for dimensions, what in ((1, "a sequence"), (2, "a picture"), (3, "a volume"))
)
ALPHA_DROPOUT = _dropout(
    "alpha_dropout",
    "Alpha dropout",
    "AlphaDropout",
    "Dropout for SELU networks: drops to SELU’s lowest value and keeps mean and variance as they were.",
    "y = a (m x + α′ (1 − m)) + b",
    ("selu", "self-normalising"),
    _expect_masked,
)
DROP_PATH = _noise(
    "drop_path",
    "Drop path",
    "engine.modules.dropout:DropPath",
    "While training, skips a whole branch for some samples, so that deep residual networks learn like shallow ones.",
    "y = m x / (1 − p), one m ~ Bernoulli(1 − p) a sample",
    ("stochastic depth", "regularisation", "dropout"),
    (_probability(0.1, "The share of samples for which the branch is left out."),),
    "p {p}",
    "ph.git-branch",
)
GAUSSIAN_NOISE = _noise(
    "gaussian_noise",
    "Gaussian noise",
    "engine.modules.noise:GaussianNoise",
    "While training, adds normally distributed noise to each number.",
    "y = x + σ ε, ε ~ N(0, 1)",
    ("noise", "denoising", "jitter"),
    (
        Parameter(
            "std", "Deviation σ", "float", 0.1, "The standard deviation of the noise.", 0.0, 1e6, logarithmic=True
        ),
    ),
    "σ {std}",
)
MASKING_NOISE = _noise(
    "masking_noise",
    "Masking noise",
    "engine.modules.noise:MaskingNoise",
    "While training, hides a share of the numbers by setting them to 0.",
    "y = m x, m ~ Bernoulli(1 − p)",
    ("noise", "denoising", "corruption"),
    (_probability(0.25, "The share of numbers that is hidden."),),
    "p {p}",
)
SALT_AND_PEPPER_NOISE = _noise(
    "salt_and_pepper_noise",
    "Salt-and-pepper noise",
    "engine.modules.noise:SaltAndPepperNoise",
    "While training, sets a share of the numbers to black or white.",
    "y = low or high with probability p / 2 each, else x",
    ("noise", "denoising", "impulse noise"),
    (
        _probability(0.1, "The share of numbers that is replaced."),
        Parameter("low", "Pepper", "float", 0.0, "The low value.", advanced=True),
        Parameter("high", "Salt", "float", 1.0, "The high value.", advanced=True),
    ),
    "p {p}",
)

TYPES = (
    DROPOUT,
    DROPOUT1D,
    DROPOUT2D,
    DROPOUT3D,
    ALPHA_DROPOUT,
    DROP_PATH,
    GAUSSIAN_NOISE,
    MASKING_NOISE,
    SALT_AND_PEPPER_NOISE,
)

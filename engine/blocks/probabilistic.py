"""Units that draw, with gradients that pass through the drawing."""

from __future__ import annotations

from collections.abc import Mapping

from engine.blocks.shared import INPUT, OUTPUT, any_values, no_arguments, one_to_one, same_shapes
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports
from engine.graph.graph import Graph
from engine.graph.values import Value

_CODE = Ports(inputs=(Port("mean", "mean"), Port("log_variance", "log variance")), outputs=(Port(OUTPUT, ""),))


def _code(parameters: Parameters, body: Graph | None) -> Ports:
    return _CODE


def _expect_same(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return same_shapes(inputs)


def _expect_features(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = any_values(parameters, inputs)
    spec = inputs.get(INPUT)
    if fault is None and spec is not None and spec.rank < 2:
        hint = "It chooses among the numbers of a sample."
        return Mismatch("rank", INPUT, {"expected": "N×features", "received": spec, "hint": hint})
    return fault


def _gumbel_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"tau": parameters["tau"], "hard": parameters["hard"], "dim": -1 if inputs[INPUT].rank == 3 else 1}


GAUSSIAN_SAMPLE = BlockType(
    id="gaussian_sample",
    family="regularisation",
    title="Gaussian sample",
    aliases=("reparameterisation", "variational autoencoder", "vae", "probabilistic", "latent"),
    icon="ph.dice-five",
    purpose="Draws a code from the mean and variance that an encoder gives, so that gradients pass; the mean in use.",
    formula="z = μ + exp(½ ln σ²) ε,  ε ~ N(0, 1)",
    parameters=(),
    module="engine.modules.probabilistic:GaussianSample",
    ports=_code,
    expect=_expect_same,
    arguments=no_arguments,
    traits=frozenset({"stochastic"}),
)
BERNOULLI_UNIT = BlockType(
    id="bernoulli_unit",
    family="regularisation",
    title="Bernoulli unit",
    aliases=("stochastic binary", "straight-through", "probabilistic", "binary code"),
    icon="ph.dice-five",
    purpose="Draws 0 or 1 with the probability that its sigmoid says, and passes the gradient of that sigmoid.",
    formula="y ~ Bernoulli(σ(x))",
    parameters=(),
    module="engine.modules.probabilistic:BernoulliUnit",
    ports=one_to_one,
    expect=any_values,
    arguments=no_arguments,
    traits=frozenset({"stochastic"}),
)
GUMBEL_SOFTMAX = BlockType(
    id="gumbel_softmax",
    family="regularisation",
    title="Gumbel softmax",
    aliases=("concrete", "categorical", "probabilistic", "discrete"),
    icon="ph.dice-five",
    purpose="Draws one of several, softly enough that gradients pass; plain softmax in use.",
    formula="y = softmax((x + g) / τ),  g ~ Gumbel",
    parameters=(
        Parameter(
            "tau",
            "Temperature",
            "float",
            1.0,
            "Small τ: nearly one of them; large: all.",
            0.01,
            100.0,
            logarithmic=True,
        ),
        Parameter("hard", "Hard", "boolean", False, "Exactly one is 1, with the gradient of the soft choice."),
    ),
    summary=("τ {tau}",),
    module="engine.modules.probabilistic:GumbelSoftmax",
    ports=one_to_one,
    expect=_expect_features,
    arguments=_gumbel_arguments,
    traits=frozenset({"stochastic"}),
)

TYPES = (GAUSSIAN_SAMPLE, BERNOULLI_UNIT, GUMBEL_SOFTMAX)

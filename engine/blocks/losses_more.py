"""More losses that compare a prediction with a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from engine.blocks.losses import TARGET, WEIGHT, compared_ports, expect_equal, expect_labels
from engine.blocks.shared import no_arguments, same_arguments, values_of_rank
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Prediction
from engine.graph.values import Value

HINGE, SQUARED_HINGE = "hinge", "squared hinge"


def _expect_log_probabilities(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return expect_labels(inputs, "log_probabilities", "log probabilities N×classes")


def _expect_scores(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    spec = inputs.get("scores")
    fault = values_of_rank(inputs, "scores", (2,), "scores N×classes", "It reads one row of scores a sample.")
    return fault if spec is not None and fault is not None else expect_labels(inputs, "scores", "scores N×classes")


def expect_distributions(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """Log probabilities and target probabilities of one shape."""
    log_probabilities, target = inputs.get("log_probabilities"), inputs.get(TARGET)
    for port, spec in inputs.items():
        hint = "Its target holds a probability for each class."
        fault = values_of_rank(inputs, port, (max(spec.rank, 2),), "N×classes", hint)
        if fault is not None:
            return fault
    if log_probabilities is None or target is None or log_probabilities.shape == target.shape:
        return None
    return Mismatch(
        "prediction-target",
        TARGET,
        {"expected": "distributions of one shape", "received": log_probabilities, "target": target, "hint": ""},
    )


def _hinge_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"p": 2 if parameters["kind"] == SQUARED_HINGE else 1, "margin": parameters["margin"]}


def _loss(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    parameters: tuple[Parameter, ...] = (),
    summary: tuple[str, ...] = (),
    port: str = "prediction",
    transform: Literal["none", "softmax"] = "none",
    expect: Callable[[Parameters, Inputs], Mismatch | None] = expect_equal,
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] | None = None,
) -> BlockType:
    names = tuple(parameter.id for parameter in parameters)
    return BlockType(
        id=id,
        family="loss",
        title=title,
        aliases=("loss", *aliases),
        icon="ph.target",
        purpose=purpose,
        formula=formula,
        parameters=(*parameters, WEIGHT),
        summary=summary,
        role="loss",
        module=f"engine.modules.{module}" if ":" in module else f"torch.nn:{module}",
        ports=compared_ports(port),
        expect=expect,
        arguments=arguments or (same_arguments(*names) if names else no_arguments),
        prediction=Prediction(port, transform),
    )


ABSOLUTE_ERROR = _loss(
    "absolute_error",
    "Absolute error",
    "L1Loss",
    "For numbers with outliers: the mean absolute distance between prediction and target.",
    "L = mean |y − t|",
    ("mae", "l1", "regression", "mean absolute error"),
    summary=("mean",),
)
HUBER = _loss(
    "huber",
    "Huber loss",
    "HuberLoss",
    "Squared for small errors, straight for large ones, so that outliers pull less.",
    "L = ½ e² if |e| ≤ δ else δ (|e| − ½ δ), e = y − t",
    ("robust", "regression"),
    (Parameter("delta", "Delta", "float", 1.0, "Where δ the square becomes straight.", 0.001, 1e6, logarithmic=True),),
    ("δ {delta}",),
)
SMOOTH_L1 = _loss(
    "smooth_l1",
    "Smooth L1",
    "SmoothL1Loss",
    "The absolute error with its corner rounded off, as object detectors use for boxes.",
    "L = ½ e² / β if |e| < β else |e| − ½ β, e = y − t",
    ("robust", "regression", "boxes"),
    (Parameter("beta", "Beta", "float", 1.0, "How wide β the corner is rounded.", 0.001, 1e6, logarithmic=True),),
    ("β {beta}",),
)
POISSON_NLL = _loss(
    "poisson_nll",
    "Poisson loss",
    "PoissonNLLLoss",
    "For counts: how unlikely a Poisson distribution of the predicted rate makes the count.",
    "L = mean (exp y − t y), y the logarithm of the rate",
    ("counts", "regression", "poisson nll"),
    (
        Parameter(
            "log_input",
            "Predicts the log",
            "boolean",
            True,
            "Predicts the logarithm: the prediction is ln of the rate, not the rate.",
        ),
    ),
)
RECONSTRUCTION = _loss(
    "reconstruction_cross_entropy",
    "Reconstruction cross-entropy",
    "losses:ReconstructionCrossEntropy",
    "For pictures in 0…1 rebuilt by an autoencoder that ends in a sigmoid: each pixel is a probability.",
    "L = −Σ (t ln y + (1 − t) ln(1 − y))",
    ("autoencoder", "bce", "vae", "rebuild"),
    (
        Parameter(
            "reduction",
            "Reduction",
            "choice",
            "sum",
            "Summed over the numbers of a sample, as a variational autoencoder needs it, or their mean.",
            choices=("sum", "mean"),
        ),
    ),
    ("{reduction} over pixels",),
)
NLL = _loss(
    "nll",
    "NLL",
    "NLLLoss",
    "For one right class of several where a Log softmax stands before it.",
    "L = −y[target], y log probabilities",
    ("negative log-likelihood", "classification"),
    summary=("{log_probabilities.shape[1]} classes",),
    port="log_probabilities",
    transform="softmax",
    expect=_expect_log_probabilities,
)
HINGE_LOSS = _loss(
    "hinge",
    "Hinge loss",
    "MultiMarginLoss",
    "For classes: the right score must lead all others by a margin, as in a support vector machine.",
    "L = Σ max(0, m − y[t] + y[j])ᵖ / C over j ≠ t",
    ("margin", "svm", "classification", "multi margin"),
    (
        Parameter("kind", "Kind", "choice", HINGE, "The gap itself, or its square.", choices=(HINGE, SQUARED_HINGE)),
        Parameter("margin", "Margin", "float", 1.0, "By how much m the right score must lead.", 0.0, 1e6),
    ),
    ("margin {margin}",),
    port="scores",
    transform="softmax",
    expect=_expect_scores,
    arguments=_hinge_arguments,
)
KL_DIVERGENCE = _loss(
    "kl_divergence",
    "KL divergence",
    "losses:KLDivergence",
    "For targets that are distributions themselves, as the soft answers of a teacher network.",
    "L = Σ t (ln t − y), y log probabilities",
    ("kullback-leibler", "distillation", "soft targets"),
    summary=("{log_probabilities.shape[1]} classes",),
    port="log_probabilities",
    transform="softmax",
    expect=expect_distributions,
)

TYPES = (
    NLL,
    RECONSTRUCTION,
    ABSOLUTE_ERROR,
    HUBER,
    SMOOTH_L1,
    HINGE_LOSS,
    KL_DIVERGENCE,
    POISSON_NLL,
)

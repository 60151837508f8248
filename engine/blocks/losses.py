"""Losses: what a network learns to make small."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import FLATTEN, values_of_rank
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports, Prediction
from engine.graph.graph import Graph
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value

TARGET, LOSS = "target", "loss"

WEIGHT = Parameter(
    "weight", "Weight", "float", 1.0, "How much this loss counts beside others.", 0.0, 1e6, advanced=True
)


def _ports(prediction: str) -> Callable[[Parameters, Graph | None], Ports]:
    ports = Ports(
        inputs=(Port(TARGET, TARGET), Port(prediction, prediction)),
        outputs=(Port(LOSS, LOSS),),
    )

    def of(parameters: Parameters, body: Graph | None) -> Ports:
        return ports

    return of


def _compares(prediction: TensorSpec, target: TensorSpec, expected: str, hint: str) -> Mismatch:
    facts: dict[str, Value | TensorSpec] = {
        "expected": expected,
        "received": prediction,
        "target": target,
        "hint": hint,
    }
    return Mismatch("prediction-target", TARGET, facts)


def _expect_classes(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    logits, target = inputs.get("logits"), inputs.get(TARGET)
    if logits is not None:
        wanted = target.rank + 1 if target is not None else max(logits.rank, 2)
        hint = "It reads one number per class for each label."
        fault = values_of_rank(inputs, "logits", (wanted,), "logits N×classes", hint, (FLATTEN,) if wanted == 2 else ())
        if fault is not None:
            return fault
    if target is not None and target.dtype != "int64":
        hint = "Wire the label of the Input to it, or use a squared error."
        received = f"{target} {target.dtype}"
        return Mismatch("dtype", TARGET, {"expected": "class labels", "received": received, "hint": hint})
    if logits is not None and target is not None and (logits.shape[0], *logits.shape[2:]) != target.shape:
        return _compares(logits, target, "N×classes with N labels", "")
    return None


def _expect_binary(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    logits, target = inputs.get("logits"), inputs.get(TARGET)
    if logits is not None:
        fault = values_of_rank(inputs, "logits", (logits.rank,), "")
        if fault is not None:
            return fault
    if logits is None or target is None or logits.shape == target.shape:
        return None
    if target.is_label and logits.shape == (*target.shape, 1):
        return None
    return _compares(
        logits, target, "one number for each target", "For labels of two classes give the last Dense 1 unit."
    )


def _expect_equal(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    prediction, target = inputs.get("prediction"), inputs.get(TARGET)
    for port, spec in inputs.items():
        fault = values_of_rank(inputs, port, (spec.rank,), "")
        if fault is not None:
            return fault
    if prediction is None or target is None or prediction.shape == target.shape:
        return None
    return _compares(
        prediction, target, "tensors of one shape", "Give the last layer as many outputs as the target has."
    )


def _class_arguments(parameters: Parameters, inputs: Inputs) -> Mapping[str, Value]:
    return {"label_smoothing": parameters["label_smoothing"]}


CROSS_ENTROPY = BlockType(
    id="cross_entropy",
    family="loss",
    title="Cross-entropy",
    aliases=("loss", "classification", "softmax loss", "log loss", "nll"),
    icon="ph.target",
    purpose="For one right class of several: large where the right class gets a small probability. Softmax is inside.",
    formula="L = −log softmax(logits)[target]",
    parameters=(
        Parameter(
            "label_smoothing",
            "Label smoothing",
            "float",
            0.0,
            "Share of certainty given to the other classes.",
            0.0,
            1.0,
        ),
        WEIGHT,
    ),
    summary=("{logits} classes",),
    role="loss",
    module="torch.nn:CrossEntropyLoss",
    ports=_ports("logits"),
    expect=_expect_classes,
    arguments=_class_arguments,
    prediction=Prediction("logits", "softmax"),
)

BINARY_CROSS_ENTROPY = BlockType(
    id="binary_cross_entropy",
    family="loss",
    title="Binary cross-entropy",
    aliases=("loss", "bce", "two classes", "logistic loss"),
    icon="ph.target",
    purpose="For yes or no: large where the right answer gets a small probability. The sigmoid is inside.",
    formula="L = −t log σ(x) − (1 − t) log(1 − σ(x))",
    parameters=(WEIGHT,),
    summary=("yes or no",),
    role="loss",
    module="engine.modules.losses:BinaryCrossEntropy",
    ports=_ports("logits"),
    expect=_expect_binary,
    prediction=Prediction("logits", "sigmoid"),
)

SQUARED_ERROR = BlockType(
    id="squared_error",
    family="loss",
    title="Squared error",
    aliases=("loss", "mse", "mean squared error", "regression", "l2"),
    icon="ph.target",
    purpose="For numbers: the mean squared distance between prediction and target.",
    formula="L = mean (y − t)²",
    parameters=(WEIGHT,),
    summary=("mean",),
    role="loss",
    module="torch.nn:MSELoss",
    ports=_ports("prediction"),
    expect=_expect_equal,
    prediction=Prediction("prediction", "none"),
)

TYPES = (CROSS_ENTROPY, BINARY_CROSS_ENTROPY, SQUARED_ERROR)

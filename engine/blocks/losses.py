"""Losses: what a network learns to make small."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.shared import FLATTEN, values_of_rank
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports, Prediction
from engine.graph.graph import Graph
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value, counted

TARGET, LOSS = "target", "loss"

WEIGHT = Parameter(
    "weight", "Weight", "float", 1.0, "How much this loss counts beside others.", 0.0, 1e6, advanced=True
)


def compared_ports(prediction: str) -> Callable[[Parameters, Graph | None], Ports]:
    """A target, a prediction of that name, and the loss."""
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


def expect_labels(inputs: Inputs, port: str, expected: str) -> Mismatch | None:
    """Scores N×classes×… at `port` with one label for each at the target."""
    scores, target = inputs.get(port), inputs.get(TARGET)
    if scores is not None:
        wanted = target.rank + 1 if target is not None else max(scores.rank, 2)
        hint = "It reads one number per class for each label."
        fault = values_of_rank(inputs, port, (wanted,), expected, hint, (FLATTEN,) if wanted == 2 else ())
        if fault is not None:
            return fault
    if target is not None and target.dtype != "int64":
        hint = "Wire the label of the Input to it, or use a squared error."
        received = f"{target} {target.dtype}"
        return Mismatch("dtype", TARGET, {"expected": "class labels", "received": received, "hint": hint})
    if scores is not None and target is not None and (scores.shape[0], *scores.shape[2:]) != target.shape:
        return _compares(scores, target, "N×classes with N labels", "")
    return None


def expect_classes(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """Logits N×classes×… with their labels, and a weight for each class or none."""
    fault = expect_labels(inputs, "logits", "logits N×classes")
    logits, weights = inputs.get("logits"), parameters.get("class_weights")
    if fault is not None or logits is None or not isinstance(weights, tuple):
        return fault
    if len(weights) != logits.shape[1]:
        expected = f"logits of {counted(len(weights), 'classes')}, as its class weights say"
        hint = "Give a weight for each class, or none."
        return Mismatch("channels", "logits", {"expected": expected, "received": logits, "hint": hint})
    if not any(weights):
        return Mismatch("together", "logits", {"reason": "all its class weights are 0", "hint": "Give one above 0."})
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


def expect_equal(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    """A prediction and a target of one shape."""
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
    weights = parameters["class_weights"]
    given: Mapping[str, Value] = {"class_weights": weights} if weights is not None else {}
    return {"label_smoothing": parameters["label_smoothing"], **given}


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
        Parameter(
            "class_weights",
            "Class weights",
            "tuple",
            None,
            "How much each class counts beside the others, such as 1, 5 where the second is rare; only ratios matter.",
            0,
            1_000_000,
            optional=True,
            advanced=True,
            listed=True,
            absent="equal",
        ),
        WEIGHT,
    ),
    summary=("{logits.shape[1]} classes",),
    role="loss",
    module="engine.modules.losses:CrossEntropy",
    ports=compared_ports("logits"),
    expect=expect_classes,
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
    ports=compared_ports("logits"),
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
    ports=compared_ports("prediction"),
    expect=expect_equal,
    prediction=Prediction("prediction", "none"),
)

TYPES = (CROSS_ENTROPY, BINARY_CROSS_ENTROPY, SQUARED_ERROR)

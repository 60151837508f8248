"""Losses that compare tensors of the network with each other, and penalties; none has a prediction to count right."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.blocks.losses import LOSS, TARGET, WEIGHT
from engine.blocks.shared import INPUT, no_arguments, pictures, same_arguments, same_shapes, values_of_rank, whole
from engine.graph.block_type import BlockType, Inputs, Mismatch, Parameter, Parameters, Port, Ports, Trait
from engine.graph.graph import Graph
from engine.graph.tensor_spec import TensorSpec
from engine.graph.values import Value

_MARGIN = Parameter("margin", "Margin", "float", 1.0, "How far apart different things must be.", 0.0, 1e6)


def _same_rows(inputs: Inputs, ports: tuple[str, ...]) -> Mismatch | None:
    rows = {port: inputs[port] for port in ports if port in inputs}
    for port in rows:
        hint = "It compares one row of features a sample. Put a Flatten between them."
        fault = values_of_rank(inputs, port, (2,), "N×features", hint)
        if fault is not None:
            return fault
    return same_shapes(rows)


def _expect_pair(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = _same_rows(inputs, ("a", "b"))
    target = inputs.get(TARGET)
    if fault is not None or target is None:
        return fault
    if not target.is_label or target.rank != 1:
        hint = "1 says that a pair belongs together, 0 that it does not."
        received = f"{target} {target.dtype}"
        return Mismatch("dtype", TARGET, {"expected": "a label 0 or 1 a pair", "received": received, "hint": hint})
    return None


def _expect_triplet(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return _same_rows(inputs, ("anchor", "positive", "negative"))


def _expect_code(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return _same_rows(inputs, ("mean", "log_variance"))


def _expect_style(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    for port in inputs:
        fault = values_of_rank(inputs, port, (4,), "feature maps N×channels×height×width")
        if fault is not None:
            return fault
    features, target = inputs.get("features"), inputs.get(TARGET)
    if features is not None and target is not None and features.shape[:2] != target.shape[:2]:
        return Mismatch("shapes-differ", TARGET, {"first": features, "second": target})
    return None


def _expect_picture(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    return pictures(inputs)


def _expect_contractive(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    fault = values_of_rank(inputs, "code", (2,), "a code N×units", "It reads one row of units a sample.")
    spec = inputs.get(INPUT)
    if fault is not None or spec is None:
        return fault
    return values_of_rank(inputs, INPUT, (max(spec.rank, 2),), "what the code is computed from, N×features")


def _expect_ctc(parameters: Parameters, inputs: Inputs) -> Mismatch | None:
    hint = "It reads a distribution over the symbols at each step, from a Log softmax."
    fault = values_of_rank(inputs, "log_probabilities", (3,), "log probabilities N×T×symbols", hint)
    if fault is not None:
        return fault
    spec, blank = inputs.get("log_probabilities"), whole(parameters, "blank")
    symbols = spec.shape[2] if spec is not None else None
    if isinstance(symbols, int) and blank >= symbols:
        facts: dict[str, Value | TensorSpec] = {
            "reason": f"there is no symbol {blank} among {symbols}",
            "hint": "Symbols count from 0.",
        }
        return Mismatch("together", "log_probabilities", facts)
    for port, rank, words in (
        (TARGET, 2, "symbols N×S"),
        ("input_lengths", 1, "a length a sample"),
        ("target_lengths", 1, "a length a sample"),
    ):
        spec = inputs.get(port)
        if spec is not None and (spec.dtype != "int64" or spec.rank != rank):
            received = f"{spec} {spec.dtype}"
            return Mismatch("dtype", port, {"expected": f"{words} int64", "received": received, "hint": ""})
    return None


def _ports(*inputs: str | Port) -> Callable[[Parameters, Graph | None], Ports]:
    taken = tuple(port if isinstance(port, Port) else Port(port, port.replace("_", " ")) for port in inputs)
    ports = Ports(inputs=taken, outputs=(Port(LOSS, LOSS),))

    def of(parameters: Parameters, body: Graph | None) -> Ports:
        return ports

    return of


def _penalty(
    id: str,
    title: str,
    module: str,
    purpose: str,
    formula: str,
    aliases: tuple[str, ...],
    ports: Callable[[Parameters, Graph | None], Ports],
    expect: Callable[[Parameters, Inputs], Mismatch | None],
    parameters: tuple[Parameter, ...] = (),
    summary: tuple[str, ...] = (),
    traits: frozenset[Trait] = frozenset(),
) -> BlockType:
    names = tuple(parameter.id for parameter in parameters)
    arguments: Callable[[Parameters, Inputs], Mapping[str, Value]] = same_arguments(*names) if names else no_arguments
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
        module=module if module.startswith("torch.") else f"engine.modules.{module}",
        ports=ports,
        expect=expect,
        arguments=arguments,
        traits=traits,
    )


CONTRASTIVE = _penalty(
    "contrastive",
    "Contrastive loss",
    "losses_pairs:ContrastiveLoss",
    "For pairs: draws what belongs together close, and pushes the rest apart up to a margin.",
    "L = ½ s d² + ½ (1 − s) max(0, m − d)²,  d = ‖a − b‖",
    ("siamese", "metric learning", "hadsell", "pairs"),
    _ports(TARGET, "a", "b"),
    _expect_pair,
    (_MARGIN,),
    ("margin {margin}",),
)
COSINE_EMBEDDING = _penalty(
    "cosine_embedding",
    "Cosine embedding loss",
    "losses_pairs:CosineEmbeddingLoss",
    "For pairs: turns what belongs together the same way, and the rest at least a margin apart.",
    "L = 1 − cos(a, b) if s else max(0, cos(a, b) − m)",
    ("siamese", "metric learning", "pairs", "angle"),
    _ports(TARGET, "a", "b"),
    _expect_pair,
    (Parameter("margin", "Margin", "float", 0.0, "The largest cosine m of a pair that differs.", -1.0, 1.0),),
    ("margin {margin}",),
)
TRIPLET = _penalty(
    "triplet",
    "Triplet loss",
    "torch.nn:TripletMarginLoss",
    "For triplets: the anchor must be nearer to what is like it than to what is not, by a margin.",
    "L = max(0, ‖a − p‖ − ‖a − n‖ + m)",
    ("metric learning", "facenet", "anchor"),
    _ports("anchor", "positive", "negative"),
    _expect_triplet,
    (
        _MARGIN,
        Parameter("swap", "Swap", "boolean", False, "Also compares positive with negative.", advanced=True),
    ),
    ("margin {margin}",),
)
VAE_KL = _penalty(
    "vae_kl",
    "VAE divergence",
    "losses_pairs:VAEDivergence",
    "Keeps the code of a variational autoencoder near N(0, 1), so that new codes can be drawn from it.",
    "L = −½ Σ (1 + ln σ² − μ² − σ²)",
    ("kl divergence", "variational autoencoder", "latent", "elbo"),
    _ports("mean", "log_variance"),
    _expect_code,
)
CONTRACTIVE = _penalty(
    "contractive",
    "Contractive penalty",
    "losses_pairs:ContractivePenalty",
    "Keeps a code from changing when its input changes a little: the squared size of its Jacobian.",
    "L = Σ (∂h[j] / ∂x[i])²",
    ("jacobian", "contractive autoencoder", "regularisation"),
    _ports(INPUT, "code"),
    _expect_contractive,
    traits=frozenset({"needs_gradient"}),
)
STYLE = _penalty(
    "style_loss",
    "Style loss",
    "losses_pairs:StyleLoss",
    "How differently the channels of two pictures go together: the squared distance of their Gram matrices.",
    "L = Σ (G(a) − G(t))² / (4 C²),  G(F) = F Fᵀ / (H W)",
    ("gram", "style transfer", "texture"),
    _ports("features", TARGET),
    _expect_style,
)
TOTAL_VARIATION = _penalty(
    "total_variation",
    "Total variation",
    "losses_pairs:TotalVariation",
    "Keeps a picture smooth: the mean absolute step from each pixel to the next.",
    "L = mean |x[i+1, j] − x[i, j]| + mean |x[i, j+1] − x[i, j]|",
    ("smooth", "style transfer", "denoise"),
    _ports(INPUT),
    _expect_picture,
)
CTC = _penalty(
    "ctc",
    "CTC loss",
    "losses_pairs:CTCLoss",
    "For a short row of symbols in a long sequence, as speech to text, when nobody knows which step says what.",
    "L = −ln Σ p(path | x) over all paths that read as the target",
    ("speech", "handwriting", "sequence", "connectionist temporal classification"),
    _ports(
        TARGET,
        "log_probabilities",
        Port("input_lengths", "input lengths", optional=True),
        Port("target_lengths", "target lengths", optional=True),
    ),
    _expect_ctc,
    (
        Parameter(
            "blank", "Blank", "integer", 0, "The symbol that stands for nothing; it also pads targets.", 0, 65_536
        ),
        Parameter("zero_infinity", "Zero infinity", "boolean", True, "Counts what cannot be said in time as 0."),
    ),
)

TYPES = (CONTRASTIVE, COSINE_EMBEDDING, TRIPLET, VAE_KL, CONTRACTIVE, STYLE, TOTAL_VARIATION, CTC)

"""Receptive fields equal measured ones, and training's memory what autograd really saves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.compiler import compile_graph
from engine.compile.probing import construct, probe
from engine.compile.windows import acts_alone
from engine.graph.analysis import Analysis
from engine.graph.edits import set_bypassed, set_frozen, set_parameter, set_weights
from engine.graph.graph import Graph, Weights
from engine.graph.scope import Scope
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value
from engine.project.drawing import Drawing
from engine.project.examples import read_example
from tests.engine.compile.gradients import Step, chain

SCOPE = Scope(types=BLOCK_TYPES)


def analysed(graph: Graph) -> Analysis:
    analysis = Analyser(BLOCK_TYPES).analyse(graph)
    assert not [problem for problem in analysis.problems if problem.severity == "error"]
    return analysis


def measured(graph: Graph, port: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """How far apart the input's numbers with a gradient lie, at the output number that has them farthest."""
    network = compile_graph(graph, BLOCK_TYPES)
    network.root.double().eval()
    cut = network.slice((port,))
    most = [0] * (len(shape) - 2)
    image = torch.rand(shape, dtype=torch.float64, requires_grad=True)
    (out,) = cut.module(image)
    middles = [range(length // 3, min(length // 3 + 8, length)) for length in out.shape[2:]] or [range(1)]
    for place in torch.cartesian_prod(*(torch.tensor(list(middle)) for middle in middles)).reshape(-1, len(middles)):
        for one in out[(0, slice(None), *place.tolist())] if out.dim() > 2 else out[0]:
            (slope,) = torch.autograd.grad(one, image, retain_graph=True)
            for axis in range(len(most)):
                touched = slope.abs().movedim(2 + axis, 0).flatten(1).sum(1).nonzero()
                most[axis] = max(most[axis], int(touched.max() - touched.min()) + 1)
    return tuple(most)


CONV = "conv2d"
NETWORKS: dict[str, tuple[Step, ...]] = {
    "dilated": tuple((CONV, {"out_channels": 2, "dilation": (wide, wide)}) for wide in (1, 2, 4)),
    "strided": (
        (CONV, {"out_channels": 2, "kernel_size": (5, 3), "stride": (2, 2)}),
        ("avg_pool2d", {}),
        ("tanh", {}),
        (CONV, {"out_channels": 2, "stride": (2, 1)}),
    ),
    "pooled and enlarged": (
        ("avg_pool2d", {}),
        (CONV, {"out_channels": 2, "padding": "same"}),
        ("conv_transpose2d", {"out_channels": 2, "kernel_size": (4, 4), "stride": (2, 2)}),
        (CONV, {"out_channels": 2, "padding": "same"}),
    ),
    "enlarged by gaps": (
        ("avg_pool2d", {}),
        ("unpool2d", {}),
        (CONV, {"out_channels": 2, "kernel_size": (2, 2)}),
        ("avg_pool2d", {"kernel_size": (3, 3), "stride": (3, 3)}),
    ),
    "shuffled": (
        ("pixel_unshuffle", {}),
        (CONV, {"out_channels": 8}),
        ("pixel_shuffle", {}),
        ("avg_pool2d", {"kernel_size": (3, 3), "stride": (3, 3)}),
    ),
    "depthwise": (
        ("separable_conv2d", {"out_channels": 3, "kernel_size": (5, 5)}),
        ("batch_norm2d", {}),
        ("sum_pool2d", {}),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_receptive_field_is_the_measured_one(name: str) -> None:
    graph = chain("image: 1×64×64", *NETWORKS[name])
    fields = analysed(graph).receptive_fields
    for number in range(len(NETWORKS[name])):
        assert fields[f"b{number}"] == measured(graph, f"b{number}/output", (1, 1, 64, 64)), number


def test_lenet_5_sees_more_with_each_layer() -> None:
    analysis = analysed(read_example("lenet-5").graph)
    by_name = {
        block.name: analysis.receptive_fields.get(id) for id, block in read_example("lenet-5").graph.blocks.items()
    }
    seen = [field for field in by_name.values() if field is not None]
    for expected in ((5, 5), (6, 6), (14, 14), (16, 16), (None, None)):
        assert expected in seen, (expected, by_name)


def test_resnet_18_sees_435_pixels() -> None:
    analysis = analysed(read_example("resnet-18").graph)
    known = [field for field in analysis.receptive_fields.values() if None not in field]
    assert max(known) == (435, 435)
    assert (None, None) in analysis.receptive_fields.values()


def test_an_edit_reaches_what_follows_though_its_shape_stays() -> None:
    one: Step = (CONV, {"out_channels": 2, "padding": "same"})
    graph = chain("image: 1×32×32", one, one, one)
    analyser = Analyser(BLOCK_TYPES)
    assert analyser.analyse(graph).receptive_fields["b2"] == (7, 7)
    wider = set_parameter(graph, SCOPE, "b0", "kernel_size", (5, 5))
    assert analyser.analyse(wider).receptive_fields["b2"] == (9, 9)
    assert analyser.analyse(graph).receptive_fields["b2"] == (7, 7)
    without = set_bypassed(graph, SCOPE, ("b1",), True)
    assert analyser.analyse(without).receptive_fields["b2"] == (5, 5)


def test_what_sees_all_and_what_has_no_places() -> None:
    analysis = analysed(chain("image: 1×8×8", (CONV, {}), ("flatten", {}), ("relu", {}), ("dense", {})))
    fields = analysis.receptive_fields
    assert fields["input"] == (1, 1)
    assert fields["b1"] == fields["b2"] == (3, 3), "a number of a flattened picture still sees its own window"
    assert fields["b3"] == (None, None)
    assert analysed(chain("x: 30", ("dense", {}))).receptive_fields == {}
    steps = analysed(chain("x: T×3", ("dense", {}), ("lstm", {}))).receptive_fields
    assert (steps["b0"], steps["b1"]) == ((1,), (None,))


def really_kept(graph: Graph, rows: int) -> int:
    """Bytes that autograd saves in a training step, weights left out."""
    network = compile_graph(graph, BLOCK_TYPES)
    cut = network.training_slice()
    given: list[Tensor] = []
    for key in cut.inputs:
        spec = network.program.specs[key]
        shape = [rows, *(length if isinstance(length, int) else 100 for length in spec.shape[1:])]
        given.append(torch.zeros(shape, dtype=getattr(torch, spec.dtype)))
    network.root.train()
    saved: dict[int, tuple[Tensor, int]] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = (tensor, storage.nbytes())
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        cut.module(*given)
    own = {tensor.untyped_storage().data_ptr() for tensor in (*network.root.parameters(), *network.root.buffers())}
    return sum(size for place, (_, size) in saved.items() if place not in own)


@pytest.mark.parametrize("name", ["lenet-5", "digits-convnet", "deep-autoencoder-tied", "highway-50"])
def test_training_memory_is_what_autograd_saves(name: str) -> None:
    graph = read_example(name).graph
    more, fewer = really_kept(graph, 12), really_kept(graph, 4)
    assert analysed(graph).total.training_bytes == (more - fewer) // 8


def test_blocks_share_what_they_keep() -> None:
    steps: tuple[Step, ...] = ((CONV, {"out_channels": 2}), ("relu", {}), ("flatten", {}), ("dense", {}))
    graph = chain("image: 1×8×8", *steps)
    analysis = analysed(graph)
    image, made = 4 * 64, 4 * 2 * 64
    alone = {id: analysis.costs[id].training_bytes for id in graph.blocks}
    assert alone == {"input": 0, "b0": image, "b1": made, "b2": 0, "b3": made}
    assert analysis.total.training_bytes == image + made, "ReLU and Dense keep one tensor"
    before = analysed(chain("image: 1×8×8", ("relu", {}), (CONV, {})))
    assert before.costs["b0"].training_bytes == 0, "nothing in front of it learns"


def shared(transposed: bool, **frozen: bool) -> Graph:
    """Two layers with one weight, the second perhaps turned round, in a group or not; frozen as told."""
    drawing = Drawing(BLOCK_TYPES)
    drawing.add("in", "input", fields=("x: 12 float32",))
    drawing.add("owner", "dense", out_features=12)
    drawing.add("tanh", "tanh")
    drawing.add("user", "dense", out_features=12)
    drawing.chain("in", "owner", "tanh", "user")
    graph = set_weights(drawing.graph, SCOPE, "user", Weights("owner", transposed=transposed))
    for id, value in frozen.items():
        graph = set_frozen(graph, SCOPE, (id,), value)
    return graph


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("owner", "user"), [(False, False), (True, False), (False, True), (True, True)])
def test_who_uses_frozen_weights_keeps_nothing(transposed: bool, owner: bool, user: bool) -> None:
    """As much as autograd saves of a real batch, and only what has a gradient learns."""
    graph = shared(transposed, owner=owner, user=user)
    analysis = analysed(graph)
    (made,) = compile_graph(graph, BLOCK_TYPES).slice(("user/output",)).module(torch.rand(5, 12))
    # Turned round a Dense has a bias of its own, for which torch keeps nothing; what its weight would keep is counted.
    assert made.requires_grad == (not owner or (transposed and not user))
    if not (owner and transposed and not user):
        assert analysis.total.training_bytes == saved_bytes(graph) // 5
    assert (analysis.total.training_bytes > 0) == made.requires_grad


def saved_bytes(graph: Graph) -> int:
    """What autograd saves of a batch of five rows up to the block "user", weights left out."""
    network = compile_graph(graph, BLOCK_TYPES)
    weights = {weight.untyped_storage().data_ptr() for weight in network.root.parameters()}
    saved: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        network.slice(("user/output",)).module(torch.rand(5, 12))
    return sum(tensor.untyped_storage().nbytes() for place, tensor in saved.items() if place not in weights)


def test_freezing_an_owner_reaches_its_users_at_the_next_analysis() -> None:
    analyser = Analyser(BLOCK_TYPES)
    learning, frozen = (shared(False, owner=value) for value in (False, True))
    before = analyser.analyse(learning).total.training_bytes
    assert before > 0
    assert analyser.analyse(frozen).total.training_bytes == 0
    assert analyser.analyse(learning).total.training_bytes == before


def test_what_a_kind_keeps_is_told_for_other_sizes() -> None:
    for size in (8, 16, 32):
        analysis = analysed(chain(f"image: 3×{size}×{size}", (CONV, {}), ("batch_norm2d", {})))
        assert analysis.costs["b0"].training_bytes == 4 * 3 * size * size
        assert analysis.costs["b1"].training_bytes == analysis.costs["b0"].activation_bytes


@pytest.mark.parametrize("order", [(3, 4, 5), (4, 3, 2)])
def test_even_filters_keep_a_padded_copy_whatever_was_seen_before(order: tuple[int, ...]) -> None:
    for size in order:
        graph = chain("image: 3×16×16", (CONV, {"kernel_size": (size, size)}))
        side = 16 if size % 2 else 17
        assert analysed(graph).costs["b0"].training_bytes == 4 * 3 * side * side


def test_even_filters_that_stride_keep_no_copy_and_say_nothing_of_those_that_do_not() -> None:
    for stride, side in ((2, 16), (1, 17), (3, 16)):
        graph = chain("image: 3×16×16", (CONV, {"kernel_size": (6, 6), "stride": (stride, stride)}))
        assert analysed(graph).costs["b0"].training_bytes == 4 * 3 * side * side


@pytest.mark.parametrize("id", [id for id, type in BLOCK_TYPES.items() if type.family == "activation"])
def test_activations_that_look_at_one_number(id: str) -> None:
    alone = id not in ("softmax", "softmax2d", "log_softmax", "softmin", "glu")
    type = BLOCK_TYPES[id]
    parameters = {parameter.id: parameter.default for parameter in type.parameters}
    shape = (Dim("N"), 8) if id != "softmax2d" else (Dim("N"), 8, 4, 4)
    module = construct(type, parameters, {"input": TensorSpec(shape=shape, dtype="float32")})
    assert acts_alone(type, module) is alone
    assert ("along_axis" not in type.traits) is alone
    given, other = torch.rand(2, 2, *shape[1:], generator=torch.Generator().manual_seed(3))
    other[:, 0] = given[:, 0]
    with torch.no_grad():
        assert torch.equal(module.eval()(given)[:, 0], module(other)[:, 0]) is alone


PICTURE, SEQUENCE = (Dim("N"), 4, 8, 8), (Dim("N"), Dim("T"), 8)
BLOCKS: tuple[tuple[str, dict[str, Value], tuple[int | Dim, ...]], ...] = (
    ("batch_norm2d", {}, PICTURE),
    ("max_pool2d", {}, PICTURE),
    ("dropout", {"p": 0.3}, PICTURE),
    ("adaptive_avg_pool2d", {"output_size": (1, 1)}, PICTURE),
    ("adaptive_avg_pool2d", {"output_size": (2, 2)}, PICTURE),
    ("softmax", {}, PICTURE),
    ("weight_norm_conv2d", {}, PICTURE),
    ("self_attention", {}, SEQUENCE),
    ("gru", {}, SEQUENCE),
    ("transformer_encoder_layer", {"num_heads": 2}, SEQUENCE),
)


@pytest.mark.parametrize("case", BLOCKS, ids=str)
def test_a_block_keeps_what_autograd_saves(case: tuple[str, dict[str, Value], tuple[int | Dim, ...]]) -> None:
    id, given, shape = case
    type = BLOCK_TYPES[id]
    parameters = {parameter.id: parameter.default for parameter in type.parameters} | given
    inputs = {"input": TensorSpec(shape=shape, dtype="float32")}
    kept = probe(type, parameters, inputs, 7).kept

    def real(rows: int) -> int:
        module = construct(type, parameters, inputs).train()
        lengths = {"N": rows, "T": 7}
        tensor = torch.rand([lengths[length.symbol] if isinstance(length, Dim) else length for length in shape])
        own = {one.untyped_storage().data_ptr() for one in (*module.parameters(), *module.buffers())}
        saved: dict[int, Tensor] = {}

        def keep(tensor: Tensor) -> Tensor:
            saved[tensor.untyped_storage().data_ptr()] = tensor
            return tensor

        with saved_tensors_hooks(keep, lambda tensor: tensor):
            module(tensor.requires_grad_())
        return sum(tensor.untyped_storage().nbytes() for place, tensor in saved.items() if place not in own)

    assert kept.own + sum(kept.ports.values()) == (real(24) - real(8)) // 16

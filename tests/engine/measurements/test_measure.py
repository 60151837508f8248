"""No measurement leaves a trace in the training."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Graph
from engine.graph.problem import Refused
from engine.measurements.measure import measure
from engine.measurements.results import Ask
from engine.training.plan import replace
from engine.training.session import Session, open_session
from tests.engine.measurements.conftest import DIGITS, Blocks, Open

ASKS = [
    Ask(id="1", kind="filters", block="conv"),
    Ask(id="2", kind="filters", block="hidden"),
    Ask(id="3", kind="latent", block="hidden"),
    Ask(id="4", kind="latent", block="norm"),
    Ask(id="5", kind="predictions", block="loss"),
    Ask(id="6", kind="samples", block="in"),
    Ask(id="7", kind="preview", block="pool"),
    Ask(id="8", kind="preview", block="norm"),
]


def train_steps(session: Session, steps: int, looked_at: bool) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
    session.network.initialise(0)
    torch.manual_seed(7)
    cut = session.network.training_slice()
    session.network.root.train()
    optimiser = torch.optim.Adam(session.network.root.parameters(), 0.01)
    data = session.data["digits"]
    order = data.order(0, 0)
    losses = []
    for step in range(steps):
        rows = order[step * 32 : step * 32 + 32]
        given = [data.tensors[key.rpartition("/")[2]][rows] for key in cut.inputs]
        total = cut.module(*given)[0]
        total.backward()
        if looked_at:
            for ask in ASKS:
                measure(session, ask)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(total.detach())
    return losses, {key: tensor.clone() for key, tensor in session.network.state().items()}


def test_training_gives_the_same_bits_watched_or_not(convnet: Session) -> None:
    """Dropout and batch norm stand in the drawing, so a drawn number or a statistic too many would show."""
    alone, alone_state = train_steps(convnet, 6, looked_at=False)
    watched, watched_state = train_steps(convnet, 6, looked_at=True)
    assert torch.equal(torch.stack(alone), torch.stack(watched))
    assert len(set(map(float, alone))) == 6
    for key, tensor in alone_state.items():
        assert torch.equal(tensor, watched_state[key]), key


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: f"{ask.kind}-{ask.block}")
def test_mode_gradients_and_random_state_stay(convnet: Session, ask: Ask) -> None:
    convnet.network.root.train()
    convnet.network.block("norm").eval()
    modes = [module.training for module in convnet.network.root.modules()]
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    before = {key: tensor.clone() for key, tensor in convnet.network.state().items()}
    answer = measure(convnet, ask)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)
    assert [module.training for module in convnet.network.root.modules()] == modes
    assert torch.is_grad_enabled()
    assert all(parameter.grad is None for parameter in convnet.network.root.parameters())
    for key, tensor in convnet.network.state().items():
        assert torch.equal(tensor, before[key])
    for array in answer.values():
        assert isinstance(array, np.ndarray)
        assert array.flags.c_contiguous
        assert array.flags.owndata
        assert array.dtype in (np.float32, np.int64)
        assert np.isfinite(array).all()


def test_answers_are_copies(convnet: Session) -> None:
    answer = measure(convnet, Ask(id="a", kind="filters", block="conv"))["filters"]
    kept = answer.copy()
    with torch.no_grad():
        convnet.network.block("conv").weight += 1
    np.testing.assert_array_equal(answer, kept)
    samples = measure(convnet, Ask(id="a", kind="samples", block="in"))["pictures"]
    samples += 1
    assert convnet.data["digits"].dataset.arrays["image"].max() == 1


def test_the_mode_comes_back_after_a_refusal(convnet: Session) -> None:
    convnet.network.root.train()
    for ask, words in [
        (Ask(id="a", kind="filters", block="relu"), "ReLU has no filters to show. Choose a convolution"),
        (Ask(id="b", kind="filters", block="gone"), "The network does not have this block yet"),
        (Ask(id="c", kind="latent", block="loss"), "“loss” gives nothing that can be shown"),
        (Ask(id="d", kind="latent", block="gone"), "The network does not have this block yet"),
        (Ask(id="e", kind="boundary"), "reads two numbers, but this one reads image N×1×8×8"),
    ]:
        with pytest.raises(Refused, match=words):
            measure(convnet, ask)
    assert all(module.training for module in convnet.network.root.modules())


def test_a_bypassed_block_is_said_to_be_so(opened: Open) -> None:
    given = opened(
        {
            "in": ("input", DIGITS),
            "conv": ("conv2d", {"out_channels": 1, "kernel_size": (3, 3), "padding": "same"}),
            "flat": ("flatten", {}),
            "out": ("dense", {"out_features": 10}),
            "loss": ("cross_entropy", {}),
        },
        "in.image>conv.input conv.output>flat.input flat.output>out.input out.output>loss.logits in.label>loss.target",
    )
    graph = given.request.graph
    blocks = {**graph.blocks, "conv": replace(graph.blocks["conv"], bypassed=True)}
    request = replace(given.request, graph=replace(graph, blocks=blocks))
    session = open_session(request, BLOCK_TYPES)
    for kind in ("filters", "latent", "preview"):
        with pytest.raises(
            Refused, match="^Convolution “conv” is bypassed: it passes on what comes in. Choose Use again"
        ):
            measure(session, Ask(id="a", kind=kind, block="conv"))


def test_a_copy_in_a_repeat_is_named(opened: Open, draw: Callable[[Blocks, str], Graph]) -> None:
    body = draw(
        {"entry": ("entry", {}), "act": ("relu", {}), "exit": ("exit", {})},
        "entry.output>act.input act.output>exit.input",
    )
    session = opened(
        {
            "in": ("input", DIGITS),
            "rep": ("repeat", {"count": 2}, body),
            "flat": ("flatten", {}),
            "out": ("dense", {"out_features": 10}),
            "loss": ("cross_entropy", {}),
        },
        "in.image>rep.entry rep.exit>flat.input flat.output>out.input out.output>loss.logits in.label>loss.target",
    )
    for key in ("rep/act", "rep/1/act"):
        with pytest.raises(Refused, match="^ReLU “act” has no filters to show"):
            measure(session, Ask(id="a", kind="filters", block=key))


def test_without_data_the_input_is_named(convnet: Session) -> None:
    convnet.data = {}
    for kind in ("latent", "predictions", "samples", "preview"):
        with pytest.raises(Refused, match="has no dataset. Choose one in the Dataset menu"):
            measure(convnet, Ask(id="a", kind=kind, block="in"))
    assert measure(convnet, Ask(id="a", kind="filters", block="conv"))["filters"].shape == (6, 3, 3)

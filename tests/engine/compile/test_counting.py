from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.compile.counting import MultiplyAdds
from engine.modules.recurrent import LSTM
from engine.project.drawing import Drawing


def counted(module: nn.Module, *inputs: torch.Tensor) -> int:
    with torch.no_grad(), MultiplyAdds() as mode:
        module.eval()(*inputs)
    return mode.total


def test_a_convolution_by_hand_and_by_torch() -> None:
    module, image = nn.Conv2d(3, 8, 5, stride=2, padding=2), torch.zeros(2, 3, 28, 28)
    by_hand = 2 * 8 * 14 * 14 * 3 * 5 * 5
    with FlopCounterMode(display=False) as flops:
        module(image)
    assert counted(module, image) == by_hand == flops.get_total_flops() // 2


def test_groups_divide_the_work() -> None:
    assert counted(nn.Conv2d(8, 8, 3, padding=1, groups=8), torch.zeros(1, 8, 4, 4)) == 8 * 16 * 9


def test_a_dense_layer_by_hand() -> None:
    assert counted(nn.Linear(30, 20), torch.zeros(7, 30)) == 7 * 30 * 20
    assert counted(nn.Linear(30, 20), torch.zeros(7, 5, 30)) == 7 * 5 * 30 * 20


def test_an_lstm_by_hand() -> None:
    one = LSTM(input_size=3, hidden_size=5)
    assert counted(one, torch.zeros(2, 11, 3)) == 2 * 11 * 4 * 5 * (3 + 5)
    two = LSTM(input_size=3, hidden_size=5, num_layers=2, bidirectional=True)
    layers = 2 * 4 * 5 * (3 + 5) + 2 * 4 * 5 * (10 + 5)
    assert counted(two, torch.zeros(2, 11, 3)) == 2 * 11 * layers


def test_attention_by_hand() -> None:
    query, key, value = torch.zeros(2, 4, 6, 8), torch.zeros(2, 4, 9, 8), torch.zeros(2, 4, 9, 8)
    with torch.no_grad(), MultiplyAdds() as mode:
        nn.functional.scaled_dot_product_attention(query, key, value)
    assert mode.total == 2 * 4 * 6 * 9 * (8 + 8)


def test_bilinear_by_hand() -> None:
    first, second = torch.zeros(6, 3), torch.zeros(6, 4)
    with torch.no_grad(), MultiplyAdds() as mode:
        nn.Bilinear(3, 4, 5)(first, second)
    assert mode.total == 6 * 5 * (3 * 4 + 4)


def test_counting_is_for_this_thread_and_ends_with_its_block() -> None:
    mode = MultiplyAdds()
    with torch.no_grad(), mode:
        torch.zeros(2, 3) @ torch.zeros(3, 4)
    torch.zeros(2, 3) @ torch.zeros(3, 4)
    assert mode.total == 2 * 3 * 4
    assert torch.nn.modules.module._global_forward_hooks == {}


def test_lenet_5_has_its_published_size() -> None:
    """LeCun et al., 1998, as taught today: 61,706 weights."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("image: 1×28×28", "label: 10 classes"))
    drawn.add("c1", "conv2d", out_channels=6, kernel_size=(5, 5), padding="same")
    drawn.add("s2", "avg_pool2d")
    drawn.add("c3", "conv2d", out_channels=16, kernel_size=(5, 5), padding="none")
    drawn.add("s4", "avg_pool2d")
    drawn.add("flat", "flatten")
    drawn.add("f5", "dense", out_features=120)
    drawn.add("f6", "dense", out_features=84)
    drawn.add("f7", "dense", out_features=10)
    drawn.chain("in.image", "c1", "s2", "c3", "s4", "flat", "f5", "f6", "f7")
    analysis = Analyser(BLOCK_TYPES).analyse(drawn.graph)
    assert not analysis.problems
    assert analysis.total.parameters == 61_706
    assert analysis.total.multiply_adds == 6 * 28 * 28 * 25 + 16 * 10 * 10 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10


def test_lenet_5_as_published_has_60000_weights() -> None:
    """LeCun et al., 1998: C3 by its table, trainable subsampling; the fixed output units have none."""
    drawn = Drawing(BLOCK_TYPES)
    drawn.add("in", "input", fields=("image: 1×32×32", "label: 10 classes"))
    drawn.add("c1", "conv2d", out_channels=6, kernel_size=(5, 5), padding="none")
    drawn.add("s2", "subsampling")
    drawn.add("c3", "table_conv2d")
    drawn.add("s4", "subsampling")
    drawn.add("c5", "conv2d", out_channels=120, kernel_size=(5, 5), padding="none")
    drawn.add("flat", "flatten")
    drawn.add("f6", "dense", out_features=84)
    drawn.chain("in.image", "c1", "s2", "c3", "s4", "c5", "flat", "f6")
    analysis = Analyser(BLOCK_TYPES).analyse(drawn.graph)
    assert not analysis.problems
    counts = {id: analysis.costs[id].parameters for id in ("c1", "s2", "c3", "s4", "c5", "f6")}
    assert counts == {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert analysis.total.parameters == 60_000

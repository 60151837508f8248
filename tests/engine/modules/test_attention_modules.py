from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.probing import probe
from engine.graph.tensor_spec import Dim, TensorSpec
from engine.graph.values import Value
from engine.modules.attention import CrossAttention, MultiheadAttention, SelfAttention
from engine.modules.positional import ClassToken, LearnedEncoding, PatchEmbedding, RotaryEncoding, SinusoidalEncoding
from engine.modules.transformer import TransformerDecoderLayer, TransformerEncoderLayer

N, T = Dim("N"), Dim("T")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def mask(steps: int) -> torch.Tensor:
    return nn.Transformer.generate_square_subsequent_mask(steps)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("attention_map", [True, False])
@pytest.mark.parametrize("sizes", [{}, {"kdim": 6, "vdim": 10}])
def test_attention_is_pytorchs(causal: bool, attention_map: bool, sizes: dict[str, int]) -> None:
    own = MultiheadAttention(8, 2, causal=causal, attention_map=attention_map, **sizes)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True, **sizes)
    theirs.load_state_dict(own.state_dict())
    query = torch.randn(3, 5, 8)
    key, value = torch.randn(3, 5, sizes.get("kdim", 8)), torch.randn(3, 5, sizes.get("vdim", 8))
    wanted, shares = theirs(query, key, value, attn_mask=mask(5) if causal else None, average_attn_weights=False)
    made = own(query, key, value)
    if attention_map:
        assert torch.allclose(made[1], shares, atol=1e-6)
        made = made[0]
    assert torch.allclose(made, wanted, atol=1e-6)


def test_self_and_cross_attention_share_their_inputs() -> None:
    x, memory = torch.randn(2, 5, 8), torch.randn(2, 7, 8)
    plain, own, cross = MultiheadAttention(8, 2), SelfAttention(8, 2), CrossAttention(8, 2)
    for other in (own, cross):
        other.load_state_dict(plain.state_dict())
    assert torch.equal(own(x), plain(x, x, x))
    assert torch.equal(cross(x, memory), plain(x, memory, memory))


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_transformer_layers_are_pytorchs(norm_first: bool, causal: bool, bias: bool) -> None:
    x, memory = torch.randn(3, 5, 8), torch.randn(3, 7, 8)
    settings = {"dim_feedforward": 16, "norm_first": norm_first, "bias": bias, "activation": "gelu", "dropout": 0.0}
    encoder = TransformerEncoderLayer(8, 2, causal, **settings)
    reference = nn.TransformerEncoderLayer(8, 2, batch_first=True, **settings)
    reference.load_state_dict(encoder.state_dict())
    assert torch.allclose(encoder(x), reference(x, mask(5) if causal else None), atol=1e-5)
    decoder = TransformerDecoderLayer(8, 2, causal, **settings)
    other = nn.TransformerDecoderLayer(8, 2, batch_first=True, **settings)
    other.load_state_dict(decoder.state_dict())
    assert torch.allclose(decoder(x, memory), other(x, memory, mask(5) if causal else None), atol=1e-5)


def test_a_causal_layer_does_not_see_the_future() -> None:
    for rotary in (True, False):
        layer = TransformerEncoderLayer(8, 2, causal=True, rotary=rotary, dropout=0.0)
        x = torch.randn(1, 6, 8)
        later = x.clone()
        later[:, 4:] += 1
        assert torch.allclose(layer(x)[:, :4], layer(later)[:, :4], atol=1e-6)
        assert not torch.allclose(layer(x)[:, 4:], layer(later)[:, 4:])


def test_only_positions_tell_attention_the_order() -> None:
    x = torch.randn(1, 6, 8)
    turned = x.flip(1)
    plain = SelfAttention(8, 2)
    assert torch.allclose(plain(x), plain(turned).flip(1), atol=1e-6)
    rotary = SelfAttention(8, 2, rotary=True)
    assert not torch.allclose(rotary(x), rotary(turned).flip(1), atol=1e-3)


def test_the_sinusoidal_table_is_that_of_the_paper() -> None:
    for features in (6, 7):
        table = SinusoidalEncoding()(torch.zeros(1, 20, features))[0]
        for t in (0, 3, 19):
            for i in range(features):
                angle = t / 10_000 ** ((i - i % 2) / features)
                assert table[t, i].item() == pytest.approx((math.cos if i % 2 else math.sin)(angle), abs=1e-5)


def test_rotary_products_see_only_the_distance() -> None:
    query, key = torch.randn(2, 8).unbind(0)
    turn = RotaryEncoding()
    queries, keys = turn(query.expand(1, 30, 8))[0], turn(key.expand(1, 30, 8))[0]
    assert torch.allclose(queries.norm(dim=1), query.norm().expand(30), atol=1e-5)
    assert (queries[7] @ keys[4]).item() == pytest.approx((queries[25] @ keys[22]).item(), abs=1e-4)
    assert (queries[7] @ keys[4]).item() != pytest.approx((queries[7] @ keys[5]).item(), abs=1e-3)


def test_learned_positions_end_in_words() -> None:
    encoding = LearnedEncoding(8, 4)
    x = torch.randn(2, 5, 4)
    assert torch.equal(encoding(x), x + encoding.weight[:5])
    with pytest.raises(ValueError, match="9 steps"):
        encoding(torch.randn(2, 9, 4))


def test_patches_run_along_rows() -> None:
    embedding = PatchEmbedding(1, 4, (2, 2), bias=False)
    nn.init.zeros_(embedding.weight)
    with torch.no_grad():
        for place in range(4):
            embedding.weight[place, 0, place // 2, place % 2] = 1
    picture = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert embedding(picture)[0].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    token = ClassToken(4)
    assert torch.equal(token(embedding(picture))[:, 0], token.weight[None])
    assert torch.equal(token(embedding(picture))[:, 1:], embedding(picture))


def cost(id: str, *lengths: tuple[int | Dim, int], time: int, **changed: Value) -> int:
    type = BLOCK_TYPES[id]
    parameters = {parameter.id: parameter.default for parameter in type.parameters} | changed
    ports = [port.id for port in type.ports(parameters, None).inputs]
    inputs = {port: TensorSpec((N, *shape), "float32") for port, shape in zip(ports, lengths, strict=True)}
    return probe(type, parameters, inputs, time).cost.multiply_adds


@pytest.mark.parametrize("attention_map", [True, False])
def test_multiply_adds_by_hand(attention_map: bool) -> None:
    t, d, s = 7, 8, 5
    attention = 4 * t * d * d + 2 * t * t * d
    assert cost("self_attention", (T, d), time=t, attention_map=attention_map) == attention
    assert cost("transformer_encoder_layer", (T, d), time=t) == attention + 2 * t * d * 128
    across = 2 * t * d * d + 2 * s * d * d + 2 * t * s * d
    assert cost("cross_attention", (T, d), (s, d), time=t, attention_map=attention_map) == across
    assert cost("transformer_decoder_layer", (T, d), (s, d), time=t) == attention + across + 2 * t * d * 128


def test_a_class_token_changes_the_length() -> None:
    type = BLOCK_TYPES["class_token"]
    found = probe(type, {}, {"input": TensorSpec((N, T, 8), "float32")}, None)
    assert str(found.outputs["output"]) == "N×T′×8"


@pytest.mark.parametrize(
    ("id", "inputs", "changed"),
    [
        ("self_attention", {"input": (T, 6)}, {}),
        ("self_attention", {"input": (T, 12)}, {"rotary": True}),
        ("multihead_attention", {"query": (T, 8), "key": (5, 8), "value": (6, 8)}, {}),
        ("multihead_attention", {"query": (T, 8), "key": (5, 8), "value": (5, 8)}, {"causal": True}),
        ("transformer_decoder_layer", {"input": (T, 8), "memory": (5, 12)}, {}),
        ("learned_encoding", {"input": (200, 8)}, {}),
        ("rotary_encoding", {"input": (T, 7)}, {}),
        ("patch_embedding", {"input": (1, 7, 8)}, {}),
    ],
)
def test_it_refuses(id: str, inputs: dict[str, tuple[int | Dim, ...]], changed: dict[str, Value]) -> None:
    type = BLOCK_TYPES[id]
    parameters = {parameter.id: parameter.default for parameter in type.parameters} | changed
    assert type.expect(parameters, {port: TensorSpec((N, *shape), "float32") for port, shape in inputs.items()})

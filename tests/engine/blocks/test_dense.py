from __future__ import annotations

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.tensor_spec import Dim, TensorSpec
from tests.engine.blocks.asking import defaults, expect

N, T = Dim("N"), Dim("T")
ROWS, TOKENS = TensorSpec((N, 12), "float32"), TensorSpec((N, T), "int64")


def test_embeddings_read_tokens_and_nothing_else() -> None:
    assert expect("embedding", {"input": TOKENS}) is None
    fault = expect("embedding", {"input": ROWS})
    assert fault is not None
    assert (fault.code, fault.facts["expected"]) == ("dtype", "token ids")
    fault = expect("embedding_bag", {"input": TensorSpec((N,), "int64")})
    assert fault is not None
    assert fault.code == "rank"


def test_a_padding_token_must_be_one_of_the_tokens() -> None:
    assert expect("embedding", {"input": TOKENS}, num_embeddings=5, padding_idx=4) is None
    fault = expect("embedding", {"input": TOKENS}, num_embeddings=5, padding_idx=5)
    assert fault is not None
    assert fault.facts["reason"] == "there is no padding token 5 among 5"


def test_bilinear_names_the_port_whose_rows_do_not_pair() -> None:
    assert expect("bilinear", {"a": ROWS, "b": TensorSpec((N, 3), "float32")}) is None
    fault = expect("bilinear", {"a": ROWS, "b": TensorSpec((N, 4, 12), "float32")})
    assert fault is not None
    assert (fault.code, fault.port) == ("channels", "b")
    picture = expect("bilinear", {"b": TensorSpec((N, 1, 8, 8), "float32")})
    assert picture is not None
    assert picture.port == "b"
    assert picture.repairs[0].type == "flatten"


def test_local_connections_take_the_size_of_their_picture() -> None:
    type = BLOCK_TYPES["locally_connected2d"]
    spec = TensorSpec((N, 3, 28, 20), "float32")
    arguments = type.arguments(defaults(type.id), {"input": spec})
    assert (arguments["in_channels"], arguments["input_size"]) == (3, (28, 20))
    fault = expect("locally_connected1d", {"input": TensorSpec((N, 3, T), "float32")})
    assert fault is not None
    assert fault.code == "channels"
    fault = expect("locally_connected2d", {"input": TensorSpec((N, 1, 2, 8), "float32")})
    assert fault is not None
    assert fault.code == "window"

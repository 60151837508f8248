"""What every block type refuses is told in a sentence, and refused or misread by torch."""

from __future__ import annotations

import pytest
import torch

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.probing import construct
from engine.graph.block_type import BlockType
from engine.graph.connection_rules import mismatch_problem
from engine.graph.graph import Block, Graph, PortRef
from tests.every_block.cases import MODULES, inputs_of, ordered, parameter_sets, real, run, words

# They only count the samples of what comes in.
TAKES_ANYTHING = ("constant", "noise_source")


@pytest.mark.parametrize("type", MODULES, ids=lambda type: type.id)
def test_what_it_refuses_is_told_in_a_whole_sentence(type: BlockType) -> None:
    refused = 0
    for parameters in parameter_sets(type):
        for inputs in inputs_of(type, parameters):
            mismatch = type.expect(parameters, inputs)
            if mismatch is None:
                continue
            refused += 1
            assert mismatch.port in inputs
            source = PortRef("giver", "output")
            block = Block("b", type.id, "Some block")
            graph = Graph(blocks={"b": block, "giver": Block("giver", "relu", "Giver")})
            problem = mismatch_problem(mismatch, BLOCK_TYPES, graph, (), block, source)
            assert "?" not in problem.sentence, problem.sentence
            assert "{" not in problem.sentence
            assert problem.sentence.endswith(".")
            assert all("?" not in fix.label for fix in problem.fixes)
            assert all(repair.type in BLOCK_TYPES for repair in mismatch.repairs)
            for port in inputs:
                type.expect(parameters, {port: inputs[port]})
    assert type.expect({parameter.id: parameter.default for parameter in type.parameters}, {}) is None
    assert bool(refused) != (type.id in TAKES_ANYTHING), "something does not fit every other block"


# Values refused although torch has an answer for them.
TORCH_MISREADS = {
    "dense": "a matrix over the last axis of pictures",
    "bilinear": "products over the last axis of pictures",
    "maxout": "a matrix over the last axis of pictures",
    "rbf_layer": "distances over the last axis of pictures",
    "code_distance": "distances over the last axis of pictures",
    "dropout1d": "drops channels of what is no sequence",
    "dropout3d": "drops channels of what is no volume",
    "conv3d": "reads N×H×W×D as one volume where N is the number of channels",
    "conv_transpose3d": "reads N×H×W×D as one volume where N is the number of channels",
    **{
        f"{pool}_pool{axes}d": "reads N×… as one sample of N channels"
        for pool in ("max", "avg", "sum", "lp", "adaptive_avg", "adaptive_max")
        for axes in (1, 2, 3)
        if (pool, axes) not in {("sum", 1), ("lp", 1)}
    },
    **{f"global_{pool}_pool{axes}d": "pools over any axes" for pool in ("avg", "max") for axes in (1, 2, 3)},
    "fractional_max_pool2d": "leaves nothing of a single pixel",
    "unpool1d": "enlarges one axis of a picture",
    "unpool2d": "enlarges two axes of a volume",
    "pixel_shuffle": "shuffles volumes",
    "pixel_unshuffle": "unshuffles volumes",
    **dict.fromkeys(("glu", "rbm", "sinusoidal_encoding"), "N×C×T while T happens to be C or even"),
    "weight_norm_dense": "a matrix over the last axis of pictures",
    "spectral_norm_dense": "a matrix over the last axis of pictures",
    "instance_norm3d": "reads N×H×W×D as one volume where N is the number of channels",
    "group_norm": "normalises single numbers to 0",
    "winner_take_all": "all of too few units win",
    "add": "broadcasts",
    "cross_entropy": "takes probabilities as targets, and pictures of classes",
    "binary_cross_entropy": "reshapes the target",
    "lstm": "reads rows as one sequence",
    "softmax2d": "reads N×H×W as one picture",
    "multiply": "broadcasts",
    "subtract": "broadcasts",
    "divide": "broadcasts",
    "average": "broadcasts",
    "maximum": "broadcasts",
    "minimum": "broadcasts",
    "dot": "broadcasts",
    "l1_distance": "broadcasts",
    "l2_distance": "broadcasts",
    "cosine_distance": "broadcasts",
    "weighted_l1_distance": "broadcasts",
    "split": "makes pieces of different lengths",
    "squeeze": "leaves longer axes as they are",
    "tile": "repeats the samples",
    "reduce": "takes the mean of one number",
    "pad": "pads the samples",
    "crop": "crops to what is left",
    "unit_quaternion": "normalises rows of any length",
    "reconstruction_cross_entropy": "broadcasts",
    "kl_divergence": "broadcasts",
    "poisson_nll": "broadcasts",
    "contrastive": "broadcasts",
    "cosine_embedding": "broadcasts",
    "triplet": "measures along the last axis",
    "vae_kl": "broadcasts",
    "contractive": "sees no dependence between tensors given by hand",
    "style_loss": "multiplies any maps of as many channels",
    "total_variation": "reads two of three axes",
    "ctc": "reads values as symbols",
    "gru": "reads rows as one sequence",
    "rnn": "reads rows as one sequence",
    "multihead_attention": "takes values of another length than their keys",
    "cross_attention": "takes a picture for a sequence",
    "sinusoidal_encoding": "takes the axis of time for features",
    "learned_encoding": "broadcasts",
    "rotary_encoding": "turns along the last axis of anything",
    "gaussian_sample": "broadcasts",
    "deep_boltzmann_machine": "reads rows of any length that fits",
    "hopfield": "reads rows of any length that fits",
}


@pytest.mark.parametrize("type", MODULES, ids=lambda type: type.id)
def test_values_that_it_refuses_torch_refuses_or_misreads(type: BlockType) -> None:
    parameters = {parameter.id: parameter.default for parameter in type.parameters}
    taken = []
    for inputs in inputs_of(type, parameters):
        if type.expect(parameters, inputs) is None or any(spec.is_label for spec in inputs.values()):
            continue
        try:
            module = construct(type, parameters, inputs)
            with torch.no_grad():
                run(module, *(real(spec, 3, 4) for spec in ordered(type, parameters, inputs)))
        except (RuntimeError, ValueError, AssertionError, TypeError, IndexError, UserWarning):
            continue
        taken.append(words(type, parameters, inputs))
    assert bool(taken) == (type.id in TORCH_MISREADS), taken

"""Which datasets a drawing reads."""

from engine.blocks.catalogue import BLOCK_TYPES
from engine.blocks.inputs import dataset_names
from engine.graph.graph import Block, Graph


def test_datasets_are_those_that_inputs_bring_fields_of_each_once():
    parameters = ({}, {"dataset": "mnist"}, {"dataset": "mnist"}, {"dataset": ""}, {"dataset": "iris", "fields": ()})
    blocks = [Block(id=f"i{n}", type="input", name=f"i{n}", parameters=some) for n, some in enumerate(parameters)]
    blocks += [Block(id="d", type="dense", name="d"), Block(id="x", type="of another version", name="x")]
    assert dataset_names(Graph(blocks={block.id: block for block in blocks}), BLOCK_TYPES) == ("digits", "mnist")

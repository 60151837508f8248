from importlib.resources import as_file, files

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import encode_graph
from engine.graph.problem import Refused
from engine.project.examples import ORDER, all_example_ids, example_bytes, example_ids, examples, read_example
from engine.project.project_file import read_project
from resources.make_examples import EXAMPLES


def test_the_gallery_lists_what_is_shipped_in_its_order() -> None:
    listed = examples()
    assert tuple(example.id for example in listed) == all_example_ids()
    known = [id for id in example_ids() if id in ORDER]
    assert known == sorted(known, key=ORDER.index)
    for example in listed:
        assert example.id == example.id.lower()
        assert " " not in example.id
        assert example.title
        assert example.description


def test_every_example_opens_and_is_a_project_without_a_file() -> None:
    for id in all_example_ids():
        project = read_example(id)
        assert project.graph.blocks
        assert project.path is None
        assert example_bytes(id).startswith(b"PK")


@pytest.mark.parametrize("id", ["nothing", "", "../themes/dark", "digits-convnet.loom"])
def test_an_example_that_is_not_there_is_refused(id: str) -> None:
    with pytest.raises(Refused) as refused:
        read_example(id)
    assert refused.value.problem.code == "example"
    with pytest.raises(Refused):
        example_bytes(id)


def test_the_script_draws_all_examples_and_no_others() -> None:
    assert tuple(EXAMPLES) == example_ids() == ORDER


@pytest.mark.parametrize("id", ORDER)
def test_the_files_are_what_the_script_draws(id: str) -> None:
    """`python -m resources.make_examples` writes them anew."""
    made = EXAMPLES[id]()
    with as_file(files("resources") / "examples" / f"{id}.loom") as path:
        shipped = read_project(path, BLOCK_TYPES)
    assert encode_graph(shipped.graph) == encode_graph(made.graph)
    assert shipped.settings == made.settings
    assert (shipped.info.edited, shipped.has_weights, dict(shipped.curves)) == (False, False, {})

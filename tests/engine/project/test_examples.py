import pytest

from engine.graph.problem import Refused
from engine.project.examples import ORDER, all_example_ids, example_bytes, example_ids, examples, read_example


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

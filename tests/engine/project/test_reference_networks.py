"""The published networks have exactly the weights that were published, and are drawn so that they can be read."""

from __future__ import annotations

import re
from importlib.resources import as_file, files

import pytest

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.data.catalogue import DATASETS
from engine.graph.block_size import Drawn
from engine.graph.graph import Graph, encode_graph
from engine.graph.paths import bodies
from engine.project.examples import REFERENCES, read_example, reference_ids
from engine.project.project_file import Project, read_project
from engine.training.check_plan import check_plan
from resources.make_references import NETWORKS
from tests.published_networks import PARAMETERS


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(BLOCK_TYPES)


@pytest.fixture(params=sorted(PARAMETERS))
def network(request: pytest.FixtureRequest) -> tuple[str, Project]:
    return request.param, read_example(request.param)


def test_all_are_shipped_and_listed_from_the_oldest_on() -> None:
    assert reference_ids() == REFERENCES
    assert set(REFERENCES) == set(PARAMETERS) == set(NETWORKS)


def test_the_weights_are_as_many_as_published(network: tuple[str, Project], analyser: Analyser) -> None:
    id, project = network
    analysis = analyser.analyse(project.graph)
    assert [problem.sentence for problem in analysis.problems] == []
    assert analysis.total.parameters == PARAMETERS[id]


def test_a_check_without_data_finds_no_error(network: tuple[str, Project], analyser: Analyser) -> None:
    _, project = network
    analysis = analyser.analyse(project.graph)
    problems = check_plan(project.graph, project.settings.plan, DATASETS, BLOCK_TYPES, analysis, for_run=False)
    assert [problem.sentence for problem in problems if problem.severity == "error"] == []


def test_each_ends_in_a_loss(network: tuple[str, Project]) -> None:
    _, project = network
    roles = [BLOCK_TYPES[block.type].role for block in project.graph.blocks.values()]
    assert roles.count("loss") == 1
    sources = {wire.source.block for wire in project.graph.wires}
    ends = [block for id, block in project.graph.blocks.items() if id not in sources]
    assert [BLOCK_TYPES[block.type].role for block in ends] == ["loss"]


def test_no_block_lies_on_another(network: tuple[str, Project]) -> None:
    _, project = network
    for _, body in bodies(project.graph):
        assert overlaps(body) == []


def overlaps(body: Graph) -> list[tuple[str, str]]:
    placed = []
    for block in body.blocks.values():
        width, height = Drawn(block, BLOCK_TYPES[block.type], {}, None).size
        placed.append((block.look.x, block.look.y, block.look.x + width, block.look.y + height, block.name))
    return [
        (one[4], other[4])
        for at, one in enumerate(placed)
        for other in placed[at + 1 :]
        if one[0] < other[2] + 16 and other[0] < one[2] + 16 and one[1] < other[3] + 16 and other[1] < one[3] + 16
    ]


def test_the_files_are_what_the_script_draws(network: tuple[str, Project]) -> None:
    """`python -m resources.make_references` writes them anew."""
    id, project = network
    made = NETWORKS[id]()
    assert encode_graph(made.graph) == encode_graph(project.graph)
    assert made.settings == project.settings
    with as_file(files("resources") / "examples" / "reference" / f"{id}.loom") as path:
        assert encode_graph(read_project(path, BLOCK_TYPES).graph) == encode_graph(made.graph)


def test_texts_tell_the_number_of_weights_that_analysis_finds(network: tuple[str, Project]) -> None:
    id, project = network
    numbers = re.findall(r"\d{1,3}(?:\u2009\d{3})+", project.settings.about)
    assert all(number == f"{PARAMETERS[id]:,}".replace(",", "\u2009") for number in numbers)
    assert project.settings.title
    assert project.settings.tries

"""The shipped examples: their list for the gallery, and each as a project."""

from __future__ import annotations

from collections.abc import Container
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from engine.graph.problem import refused
from engine.graph.values import Plain
from engine.project.project_file import SUFFIX, Project, read_project

ORDER = (
    "digits-convnet",
    "digits-dense",
    "digits-residual",
    "digits-autoencoder",
    "digits-rbm",
    "sequence-lstm",
    "moons-boundary",
)


class Example(Plain, frozen=True):
    """One line of the gallery."""

    id: str
    title: str
    description: str


def example_ids() -> tuple[str, ...]:
    """The ids of the shipped examples, in the gallery's order; no file is opened."""
    found = [file.name.removesuffix(SUFFIX) for file in _folder().iterdir() if file.name.endswith(SUFFIX)]
    return tuple(sorted(found, key=lambda id: (ORDER.index(id) if id in ORDER else len(ORDER), id)))


def examples(types: Container[str] | None = None) -> tuple[Example, ...]:
    """The shipped examples with what their files say about themselves."""
    found = ((id, read_example(id, types).settings) for id in example_ids())
    return tuple(Example(id=id, title=settings.title, description=settings.about) for id, settings in found)


def read_example(id: str, types: Container[str] | None = None) -> Project:
    """The example as a project without a file. Raises Refused `example` where there is none."""
    with as_file(_example(id)) as path:
        project = read_project(path, types)
    return Project(graph=project.graph, settings=project.settings, info=project.info, curves=project.curves)


def example_bytes(id: str) -> bytes:
    """The example's file. Raises Refused `example` where there is none."""
    return _example(id).read_bytes()


def _folder() -> Traversable:
    return files("resources").joinpath("examples")


def _example(id: str) -> Traversable:
    known = example_ids()
    if id not in known:
        raise refused("example", name=id, known=", ".join(known) or "none")
    return _folder().joinpath(id + SUFFIX)

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
REFERENCES = (
    "lenet-5",
    "lenet-5-published",
    "alexnet",
    "alexnet-one-column",
    "zfnet",
    "vgg-16",
    "googlenet",
    "resnet-18",
    "resnet-50",
    "resnet-152",
    "highway-50",
    "pilotnet",
    "unet",
    "siamese-convnet",
    "deep-autoencoder",
    "deep-autoencoder-tied",
    "dbn",
    "vision-transformer",
)


class Example(Plain, frozen=True):
    """One line of the gallery."""

    id: str
    title: str
    description: str


def example_ids() -> tuple[str, ...]:
    """The ids of the examples that train at once, in the gallery's order; no file is opened."""
    return tuple(sorted(_ids(_folder()), key=lambda id: (ORDER.index(id) if id in ORDER else len(ORDER), id)))


def reference_ids() -> tuple[str, ...]:
    """The ids of the published networks, from the oldest family on; no file is opened."""
    known = REFERENCES
    return tuple(sorted(_ids(_references()), key=lambda id: (known.index(id) if id in known else len(known), id)))


def all_example_ids() -> tuple[str, ...]:
    """The examples, then the published networks."""
    return (*example_ids(), *reference_ids())


def examples(types: Container[str] | None = None) -> tuple[Example, ...]:
    """All that is shipped, with what the files say about themselves: the examples, then the published networks."""
    found = ((id, read_example(id, types).settings) for id in all_example_ids())
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


def _references() -> Traversable:
    return _folder().joinpath("reference")


def _ids(folder: Traversable) -> list[str]:
    if not folder.is_dir():
        return []
    return [file.name.removesuffix(SUFFIX) for file in folder.iterdir() if file.name.endswith(SUFFIX)]


def _example(id: str) -> Traversable:
    if id in reference_ids():
        return _references().joinpath(id + SUFFIX)
    if id not in example_ids():
        raise refused("example", name=id, known=", ".join(all_example_ids()) or "none")
    return _folder().joinpath(id + SUFFIX)

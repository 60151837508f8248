"""Makes the published networks in `resources/examples/reference/`: `python -m resources.make_references`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.project.project_file import SUFFIX, Project, write_project
from resources.reference_others import OTHERS
from resources.reference_pictures import PICTURES

FOLDER = Path(__file__).parent / "examples" / "reference"

NETWORKS: dict[str, Callable[[], Project]] = {**PICTURES, **OTHERS}


def main() -> None:
    """Write every network."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for id, make in NETWORKS.items():
        write_project(FOLDER / f"{id}{SUFFIX}", make())


if __name__ == "__main__":
    main()

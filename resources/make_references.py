"""Makes the published networks in `resources/examples/reference/`: `python -m resources.make_references`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.blocks.catalogue import BLOCK_TYPES
from engine.compile.analyse import Analyser
from engine.project.examples import REFERENCES
from engine.project.project_file import SUFFIX, Project, write_project
from resources.reference_others import OTHERS
from resources.reference_pictures import PICTURES

FOLDER = Path(__file__).parent / "examples" / "reference"

NETWORKS: dict[str, Callable[[], Project]] = {**PICTURES, **OTHERS}


def main() -> None:
    """Write every network, and `references.json`: what the start page says of each."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, str]] = []
    for id in REFERENCES:
        project = NETWORKS[id]()
        write_project(FOLDER / f"{id}{SUFFIX}", project)
        parameters = Analyser(BLOCK_TYPES).analyse(project.graph).total.parameters
        words = f"{parameters:,} parameters".replace(",", "\u2009")
        entries.append({"id": id, "name": project.settings.title, "line": words})
    (FOLDER / "references.json").write_bytes(msgspec.json.format(msgspec.json.encode(entries), indent=1))


if __name__ == "__main__":
    main()

"""Where datasets lie on this machine. No torch."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder(name: str) -> Path:
    """The folder of the downloaded dataset `name`; the environment's TENSORLOOM_DATA_FOLDER moves them all."""
    root = os.environ.get("TENSORLOOM_DATA_FOLDER")
    if root:
        return Path(root) / name
    from platformdirs import user_data_dir

    return Path(user_data_dir("tensorloom", appauthor=False)) / "datasets" / name

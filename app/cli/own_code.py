"""`--allow-code`: lets the Python files that a project names run in this process, and says which they are."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.graph.problem import Problem
from engine.project.own_code import AllowedCode, copy_along, named_files, own_file
from engine.project.project_file import Project
from engine.project.recovery import state_folder


def permit_code(project: Project, allow: bool) -> None:
    """Let those own files of the project run that the window has allowed for good, with `allow` all as they are now.

    Names the latter, with their SHA-256, on stderr. A project without own files is left alone.
    """
    names = named_files(project.graph)
    if not names:
        return
    folder = project.path.resolve().parent if project.path is not None else None
    hashes = set(AllowedCode(state_folder()).hashes)
    for file in (own_file(folder, name) for name in names) if allow else ():
        if file.hash:
            hashes.add(file.hash)
            sys.stderr.write(f"Allowed to run: {file.path} (SHA-256 {file.hash})\n")
    from engine.modules.own_loading import permit

    permit(folder, hashes)


def take_code_along(project: Project, folder: Path) -> None:
    """Copy the project's own files to where it was written; what is there with other content stays, and is named."""
    source = project.path.resolve().parent if project.path is not None else None
    for name in copy_along(project.graph, source, folder):
        problem = Problem(code="code-left", severity="warning", facts={"file": name, "folder": str(folder)})
        sys.stderr.write(f"{problem.sentence}\n")

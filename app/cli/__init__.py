"""The commands of `tensorloom`."""

from __future__ import annotations


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is 0 done, 1 the user's input has errors, 2 wrong usage."""
    from app.cli.commands import main

    return main(arguments)

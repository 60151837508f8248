"""Commands as a person types them, in one process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.cli.commands import main


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs one command; gives its exit code, what it printed, and its sentences on stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run

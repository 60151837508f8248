import signal

import pytest

from engine.worker.exit_words import exit_words


@pytest.mark.parametrize(
    ("code", "lines", "words"),
    [
        (0, (), "it ended by itself"),
        (-9, (), "it was killed (signal 9); perhaps memory ran out"),
        (
            1,
            ("Traceback (most recent call last):", "ImportError: no torch", ""),
            "it ended with code 1: ImportError: no torch",
        ),
        (3, ("nothing to see",), "it ended with code 3"),
        (0xC0000005, (), "it ended with code 0xC0000005"),
        (None, (), "it does not answer"),
    ],
)
def test_every_end_has_words(code: int | None, lines: tuple[str, ...], words: str) -> None:
    assert exit_words(code, lines) == words


def test_a_crash_and_an_ordinary_end_by_signal_differ() -> None:
    assert exit_words(-signal.SIGSEGV).startswith(f"it crashed (signal {int(signal.SIGSEGV)}")
    assert exit_words(-signal.SIGTERM).startswith(f"it was ended (signal {int(signal.SIGTERM)}")

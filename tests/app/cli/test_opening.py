"""Names of projects that no system allows."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x" * 300, "There is no example xxx"),
        ("x" * 300 + ".loom", f"There is no file {'x' * 300}.loom. Check the name"),
        ("./" + "x" * 300, f"There is no file {'x' * 300}. Check the name"),
        ("", "There is no example ."),
    ],
)
def test_a_name_that_cannot_be_is_no_project(run, tmp_path, name: str, words: str) -> None:
    for command in (["check", name], ["render", name, "-o", tmp_path / "x.png"], ["train", name]):
        code, _, err = run(*command)
        assert code == 1
        assert err.startswith(words)
        assert err.count("\n") == 1


def test_a_name_that_cannot_be_is_no_dataset(run) -> None:
    code, _, err = run("train", "digits-dense", "--data", "x" * 300)
    assert code == 1
    assert err.startswith("There is no dataset xxx")

"""Own files beside a project: found, hashed, allowed and copied along, and never run."""

from __future__ import annotations

from pathlib import Path

from engine.blocks.catalogue import BLOCK_TYPES
from engine.graph.graph import Block, Graph
from engine.project.own_code import AllowedCode, OwnFile, copy_along, hash_of, named_files, own_file


def drawing() -> Graph:
    inner = Graph(blocks={"c": Block("c", "custom", "Inner", {"file": "inner.py"})})
    blocks = (
        Block("a", "custom", "Mine"),
        Block("b", "group", "Group", body=inner),
        Block("d", "custom", "Evil", {"file": "../evil.py"}),
        Block("e", "dense", "Dense"),
    )
    return Graph(blocks={block.id: block for block in blocks})


def test_the_named_files_of_all_bodies() -> None:
    assert "custom" in BLOCK_TYPES
    assert set(named_files(drawing())) == {"my_block.py", "inner.py"}


def test_a_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "my_block.py").write_bytes(b"x = 1\n")
    found = own_file(tmp_path, "my_block.py")
    assert found == OwnFile("my_block.py", str(tmp_path / "my_block.py"), hash_of(b"x = 1\n"))
    assert len(found.hash) == 64
    assert own_file(tmp_path, "inner.py").hash == ""
    assert own_file(tmp_path, "../my_block.py") == OwnFile("../my_block.py")
    assert own_file(None, "my_block.py") == OwnFile("my_block.py")


def test_what_was_allowed_is_allowed_after_a_restart(tmp_path: Path) -> None:
    store = AllowedCode(tmp_path / "state")
    assert store.hashes == frozenset()
    store.allow(OwnFile("a.py", "/x/a.py", "aa"))
    store.allow(OwnFile("b.py", "/x/b.py", "bb"))
    assert AllowedCode(tmp_path / "state").hashes == {"aa", "bb"}


def test_a_damaged_store_allows_nothing(tmp_path: Path) -> None:
    (tmp_path / "allowed-code.json").write_text('{"aa": 3, ')
    assert AllowedCode(tmp_path).hashes == frozenset()


def test_files_go_along_to_another_folder_and_overwrite_nothing(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "my_block.py").write_text("1")
    (here / "inner.py").write_text("2")
    (there / "inner.py").write_text("another")
    assert copy_along(drawing(), here, there) == ("inner.py",)
    assert (there / "my_block.py").read_text() == "1"
    assert (there / "inner.py").read_text() == "another"
    assert copy_along(drawing(), here, here) == ()
    assert copy_along(drawing(), None, there) == ()

import json
from typing import Any

import pytest

from engine.graph.problem import Refused
from engine.project import versions


def test_the_present_version_is_left_as_it_is() -> None:
    data = b'{ "graph":{},  "format":1}'
    assert versions.upgraded(data, "net.loom") is data


def test_a_newer_version_is_refused_with_both_numbers() -> None:
    with pytest.raises(Refused) as refused:
        versions.upgraded(b'{"format":7,"graph":"of another kind"}', "net.loom")
    assert refused.value.problem.code == "newer"
    assert "7" in str(refused.value)
    assert "net.loom" in str(refused.value)


@pytest.mark.parametrize("data", [b"{}", b'{"format":"1"}', b'{"format":0}', b'{"format":-1}', b"[]", b"null", b"nope"])
def test_no_version_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        versions.upgraded(data, "net.loom")
    assert refused.value.problem.code == "file-json"


def test_older_versions_are_upgraded_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def add_graph(plain: dict[str, Any]) -> dict[str, Any]:
        return {**plain, "graph": {"blocks": {}}}

    def rename_plan(plain: dict[str, Any]) -> dict[str, Any]:
        rest = {key: value for key, value in plain.items() if key != "plan"}
        return {**rest, "settings": plain["plan"]}

    monkeypatch.setattr(versions, "FORMAT", 3)
    monkeypatch.setattr(versions, "UPGRADES", {1: add_graph, 2: rename_plan})
    data = versions.upgraded(b'{"format":1,"plan":{"a":1}}', "net.loom")
    assert json.loads(data) == {"format": 3, "graph": {"blocks": {}}, "settings": {"a": 1}}

import hashlib
import io
import os
import struct
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from engine.graph.graph import Block, Graph, Look, PortRef, Wire
from engine.graph.problem import Refused
from engine.project.project_file import Project, read_project, write_project
from engine.project.tensor_file import encode_arrays
from engine.training.plan import ContrastiveDivergence, DatasetRef, Plan, Settings, Supervised, ViewSpec

from .drawings import TYPES, drawings, small

SETTINGS = Settings(
    plan=Plan(stages=(ContrastiveDivergence(block="d"), Supervised(epochs=3, optimiser="sgd")), batch_size=7, seed=3),
    datasets=(DatasetRef(name="digits", split=(0.5, 0.25, 0.25), standardise=True),),
    views=(ViewSpec(id="v", kind="filters", block="d", options={"columns": 4, "size": 1.5, "grid": True}),),
    title="Ünïcode",
    about="What it shows.",
    tries=("Try this.",),
)
CURVES = {"r/loss": np.arange(1000, dtype=np.float32), "r/epochs": np.arange(6.0).reshape(2, 3)}


def _weights(folder: Path, name: str = "checkpoint.safetensors") -> Path:
    path = folder / name
    path.write_bytes(
        encode_arrays({"d.weight": np.random.default_rng(0).normal(size=(300, 300)), "d.bias": np.ones(3)})
    )
    return path


def _whole(tmp_path: Path) -> Path:
    path = tmp_path / "net.loom"
    write_project(path, Project(graph=small(), settings=SETTINGS), _weights(tmp_path), CURVES)
    return path


def _refusal(path: Path) -> Refused:
    with pytest.raises(Refused) as refused:
        read_project(path, TYPES)
    sentence = str(refused.value)
    assert path.name in sentence
    assert "?" not in sentence
    assert "Traceback" not in sentence
    return refused.value


def test_a_project_comes_back_whole(tmp_path: Path) -> None:
    path = _whole(tmp_path)
    project = read_project(path, TYPES)
    assert project.graph == small()
    assert project.settings == SETTINGS
    assert project.path == path
    assert project.has_weights
    assert {name: curve.tobytes() for name, curve in project.curves.items()} == {
        name: curve.tobytes() for name, curve in CURVES.items()
    }
    weights = project.weights_file(tmp_path)
    assert weights is not None
    assert weights.read_bytes() == (tmp_path / "checkpoint.safetensors").read_bytes()
    assert project.weights_file(tmp_path) == weights


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawings())
def test_every_legal_drawing_comes_back_from_disk(tmp_path: Path, graph: Graph) -> None:
    path = tmp_path / "any.loom"
    write_project(path, Project(graph=graph))
    project = read_project(path, TYPES)
    assert (project.graph, project.settings, project.has_weights, project.curves) == (graph, Settings(), False, {})


def test_an_empty_project_is_a_project(tmp_path: Path) -> None:
    write_project(tmp_path / "net.loom", Project(graph=Graph()))
    project = read_project(tmp_path / "net.loom", TYPES)
    assert project.graph == Graph()
    assert project.weights_file(tmp_path) is None


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from tests.engine.project.test_project_file import _whole
        _whole(Path(sys.argv[1]))
        assert "torch" not in sys.modules
    """)
    root = Path(__file__).parents[3]
    sums = set()
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root), "TZ": f"UTC+{seed}"}
        subprocess.run([sys.executable, "-c", script, str(folder)], check=True, env=environment, cwd=root, timeout=60)
        sums.add(hashlib.sha256((folder / "net.loom").read_bytes()).hexdigest())
    sums.add(hashlib.sha256(_whole(tmp_path).read_bytes()).hexdigest())
    assert len(sums) == 1


def test_saving_keeps_weights_and_curves_that_were_not_replaced(tmp_path: Path) -> None:
    path = _whole(tmp_path)
    before = path.read_bytes()
    project = read_project(path, TYPES)
    write_project(path, project)
    assert path.read_bytes() == before
    write_project(tmp_path / "copy.loom", project)
    assert (tmp_path / "copy.loom").read_bytes() == before
    write_project(path, _changed(project, has_weights=False), curves={})
    emptied = read_project(path, TYPES)
    assert not emptied.has_weights
    assert emptied.curves == {}
    assert emptied.weights_file(tmp_path) is None


def _changed(project: Project, **members: object) -> Project:
    return Project(**{**{name: getattr(project, name) for name in Project.__dataclass_fields__}, **members})  # type: ignore[arg-type]


def test_weights_that_went_missing_leave_the_old_file(tmp_path: Path) -> None:
    path = _whole(tmp_path)
    before = path.read_bytes()
    with pytest.raises(Refused) as refused:
        write_project(path, Project(graph=Graph()), tmp_path / "gone.safetensors")
    assert refused.value.problem.code == "save-failed"
    assert path.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "project",
    [
        Project(graph=Graph(), settings=Settings(plan=Plan(stages=(Supervised(learning_rate=float("nan")),)))),
        Project(graph=Graph(blocks={"d": Block(id="d", type="dense", name="d", parameters={"p": (1, float("inf"))})})),
        Project(graph=Graph(blocks={"d": Block(id="d", type="dense", name="\ud800")})),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, project: Project) -> None:
    path = _whole(tmp_path)
    before = path.read_bytes()
    with pytest.raises(Refused) as refused:
        write_project(path, project)
    assert refused.value.problem.code == "save-failed"
    assert path.read_bytes() == before


def test_unknown_blocks_survive_opening_and_saving_to_the_last_byte(tmp_path: Path) -> None:
    raw = '{"id":"q", "type":"quantum","name":"Q","parameters":{"z":{"y":[{}]}},"look":{"x":1,"y":2,"open":false}}'
    graph = Graph(
        blocks={"d": small().blocks["d"], "q": Block(id="q", type="quantum", name="Q", raw=raw, look=Look(1, 2))},
        wires=(Wire(PortRef("d", "output"), PortRef("q", "some port")),),
    )
    path = tmp_path / "net.loom"
    write_project(path, Project(graph=graph))
    before = path.read_bytes()
    assert raw.encode() in before
    project = read_project(path, TYPES)
    assert project.graph.blocks["q"].raw == raw
    assert project.graph.wires == graph.wires
    write_project(path, project)
    assert path.read_bytes() == before


def _zip(path: Path, parts: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def _parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_files_that_are_no_projects_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "net.loom"
    assert _refusal(path).problem.code == "file-missing"
    path.mkdir()
    assert _refusal(path).problem.code == "file-unreadable"
    path.rmdir()
    for data, code in (
        (b"", "file-empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, "not-a-project"),
        (b'{"format":1}', "not-a-project"),
        (b"P", "not-a-project"),
        (b"PK\x03\x04", "file-cut-short"),
    ):
        path.write_bytes(data)
        assert _refusal(path).problem.code == code
    assert _refusal(_zip(path, {"word/document.xml": b"<a/>"})).problem.code == "not-a-project"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes among its files")
def test_a_pipe_is_no_project_and_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.loom"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    try:
        os.write(held, b"PK\x03\x04")
        assert _refusal(path).problem.code == "not-a-project"
    finally:
        os.close(held)


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    whole = _whole(tmp_path).read_bytes()
    path = tmp_path / "cut.loom"
    for length in [5, 30, 1000, len(whole) // 2, len(whole) - 100, len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert _refusal(path).problem.code == "file-cut-short"


def test_a_file_with_any_byte_flipped_is_refused_or_read_right(tmp_path: Path) -> None:
    whole = _whole(tmp_path).read_bytes()
    path = tmp_path / "flipped.loom"
    random = np.random.default_rng(3)
    places = {*range(0, 60), *range(len(whole) - 400, len(whole)), *random.integers(0, len(whole), 300).tolist()}
    refusals: list[Refused] = []
    for place in places:
        data = bytearray(whole)
        data[place] ^= 1 << int(random.integers(8))
        path.write_bytes(bytes(data))
        try:
            project = read_project(path, TYPES)
            weights = project.weights_file(tmp_path / "out")
        except Refused as refused:
            refusals.append(refused)
            continue
        assert project.graph == small()
        assert weights is None or weights.read_bytes() == (tmp_path / "checkpoint.safetensors").read_bytes()
    assert len(refusals) > 200
    assert all("flipped.loom" in str(refused) or refused.problem.code == "save-failed" for refused in refusals)


@pytest.fixture(autouse=True)
def _folder_for_weights(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'"format":1', b'"format":2', "newer"),
        (b'"format":1', b'"format":0', "file-json"),
        (b'"format":1,', b"", "file-json"),
        (b'"graph":', b'"grapf":', "file-json"),
        (b'"epochs":3', b'"epochs":"3"', "file-json"),
        (b'"optimiser":"sgd"', b'"optimiser":"guess"', "file-json"),
        (b'"batch_size":7', b'"batch_size":7.5', "file-json"),
        (b'"title":', b'"titel":', "file-json"),
        (b'"block":"r","port":"output"', b'"block":"z","port":"output"', "file-wire-end"),
        (b'"id":"f"', b'"id":"d"', "file-id-twice"),
        (b'"f":{', b'"d":{', "file-key-twice"),
        (b'"bypassed":true', b'"bypassed":1', "file-block"),
        (b'"block":"a","port":"point"', b'"block":"d","port":"output"', "file-loop"),
        (b'"text":"2 * width"', b'"text":["2"]', "file-block"),
        (b"2 * width", b"2 * w\xffdth", "file-json"),
    ],
)
def test_a_file_damaged_by_hand_has_one_sentence_and_is_left_alone(
    tmp_path: Path, old: bytes, new: bytes, code: str
) -> None:
    parts = _parts(_whole(tmp_path))
    assert old in parts["project.json"]
    path = _zip(tmp_path / "hand.loom", {**parts, "project.json": parts["project.json"].replace(old, new, 1)})
    before = path.read_bytes()
    assert _refusal(path).problem.code == code
    assert path.read_bytes() == before


def test_an_optimiser_that_there_is_not_is_told_with_those_there_are(tmp_path: Path) -> None:
    parts = _parts(_whole(tmp_path))
    for name in ("banana", "o'brien"):
        data = parts["project.json"].replace(b'"optimiser":"sgd"', f'"optimiser":"{name}"'.encode())
        path = _zip(tmp_path / "hand.loom", {**parts, "project.json": data})
        assert str(_refusal(path)) == (
            f"hand.loom is damaged: there is no optimiser {name} (known: adam, sgd). "
            "It was left as it is; open a backup or an earlier copy."
        )


def test_a_second_wire_to_one_port_is_refused(tmp_path: Path) -> None:
    graph = small()
    double = Wire(PortRef("f", "output"), PortRef("l", "logits"))
    path = tmp_path / "net.loom"
    write_project(path, Project(graph=msgspec.structs.replace(graph, wires=(*graph.wires, double))))
    assert _refusal(path).problem.code == "file-wire-twice"


def test_a_deflated_copy_made_by_another_program_is_read(tmp_path: Path) -> None:
    parts = _parts(_whole(tmp_path))
    path = _zip(tmp_path / "other.loom", {**parts, "README.txt": b"hello"}, zipfile.ZIP_DEFLATED)
    project = read_project(path, TYPES)
    assert project.graph == small()
    assert project.weights_file(tmp_path) is not None


def test_a_zip_that_unpacks_to_gigabytes_is_refused_at_once(tmp_path: Path) -> None:
    parts = _parts(_whole(tmp_path))
    zeros = b"\0" * (80 << 20)
    for name in ("project.json", "history.safetensors", "weights.safetensors"):
        path = _zip(tmp_path / "bomb.loom", {**parts, name: zeros}, zipfile.ZIP_DEFLATED)
        assert path.stat().st_size < 1_000_000
        assert _refusal(path).problem.code == "file-too-large"


def test_a_size_that_lies_is_found(tmp_path: Path) -> None:
    parts = _parts(_whole(tmp_path))
    data = _zip(tmp_path / "lie.loom", {**parts, "project.json": parts["project.json"]}).read_bytes()
    size = struct.pack("<I", len(parts["project.json"]))
    place = data.rindex(b"project.json") - 46 + 24
    assert data[place : place + 4] == size
    path = tmp_path / "lie.loom"
    for claimed in (0, 10, 60_000_000):
        path.write_bytes(data[:place] + struct.pack("<I", claimed) + data[place + 4 :])
        assert _refusal(path).problem.code in ("file-part", "file-json")


@pytest.mark.parametrize("name", ["weights.safetensors", "history.safetensors"])
def test_damaged_tensors_are_refused_by_name(tmp_path: Path, name: str) -> None:
    parts = _parts(_whole(tmp_path))
    for data in (b"", b"nonsense", parts[name][:-1], struct.pack("<Q", 10**9) + b"{}"):
        path = _zip(tmp_path / "net.loom", {**parts, name: data})
        refusal = _refusal(path)
        assert refusal.problem.code == "file-part"
        assert name in str(refusal)


def test_a_member_that_stands_twice_is_refused(tmp_path: Path) -> None:
    parts = _parts(_whole(tmp_path))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("project.json", parts["project.json"])
    path = tmp_path / "twice.loom"
    path.write_bytes(stream.getvalue())
    assert _refusal(path).problem.code == "file-key-twice"

"""The client: what it survives, what it says, what it never does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.graph.graph import Graph
from engine.training.commands import Pause
from engine.training.events import Checkpointed, EpochEnded, Finished, Losses, Started, Stopped
from engine.worker.client import WorkerClient
from engine.worker.protocol import Analyse, Ready, Run
from tests.waits import waits

from .conftest import DIGITS, Listener, digits_network, plan, request

HEAD = "import os, struct, sys, time\nfrom engine.worker.protocol import Ready, write_frame\n"


def _child(script: str) -> WorkerClient:
    return WorkerClient(command=(sys.executable, "-P", "-c", HEAD + textwrap.dedent(script)))


@pytest.fixture
def client() -> Iterator[WorkerClient]:
    """A client of the real worker."""
    client = WorkerClient()
    yield client
    client.close()


def _gone(process_id: int, timeout_s: float = 60.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_before_the_start_nothing_lives_and_nothing_fails(client: WorkerClient) -> None:
    assert not client.alive
    assert client.exit_words is None
    assert client.problem is None
    assert client.process_id is None
    assert client.take() == ()
    assert not client.send(Pause())
    client.close()
    assert [client.next_id() for _ in range(3)] == [1, 2, 3]


def test_a_warm_worker_looks_for_garbage_but_not_among_what_it_imported() -> None:
    client = _child(
        """
        import gc
        end = os._exit

        def tell(code):
            # in one piece: two threads may end it
            os.write(2, f"looks {gc.isenabled()} beside {gc.get_freeze_count() > 100_000}\\n".encode())
            end(code)

        os._exit = tell
        from engine.worker.process import main
        main()
        """
    )
    client.start()
    Listener(client).until(Ready)
    client.close()
    assert "looks True beside True" in client.last_lines


def test_a_worker_that_cannot_start_says_so() -> None:
    client = WorkerClient(command=("/nowhere/python",))
    client.start()
    words = Listener(client).until_dead()
    assert words.startswith("it could not be started")
    assert client.problem is not None
    assert words in client.problem.sentence
    client.close()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("raise SystemExit(3)", "it ended with code 3"),
        ("raise ValueError('odd')", "it ended with code 1: ValueError: odd"),
        ("os.kill(os.getpid(), 9)", "it was killed (signal 9); perhaps memory ran out"),
        ("os.kill(os.getpid(), 11)", "it crashed (signal 11, segmentation fault)"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="has no such signals")
def test_a_worker_that_dies_says_why(script: str, words: str) -> None:
    client = _child(script)
    client.start()
    assert Listener(client).until_dead() == words
    assert client.problem is not None
    assert client.problem.code == "worker-died"
    assert words in client.problem.sentence
    assert not client.send(Pause())
    client.close()
    assert client.problem is None or client.problem.code == "worker-died"


def test_what_was_said_before_death_is_still_heard() -> None:
    client = _child("""
        write_frame(sys.stdout.buffer, Ready(devices=("cpu",), torch_version="x", process=1))
        sys.stdout.buffer.write(struct.pack("<I", 1000) + b"half a frame")
    """)
    client.start()
    listener = Listener(client)
    listener.until_dead()
    assert listener.until(Ready).torch_version == "x"
    client.close()


def test_a_frame_that_means_nothing_is_passed_over() -> None:
    client = _child("""
        for data in (b"", b"\\xc1", b"\\x81\\xa4type\\xa4what", b"\\x93" * 100_000):
            sys.stdout.buffer.write(struct.pack("<I", len(data)) + data)
        write_frame(sys.stdout.buffer, Ready(devices=("cpu",), torch_version="x", process=1))
        sys.stdin.buffer.read()
    """)
    client.start()
    Listener(client).until(Ready)
    assert client.alive
    assert sum("could not be read" in line for line in client.last_lines) == 4
    client.close()


def test_a_worker_leaves_an_answer_with_pictures_without_waiting_for_the_window() -> None:
    fcntl = pytest.importorskip("fcntl")
    if not hasattr(fcntl, "F_GETPIPE_SZ"):
        pytest.skip("pipes have one size on this system")
    client = _child(
        """
        import fcntl
        time.sleep(0.5)
        room = fcntl.fcntl(1, fcntl.F_GETPIPE_SZ)
        write_frame(sys.stdout.buffer, Ready(devices=(str(room),), torch_version="", process=1))
        """
    )
    client.start()
    heard = []
    deadline = time.monotonic() + 20
    while not heard and time.monotonic() < deadline:
        heard += client.take()
        time.sleep(0.01)
    client.close()
    if int(heard[0].devices[0]) == 65_536 and int(Path("/proc/sys/fs/pipe-max-size").read_text()) < 1 << 20:
        pytest.skip("this system keeps pipes small")
    assert int(heard[0].devices[0]) >= 1 << 20


def test_much_on_stderr_neither_blocks_nor_fills_memory() -> None:
    client = _child("""
        for number in range(20_000): sys.stderr.write(f"line {number} " + "x" * 200 + "\\n")
        sys.stderr.flush()
        write_frame(sys.stdout.buffer, Ready(devices=("cpu",), torch_version="x", process=1))
        sys.stdin.buffer.read()
    """)
    client.start()
    Listener(client).until(Ready)
    assert len(client.last_lines) <= 400
    client.close()


@pytest.mark.parametrize("script", ["time.sleep(600)", "sys.stdout.buffer.write(b'x'); os.close(1); time.sleep(600)"])
def test_a_worker_that_does_not_listen_is_killed_in_time(script: str) -> None:
    client = _child(script)
    client.start()
    for _ in range(50):
        client.send(Analyse(id=1, graph=digits_network(), plan=plan(1), datasets=DIGITS))
    deadline = time.monotonic() + 60
    while client.process_id is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process_id = client.process_id
    assert process_id is not None
    client.close(timeout_s=0.5)
    assert client.exit_words not in (None, "it was closed"), "it was killed, before it ended by itself"
    assert _gone(process_id)
    assert not client.alive


def test_no_call_waits_even_when_the_worker_hears_nothing() -> None:
    client = _child("time.sleep(60)")
    big = Analyse(id=1, graph=Graph(variables={"text": "x" * 10_000_000}), plan=plan(1))
    client.start()
    for _ in range(20):
        assert client.send(big)
    client.take()
    assert client.alive, "only its end frees those who wait for it"
    client.restart()
    client.send(big)
    assert client.alive
    client.close(timeout_s=0.1)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """No process begins before this is set, or for a minute."""
    gate, begin = threading.Event(), subprocess.Popen

    def late(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        gate.wait(60)
        return begin(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", late)
    yield gate
    gate.set()


def test_the_window_waits_for_no_process_that_begins_is_silent_or_has_died(held: threading.Event) -> None:
    client = _child("sys.stdin.buffer.read(1); raise SystemExit(3)")
    with waits() as found:
        client.start()
        assert client.alive
        assert (client.process_id, client.problem, client.last_lines) == (None, None, ())
        client.restart()
        client.start()
        assert (client.process_id, client.take(), client.alive) == (None, (), True)
    held.set()
    while client.process_id is None:
        time.sleep(0.001)
    with waits() as silent:
        client.start()
        client.restart()
        assert (client.take(), client.alive) == ((), True)
        client.send(Pause())
    Listener(client).until_dead()
    with waits() as dead:
        client.send(Pause())
        client.start()
        assert client.alive
    client.close(timeout_s=0.1)
    assert (found, silent, dead) == ([], [], [])


def test_closing_leaves_no_thread_no_process_and_no_complaint(client: WorkerClient) -> None:
    before = set(threading.enumerate())
    client.start()
    Listener(client).until(Ready)
    process_id = client.process_id
    assert process_id is not None
    client.close(timeout_s=60)
    assert set(threading.enumerate()) <= before
    assert _gone(process_id)
    assert (client.alive, client.exit_words, client.problem) == (False, "it was closed", None)


def test_a_worker_that_is_still_warming_up_is_not_waited_for() -> None:
    client = _child("""
        from engine.worker import process, service
        warm_up = service.warm_up
        service.warm_up = lambda analyser: (warm_up(analyser), time.sleep(600))
        process.main()
    """)
    client.start()
    client.send(Analyse(id=client.next_id(), graph=digits_network(), plan=plan(1), datasets=DIGITS))
    time.sleep(0.7)
    client.close(timeout_s=60)
    assert client.exit_words == "it was closed", "it ended by itself"
    assert not any(isinstance(message, Ready) for message in client.take()), "this was before it was warm"


def test_closing_while_training_writes_a_checkpoint_in_time(tmp_path: Path) -> None:
    client = _child("""
        from engine.worker import process, service
        assert service.PATIENCE_S < 2
        service.PATIENCE_S = 60
        process.main()
    """)
    client.start()
    listener = Listener(client)
    client.send(Run(request("r", 1_000_000, str(tmp_path))))
    listener.until(EpochEnded)
    listener.forget()
    client.close(timeout_s=60)
    said = client.take()
    stopped = [message for message in said if isinstance(message, Stopped)]
    assert len(stopped) == 1
    assert stopped[0].checkpoint is not None
    assert Path(stopped[0].checkpoint).is_file()
    assert client.exit_words == "it was closed"


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_at_random_moments_it_is_told_and_a_new_worker_goes_on(client: WorkerClient, tmp_path: Path) -> None:
    moments = random.Random(1)
    listener = Listener(client)
    client.start()
    checkpoint: str | None = None
    last_step = 0
    for number in range(4):
        client.send(Run(request(f"run{number}", 1_000_000, str(tmp_path), checkpoint, resume=checkpoint is not None)))
        started = listener.until(Started)
        assert started.first_step == last_step
        listener.until(Losses)
        client.send(Pause())
        written = listener.until(Checkpointed)
        checkpoint, last_step = written.path, written.step
        client.send(Analyse(id=1, graph=digits_network(), plan=plan(1), datasets=DIGITS))
        time.sleep(moments.random() * 0.05)
        assert client.process_id is not None
        os.kill(client.process_id, signal.SIGKILL)
        assert "signal 9" in listener.until_dead()
        assert client.problem is not None
        listener.forget()
        client.restart()
    listener.until(Ready)
    client.send(Run(request("last", 1)))
    listener.until(Finished)
    assert len(list(tmp_path.glob("*.tmp"))) == 0


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_when_the_window_is_killed_its_worker_ends_with_a_checkpoint(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys, time
        from tests.engine.worker.conftest import Listener, request
        from engine.worker.client import WorkerClient
        from engine.worker.protocol import Run
        from engine.training.events import EpochEnded
        client = WorkerClient()
        client.start()
        client.send(Run(request("r", 1_000_000, sys.argv[1])))
        Listener(client).until(EpochEnded)
        sys.stdout.write(f"{client.process_id}\\n")
        sys.stdout.flush()
        time.sleep(60)
    """)
    root = Path(__file__).parents[3]
    window = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert window.stdout is not None
    with window.stdout:
        worker = int(window.stdout.readline())
        window.kill()
        window.wait()
    assert _gone(worker)
    assert len(list(tmp_path.glob("r-*.safetensors"))) == 1


def test_the_process_of_the_client_never_loads_torch_or_qt() -> None:
    script = textwrap.dedent("""
        import sys
        from engine.graph.graph import Block, Graph
        from engine.training.plan import Plan
        from engine.worker.client import WorkerClient
        from engine.worker.protocol import Analyse, Analysed
        import time
        client = WorkerClient()
        client.start()
        client.send(Analyse(id=1, graph=Graph(blocks={"d": Block(id="d", type="dense", name="d")}), plan=Plan()))
        heard = []
        while not any(isinstance(message, Analysed) for message in heard):
            assert client.alive, client.last_lines
            heard += client.take()
            time.sleep(0.01)
        client.close()
        loaded = {name.partition(".")[0] for name in sys.modules}
        sys.stdout.write(" ".join(sorted(loaded & {"torch", "PySide6", "sklearn", "networkx", "scipy"})))
    """)
    result = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""

"""What tests share: an off-screen Qt, folders of their own, the real data, and a look for what they leave behind."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Set before Qt or torch load, and inherited by every process that a test starts.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
_FOLDER = Path(tempfile.mkdtemp(prefix="tensorloom-tests-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
for _variable, _name in {
    "TENSORLOOM_STATE_FOLDER": "state",
    "TENSORLOOM_DATA_FOLDER": "data",
    "XDG_CONFIG_HOME": "config",
    "XDG_CACHE_HOME": "cache",
}.items():
    (_FOLDER / _name).mkdir()
    os.environ[_variable] = str(_FOLDER / _name)

# No clock decides: on a busy machine one example takes longer than Hypothesis allows.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Until the first test: what is collected stays, and looking for garbage among it took half of the twenty seconds.
gc.disable()

_THREADS_OF_TOOLS = ("pytest_timeout", "pydevd")
_QTBOT_WAITS = ("waitUntil", "waitSignal", "waitSignals", "waitCallback", "waitExposed", "waitActive")
_REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys first, as whole files go to a process each: a long one begun last would leave the others idle."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Garbage is looked for again, in the process that hands out files too."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _settings_of_their_own() -> None:
    """QSettings in a temporary folder, on the systems that do not heed XDG_CONFIG_HOME too."""
    try:
        from PySide6.QtCore import QSettings
    except ImportError:
        return
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        QSettings.setPath(QSettings.Format.IniFormat, scope, str(_FOLDER / "config"))


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    """A minute for all that `qtbot` waits for: on a busy machine the five seconds it has by itself are not enough."""
    try:
        from pytestqt.qtbot import QtBot
    except ImportError:
        return
    for name in _QTBOT_WAITS:
        getattr(QtBot, name).__kwdefaults__["timeout"] = 60_000


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data files; skips where this machine has none."""
    folder = Path(os.environ.get("TENSORLOOM_TEST_DATA") or _REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is absent (set TENSORLOOM_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def shared_mnist(shared_data: Path) -> Path:
    """The folder of the four published MNIST files."""
    folder = shared_data / "mnist"
    if not (folder / "train-images-idx3-ubyte.gz").is_file():
        pytest.skip(f"no MNIST: {folder} holds no train-images-idx3-ubyte.gz")
    return folder


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fails a test that leaves a thread running or a window showing; threads get a while to end."""
    threads = set(threading.enumerate())
    windows = set(_showing())
    yield
    _delete_what_waits_for_a_loop()
    end = time.monotonic() + 20.0
    while (left := _running(threads)) and time.monotonic() < end:
        time.sleep(0.02)
    if left:
        frames = sys._current_frames()
        places = [
            f"{thread.name}:\n{''.join(traceback.format_stack(frames[thread.ident]))}"
            for thread in left
            if thread.ident in frames
        ]
        pytest.fail("threads left running\n" + "\n".join(places), pytrace=False)
    shown = [words for key, words in _showing().items() if key not in windows]
    if shown:
        pytest.fail(f"windows left showing: {', '.join(shown)}", pytrace=False)


def _delete_what_waits_for_a_loop() -> None:
    """Deletes what was told to go later: tests without an event loop kept 55,000 widgets, which took gigabytes."""
    core = sys.modules.get("PySide6.QtCore")
    if core is not None and core.QCoreApplication.instance() is not None:
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


def _running(before: set[threading.Thread]) -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and not thread.name.startswith(_THREADS_OF_TOOLS)
    ]


def _showing() -> dict[int, str]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return {}
    from shiboken6 import getCppPointer

    # By address: Python's object for a widget of Qt's own, a tooltip say, is another one each time.
    return {
        getCppPointer(widget)[0]: f"{type(widget).__name__} “{widget.windowTitle()}”"
        for widget in widgets.QApplication.topLevelWidgets()
        if widget.isVisible()
    }

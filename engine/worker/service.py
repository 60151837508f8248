"""The worker's threads: one hears, the main one answers, others train, download, describe and lay out."""

from __future__ import annotations

import gc
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.compile.analyse import Analyser
from engine.compile.python_source import write_source
from engine.graph.analysis import Analysis
from engine.graph.block_type import BlockType
from engine.graph.problem import Refused
from engine.modules.own_loading import permit
from engine.training.commands import Change, Checkpoint, Pause, Resume, SingleStep, Stop, Unwatch, Watch
from engine.training.devices import available_devices
from engine.worker.checking import answer_analyse
from engine.worker.downloads import Descriptions, Downloads, unexpected
from engine.worker.layouts import Layouts
from engine.worker.loop_control import LoopControl
from engine.worker.outbox import Outbox
from engine.worker.protocol import (
    TO_WORKER,
    AllowCode,
    Analyse,
    Analysed,
    AskShapes,
    CancelDownload,
    CancelLayout,
    DescribeDataset,
    Download,
    Export,
    ExportWeights,
    LayOut,
    OpenSession,
    Predict,
    Quit,
    Ready,
    Run,
    Shapes,
    SourceWritten,
    ToWorker,
    WriteSource,
    read_frame,
)
from engine.worker.session_host import SessionHost, Training
from engine.worker.warm_up import warm_up

PATIENCE_S = 1.8
"""How long a run may take to reach its next step and write its checkpoint once the window is gone."""


class Service:
    """Answers what comes in at `incoming` until it ends or says Quit."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO, types: Mapping[str, BlockType]) -> None:
        self._incoming, self._types = incoming, types
        self._outbox = Outbox(outgoing)
        self._asked: queue.SimpleQueue[ToWorker | tuple[Run, LoopControl] | Training] = queue.SimpleQueue()
        self._newest_analysis = 0
        self._newest_source = 0
        self._control = LoopControl()
        self._analyser = Analyser(types)
        self._downloads = Downloads(self._outbox)
        self._descriptions = Descriptions(self._outbox)
        self._layouts = Layouts(types, self._outbox)
        self._host = SessionHost(types, self._analyser, self._outbox, self._asked.put)
        self._warm, self._drained = threading.Event(), threading.Event()

    def serve(self) -> None:
        """Warm up, say Ready, answer. Returns after Quit; the process ends within two seconds of it in any case."""
        threading.Thread(target=self._listen, name="commands", daemon=True).start()
        try:
            warm_up(self._analyser)
        except Exception as fault:  # noqa: BLE001 -- a cold worker is slower, no more
            traceback.print_exception(fault)
        import torch

        # what was imported is left out of every later look for garbage
        gc.freeze()
        gc.enable()
        self._warm.set()
        self._outbox.send(Ready(devices=available_devices(), torch_version=str(torch.__version__), process=os.getpid()))
        while True:
            message = self._asked.get()
            if isinstance(message, Quit):
                break
            try:
                self._answer(message)
            except Exception as fault:  # noqa: BLE001 -- no request may end the worker
                traceback.print_exception(fault)
        self._host.stop()
        self._drained.set()

    def _answer(self, message: ToWorker | tuple[Run, LoopControl] | Training) -> None:
        match message:
            case Analyse() if message.id < self._newest_analysis:
                return  # a newer one waits
            case Analyse():
                self._outbox.send(self._analysed(message))
            case AllowCode():
                permit(Path(os.fsdecode(message.folder)) if message.folder is not None else None, message.hashes)
            case AskShapes():
                self._outbox.send(self._shapes(message))
            case OpenSession():
                self._host.open(message)
            case (Run() as run, LoopControl() as control):
                self._host.run(run, control)
            case Training():
                self._host.run_ended(message)
            case Watch():
                self._host.watch(message)
            case Unwatch():
                self._host.unwatch(message)
            case Predict():
                self._host.predict(message)
            case ExportWeights():
                self._host.export_weights(message)
            case Export():
                self._host.export(message)
            case WriteSource() if message.id < self._newest_source:
                return  # a newer one waits
            case WriteSource():
                self._outbox.send(self._source(message))
            case _:
                raise AssertionError(message)

    def _analysed(self, message: Analyse) -> Analysed:
        try:
            return answer_analyse(message, self._analyser, self._types)
        except Exception as fault:  # noqa: BLE001 -- whatever a request meets, the worker goes on
            return Analysed(id=message.id, analysis=Analysis(), problems=(unexpected(fault),))

    def _shapes(self, message: AskShapes) -> Shapes:
        try:
            specs = self._analyser.shapes(message.spec, message.candidates, message.parameters)
            return Shapes(id=message.id, specs=specs)
        except Exception as fault:  # noqa: BLE001 -- whatever a request meets, the worker goes on
            traceback.print_exception(fault)
            return Shapes(id=message.id, specs={})

    def _source(self, message: WriteSource) -> SourceWritten:
        try:
            source = write_source(message.graph, self._types, message.title, self._analyser)
        except Refused as refused:
            return SourceWritten(id=message.id, problem=refused.problem)
        except Exception as fault:  # noqa: BLE001 -- whatever a request meets, the worker goes on
            traceback.print_exception(fault)
            return SourceWritten(id=message.id, problem=unexpected(fault))
        return SourceWritten(id=message.id, text=source.text, lines=source.lines)

    def _listen(self) -> None:
        try:
            while (frame := read_frame(self._incoming)) is not None:
                try:
                    message = TO_WORKER.decode(frame)
                except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as fault:
                    sys.stderr.write(f"a request could not be read: {fault}\n")
                    continue
                if isinstance(message, Quit):
                    break
                self._hear(message)
        except OSError:
            pass  # the window is gone
        except Exception as fault:  # noqa: BLE001 -- a deaf worker must end rather than linger
            traceback.print_exception(fault)
        self._end()

    def _hear(self, message: ToWorker) -> None:
        """Commands reach the newest run at once, however long the main thread is busy."""
        match message:
            case Change() | Pause() | Resume() | SingleStep() | Stop() | Checkpoint():
                self._control.send(message)
            case Run():
                self._control = LoopControl()
                self._asked.put((message, self._control))
            case CancelDownload():
                self._downloads.cancel(message.id)
            case Download():
                self._downloads.start(message)
            case LayOut():
                self._layouts.ask(message)
            case CancelLayout():
                self._layouts.cancel(message.id)
            case DescribeDataset():
                self._descriptions.ask(message)
            case Analyse():
                self._newest_analysis = message.id
                self._asked.put(message)
            case WriteSource():
                self._newest_source = message.id
                self._asked.put(message)
            case _:
                self._asked.put(message)

    def _end(self) -> None:
        """Let the run stop at its next step; then, or when patience ends, the process is gone."""
        deadline = time.monotonic() + PATIENCE_S
        self._control.send(Stop())
        self._asked.put(Quit())
        if self._warm.is_set():
            # before that nothing was begun that could be lost
            self._drained.wait(max(0.0, deadline - time.monotonic()))
        training = self._host.training
        if training is not None:
            training.join(max(0.0, deadline - time.monotonic()))
        # without torch's own tear-down, which takes its time and may wait for threads
        os._exit(0)

"""The worker's end of the pipe: silent only where nobody listens."""

from __future__ import annotations

import io

import pytest

from engine.worker.outbox import Outbox
from engine.worker.protocol import FROM_WORKER, Downloaded, read_frame


def test_a_message_that_cannot_be_written_is_told_of_and_the_next_one_goes_out(capfd: pytest.CaptureFixture) -> None:
    stream = io.BytesIO()
    outbox = Outbox(stream)
    outbox.send(Downloaded(id=1, folder="caf\udce9"))
    outbox.send(Downloaded(id=2, folder="cafe"))
    stream.seek(0)
    frame = read_frame(stream)
    assert frame is not None
    assert FROM_WORKER.decode(frame) == Downloaded(id=2, folder="cafe")
    assert read_frame(stream) is None
    assert "surrogates not allowed" in capfd.readouterr().err


def test_where_nobody_listens_nothing_is_raised() -> None:
    stream = io.BytesIO()
    outbox = Outbox(stream)
    stream.close()
    for id in (1, 2):
        outbox.send(Downloaded(id=id))

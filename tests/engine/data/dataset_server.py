"""A server on this machine that serves the files of a folder, breaks off, and lies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Server(ThreadingHTTPServer):
    """Serves `folder`; `cut_after` bytes of an answer it hangs up, as often as `cuts` says; `corrupt` spoils a byte."""

    daemon_threads = False

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.cut_after, self.cuts = 0, 0
        self.corrupt = ""
        self.ranges = True
        self.status = 200
        self.asked: list[tuple[str, str | None]] = []
        self.sent = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        name, wanted = self.path.strip("/"), self.headers.get("Range")
        server.asked.append((name, wanted))
        if server.status != 200:
            self.send_error(server.status)
            return
        data = (server.folder / name).read_bytes()
        if name == server.corrupt:
            data = data[:1000] + bytes([data[1000] ^ 1]) + data[1001:]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.ranges else 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:]
        if server.cuts and len(body) > server.cut_after:
            server.cuts -= 1
            body = body[: server.cut_after]
        self.wfile.write(body)
        server.sent += len(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server of the files in `folder`, while inside."""
    server = Server(folder)
    server.handle_error = lambda *_: None  # a client that goes away is expected
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""Servers that misbehave, for the tests of what must not be disturbed by them."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Fault = Callable[["Handler"], bool]
"""Does something to a request, and tells whether that was all."""


class Handler(BaseHTTPRequestHandler):
    """Passes requests on, unless the fault has dealt with them."""

    server: Faulty
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        with self.server.lock:
            self.server.asked.append(f"{self.command} {urlsplit(self.path).path}")
            self.number = len(self.server.asked)
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.server.fault(self):
            self.pass_on(answer=True)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 (so the library calls them)

    def pass_on(self, *, answer: bool) -> None:
        """Let the real server do it; without an answer the caller never hears of it."""
        assert self.server.behind is not None
        address = urlsplit(self.server.behind)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection.request(self.command, self.path, self.body, headers)
        said = connection.getresponse()
        content = said.read()
        connection.close()
        if not answer:
            self.reset()
            return
        self.send_response(said.status)
        self.send_header("Content-Type", said.getheader("Content-Type") or "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def refuse(self, status: int) -> None:
        """Answer with a status and nothing else."""
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def reset(self) -> None:
        """Break the connection off."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def finish(self) -> None:
        """Leave quietly where the connection is gone."""
        try:
            super().finish()
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Faulty(ThreadingHTTPServer):
    """A server with a fault, in front of a real one if there is one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, fault: Fault, behind: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fault, self.behind = fault, behind
        self.asked: list[str] = []
        self.lock = threading.Lock()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""

    def __enter__(self) -> Faulty:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def refusing(handler: Handler) -> bool:
    """Answer 500."""
    handler.refuse(500)
    return True


def resetting(handler: Handler) -> bool:
    """Break every connection off."""
    handler.reset()
    return True


def slow(handler: Handler) -> bool:
    """Answer after half a minute."""
    time.sleep(30)
    handler.refuse(200)
    return True


FAULTS: dict[str, Fault] = {"answers 500": refusing, "resets": resetting, "is slow": slow}

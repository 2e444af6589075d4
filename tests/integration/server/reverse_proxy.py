"""A real reverse proxy before Dagster, that counts, waits, asks for a token or changes answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from daglab.processes import LOOPBACK


@dataclass
class ReverseProxy:
    """What it does can be changed while it runs; ``requests`` counts what it passed on."""

    target: str
    token: str | None = None
    delay: float = 0.0
    change: Callable[[bytes], bytes] = bytes
    url: str = ""
    requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, authorization: str | None, path: str, body: bytes) -> tuple[int, bytes]:
        if self.token is not None and authorization != f"Bearer {self.token}":
            return 401, b'{"error": "unauthorized"}'
        with self._lock:
            self.requests += 1
        time.sleep(self.delay)
        headers = {"Content-Type": "application/json"}
        try:
            passed = httpx.post(f"{self.target}{path}", content=body, headers=headers, timeout=60, trust_env=False)
        except httpx.HTTPError:
            return 502, b"<html>Bad gateway</html>"
        return passed.status_code, self.change(passed.content)


@contextmanager
def reverse_proxy(target: str) -> Iterator[ReverseProxy]:
    """Runs one in front of ``target``."""
    proxy = ReverseProxy(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # http.server gives the name
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = proxy.answer(self.headers["Authorization"], self.path, body)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except ConnectionError:  # nobody waits any more
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    proxy.url = f"http://{LOOPBACK}:{server.server_address[1]}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()

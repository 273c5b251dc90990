"""A way to a server that passes on so many requests that write, and refuses all after them."""

import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REFUSAL = b'{"error_code": "INVALID_STATE", "message": "refused by the test"}'


class Way(ThreadingHTTPServer):
    """Leads to another address until no more requests are `left`."""

    def __init__(self, address, left):
        super().__init__(("127.0.0.1", 0), Handler)
        self.address, self.left = address, left


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self._pass_on(None)

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.endswith("/search"):
            self.server.left -= 1
        if self.server.left < 0:
            self._answer(400, REFUSAL)
        else:
            self._pass_on(content)

    def _pass_on(self, content):
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.server.address + self.path, content, kind)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                self._answer(answer.status, answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                self._answer(refused.code, refused.read())

    def _answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *told):
        pass


@contextmanager
def breaking_off(address, after):
    """An address that leads to another one for the first `after` requests that write."""
    with Way(address, after) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

"""A target with moods, as a process of its own: `python moody_target.py PORT MOOD_FILE`.

Answers every request with the status that the file holds at that moment.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Moody(BaseHTTPRequestHandler):
    """Answers with the status in the mood file."""

    def do_GET(self) -> None:
        status = int(Path(sys.argv[2]).read_text())
        body = b'{"mood": "%d"}' % status
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Moody).serve_forever()

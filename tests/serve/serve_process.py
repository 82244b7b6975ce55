"""A server of a fake scorer as a process of its own: `serve_process.py SECONDS_PER_ROW`; prints its URL."""

import sys

from serve_doubles import FakeScorer

from servable.serve import create_app, open_socket, run

if __name__ == "__main__":
    sock = open_socket("127.0.0.1", 0)
    app = create_app(FakeScorer(is_cheap=False, row_s=float(sys.argv[1])))
    run(app, sock, on_ready=lambda url: print(url, flush=True))  # noqa: T201  # the test reads it

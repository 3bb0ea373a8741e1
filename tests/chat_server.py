"""A server on this machine that speaks Chat Completions by a script, failures included.

Also to be run by hand, for trying the program out::

    python tests/chat_server.py 8766
    QUANT_TUI_CHAT_BASE_URL=http://127.0.0.1:8766/v1 QUANT_TUI_CHAT_MODEL=scripted quant-tui
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[["Handler"], None]


class ChatServer:
    """What the server answers, and what it was asked.

    Attributes
    ----------
    asked
        The body of each request, in order.
    keys
        The Authorization header of each.
    replies
        What it answers, one after another; the last one stays.
    gone
        Set when a client left in the middle of an answer.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.replies: list[Reply] = [text("yes")]
        self.gone = threading.Event()
        self.was_asked = threading.Event()
        self.url = ""

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    chat: ChatServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.chat.asked.append(json.loads(body))
        self.chat.keys.append(self.headers.get("authorization", ""))
        self.chat.was_asked.set()
        self.close_connection = True
        try:
            self.chat.next_reply()(self)
        except (BrokenPipeError, ConnectionResetError):
            self.chat.gone.set()

    def log_message(self, *_: object) -> None:
        return

    def head(self, status: int, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def event(self, data: object) -> None:
        written = data if isinstance(data, str) else json.dumps(data)
        self.wfile.write(f"data: {written}\n\n".encode())
        self.wfile.flush()


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields}]}


def end(reason: str = "stop") -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def usage(given: int, made: int) -> dict[str, Any]:
    return {"choices": [], "usage": {"prompt_tokens": given, "completion_tokens": made}}


def stream(*events: object) -> Reply:
    """Send events as they are, and close."""

    def reply(handler: Handler) -> None:
        handler.head(200, "text/event-stream")
        for one in events:
            handler.event(one)

    return reply


def text(*pieces: str, reason: str = "stop", tokens: tuple[int, int] = (10, 5)) -> Reply:
    """Answer with a text in pieces."""
    return stream(*(delta(content=one) for one in pieces), end(reason), usage(*tokens), "[DONE]")


def calls(*wanted: tuple[str, object]) -> Reply:
    """Call tools."""
    return stream(*called(*wanted))


def called(*wanted: tuple[str, object]) -> list[object]:
    """Return the events of calls; arguments that are no text are written as JSON, in two parts."""
    events: list[object] = []
    for index, (name, arguments) in enumerate(wanted):
        written = arguments if isinstance(arguments, str) else json.dumps(arguments)
        half = len(written) // 2
        first = {"name": name, "arguments": written[:half]}
        events.append(delta(tool_calls=[{"index": index, "id": f"c{index}", "function": first}]))
        rest = {"arguments": written[half:]}
        events.append(delta(tool_calls=[{"index": index, "function": rest}]))
    return [*events, end("tool_calls"), "[DONE]"]


def status(code: int, message: str = "no", code_name: str = "", **headers: str) -> Reply:
    """Refuse."""

    def reply(handler: Handler) -> None:
        body = json.dumps({"error": {"message": message, "code": code_name or None}}).encode()
        handler.head(code, "application/json", content_length=str(len(body)), **headers)
        handler.wfile.write(body)

    return reply


def page(kind: str = "text/html") -> Reply:
    """Answer with a page in the place of a stream."""

    def reply(handler: Handler) -> None:
        body = b"<html><body>Please sign in to the company proxy</body></html>"
        handler.head(200, kind, content_length=str(len(body)))
        handler.wfile.write(body)

    return reply


def silence(*events: object) -> Reply:
    """Say something, and then nothing until the client has gone."""

    def reply(handler: Handler) -> None:
        handler.head(200, "text/event-stream")
        for one in events:
            handler.event(one)
        handler.connection.settimeout(30)
        with contextlib.suppress(OSError):
            handler.connection.recv(1)
        handler.chat.gone.set()

    return reply


def torn(*events: object) -> Reply:
    """Say something, and reset the connection."""

    def reply(handler: Handler) -> None:
        handler.head(200, "text/event-stream", transfer_encoding="chunked")
        for one in events:
            data = f"data: {json.dumps(one)}\n\n".encode()
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    return reply


@contextmanager
def chat_server(port: int = 0) -> Iterator[ChatServer]:
    """Run a server until the block ends."""
    chat = ChatServer()
    handler = type("Bound", (Handler,), {"chat": chat})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    chat.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with chat_server(int(sys.argv[1]) if len(sys.argv) > 1 else 8766) as running:
        running.replies = [text(*(f"word{n} " for n in range(60)))]
        sys.stdout.write(f"{running.url}\n")
        threading.Event().wait()

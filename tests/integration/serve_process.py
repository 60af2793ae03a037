"""A `larder serve` process and a small HTTP client for the tests: started on a free loopback port,
ended by its own process id."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile

DEADLINE_SECONDS = 60  # for what must happen at all; sanitizers are slow


class Server:
    """Use as a context manager. `log()` is what the process wrote to its standard error stream."""

    def __init__(self, binary, *arguments, environment=None):
        self.binary = binary
        self.arguments = arguments
        self.environment = environment or {}
        self.process = None
        self.port = 0
        self._log = tempfile.TemporaryFile()

    def __enter__(self):
        command = [self.binary, "serve", "--port", "0", *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log,
                                        env=clean_environment(self.environment))
        ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE_SECONDS)
        line = self.process.stdout.readline().decode() if ready else ""
        found = re.search(r"listening on http://[^ ]*:(\d+)\n", line)
        if not found:
            self.kill()
            raise AssertionError(f"{command} did not start: {line!r} {self.log()!r}")
        self.port = int(found.group(1))
        return self

    def __exit__(self, *_):
        self.kill()
        self._log.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self):
        return self.process.wait(DEADLINE_SECONDS)

    def log(self):
        self._log.seek(0)
        return self._log.read().decode()

    def connect(self, timeout=DEADLINE_SECONDS):
        return Client(self.port, timeout)

    def ask(self, method, target, body=None):
        """One request on a connection of its own."""
        with self.connect() as client:
            client.send(method, target, body, {"Connection": "close"})
            return client.receive(method)

    def metric(self, name):
        """The sum over all series of a metric."""
        text = self.ask("GET", "/metrics").body.decode()
        values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        assert values, f"{name} is not exported"
        return sum(float(value) for value in values)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # names in lower case
        self.body = body

    def json(self):
        return json.loads(self.body)

    def closes(self):
        return self.headers.get("connection", "").lower() == "close"


class Incomplete(Exception):
    """The connection ended before a whole answer."""


class Client:
    """One connection."""

    def __init__(self, port, timeout=DEADLINE_SECONDS):
        self.received = b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.settimeout(DEADLINE_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, method, target, body=None, headers=None):
        self.send_raw(request_bytes(method, target, body, headers))

    def send_raw(self, data):
        self.socket.sendall(data)

    def receive(self, method="GET"):
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, _ = head[0].split(" ", 2)
        assert version == "HTTP/1.1", head[0]
        headers = {}
        for line in head[1:-2]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
        return Answer(int(status), headers, self._exactly(length))

    def is_closed(self):
        """Whether the server has closed, as a client looks before it uses a connection again."""
        readable, _, _ = select.select([self.socket], [], [], 0)
        return bool(readable)

    def at_end(self):
        """Waits for the server's close; true if nothing came before it."""
        return self.received == b"" and self.socket.recv(1) == b""

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError as error:
            raise Incomplete(str(error)) from error
        if not data:
            raise Incomplete("the connection was closed")
        self.received += data

    def _until(self, mark):
        while mark not in self.received:
            self._more()
        return self._exactly(self.received.index(mark) + len(mark))

    def _exactly(self, size):
        while len(self.received) < size:
            self._more()
        data, self.received = self.received[:size], self.received[size:]
        return data


def request_bytes(method, target, body=None, headers=None):
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    data = body if isinstance(body, bytes) else (body or "").encode()
    if data:
        lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join([*lines, "", ""]).encode() + data


def clean_environment(more):
    """Without the variables that configure Larder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LARDER_")}
    return {**kept, **more}


def run(binary, *arguments, environment=None):
    """Runs the command to its end."""
    return subprocess.run([binary, *arguments], capture_output=True, text=True,
                          timeout=DEADLINE_SECONDS, env=clean_environment(environment or {}))

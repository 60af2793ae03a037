#!/usr/bin/env python3
"""Tests of `larder serve` as its clients see it.

usage: serve_test.py LARDER_BINARY TEST_CLASS
"""

import json
import signal
import socket
import sys
import tempfile
import threading
import unittest

from serve_process import DEADLINE_SECONDS, Client, Incomplete, Server, request_bytes, run

BINARY = ""


def subject_body(subject):
    return json.dumps({"subject": subject})


class ServeCase(unittest.TestCase):
    def serve(self, *arguments, environment=None):
        server = Server(BINARY, *arguments, environment=environment)
        server.__enter__()
        self.addCleanup(server.__exit__)
        return server

    def create(self, server, subject):
        answer = server.ask("POST", "/v1/sessions", subject_body(subject))
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json()["token"]

    def check_error(self, answer, status, code):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(list(answer.json()), ["error"])
        error = answer.json()["error"]
        self.assertEqual(sorted(error), ["code", "message"])
        self.assertEqual(error["code"], code)
        self.assertTrue(error["message"])


class Api(ServeCase):
    def test_a_session_from_its_creation_to_its_end(self):
        server = self.serve()
        answer = server.ask("POST", "/v1/sessions", subject_body("alice"))
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.headers["cache-control"], "no-store")
        created = answer.json()
        self.assertEqual(sorted(created), ["created_at", "expires_at", "subject", "token"])
        self.assertRegex(created["token"], r"^[A-Za-z0-9_-]{43}$")
        path = "/v1/sessions/" + created["token"]
        self.assertEqual(server.ask("GET", path).json(), created)
        touched = server.ask("POST", path + "/touch")
        self.assertEqual(touched.status, 200)
        self.assertGreaterEqual(touched.json()["expires_at"], created["expires_at"])
        gone = server.ask("DELETE", path)
        self.assertEqual((gone.status, gone.body), (204, b""))
        self.assertNotIn("content-length", gone.headers)
        for method, target in [("GET", path), ("DELETE", path), ("POST", path + "/touch")]:
            self.check_error(server.ask(method, target), 404, "unknown_session")

    def test_subjects_are_listed_and_revoked(self):
        server = self.serve()
        subject = "a/b c\u00e9%"
        target = "/v1/subjects/a%2Fb%20c%C3%A9%25/sessions"
        tokens = {self.create(server, subject) for _ in range(3)}
        other = self.create(server, "bob")
        listed = server.ask("GET", target).json()
        self.assertEqual(listed["subject"], subject)
        self.assertEqual(listed["total"], 3)
        self.assertEqual({session["token"] for session in listed["sessions"]}, tokens)
        self.assertEqual(server.ask("DELETE", target).json(), {"subject": subject, "revoked": 3})
        self.assertEqual(server.ask("DELETE", target).json(), {"subject": subject, "revoked": 0})
        for token in tokens:
            self.assertEqual(server.ask("GET", "/v1/sessions/" + token).status, 404)
        self.assertEqual(server.ask("GET", "/v1/sessions/" + other).status, 200)

    def test_sessions_expire(self):
        server = self.serve("--session-ttl", "1ms")
        token = self.create(server, "alice")
        for _ in range(10_000):  # each is a round trip: the millisecond passes
            if server.ask("GET", "/v1/sessions/" + token).status == 404:
                break
        self.assertEqual(server.ask("GET", "/v1/subjects/alice/sessions").json()["sessions"], [])

    def test_health_and_metrics(self):
        server = self.serve()
        self.assertEqual(server.ask("GET", "/healthz").json(), {"status": "up"})
        ready = server.ask("GET", "/readyz").json()
        self.assertEqual(ready["status"], "ready")
        self.assertEqual(ready["caches"][0]["state"], "up")
        token = self.create(server, "alice")
        server.ask("GET", "/v1/sessions/" + token)
        answer = server.ask("GET", "/metrics")
        self.assertEqual(answer.headers["content-type"],
                         "text/plain; version=0.0.4; charset=utf-8")
        text = answer.body.decode()
        names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
        self.assertTrue(all(name.startswith("larder_") for name in names), names)
        for name in ("larder_cache_hits_total", "larder_cache_misses_total",
                     "larder_cache_stores_total", "larder_cache_removals_total",
                     "larder_cache_entries", "larder_cache_operations_total",
                     "larder_http_connections", "larder_http_requests_total",
                     "larder_http_request_duration_seconds", "larder_build_info"):
            self.assertIn(name, names)
        self.assertIn('larder_cache_entries{cache="sessions"} 1\n', text)
        self.assertIn('larder_http_requests_total{route="/v1/sessions/{token}",status="200"} 1\n',
                      text)
        self.assertNotIn(token, text)

    def test_one_connection_carries_many_requests(self):
        server = self.serve()
        with server.connect() as client:
            for i in range(50):
                client.send("POST", "/v1/sessions", subject_body(f"s{i}"))
                answer = client.receive()
                self.assertEqual(answer.status, 201)
                self.assertFalse(answer.closes())
            client.send("GET", "/v1/sessions/none")
            self.check_error(client.receive(), 404, "unknown_session")
            client.send("HEAD", "/healthz")
            answer = client.receive("HEAD")
            self.assertEqual((answer.status, answer.body), (200, b""))
            self.assertEqual(answer.headers["content-length"], "15")
            client.send("GET", "/healthz", headers={"Connection": "close"})
            self.assertTrue(client.receive().closes())
            self.assertTrue(client.at_end())

    def test_pipelined_requests_are_answered_in_their_order(self):
        server = self.serve()
        targets = [f"/v1/subjects/s{i}/sessions" for i in range(100)]
        with server.connect() as client:
            client.send_raw(b"".join(request_bytes("GET", target) for target in targets))
            for i in range(100):
                self.assertEqual(client.receive().json()["subject"], f"s{i}")

    def test_old_clients_and_those_that_ask_first(self):
        server = self.serve()
        with server.connect() as client:
            client.send_raw(b"GET /healthz HTTP/1.0\r\n\r\n")
            data = client.socket.recv(65536)
            self.assertTrue(data.startswith(b"HTTP/1.0 200"), data)
        with server.connect() as client:
            body = subject_body("alice")
            client.send_raw(f"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n".encode())
            self.assertEqual(client.receive().status, 100)
            client.send_raw(body.encode())
            self.assertEqual(client.receive().status, 201)
        with server.connect() as client:
            client.send_raw(b"POST /v1/sessions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"9\r\n{\"subject\r\n9\r\n\":\"chunk\"\r\n1\r\n}\r\n0\r\n\r\n")
            self.assertEqual(client.receive().json()["subject"], "chunk")


class Errors(ServeCase):
    def test_what_is_refused_changes_nothing(self):
        server = self.serve()
        token = self.create(server, "alice")
        path = "/v1/sessions/" + token
        long_subject = "a" * 257
        cases = [
            ("POST", "/v1/sessions", "", 400, "malformed_json"),
            ("POST", "/v1/sessions", '{"subject":', 400, "malformed_json"),
            ("POST", "/v1/sessions", b'{"subject":"\xff"}', 400, "malformed_json"),
            ("POST", "/v1/sessions", "[]", 400, "invalid_body"),
            ("POST", "/v1/sessions", '{"subject":"a","ttl":1}', 400, "invalid_body"),
            ("POST", "/v1/sessions", "{}", 400, "invalid_subject"),
            ("POST", "/v1/sessions", '{"subject":1}', 400, "invalid_subject"),
            ("POST", "/v1/sessions", subject_body(""), 400, "invalid_subject"),
            ("POST", "/v1/sessions", subject_body(long_subject), 400, "invalid_subject"),
            ("DELETE", f"/v1/subjects/{long_subject}/sessions", "", 400, "invalid_subject"),
            ("DELETE", "/v1/subjects/%ff/sessions", "", 400, "invalid_subject"),
            ("DELETE", "/v1/sessions/%zz", "", 400, "malformed_path"),
            ("DELETE", "/v1/sessions/" + "A" * 43, "", 404, "unknown_session"),
            ("POST", "/v1/sessions/..%2f/touch", "", 404, "unknown_session"),
            ("DELETE", path + "/", "", 404, "unknown_path"),
            ("GET", "/", "", 404, "unknown_path"),
            ("PUT", path, "", 405, "method_not_allowed"),
            ("DELETE", "/v1/sessions", "", 405, "method_not_allowed"),
            ("POST", "/metrics", "", 405, "method_not_allowed"),
        ]
        before = server.metric("larder_cache_stores_total")
        for method, target, body, status, code in cases:
            with self.subTest(method=method, target=target, body=body):
                self.check_error(server.ask(method, target, body), status, code)
        self.assertEqual(server.metric("larder_cache_stores_total"), before)
        self.assertEqual(server.metric("larder_cache_entries"), 1)
        self.assertEqual(server.ask("GET", path).status, 200)
        self.assertIn("256", server.ask("POST", "/v1/sessions", subject_body(long_subject))
                      .json()["error"]["message"])
        self.assertEqual(server.ask("PUT", path).headers["allow"], "GET, HEAD, DELETE")

    def test_limits_of_bodies_and_headers(self):
        server = self.serve()
        fits = b" " * (64 * 1024 - 16) + b'{"subject": "a"}'
        self.assertEqual(server.ask("POST", "/v1/sessions", fits).status, 201)
        answer = server.ask("POST", "/v1/sessions", b" " + fits)
        self.check_error(answer, 413, "body_too_large")
        self.assertTrue(answer.closes())
        with server.connect() as client:
            client.send_raw(b"POST /v1/sessions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(17):
                client.send_raw(b"1000\r\n" + b" " * 0x1000 + b"\r\n")
            self.check_error(client.receive(), 413, "body_too_large")
        with server.connect() as client:
            client.send("GET", "/healthz", headers={"X": "a" * 9000})
            self.check_error(client.receive(), 431, "headers_too_large")
            self.assertTrue(client.at_end())
        with server.connect() as client:
            client.send("GET", "/v1/sessions/" + "a" * 9000)
            self.check_error(client.receive(), 431, "headers_too_large")
        with server.connect() as client:
            client.send("GET", "/healthz", headers={"X": "a" * 7000})
            self.assertEqual(client.receive().status, 200)

    def test_what_is_no_http_is_refused(self):
        server = self.serve()
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n",
                     b"GET /healthz HTTP/9.9\r\n\r\n", b"GET /healthz HTTP/1.1\r\nA B: c\r\n\r\n",
                     b"POST /v1/sessions HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                     b"POST /v1/sessions HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"):
            with self.subTest(data=data), server.connect() as client:
                client.send_raw(data)
                self.check_error(client.receive(), 400, "malformed_request")
                self.assertTrue(client.at_end())
        self.assertEqual(server.metric("larder_cache_stores_total"), 0)

    def test_requests_that_take_too_long_are_told_so(self):
        server = self.serve("--request-timeout", "100ms")
        for start in (b"G", b"GET /healthz HTTP/1.1\r\nHost:",
                      b"POST /v1/sessions HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"sub"):
            with self.subTest(start=start), server.connect() as client:
                client.send_raw(start)
                self.check_error(client.receive(), 408, "request_timeout")
                self.assertTrue(client.at_end())
        self.assertEqual(server.ask("GET", "/healthz").status, 200)
        self.assertEqual(server.metric("larder_cache_stores_total"), 0)

    def test_idle_connections_are_closed(self):
        server = self.serve("--idle-timeout", "100ms")
        with server.connect() as silent, server.connect() as used:
            used.send("GET", "/healthz")
            self.assertEqual(used.receive().status, 200)
            self.assertTrue(used.at_end())
            self.assertTrue(silent.at_end())

    def test_more_connections_wait_for_room(self):
        server = self.serve("--max-connections", "2")
        with server.connect() as first, server.connect() as second, server.connect() as third:
            for client in (first, second):
                client.send("GET", "/healthz")
                self.assertEqual(client.receive().status, 200)
            third.send("GET", "/healthz")
            third.socket.settimeout(0.2)
            with self.assertRaises(socket.timeout):
                third.socket.recv(1)
            third.socket.settimeout(DEADLINE_SECONDS)
            first.socket.close()
            self.assertEqual(third.receive().status, 200)


class Load(threading.Thread):
    """A client that sends until the service ends. Every request that went out on a connection that
    was accepted and not announced to close is owed a whole answer."""

    def __init__(self, server, name, pipelined, keeps, answered):
        super().__init__(name=name)
        self.port = server.port
        self.pipelined = pipelined
        self.keeps = keeps
        self.answered = answered  # a semaphore: one release per answer
        self.sent = 0
        self.lost = []
        self.tokens = []

    def run(self):
        try:
            while True:
                with Client(self.port, timeout=0.3) as client:
                    self.use(client)
        except (ConnectionError, socket.timeout):
            pass  # no connection: the service takes no more

    def use(self, client):
        headers = {} if self.keeps else {"Connection": "close"}
        while not client.is_closed():
            batch = b"".join(request_bytes("POST", "/v1/sessions", subject_body(self.name), headers)
                             for _ in range(self.pipelined))
            try:
                client.send_raw(batch)
            except ConnectionError as error:
                self.lost.append(f"{self.name}: {error}")
                return
            self.sent += self.pipelined
            for i in range(self.pipelined):
                try:
                    answer = client.receive()
                except Incomplete as error:
                    self.lost.append(f"{self.name}: answer {i}: {error}")
                    return
                if answer.status != 201:
                    self.lost.append(f"{self.name}: {answer.status} {answer.body}")
                self.tokens.append(answer.json()["token"])
                self.answered.release()
            if answer.closes():
                return


class Drain(ServeCase):
    def run_under_load(self, *arguments):
        server = self.serve("--log-level", "debug", *arguments)
        answered = threading.Semaphore(0)
        clients = [Load(server, f"client{i}", pipelined=4 if i % 4 == 0 else 1, keeps=i % 4 != 3,
                        answered=answered) for i in range(16)]
        for client in clients:
            client.start()
        for _ in range(2000):
            self.assertTrue(answered.acquire(timeout=DEADLINE_SECONDS))
        server.terminate()
        for client in clients:
            client.join(DEADLINE_SECONDS)
            self.assertFalse(client.is_alive())
        self.assertEqual(server.exit_code(), 0)
        lost = [line for client in clients for line in client.lost]
        tokens = [token for client in clients for token in client.tokens]
        self.assertEqual(lost, [])
        self.assertEqual(len(tokens), sum(client.sent for client in clients))
        self.assertEqual(len(set(tokens)), len(tokens))
        print(f"\n[report] serve: {len(tokens)} requests sent around SIGTERM, {len(lost)} lost",
              flush=True)
        return server.log(), tokens

    def check_log(self, log, tokens):
        self.assertGreaterEqual(log.count('"POST"'), len(tokens))
        for token in tokens:
            self.assertNotIn(token, log)

    def test_no_accepted_request_is_lost_under_load(self):
        log, tokens = self.run_under_load("--threads", "4")
        self.check_log(log, tokens)

    def test_nor_where_connections_wait_for_room(self):
        log, tokens = self.run_under_load("--max-connections", "3", "--log-format", "json")
        self.check_log(log, tokens)
        lines = [json.loads(line) for line in log.splitlines()]
        self.assertEqual([lines[0]["event"], lines[-1]["event"]], ["listening", "ended"])
        posts = [line for line in lines if line["event"] == "request"]
        self.assertTrue(all(len(line["session"]) == 16 for line in posts))

    def test_no_token_of_a_path_is_logged(self):
        server = self.serve("--log-level", "debug")
        token = self.create(server, "alice")
        for method, target in [("GET", f"/v1/sessions/{token}"), ("GET", f"/v1/{token}"),
                               ("PUT", f"/v1/sessions/{token}"), (token, "/healthz"),
                               ("POST", f"/v1/sessions/{token}/touch"),
                               ("GET", f"/v1/subjects/{token}/sessions"),
                               ("DELETE", f"/v1/sessions/{token}?t={token}")]:
            server.ask(method, target)
        server.terminate()
        self.assertEqual(server.exit_code(), 0)
        self.assertGreater(server.log().count("request"), 7)
        self.assertNotIn(token, server.log())

    def test_requests_that_have_begun_are_finished(self):
        server = self.serve()
        body = subject_body("alice")
        begun = [server.connect() for _ in range(5)]
        for client in begun:
            client.send_raw(f"POST /v1/sessions HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
                            .encode() + body[:5].encode())
        self.wait_for_connections(server, 5)
        server.terminate()
        self.wait_for_log(server, "draining")
        for client in begun:
            client.send_raw(body[5:].encode())
            self.assertEqual(client.receive().status, 201)
            self.assertTrue(client.at_end())
            client.socket.close()
        self.assertEqual(server.exit_code(), 0)

    def test_pipelined_requests_that_were_sent_are_all_answered(self):
        server = self.serve()
        with server.connect() as client:
            client.send_raw(request_bytes("GET", "/healthz") * 500)
            server.terminate()
            answers = [client.receive() for _ in range(500)]
            self.assertTrue(all(answer.status == 200 for answer in answers))
            client.socket.close()
        self.assertEqual(server.exit_code(), 0)

    def test_connections_in_the_queue_are_answered(self):
        server = self.serve("--max-connections", "1")
        with server.connect() as holder:
            holder.send("GET", "/healthz")
            self.assertEqual(holder.receive().status, 200)
            waiting = [server.connect() for _ in range(20)]
            for client in waiting:
                client.send("GET", "/healthz")
            server.terminate()
            for client in waiting:
                self.assertEqual(client.receive().status, 200)
                client.socket.close()
        self.assertEqual(server.exit_code(), 0)

    def test_draining_is_announced_and_idle_connections_are_let_go(self):
        server = self.serve()
        with server.connect() as silent, server.connect() as probe:
            self.wait_for_connections(server, 2)
            server.terminate()
            probe.send("GET", "/readyz")
            answer = probe.receive()
            if answer.status != 200:  # 200: it was answered before the signal came
                self.check_error(answer, 503, "draining")
                self.assertTrue(answer.closes())
            self.assertTrue(silent.at_end())
        self.assertEqual(server.exit_code(), 0)

    def test_a_client_that_never_ends_is_cut_off(self):
        server = self.serve("--drain-timeout", "200ms")
        with server.connect() as client:
            client.send_raw(b"GET /healthz")
            self.wait_for_connections(server, 1)
            server.terminate()
            self.assertEqual(server.exit_code(), 0)
        self.assertIn("cut_off", server.log())

    def test_a_second_signal_cuts_short(self):
        server = self.serve("--drain-timeout", "1h", "--request-timeout", "1h")
        with server.connect() as client:
            client.send_raw(b"GET /healthz")
            self.wait_for_connections(server, 1)
            server.terminate()
            self.wait_for_log(server, "draining")
            server.process.send_signal(signal.SIGINT)
            self.assertEqual(server.exit_code(), 0)

    def wait_for_log(self, server, event):
        while event not in server.log():
            self.assertIsNone(server.process.poll())

    def wait_for_connections(self, server, count):
        """Until the server has taken so many connections besides that of the question."""
        for _ in range(10_000):
            if server.metric("larder_http_connections") > count:
                return
        self.fail("the connections were not taken")


class Settings(ServeCase):
    def file(self, text):
        file = tempfile.NamedTemporaryFile("w", suffix=".toml")
        self.addCleanup(file.close)
        file.write(text)
        file.flush()
        return file.name

    def check(self, *arguments, environment=None):
        return run(BINARY, "serve", "--check", *arguments, environment=environment)

    def test_the_command_tells_of_itself(self):
        self.assertRegex(run(BINARY, "--version").stdout, r"^larder \d+\.\d+\.\d+\n$")
        for arguments in (["--help"], ["serve", "--help"], ["bench", "--help"]):
            shown = run(BINARY, *arguments)
            self.assertEqual(shown.returncode, 0)
            self.assertIn("Usage:", shown.stdout)
        settings = run(BINARY, "settings").stdout
        self.assertIn("max_entries = 1000000", settings)
        self.assertIn("LARDER_MAX_ENTRIES", settings)
        self.assertIn("| `max_entries` |", run(BINARY, "settings", "--markdown").stdout)
        for arguments in ([], ["serv"], ["serve", "--prot", "1"], ["serve", "--port", "x"]):
            self.assertEqual(run(BINARY, *arguments).returncode, 2, arguments)

    def test_flags_are_stronger_than_variables_and_those_than_the_file(self):
        path = self.file('[serve]\nport = 1\nthreads = 2\nidle-timeout = "3s"\nlog-level = "error"\n'
                         'session-ttl = "4min"\n[caches.sessions]\nmax_entries = 5')
        environment = {"LARDER_SERVE_PORT": "11", "LARDER_SERVE_THREADS": "12",
                       "LARDER_MAX_ENTRIES": "15"}
        shown = self.check("--config", path, "--port", "21", environment=environment)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        for line in ("port = 21", "threads = 12", "idle-timeout = 3000ms", "log-level = error",
                     "session-ttl = 240000ms", "max_entries = 15"):
            self.assertIn(line + "\n", shown.stdout)

    def test_all_problems_are_named(self):
        path = self.file('[serve]\nport = 70000\nprot = 1\nidle-timeout = "3"\nthreads = [1]\n')
        shown = self.check("--config", path)
        self.assertEqual(shown.returncode, 2)
        self.assertIn("serve.threads", shown.stderr)
        path = self.file('[serve]\nport = 70000\nprot = 1\nidle-timeout = "3"\nthreads = 0\n')
        shown = self.check("--config", path, environment={"LARDER_MAX_ENTRIES": "0",
                                                         "LARDER_SERVE_PROT": "1"})
        self.assertEqual(shown.returncode, 2)
        for place in ("serve.port", "serve.prot", "serve.idle-timeout", "serve.threads",
                      "LARDER_MAX_ENTRIES", "LARDER_SERVE_PROT"):
            self.assertIn(place, shown.stderr)
        self.assertEqual(self.check("--config", "/nowhere/larder.toml").returncode, 2)
        self.assertEqual(self.check("--session-ttl", "0s").returncode, 2)
        self.assertEqual(self.check("--session-ttl", "10").returncode, 2)
        self.assertEqual(self.check("--log-level", "loud").returncode, 2)

    def test_the_provider_is_a_setting(self):
        server = self.serve("--config", self.file('[caches.sessions]\nprovider = "null"\n'))
        token = self.create(server, "alice")
        self.check_error(server.ask("GET", "/v1/sessions/" + token), 404, "unknown_session")
        self.assertEqual(server.ask("GET", "/readyz").json()["caches"][0]["provider"], "null")

    def test_a_full_cache_says_so(self):
        server = self.serve(environment={"LARDER_MAX_ENTRIES": "1", "LARDER_ON_FULL": "reject"})
        self.create(server, "alice")
        self.check_error(server.ask("POST", "/v1/sessions", subject_body("bob")), 503, "cache_full")

    def test_an_address_that_cannot_be_had_is_told(self):
        server = self.serve()
        taken = run(BINARY, "serve", "--port", str(server.port))
        self.assertEqual(taken.returncode, 1)
        self.assertIn("listen_failed", taken.stderr)
        self.assertEqual(run(BINARY, "serve", "--address", "nowhere").returncode, 1)


if __name__ == "__main__":
    BINARY = sys.argv[1]
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)

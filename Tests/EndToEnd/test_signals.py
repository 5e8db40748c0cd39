"""Signals: what an operator, logrotate or a supervisor tells a server that runs, and what its clients see of it."""
import contextlib
import http.client
import json
import signal
import socket
import ssl
import subprocess
import threading

import pytest

from harness.http import TIMEOUT, basic
from harness.server import PASSWORD
from harness.waiting import until
from test_process import begin_put


def certificate(folder, name):
    """A new certificate and key for 127.0.0.1, and how the certificate is told from others."""
    key, chain = folder / (name + ".key"), folder / (name + ".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(chain)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return key, chain, ssl.PEM_cert_to_DER_cert(chain.read_text())


def shown(port):
    """The certificate that a new connection is shown."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port), timeout=TIMEOUT))


@pytest.fixture
def load():
    """Requests without end on connections that are kept, until the test has seen enough; then what failed of them."""
    stop, failures, counts, threads = threading.Event(), [], [], []

    def begin(port, path="/health", context=None, threads_count=4):
        def run(place):
            make = lambda: (http.client.HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT, context=context) if context
                            else http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT))
            connection = make()
            while not stop.is_set():
                try:
                    connection.request("GET", path, headers={"Authorization": basic("admin", PASSWORD)})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status != 200:
                        failures.append(answer.status)
                except Exception as error:
                    failures.append(repr(error))
                    connection = make()
                counts[place] += 1
        for place in range(threads_count):
            counts.append(0)
            threads.append(threading.Thread(target=run, args=(place,)))
            threads[-1].start()

    def end():
        stop.set()
        for thread in threads:
            thread.join()
        return failures

    begin.count = lambda: sum(counts)
    begin.end = end
    yield begin
    end()


def test_sighup_under_load_fails_no_request_and_opens_a_moved_access_log_again(new_server, tmp_path, load):
    log = tmp_path / "access.log"
    server = new_server("reloaded", SAVE_ACCESS_LOG=str(log))
    server.create("p/files", format="raw")
    server.admin.ok("PUT", "/raw/p/files/a", data=b"a")
    load(server.port, "/raw/p/files/a")
    for number in range(5):
        until(lambda: log.exists() and log.stat().st_size, "a line in the log")
        before = load.count()
        log.rename(tmp_path / ("access.log.%d" % number))
        server.process.send_signal(signal.SIGHUP)
        until(lambda: log.exists(), "the log under its name again")
        until(lambda: load.count() > before + 50, "requests after the signal")
    assert load.end() == [] and server.alive
    server.client(None).get("/health?last")
    until(lambda: "/health?last" in log.read_text(), "the last request in the log")
    lines = [line for path in tmp_path.glob("access.log*") for line in path.read_text().splitlines()]
    wanted = sum(json.loads(line)["target"] == "/raw/p/files/a" for line in lines)
    assert wanted == load.count() + 1, "each request has its line in one of the files"


def test_a_log_that_cannot_be_opened_again_goes_on_where_it_was(new_server, tmp_path):
    log = tmp_path / "logs" / "access.log"
    log.parent.mkdir()
    server = new_server("moved", SAVE_ACCESS_LOG=str(log))
    log.parent.rename(tmp_path / "elsewhere")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "could be reloaded" in server.log_tail(), "a complaint")
    assert str(log) in server.log_tail()
    server.client(None).get("/health?after")
    until(lambda: "/health?after" in (tmp_path / "elsewhere" / "access.log").read_text(), "the line in the old file")


def test_the_access_log_moves_itself_away_at_its_size_and_keeps_so_many(new_server, tmp_path):
    log = tmp_path / "access.log"
    server = new_server("rotated", SAVE_ACCESS_LOG=str(log), SAVE_ACCESS_LOG_MAX_SIZE="4k", SAVE_ACCESS_LOG_KEEP="2")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)

    def ask():
        connection.request("GET", "/health?" + "x" * 1000)
        connection.getresponse().read()
        return (tmp_path / "access.log.2").exists()
    until(ask, "a third file")
    connection.request("GET", "/health?last")
    connection.getresponse().read()
    until(lambda: "/health?last" in log.read_text(), "the last request in the log")
    assert sorted(path.name for path in tmp_path.glob("access.log*")) == ["access.log", "access.log.1", "access.log.2"]
    for path in tmp_path.glob("access.log*"):
        assert all(json.loads(line)["status"] == 200 for line in path.read_text().splitlines())


def test_sighup_serves_a_renewed_certificate_and_no_connection_notices(new_server, tmp_path, load):
    key, chain, first = certificate(tmp_path, "first")
    server = new_server("renewed", SAVE_TLS_CERTIFICATE=str(chain), SAVE_TLS_KEY=str(key))
    trusting = ssl.create_default_context(cafile=str(chain))
    assert shown(server.port) == first
    kept = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=TIMEOUT, context=trusting)
    kept.request("GET", "/health")
    assert kept.getresponse().read()
    load(server.port, context=trusting)
    until(lambda: load.count() > 50, "requests")
    new_key, new_chain, second = certificate(tmp_path, "second")
    new_key.replace(key)
    new_chain.replace(chain)
    server.process.send_signal(signal.SIGHUP)
    until(lambda: shown(server.port) == second, "the renewed certificate")
    before = load.count()
    until(lambda: load.count() > before + 50, "requests after the renewal")
    kept.request("GET", "/health")      # on the connection from before, without a new one
    assert kept.getresponse().status == 200
    assert load.end() == []


@pytest.mark.parametrize("damage", ["another key", "no certificate", "missing", "empty"])
def test_a_certificate_that_cannot_be_used_is_logged_and_the_old_one_stays(new_server, tmp_path, damage):
    key, chain, first = certificate(tmp_path, "first")
    server = new_server("kept", SAVE_TLS_CERTIFICATE=str(chain), SAVE_TLS_KEY=str(key))
    if damage == "another key":
        certificate(tmp_path, "second")[0].replace(key)
    elif damage == "missing":
        chain.unlink()
    else:
        chain.write_text("" if damage == "empty" else "this is a letter to my aunt\n")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "could be reloaded" in server.log_tail(), "a complaint")
    assert str(key if damage == "another key" else chain) in server.log_tail()
    assert shown(server.port) == first and server.alive
    # A start with the same files is refused, with the same reason.
    assert server.stop() == 0
    server.launch()
    assert server.process.wait(TIMEOUT) == 1
    assert str(key if damage == "another key" else chain) in server.log_tail()


# -- the end

def test_after_sigterm_health_is_503_while_requests_are_still_taken_and_their_connections_close(new_server):
    server = new_server("balanced", SAVE_DRAIN_DELAY="600")
    server.create("p/files", format="raw")
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
    kept.request("GET", "/health/ready")
    answer = kept.getresponse()
    assert answer.status == 200 and answer.read() and answer.getheader("Connection") != "close"
    server.process.send_signal(signal.SIGTERM)
    # Each of these is a new connection, and none is refused.
    until(lambda: server.client(None).get("/health/ready").status_code == 503, "not ready")
    assert server.client(None).get("/health").status_code == 503 and server.client(None).get("/health/live").status_code == 200
    put = server.admin.put("/raw/p/files/a", data=b"late")
    assert put.status_code == 201 and put.headers["Connection"] == "close"
    # A connection from before lives until its next answer, which says that it was the last one.
    kept.request("GET", "/raw/p/files/a", headers={"Authorization": basic("admin", PASSWORD)})
    answer = kept.getresponse()
    assert (answer.status, answer.read(), answer.getheader("Connection")) == (200, b"late", "close")
    server.process.send_signal(signal.SIGHUP)       # says nothing any more, and ends nothing
    assert server.client(None).get("/health/ready").status_code == 503
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(TIMEOUT) == 0


def test_after_the_drain_delay_the_listener_closes_and_idle_connections_with_it(new_server):
    server = new_server("closed", SAVE_DRAIN_DELAY="1")
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(TIMEOUT) == 0
    assert idle.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_server_at_once_whatever_runs(new_server, number):
    server = new_server("hurried", SAVE_DRAIN_DELAY="600", SAVE_DRAIN_TIMEOUT="600")
    server.create("p/files", format="raw")
    server.admin.ok("PUT", "/raw/p/files/whole", data=b"whole")
    connection = begin_put(server, "/raw/p/files/half", 8 << 20)
    connection.send(b"a" * (1 << 20))
    server.process.send_signal(signal.SIGTERM)
    until(lambda: server.client(None).get("/health/ready").status_code == 503, "not ready")
    server.process.send_signal(number)
    assert server.process.wait(TIMEOUT) in (0, 1)
    connection.close()
    server.environment["SAVE_DRAIN_DELAY"] = "0"
    server.start()
    assert server.admin.get("/raw/p/files/half").status_code == 404
    assert server.admin.get("/raw/p/files/whole").content == b"whole"


def test_a_person_at_the_terminal_does_not_wait_for_load_balancers(new_server):
    server = new_server("interrupted", SAVE_DRAIN_DELAY="600")
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(TIMEOUT) == 0


# -- what stands in the logs

def test_no_log_has_the_secrets_of_a_request(new_server, tmp_path):
    log = tmp_path / "access.log"
    server = new_server("discreet", SAVE_ACCESS_LOG=str(log))
    secrets = []

    def secret():
        secrets.append("S3CRET%02d" % len(secrets))
        return secrets[-1]
    targets = ["/health?%s=%s&page=7" % (name, secret()) for name in (
        "token", "TOKEN", "access_token", "private-token", "apiKey", "api_key", "key", "password", "passwd", "client_secret",
        "X-Amz-Signature", "X-Amz-Credential", "sig", "auth", "to%6ben", "%74oken", "session_id", "jwt")]
    targets += ["/health?page=1;token=%s" % secret(), "/health?a&token=%s?x" % secret(), "/health?u=http://me:%s@h/" % secret(),
                "/health?u=http%%3A%%2F%%2Fme%%3A%s%%40h%%2F" % secret(), "/health?token=%s&token=%s" % (secret(), secret()),
                "http://me:%s@127.0.0.1/health" % secret(), "http://me:%s@127.0.0.1/health?token=%s" % (secret(), secret()),
                "/health/sav_0123456789ab%s" % (secret() * 5).replace("%", "")]
    for target in targets:
        with contextlib.closing(socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)) as connection:
            connection.sendall(("GET %s HTTP/1.1\r\nHost: x\r\nReferer: http://x/?token=%s\r\nUser-Agent: t/1 (sav_0123456789ab%s)\r\n"
                                "Connection: close\r\n\r\n" % (target, secret(), secret() * 5)).encode())
            while connection.recv(65536):
                pass
    until(lambda: len(log.read_text().splitlines()) >= len(targets), "a line for each request")
    text = log.read_text() + server.log_tail(1 << 20)
    assert not [word for word in secrets if word in text], [line for line in text.splitlines() if "S3CRET" in line]
    # All else is as it came.
    assert "page=7" in text and "token=***" in text and "/health/sav_0123456789ab***" in text and '"agent":"t/1 (sav_0123456789ab***)"' in text

"""The program as an operator meets it: starting, refusing to start, stopping, and its commands."""
import concurrent.futures
import http.client
import os
import re
import signal
import socket
import sqlite3
import stat
import threading
import time

import pytest

import make_fixtures
from harness.http import basic
from harness.server import PASSWORD, command
from harness.upstream import Fault
from harness.waiting import LIMIT, until


def refuses(server, *arguments, seconds=10):
    """The server ends by itself, with an error status and something to read and no trace; returns what it said."""
    server.launch(*arguments)
    try:
        status = server.process.wait(seconds)
    except Exception:
        server.kill()
        raise AssertionError("the server did not refuse to start:\n" + server.log_tail())
    text = server.log_tail()
    assert status not in (0, None) and status > 0, "it ended with %s:\n%s" % (status, text)
    assert text.strip() and "Fatal error" not in text and "0x0000" not in text, text
    return text


def database(server):
    found = [path for path in server.data.rglob("*") if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
    assert found, list(server.data.rglob("*"))
    return max(found, key=lambda path: path.stat().st_size)


@pytest.fixture
def stopped(new_server):
    """A server's folder with something in it, after an orderly stop."""
    server = new_server("stopped")
    server.create("p/files", format="raw")
    server.admin.put("/raw/p/files/a", data=b"precious")
    assert server.stop() == 0
    return server


def test_version_and_help():
    version = command("--version")
    assert version.returncode == 0 and re.search(r"\d+\.\d+", version.stdout)
    assert command("--help").returncode == 0 and "serve" in command("--help").stdout
    for name in ("serve", "check", "verify", "gc", "user"):
        shown = command(name, "--help")
        assert shown.returncode == 0 and shown.stdout.strip(), name
    for wrong in (["no-such-command"], ["serve", "--no-such-flag"], ["gc", "--data"]):
        done = command(*wrong)
        assert done.returncode not in (0, None) and done.returncode > 0 and done.stderr.strip(), wrong


def test_the_first_password_is_random_written_to_a_file_and_never_logged(new_server):
    server = new_server("first", start=False)
    del server.environment["SAVE_ADMIN_PASSWORD"]
    server.start()
    file = server.data / "initial-admin-password"
    password = file.read_text().strip()
    assert len(password) >= 16 and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert server.client("admin", password).get("/api/v1/user").status_code == 200
    assert password not in server.log.read_text() and "initial-admin-password" in server.log.read_text()
    assert server.stop() == 0
    server.start()
    assert server.client("admin", password).get("/api/v1/user").status_code == 200


def test_the_data_directory_is_closed_to_others(stopped):
    assert stat.S_IMODE(stopped.data.stat().st_mode) & 0o007 == 0 or all(
        stat.S_IMODE(path.stat().st_mode) & 0o007 == 0 for path in stopped.data.iterdir() if path.name != "listen")
    assert stat.S_IMODE(database(stopped).stat().st_mode) & 0o007 == 0


def test_it_announces_where_it_listens(new_server):
    server = new_server("announced")
    assert "listening on http://127.0.0.1:%d" % server.port in server.log.read_text()


def test_a_second_server_on_the_same_data_is_refused(new_server, tmp_path):
    first = new_server("shared")
    address = (first.data / "listen").read_text()
    second = new_server("shared", start=False)
    text = refuses(second)
    assert "Segmentation" not in text and first.alive
    if not (first.data / "listen").exists():
        (first.data / "listen").write_text(address)     # the harness removes it before each start
    assert first.admin.get("/health").status_code == 200


@pytest.mark.parametrize("damage", ["overwritten header", "truncated", "empty", "foreign", "not a database", "page overwritten"])
def test_a_damaged_or_foreign_database_stops_the_start_with_a_sentence(stopped, damage):
    file = database(stopped)
    for suffix in ("-wal", "-shm"):
        if os.path.exists(str(file) + suffix):
            os.unlink(str(file) + suffix)
    if damage == "overwritten header":
        with open(file, "r+b") as handle:
            handle.write(b"\0" * 100)
    elif damage == "truncated":
        os.truncate(file, file.stat().st_size // 2)
    elif damage == "empty":
        os.truncate(file, 0)
    elif damage == "foreign":
        file.unlink()
        foreign = sqlite3.connect(str(file))
        foreign.execute("CREATE TABLE recipes (title TEXT)")
        foreign.commit()
        foreign.close()
    elif damage == "not a database":
        file.write_bytes(b"this is a letter to my aunt\n" * 1000)
    else:
        with open(file, "r+b") as handle:
            handle.seek(4096)
            handle.write(b"\xa5" * 4096)
    before = file.read_bytes()
    text = refuses(stopped)
    assert len([line for line in text.strip().splitlines() if "database" in line.lower()]) >= 1, text
    assert file.read_bytes() == before, "a database that was refused was changed"


def test_a_port_in_use_is_refused_with_a_sentence(new_server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = new_server("port", start=False)
        refuses(server, "--listen", "127.0.0.1:%d" % taken.getsockname()[1])


def test_an_unknown_setting_names_itself_and_the_nearest_one(new_server):
    server = new_server("setting", start=False, SAVE_OUTBOUND_ALOW="127.0.0.1")
    text = refuses(server)
    assert "outbound_alow" in text.lower() and "outbound_allow" in text.lower()


def test_a_bad_value_names_its_setting(new_server):
    text = refuses(new_server("value", start=False, SAVE_LISTEN="not an address"), "--listen", "127.0.0.1:99999")
    assert "listen" in text.lower()


def test_a_configuration_file_is_read_and_its_mistakes_are_named(new_server, tmp_path):
    file = tmp_path / "save.conf"
    file.write_text("# a comment\noutbound_allow = 127.0.0.1\nlog_level = \"debug\"\n")
    server = new_server("configured", start=False)
    del server.environment["SAVE_OUTBOUND_ALLOW"]
    server.start("--config", file)
    assert server.client(None).get("/health").status_code == 200
    for text, named in (("cache_tll = 5\n", "cache_tll"), ("disk_reserv = 1\n", "disk_reserve"), ("idle_timeout = soon\n", "idle_timeout"),
                        ("idle_timeout\n", "key = value"), ("idle_timeout = 1\nidle_timeout = 2\n", "idle_timeout"),
                        ("idle_timeout = 99999999999999999999\n", "idle_timeout"), ("idle_timeout = -1\n", "idle_timeout"),
                        ("tls_key = /nowhere.pem\n", "tls_certificate"), ("public_url = save.example.com\n", "public_url"),
                        ("public_url = https://save.example.com/a//b\n", "public_url"), ("public_url = https://save.example.com/?a=b\n", "public_url"), ("public_url = ftp://save.example.com\n", "public_url"),
                        ("public_url = https://user@save.example.com\n", "public_url")):
        file.write_text(text)
        done = command("check", "--config", file)
        assert done.returncode > 0 and named in done.stderr and len(done.stderr.strip().splitlines()) == 1, (text, done.stderr)


def test_check_accepts_good_settings_and_refuses_bad_ones(tmp_path):
    assert command("check").returncode == 0
    done = command("check", SAVE_OUTBOUND_ALOW="127.0.0.1")
    assert done.returncode > 0 and "outbound_allow" in (done.stdout + done.stderr).lower()
    done = command("check", "--config", tmp_path / "missing.conf")
    assert done.returncode > 0 and "missing.conf" in done.stdout + done.stderr


def test_users_are_mended_without_the_server(stopped):
    done = command("user", "list", "--data", stopped.data)
    assert done.returncode == 0 and "admin" in done.stdout
    done = command("user", "passwd", "admin", "--data", stopped.data, input="a password that is new\n")
    assert done.returncode == 0, done.stderr
    done = command("user", "add", "second", "--role", "auditor", "--data", stopped.data, input="a second password\n")
    assert done.returncode == 0, done.stderr
    assert command("user", "add", "second", "--data", stopped.data, input="a second password\n").returncode > 0
    assert command("user", "passwd", "nobody", "--data", stopped.data, input="a second password\n").returncode > 0
    stopped.start()
    assert stopped.client("admin", PASSWORD).get("/api/v1/user").status_code == 401
    assert stopped.client("admin", "a password that is new").get("/api/v1/user").status_code == 200
    assert stopped.client("second", "a second password").get("/api/v1/user").status_code == 200


def test_a_locked_out_operator_gets_roles_and_accounts_back(stopped, tmp_path):
    user = lambda *words, input="": command("user", *words, "--data", stopped.data, input=input)
    assert user("add", "deputy", "--role", "admin", input="a second password\n").returncode == 0
    for words in (("role", "deputy", "auditor"), ("role", "deputy", "admin"), ("disable", "deputy")):
        assert user(*words).returncode == 0, words
    assert "deputy\tadmin\tdisabled" in user("list").stdout
    # What is left is the last one who can sign in.
    for words in (("disable", "admin"), ("role", "admin", "user")):
        done = user(*words)
        assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1) and "last administrator" in done.stderr, words
    assert user("enable", "deputy").returncode == 0 and user("disable", "admin").returncode == 0
    for words in (("role", "nobody", "admin"), ("enable", "nobody"), ("passwd", "nobody"), ("add", "sa$x"), ("add", "DEPUTY")):
        done = user(*words, input="a second password\n")
        assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1), (words, done.stderr)
    for words in ((), ("nonsense",), ("list", "x"), ("role", "deputy"), ("role", "deputy", "king"), ("enable",), ("passwd", "a", "b"),
                  ("list", "--role", "admin"), ("add", "x", "--role", "king"), ("list", "--nonsense")):
        assert user(*words).returncode == 2, words
    missing = tmp_path / "misspelled"
    assert command("user", "list", "--data", missing).returncode == 1 and not missing.exists()

    stopped.start()
    deputy = stopped.client("deputy", "a second password")
    assert deputy.get("/api/v1/users").status_code == 200
    assert stopped.client("admin", PASSWORD).get("/api/v1/user").status_code == 401
    records = deputy.ok("GET", "/api/v1/admin/audit?action=user.update").json()["items"]
    assert len(records) == 5 and {record["actor"] for record in records} == {"system"}
    assert deputy.ok("GET", "/api/v1/admin/audit/verify").json()


def test_the_commands_leave_the_data_of_a_running_server_alone(new_server):
    server = new_server("busy")
    for arguments in (["gc"], ["verify"], ["user", "list"]):
        done = command(*arguments, "--data", server.data)
        assert done.returncode > 0 and done.stderr.strip(), arguments
    assert server.admin.get("/api/v1/user").status_code == 200


# -- limits

def test_below_the_disk_reserve_writes_are_507_and_reads_go_on(stopped):
    stopped.environment["SAVE_DISK_RESERVE"] = "8000t"
    stopped.start()
    assert "disk_reserve" in stopped.log_tail()[:2000], "the start says so"
    for _ in range(20):
        answer = stopped.admin.put("/raw/p/files/b", data=b"more")
        assert answer.status_code == 507 and "disk_reserve" in answer.text and re.search(r"\d{4,} bytes are free", answer.text), answer.text
    assert stopped.admin.get("/raw/p/files/b").status_code == 404
    assert stopped.admin.get("/raw/p/files/a").content == b"precious"
    assert stopped.client("admin", "wrong").get("/raw/p/files/a").status_code == 401
    assert stopped.stop() == 0
    # The last of the log is written by now: the start's line, and one for all uploads of a minute.
    full = [line for line in stopped.log_tail(1 << 20).splitlines() if "disk_reserve" in line]
    assert len(full) == 2, full
    del stopped.environment["SAVE_DISK_RESERVE"]
    stopped.start()
    assert stopped.admin.put("/raw/p/files/b", data=b"more").status_code in (200, 201)


@pytest.mark.parametrize("reads", ["one after another", "at once"])
def test_k08_below_the_disk_reserve_a_proxy_passes_on_and_keeps_nothing(new_server, upstream, reads):
    upstream.add(make_fixtures.wheel("bulky", "1.0", payload=os.urandom(3_000_000)))
    item = upstream.find("bulky-1.0-py3-none-any.whl")
    server = new_server(SAVE_DISK_RESERVE="8000t")
    server.create("p/proxy", kind="proxy", remote_url=upstream.url + "/")
    assert server.admin.page("p/proxy", "bulky").status_code == 200
    path = server.admin.file_path("p/proxy", "bulky", item.filename)
    with concurrent.futures.ThreadPoolExecutor(3 if reads == "at once" else 1) as pool:
        answers = list(pool.map(server.admin.get, [path] * 3))
    assert [(answer.status_code, answer.content == item.content) for answer in answers] == [(200, True)] * 3
    assert server.admin.get(path + ".metadata").content == item.metadata
    counted = dict(line.split() for line in server.admin.get("/metrics").text.splitlines() if line.startswith("save_upstream_unkept"))
    assert int(counted["save_upstream_unkept_files"]) >= 3 and int(counted["save_upstream_unkept_indexes"]) == 1
    assert not [name for _, _, names in os.walk(server.data / "blobs") for name in names]


def test_a_request_that_trickles_in_is_cut_and_others_are_served(new_server):
    server = new_server("patient", SAVE_HEADER_TIMEOUT="1", SAVE_IDLE_TIMEOUT="2")
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: ")
    assert server.admin.get("/api/v1/user").status_code == 200
    for connection in slow:
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            answer = b""
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408")
        connection.close()


def test_tls_from_a_certificate_and_a_key(new_server, tmp_path):
    import subprocess
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = new_server("encrypted", SAVE_TLS_CERTIFICATE=str(certificate), SAVE_TLS_KEY=str(key))
    assert (server.data / "listen").read_text().startswith("https://")
    shown = subprocess.run(["curl", "-sS", "--cacert", str(certificate), "https://127.0.0.1:%d/health" % server.port],
                           stdout=subprocess.PIPE, text=True)
    assert shown.returncode == 0 and "ok" in shown.stdout
    assert subprocess.run(["curl", "-sS", "https://127.0.0.1:%d/health" % server.port], stderr=subprocess.DEVNULL).returncode != 0
    assert subprocess.run(["curl", "-sS", "--tls-max", "1.1", "--cacert", str(certificate), "https://127.0.0.1:%d/health" % server.port],
                          stderr=subprocess.DEVNULL).returncode != 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert b"200 OK" not in plain.recv(4096)
        except ConnectionResetError:
            pass
    assert subprocess.run(["curl", "-sS", "-f", "--cacert", str(certificate), "https://127.0.0.1:%d/health" % server.port],
                          stdout=subprocess.DEVNULL).returncode == 0


# -- stopping

def begin_put(server, path, size):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("PUT", path)
    connection.putheader("Authorization", basic("admin", PASSWORD))
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    return connection


def test_sigterm_finishes_what_is_in_flight_and_exits_0(new_server):
    server = new_server("drained")
    server.create("p/files", format="raw")
    connection = begin_put(server, "/raw/p/files/slow", 2 << 20)
    connection.send(b"a" * (1 << 20))
    # The request is being answered once some of its bytes are kept.
    until(lambda: any(file.stat().st_size for file in (server.data / "blobs").rglob("*") if file.is_file()), "the upload begins")
    server.process.send_signal(signal.SIGTERM)
    seen_unready = False
    for _ in range(20):
        try:
            seen_unready = seen_unready or server.client(None).get("/health/ready", timeout=2).status_code == 503
        except Exception:
            break       # the listener is closed: as good an answer for a balancer
        time.sleep(0.05)
    connection.send(b"a" * (1 << 20))
    assert connection.getresponse().status in (200, 201)
    connection.close()
    assert server.process.wait(35) == 0
    assert server.start().admin.get("/raw/p/files/slow").content == b"a" * (2 << 20)


def test_sigterm_with_idle_connections_is_quick(new_server):
    server = new_server("idle")
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
    for connection in idle[:3]:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(4096)
    begun = time.monotonic()
    assert server.stop() == 0
    # A server that waits for idle connections waits as long as for requests in flight.
    assert time.monotonic() - begun < 30
    for connection in idle:
        connection.close()


def test_a_download_in_flight_survives_sigterm(new_server, upstream):
    big = make_fixtures.heavy(4, "four")
    upstream.add(big)
    server = new_server("downloading")
    server.create("p/proxy", kind="proxy", remote_url=upstream.url + "/")
    path = server.admin.file_path("p/proxy", "four", big.filename)
    gate = threading.Event()
    upstream.faults["/blobs/four"] = Fault(hold=gate)
    with server.admin.get(path, stream=True) as answer:
        first = answer.raw.read(1 << 16)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        gate.set()
        assert first + answer.raw.read() == big.content
    assert server.process.wait(35) == 0


def test_an_interrupted_upload_leaves_nothing_behind(new_server):
    server = new_server("interrupted")
    server.create("p/files", format="raw")
    sizes = lambda: sum(path.stat().st_size for path in server.data.rglob("*") if path.is_file() and path.stat().st_size >= 1 << 20
                        and "db" not in path.name and "sqlite" not in path.name)
    connection = begin_put(server, "/raw/p/files/half", 8 << 20)
    connection.send(b"b" * (4 << 20))
    connection.sock.close()
    until(lambda: sizes() == 0, "the bytes of an upload that broke off are removed")
    assert server.admin.get("/raw/p/files/half").status_code == 404

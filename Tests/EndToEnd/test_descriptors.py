"""Connections and open files: what the process may have open, and what clients that have gone leave behind."""
import os
import re
import resource
import socket

import pytest

from harness.waiting import until


@pytest.fixture
def limited(new_server):
    """Makes servers that may have so many descriptors."""
    def make(descriptors, start=True, **environment):
        server = new_server(start=False, **environment)
        server.descriptors = descriptors
        return server.start() if start else server
    return make


@pytest.fixture
def many_descriptors():
    """As many as this process may have at all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_descriptors(server):
    """What the process has open, by descriptor."""
    folder = "/proc/%d/fd" % server.pid
    found = {}
    for name in os.listdir(folder):
        try:
            found[name] = os.readlink(os.path.join(folder, name))
        except FileNotFoundError:
            pass
    return found


def open_files(server):
    return [target for target in open_descriptors(server).values() if re.search("/blobs/[0-9a-f]{2}/", target)]


def connections(server, count, text):
    made = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=15)
        connection.sendall(text)
        made.append(connection)
    return made


def test_a_limit_that_is_no_server_s_is_refused_at_the_start(limited):
    server = limited(64, start=False).launch()
    assert server.process.wait(30) != 0
    assert "64 descriptors" in server.log_tail() and "ulimit -n" in server.log_tail()


@pytest.mark.parametrize("descriptors", [256, 1024])
def test_half_sent_requests_never_take_the_last_descriptor(limited, many_descriptors, descriptors):
    server = limited(descriptors)
    said = server.log_tail()
    server.create("p/files", format="raw")
    assert server.admin.put("/raw/p/files/a", data=b"kept").status_code == 201
    held = connections(server, descriptors + 150, b"GET /health HTTP/1.1\r\n")
    seen = []

    def those_without_a_place_are_answered():
        seen.append(len(open_descriptors(server)))
        return sum(is_answered(connection) for connection in held) >= 150

    try:
        until(those_without_a_place_are_answered, "those without a place are answered")
        assert max(seen) < descriptors - 32
        answers = [answer for answer in map(first_line, held) if answer]
        assert answers and all(answer.startswith(b"HTTP/1.1 503 too many connections") for answer in answers)
        assert server.alive
    finally:
        for connection in held:
            connection.close()
    until(lambda: answers_again(server), "the server answers again")
    # The connections that were closed go one by one: until then the limit may still be reached.
    until(lambda: file_is_there(server), "the file can be read again")
    assert "max_connections" in said, "the start says what was made smaller"


def is_answered(connection):
    connection.setblocking(False)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except (BlockingIOError, ConnectionError):
        return False


def first_line(connection):
    try:
        return connection.recv(4096).split(b"\r\n")[0]
    except (BlockingIOError, ConnectionError):
        return b""


def answers_again(server):
    try:
        return server.client(None).get("/health").status_code == 200
    except Exception:
        return False


def file_is_there(server):
    try:
        return server.admin.get("/raw/p/files/a").content == b"kept"
    except Exception:
        return False


def test_as_many_files_are_kept_open_as_open_files_says(limited):
    server = limited(1024, SAVE_OPEN_FILES="8")
    server.create("p/files", format="raw")
    for number in range(24):
        assert server.admin.put("/raw/p/files/%d" % number, data=bytes([number]) * 300_000).status_code == 201
    for number in range(24):
        for _ in range(3):
            assert server.admin.get("/raw/p/files/%d" % number).content == bytes([number]) * 300_000
        assert server.admin.get("/raw/p/files/%d" % number, headers={"Range": "bytes=5-9"}).content == bytes([number]) * 5
    until(lambda: 1 <= len(open_files(server)) <= 8, lambda: "%d files are open" % len(open_files(server)))


def test_the_memory_of_connections_that_have_gone_is_given_back(limited, many_descriptors):
    server = limited(many_descriptors, SAVE_MAX_CONNECTIONS_PER_ADDRESS="4000")
    before = server.resident_kb()
    held = connections(server, 3000, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
    for connection in held:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    most = server.resident_kb()
    for connection in held:
        connection.close()
    until(lambda: server.resident_kb() < before + (most - before) / 2, "half of the memory is given back")

"""What a supervisor such as systemd is told, on a datagram socket of the test's own (sd_notify(3))."""
import signal
import socket
import time
import uuid

import pytest

from harness.http import TIMEOUT


class Supervisor:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(TIMEOUT)

    def wait(self, wanted):
        """The next message with this assignment, as a dictionary."""
        while True:
            message = dict(line.split("=", 1) for line in self.socket.recv(65536).decode().splitlines())
            if wanted in message:
                return message


@pytest.fixture(params=["path", "abstract"])
def supervisor(request, tmp_path):
    name = "save-%s" % uuid.uuid4()
    path = "/tmp/%s" % name     # a socket's path is short
    made = Supervisor(path if request.param == "path" else "\0" + name)
    made.name = path if request.param == "path" else "@" + name
    yield made
    made.socket.close()
    if request.param == "path":
        import os
        os.unlink(path)


def test_a_supervisor_hears_of_the_start_of_a_reload_and_of_the_end(new_server, supervisor):
    server = new_server("supervised", NOTIFY_SOCKET=supervisor.name)
    ready = supervisor.wait("READY")
    assert ready["READY"] == "1" and str(server.port) in ready["STATUS"]
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    server.process.send_signal(signal.SIGHUP)
    reloading = supervisor.wait("RELOADING")
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert reloading["RELOADING"] == "1" and before <= int(reloading["MONOTONIC_USEC"]) <= after
    assert supervisor.wait("READY")["READY"] == "1"
    server.process.send_signal(signal.SIGTERM)
    assert supervisor.wait("STOPPING")["STOPPING"] == "1"
    assert server.process.wait(TIMEOUT) == 0


def test_the_watchdog_hears_of_a_server_that_is_well_and_of_no_other(new_server, supervisor, tmp_path):
    server = new_server("watched", NOTIFY_SOCKET=supervisor.name, WATCHDOG_USEC="400000")
    for _ in range(3):
        assert supervisor.wait("WATCHDOG")["WATCHDOG"] == "1"
    server.data.rename(tmp_path / "aside")
    # What was seen before may still be on its way; then nothing comes, for many times the watchdog's interval.
    supervisor.socket.settimeout(4)
    with pytest.raises(TimeoutError):
        for _ in range(20):
            supervisor.wait("WATCHDOG")
    supervisor.socket.settimeout(TIMEOUT)
    (tmp_path / "aside").rename(server.data)
    assert supervisor.wait("WATCHDOG")["WATCHDOG"] == "1"


def test_a_watchdog_of_another_process_hears_nothing(new_server, supervisor):
    server = new_server("unwatched", NOTIFY_SOCKET=supervisor.name, WATCHDOG_USEC="100000", WATCHDOG_PID="1")
    supervisor.wait("READY")
    assert server.stop() == 0
    heard = b""
    supervisor.socket.setblocking(False)
    try:
        while True:
            heard += supervisor.socket.recv(65536)
    except BlockingIOError:
        pass
    assert b"STOPPING=1" in heard and b"WATCHDOG" not in heard


def test_a_socket_that_is_not_there_keeps_nothing_from_working(new_server):
    for name in ("/nowhere/notify", "@" + "x" * 200, "relative", "", "@"):
        server = new_server("alone%d" % len(name), NOTIFY_SOCKET=name, WATCHDOG_USEC="nonsense")
        assert server.client(None).get("/health").status_code == 200 and server.stop() == 0

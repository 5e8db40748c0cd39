"""The log: lines to read at a terminal, JSON for programs, and what the operator wants instead."""
import json
import re
import signal
import socket

import pytest

from harness.http import Client
from harness.server import PASSWORD, command
from harness.terminal import Terminal

READABLE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (debug  |info   |notice |warning|error  |request) \S")


def serve(folder, **environment):
    return Terminal("serve", "--data", folder, "--listen", "127.0.0.1:0", SAVE_ADMIN_PASSWORD=PASSWORD, SAVE_DRAIN_DELAY="0", **environment)


def lines_of_a_run(terminal):
    """Starts, answers one request, ends: all lines, of which the one with the address is taken out."""
    listening = terminal.read_until(re.compile(r"listening on (http://127\.0\.0\.1:(\d+))\r\n"))
    assert Client(listening[1], None, None).get("/health").status_code == 200
    # A C1 control character, which begins a command to some terminals as ESC does.
    with socket.create_connection(("127.0.0.1", int(listening[2]))) as connection:
        connection.sendall(b"GET /agent HTTP/1.1\r\nHost: x\r\nUser-Agent: a \xc2\x9b31m\"b\r\nConnection: close\r\n\r\n")
        while connection.recv(4096):
            pass
    terminal.process.send_signal(signal.SIGTERM)
    status, shown = terminal.finish()
    assert status == 0, shown
    lines = shown.replace("\r\n", "\n").splitlines()
    assert [line for line in lines if line.startswith("listening on")] == [listening[0].strip()]
    return [line for line in lines if not line.startswith("listening on")]


@pytest.mark.parametrize("chosen", [{}, {"SAVE_LOG_FORMAT": "text"}], ids=["auto", "text"])
def test_a_person_at_a_terminal_reads_lines_and_no_json(tmp_path, chosen):
    with serve(tmp_path / "data", **chosen) as terminal:
        lines = lines_of_a_run(terminal)
    assert lines and all(READABLE.match(line) for line in lines), lines
    assert any(re.search(r" request GET /health status=200 bytes=\d+ micros=\d+ client=127\.0\.0\.1 request_id=\S+ agent=", line) for line in lines), lines
    assert any(line.endswith('agent="a \\u{9b}31m\\"b"') for line in lines), lines
    assert any(re.search(r" notice  draining delay=0 seconds=\d+$", line) for line in lines), lines


def test_a_terminal_gets_json_where_the_operator_wants_it(tmp_path):
    with serve(tmp_path / "data", SAVE_LOG_FORMAT="json") as terminal:
        lines = lines_of_a_run(terminal)
    assert {"draining", "stopped"} <= {json.loads(line).get("message") for line in lines}


@pytest.mark.parametrize("chosen, readable", [("auto", False), ("json", False), ("text", True)])
def test_a_file_gets_json_unless_the_operator_wants_lines(new_server, chosen, readable):
    server = new_server(SAVE_LOG_FORMAT=chosen)
    assert server.admin.get("/health").status_code == 200
    assert server.stop() == 0
    lines = [line for line in server.log.read_text().splitlines() if not line.startswith("listening on ")]
    assert len(lines) > 1
    for line in lines:
        assert READABLE.match(line) if readable else json.loads(line), line


def test_the_access_log_in_a_file_of_its_own_stays_json(new_server, tmp_path):
    server = new_server(SAVE_LOG_FORMAT="text", SAVE_ACCESS_LOG=str(tmp_path / "access.log"))
    assert server.admin.get("/health").status_code == 200
    assert server.stop() == 0
    assert "/health" in {json.loads(line)["target"] for line in (tmp_path / "access.log").read_text().splitlines()}


def test_a_log_format_that_is_none_is_refused(tmp_path):
    done = command("check", "--data", tmp_path / "data", SAVE_LOG_FORMAT="xml")
    assert done.returncode == 1 and "log_format" in done.stderr and "auto, text or json" in done.stderr, done.stderr

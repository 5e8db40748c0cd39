"""What `verify` says of an audit trail that somebody with `sqlite3` was at, and where its end is kept outside of it."""
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3

import pytest

from harness.server import Server, command
from harness.waiting import until

TRIGGERS = ("audit_refuses_update", "audit_refuses_delete")


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    """The data directory of a server that stopped, with ten records or more in its trail."""
    server = Server(tmp_path_factory.mktemp("audit") / "data").start()
    for number in range(10):
        server.create("team/r%d" % number, "raw")
    assert server.stop() == 0
    return server.data


@pytest.fixture
def data(trail, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(trail, copy)
    return copy


def change(data, *statements):
    """Does what an administrator of the machine can do: the triggers are in the way of nobody who can write the file."""
    with sqlite3.connect(data / "save.db") as database:
        for trigger in TRIGGERS:
            database.execute("DROP TRIGGER IF EXISTS " + trigger)
        for statement in statements:
            database.execute(statement)
        last = database.execute("SELECT max(sequence) FROM audit").fetchone()[0]
    database.close()
    return last


def verify(data, **environment):
    """The exit status of `save-server verify`, the first bad record, and all that was printed."""
    done = command("verify", "--data", data, **environment)
    found = re.search(r"breaks at record (\d+)", done.stdout)
    return done.returncode, found and int(found.group(1)), done.stdout + done.stderr


def test_m18_an_untouched_trail_verifies_with_its_anchors(data):
    code, broken, text = verify(data)
    assert (code, broken) == (0, None), text
    assert int(re.search(r"(\d+) audit records", text).group(1)) >= 11
    assert int(re.search(r"(\d+) anchors", text).group(1)) >= 1, text


@pytest.mark.parametrize("statement, first", [
    ("UPDATE audit SET actor = 'mallory' WHERE sequence = 5", 5),
    ("UPDATE audit SET details = '{}' WHERE sequence = 7", 7),
    ("UPDATE audit SET outcome = 'failed' WHERE sequence = 1", 1),
    ("DELETE FROM audit WHERE sequence = 6", 6),
    ("DELETE FROM audit WHERE sequence BETWEEN 3 AND 8", 3),
    ("DELETE FROM audit WHERE sequence <= 4", 1),
    ("UPDATE audit SET sequence = CASE sequence WHEN 4 THEN -5 ELSE -4 END WHERE sequence IN (4, 5)", 4),
    ("INSERT INTO audit SELECT 9999, time, high_time, actor, actor_kind, action, resource_type, resource, outcome, source_ip,"
     " user_agent, request_id, details, hash, previous_hash FROM audit WHERE sequence = 3", None),
])
def test_m18_what_is_done_to_records_is_found_where_it_was_done(data, statement, first):
    undo = ["UPDATE audit SET sequence = -sequence WHERE sequence < 0"] if "CASE" in statement else []
    last = change(data, statement, *undo)
    if first is None:
        with sqlite3.connect(data / "save.db") as database:
            first = database.execute("SELECT max(sequence) FROM audit WHERE sequence < 9999").fetchone()[0] + 1
    code, broken, text = verify(data)
    assert (code, broken) == (1, first), text
    assert last


def test_m18_a_trail_that_lost_its_end_is_found_by_its_anchors(data):
    last = change(data, "DELETE FROM audit WHERE sequence > 8")
    assert last == 8
    code, broken, text = verify(data)
    assert (code, broken) == (1, 9), text
    # Without anchors nothing is missing: that is what they are for.
    assert verify(data, SAVE_AUDIT_ANCHOR_FILE="off")[0] == 0


def test_m18_a_trail_that_went_on_after_its_end_was_cut_off_is_found(data):
    change(data, "DELETE FROM audit WHERE sequence > 4")
    server = Server(data).start()
    for number in range(10):
        server.create("late/r%d" % number, "raw")
    found = server.admin.ok("GET", "/api/v1/admin/audit/verify").json()
    assert found["ok"] is False and "rewritten" in found["problem"], found
    assert server.stop() == 0
    assert verify(data)[0] == 1


def test_m18_rows_that_were_deleted_by_hand_are_no_cut(data):
    with sqlite3.connect(data / "save.db") as database:
        record = database.execute("SELECT sequence, hash FROM audit WHERE sequence = 4").fetchone()
    change(data, "DELETE FROM audit WHERE sequence <= 4", "INSERT INTO audit_cuts VALUES (%d, '%s')" % record)
    code, broken, text = verify(data)
    assert (code, broken) == (1, 5), text
    assert "no record tells" in text


def test_m18_anchors_of_another_server_do_not_count(data, tmp_path):
    anchors = data / "audit-anchors"
    line = json.loads(anchors.read_text().splitlines()[-1])
    line["sequence"] += 5
    anchors.write_text(anchors.read_text() + json.dumps(line) + "\n")
    assert "was not written by this server" in verify(data)[2]


def test_m18_a_line_of_the_anchors_that_was_cut_short_is_passed_over(data):
    anchors = data / "audit-anchors"
    anchors.write_bytes(anchors.read_bytes() + b'{"time":"2026-')
    server = Server(data).start()
    assert server.admin.ok("GET", "/api/v1/admin/audit/verify").json()["ok"] is True
    server.create("torn/r", "raw")
    assert server.stop() == 0
    assert verify(data)[0] == 0
    assert b'{"time":"2026-\n{' in anchors.read_bytes()


def test_m18_anchors_go_to_a_file_elsewhere_and_to_syslog(data, tmp_path):
    elsewhere = tmp_path / "anchors.log"
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(path)
        syslog.settimeout(10)
        server = Server(data, SAVE_AUDIT_ANCHOR_FILE=str(elsewhere), SAVE_AUDIT_ANCHOR_SYSLOG=path).start()
        server.create("anchored/r", "raw")
        assert server.stop() == 0
        messages = []
        while not messages or json.loads(elsewhere.read_text().splitlines()[-1])["hash"] not in messages[-1]:
            messages.append(syslog.recv(4096).decode())
    assert all(re.match(r"<85>save-server\[\d+\]: audit anchor \{", message) for message in messages), messages
    assert oct(elsewhere.stat().st_mode & 0o777) == "0o600"
    assert verify(data, SAVE_AUDIT_ANCHOR_FILE=str(elsewhere))[0] == 0


def test_m20_a_syslog_that_does_not_answer_holds_nobody_up(data, tmp_path):
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with pytest.raises(BlockingIOError):
                while True:
                    other.sendto(b"x" * 1000, path)
        server = Server(data, SAVE_AUDIT_ANCHOR_SYSLOG=path).start()
        # A server that waited for the syslog would wait for ever.
        for number in range(5):
            server.create("slow/r%d" % number, "raw")
        until(lambda: re.search(r"^save_audit_lost_anchors [1-9]", server.admin.get("/metrics").text, re.M),
              "the metrics count anchors that were lost")
        assert server.stop() == 0
    assert verify(data)[0] == 0

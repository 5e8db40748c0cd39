"""What was acknowledged stays: the server is killed while it works, again and again, on one data directory."""
import concurrent.futures
import hashlib
import os
import random
import re
import threading
import time

import pytest
import requests

import make_fixtures
from harness.server import PASSWORD, command

pytestmark = [pytest.mark.slow, pytest.mark.durability]

ROUNDS, UPLOADS, UPLOADERS = 20, 200, 4


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_twenty_kills_during_two_hundred_uploads_lose_nothing(new_server):
    server = new_server("killed")
    server.create("p/hosted")
    server.create("p/files", format="raw")
    acknowledged, unanswered = {}, {}
    chance = random.Random(4711)
    slowest = 0.0
    for number in range(ROUNDS):
        wheels = make_fixtures.many(UPLOADS // 2, "round%d" % number, payload=3000)
        work = [("wheel", item) for item in wheels] + [("raw", item) for item in wheels]
        chance.shuffle(work)
        round_acknowledged = upload_until_killed(server, work, kill_after=chance.randrange(5, UPLOADS - 5), moment=chance.random() * 0.01)
        for kind, item in work:
            (acknowledged if (kind, item.filename) in round_acknowledged else unanswered)[kind, item.filename] = item
        server.start()
        slowest = max(slowest, server.start_seconds)
        check_round(server, work, round_acknowledged)
    assert slowest < 2.0, "a restart took %.2f s" % slowest
    assert len(acknowledged) > ROUNDS * 10 and unanswered, (len(acknowledged), len(unanswered))
    # Everything of all rounds once more, after the last crash.
    check_all(server, acknowledged, unanswered)
    assert server.stop() == 0
    done = command("verify", "--data", server.data)
    assert done.returncode == 0, done.stdout + done.stderr


def upload_until_killed(server, work, kill_after, moment):
    """Uploads with several clients at once and kills the server shortly after `kill_after` uploads are acknowledged;
    returns what was acknowledged."""
    done, lock, reached = set(), threading.Lock(), threading.Event()
    queue = iter(work)

    def uploader():
        session = requests.Session()
        session.trust_env = False
        session.auth = ("admin", PASSWORD)
        while True:
            with lock:
                kind, item = next(queue, (None, None))
            if kind is None:
                return
            try:
                if kind == "raw":
                    answer = session.put("%s/raw/p/files/%s" % (server.url, item.filename), data=item.content, timeout=30)
                else:
                    answer = session.post(
                        server.url + "/pypi/p/hosted/", timeout=30,
                        data={":action": "file_upload", "protocol_version": "1", "name": item.name, "version": item.version,
                              "filetype": "bdist_wheel", "pyversion": "py3", "sha256_digest": item.sha256},
                        files={"content": (item.filename, item.content)})
            except requests.exceptions.RequestException:
                return
            assert answer.status_code in (200, 201), (answer.status_code, answer.text[:300])
            with lock:
                done.add((kind, item.filename))
                if len(done) >= kill_after:
                    reached.set()

    with concurrent.futures.ThreadPoolExecutor(UPLOADERS) as pool:
        running = [pool.submit(uploader) for _ in range(UPLOADERS)]
        assert reached.wait(120), server.log_tail()
        time.sleep(moment)
        server.kill()
        for each in running:
            each.result()
    return done


def raw_state(session, server, item):
    """None where the file is absent; its digest where it is there in full."""
    answer = session.get("%s/raw/p/files/%s" % (server.url, item.filename), timeout=30)
    assert answer.status_code in (200, 404), answer.status_code
    return sha256(answer.content) if answer.status_code == 200 else None


def wheel_states(session, server, project):
    """The digest of each listed file, after fetching it."""
    answer = session.get("%s/pypi/p/hosted/simple/%s/" % (server.url, project), timeout=30,
                         headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    if answer.status_code == 404:
        return {}
    states = {}
    for file in answer.json()["files"]:
        content = session.get(requests.compat.urljoin(answer.url, file["url"]), timeout=30)
        assert content.status_code == 200, (file["filename"], content.status_code)
        assert sha256(content.content) == file["hashes"]["sha256"], file["filename"]
        states[file["filename"]] = file["hashes"]["sha256"]
    return states


def signed_in():
    session = requests.Session()
    session.trust_env = False
    session.auth = ("admin", PASSWORD)
    return session


def check_round(server, work, acknowledged):
    session = signed_in()
    listed = wheel_states(session, server, work[0][1].project)
    for kind, item in work:
        state = listed.get(item.filename) if kind == "wheel" else raw_state(session, server, item)
        if (kind, item.filename) in acknowledged:
            assert state == item.sha256, "acknowledged and lost: %s %s" % (kind, item.filename)
        else:
            assert state in (None, item.sha256), "partial: %s %s" % (kind, item.filename)
    # What was not acknowledged can be sent again.
    for kind, item in [pair for pair in work if (pair[0], pair[1].filename) not in acknowledged][:3]:
        if kind == "raw":
            answer = session.put("%s/raw/p/files/%s" % (server.url, item.filename), data=item.content, timeout=30)
            assert answer.status_code in (200, 201), (answer.status_code, answer.text[:300])
            acknowledged.add((kind, item.filename))


def check_all(server, acknowledged, unanswered):
    session = signed_in()
    listed = {}
    for number in range(ROUNDS):
        listed.update(wheel_states(session, server, "round%d" % number))
    for (kind, filename), item in acknowledged.items():
        state = listed.get(filename) if kind == "wheel" else raw_state(session, server, item)
        assert state == item.sha256, "acknowledged and lost later: %s %s" % (kind, filename)


def blob_bytes(server):
    """The bytes of all files in the data directory that are big enough to be the blob this test stores."""
    return sum(path.stat().st_size for path in server.data.rglob("*") if path.is_file() and path.stat().st_size >= 1 << 20
               and not re.search(r"\.(db|sqlite3?)(-wal|-shm)?$", path.name))


def test_gc_removes_what_nothing_refers_to_after_the_grace_and_nothing_else(new_server):
    server = new_server("collected")
    server.create("p/files", format="raw")
    kept, dropped = make_fixtures.random_bytes("kept", 1 << 20), make_fixtures.random_bytes("dropped", 1 << 20)
    server.admin.put("/raw/p/files/kept", data=kept)
    server.admin.put("/raw/p/files/shared", data=kept)
    server.admin.put("/raw/p/files/dropped", data=dropped)
    server.admin.delete("/raw/p/files/dropped")
    server.admin.delete("/raw/p/files/shared")
    assert server.stop() == 0
    assert blob_bytes(server) == 2 << 20
    young = command("gc", "--data", server.data, SAVE_GC_GRACE="60")
    assert young.returncode == 0 and blob_bytes(server) == 2 << 20, "the grace was ignored"
    hour = time.time() - 3600
    for blob in (server.data / "blobs").glob("??/??/*"):
        os.utime(blob, (hour, hour))
    dry = command("gc", "--data", server.data, "--dry-run", SAVE_GC_GRACE="60")
    assert dry.returncode == 0, dry.stderr
    assert blob_bytes(server) == 2 << 20, "a dry run removed something"
    careful = command("gc", "--data", server.data, SAVE_GC_GRACE="86400")
    assert careful.returncode == 0 and blob_bytes(server) == 2 << 20, "the grace was ignored"
    without = command("gc", "--data", server.data, SAVE_GC_GRACE="0")
    assert without.returncode != 0 and "at least 60" in without.stderr and blob_bytes(server) == 2 << 20
    done = command("gc", "--data", server.data, SAVE_GC_GRACE="60")
    assert done.returncode == 0, done.stderr
    assert blob_bytes(server) == 1 << 20
    assert server.start().admin.get("/raw/p/files/kept").content == kept
    assert server.stop() == 0
    assert command("verify", "--data", server.data).returncode == 0


def test_verify_finds_a_damaged_file_and_the_server_never_serves_it(new_server):
    server = new_server("damaged")
    server.create("p/files", format="raw")
    content = make_fixtures.random_bytes("damaged", 1 << 20)
    server.admin.put("/raw/p/files/a", data=content)
    assert server.stop() == 0
    assert command("verify", "--data", server.data).returncode == 0
    blob = next(path for path in server.data.rglob("*") if path.is_file() and path.stat().st_size == 1 << 20)
    blob.chmod(0o600)
    with open(blob, "r+b") as file:
        file.truncate(1 << 19)
    done = command("verify", "--data", server.data)
    assert done.returncode != 0 and done.stdout + done.stderr
    server.start()
    try:
        answer = server.admin.get("/raw/p/files/a")
        assert answer.status_code >= 500, answer.status_code
    except requests.exceptions.RequestException:
        pass

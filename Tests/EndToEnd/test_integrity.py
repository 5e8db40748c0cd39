"""Bytes that the disk has changed are found, served to nobody, and come back with the same file."""
import hashlib
import os

import make_fixtures
from harness.waiting import until


def flip(server, digest):
    """Changes a bit of a stored file as a disk does: nothing else of it changes."""
    blob = server.data / "blobs" / digest[:2] / digest[2:4] / digest
    facts = blob.stat()
    with open(blob, "r+b") as file:
        byte = file.read(1)
        file.seek(0)
        file.write(bytes([byte[0] ^ 1]))
    os.utime(blob, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return blob


def test_a_flipped_bit_is_found_in_the_background_and_never_served(new_server):
    server = new_server("data", SAVE_SCRUB_RATE="0")
    server.create("team/hosted")
    item = make_fixtures.wheel("plain", "1.0")
    assert server.admin.upload("team/hosted", item).status_code == 200
    assert server.stop() == 0
    flip(server, item.sha256)
    server.environment["SAVE_SCRUB_RATE"] = "1g"
    server.start()
    until(lambda: "save_damaged_blobs 1" in server.admin.get("/metrics").text, "the damage is counted")
    health = server.admin.get("/health")
    assert health.status_code == 200 and health.json()["damaged_files"] == 1
    url = "/pypi/team/hosted/packages/plain/" + item.filename
    lost = server.admin.get(url)
    assert lost.status_code == 500 and "upload the same file again" in lost.text, lost.text
    assert (server.data / "blobs" / "damaged" / item.sha256).exists()
    assert server.admin.upload("team/hosted", item).status_code == 200
    assert server.admin.get(url).content == item.content


def test_a_running_server_is_verified_by_a_job(new_server):
    server = new_server("data", SAVE_SCRUB_RATE="0")
    server.create("team/raw", format="raw")
    for number in range(5):
        assert server.admin.put("/raw/team/raw/%d" % number, data=b"content %d" % number).status_code == 201
    started = server.admin.post("/api/v1/admin/verify")
    assert started.status_code == 202 and started.headers["Location"].endswith("/api/v1/jobs/" + started.json()["id"])

    def ended(job):
        answer = server.admin.get("/api/v1/jobs/" + job["id"]).json()
        return answer if answer["state"] != "running" else None

    sound = until(lambda: ended(started.json()), "the job ends")
    assert sound["state"] == "succeeded" and sound["result"]["problems"] == 0 and sound["result"]["blobs"] == 5
    walked = sound["result"]["audit_records"]
    assert sound["progress"] == {"phase": "audit_trail", "done": walked, "total": walked, "blobs": 5, "bytes": 45,
                                 "total_blobs": 5, "total_bytes": 45}
    digest = hashlib.sha256(b"content 3").hexdigest()
    flip(server, digest)
    damaged = until(lambda job=server.admin.post("/api/v1/admin/verify").json(): ended(job), "the second job ends")
    assert damaged["state"] == "succeeded", damaged
    assert [(found["kind"], found["sha256"], found["repository"], found["name"], found["uploaded"])
            for found in damaged["result"]["items"]] == [("corrupt", digest, "team/raw", "3", True)]
    assert server.admin.post("/api/v1/jobs/%s/cancel" % damaged["id"]).json()["state"] == "succeeded"
    assert len(server.admin.get("/api/v1/jobs").json()["items"]) == 2
    server.admin.ok("POST", "/api/v1/users", json={"username": "bob", "password": "long enough"})
    assert server.client("bob", "long enough").post("/api/v1/admin/verify").status_code == 403
    assert server.stop() == 0

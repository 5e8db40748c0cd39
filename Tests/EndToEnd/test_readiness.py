"""What `/health` says when the data directory is not what it was, and that nothing is acknowledged then."""
import pathlib
import shutil
import subprocess

import pytest

from harness.server import command
from harness.waiting import until


def readiness(server):
    answer = server.client(None).get("/health/ready")
    return answer.status_code, answer.json().get("failing")


@pytest.mark.parametrize("fate", ["moved away", "replaced", "removed"])
def test_a_data_directory_that_is_gone_makes_the_server_unready_and_nothing_is_acknowledged(new_server, tmp_path, fate):
    server = new_server("gone")
    server.create("p/files", format="raw")
    assert readiness(server) == (200, None)
    aside = tmp_path / "aside"
    server.data.rename(aside)
    if fate == "replaced":
        shutil.copytree(aside, server.data)
    # Changes are refused at once, not only when somebody has looked.
    for answer in (server.admin.post("/api/v1/users", json={"username": "nobody", "password": "a password for nobody"}),
                   server.admin.put("/raw/p/files/a", data=b"lost"), server.admin.delete("/api/v1/repos/p/files")):
        assert answer.status_code == 503 and "data directory" in answer.text and answer.headers["Retry-After"], answer.text
    until(lambda: readiness(server) == (503, "data directory"), "not ready")
    assert server.client(None).get("/health/live").status_code == 200
    until(lambda: "it was moved, or its disk is not mounted" in server.log.read_text(), "the reason in the log")
    if fate == "removed":
        assert server.stop() == 0
        return
    if fate == "replaced":
        (server.data / "listen").write_text("of another server")
        assert server.stop() == 0
        assert (server.data / "listen").read_text() == "of another server"
        return
    aside.rename(server.data)
    until(lambda: readiness(server) == (200, None), "ready again")
    assert server.admin.get("/api/v1/users/nobody").status_code == 404
    assert server.admin.put("/raw/p/files/a", data=b"kept").status_code == 201


def test_an_address_that_cannot_be_written_is_a_warning_and_the_server_serves(new_server):
    server = new_server("full", start=False)
    (server.data / "listen.new").mkdir(parents=True)
    (server.data / "listen.new" / "x").write_text("in the way")
    server.launch()
    until(lambda: "listening on http" in server.log_tail(), "it listens")
    server.url = server.log_tail().partition("listening on ")[2].split()[0]
    assert readiness(server) == (200, None)
    until(lambda: "the address could not be written" in server.log_tail(), "a warning")
    assert command("check", "--data", server.data).returncode == 0


@pytest.fixture(scope="module")
def failing_disk(tmp_path_factory):
    """A library that makes the disk below a folder fail."""
    library = tmp_path_factory.mktemp("disk") / "failing_disk.so"
    source = pathlib.Path(__file__).with_name("harness") / "failing_disk.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
    return library


@pytest.mark.parametrize("fault", ["writes", "synchronisation"])
def test_a_disk_that_takes_no_write_makes_the_server_unready_until_it_does_and_reads_go_on(
        new_server, tmp_path, failing_disk, fault):
    fails = tmp_path / "fails"
    takes = {"TEST_DISK_TAKES_WRITES": "1"} if fault == "synchronisation" else {}
    server = new_server("disk", LD_PRELOAD=str(failing_disk), TEST_DISK=str(tmp_path / "disk"), TEST_DISK_FAILS=str(fails), **takes)
    server.create("p/files", format="raw")
    assert server.admin.put("/raw/p/files/a", data=b"kept").status_code == 201
    assert readiness(server) == (200, None)
    fails.touch()
    until(lambda: readiness(server)[0] == 503, "not ready")
    assert readiness(server) == (503, "data directory")
    for name in ("/health", "/health/ready"):
        assert server.client(None).get(name).status_code == 503
    assert server.client(None).get("/health/live").status_code == 200
    for answer in (server.admin.put("/raw/p/files/b", data=b"lost"), server.admin.delete("/raw/p/files/a"),
                   server.admin.post("/api/v1/users", json={"username": "nobody", "password": "a password for nobody"})):
        assert answer.status_code == 503, (answer.status_code, answer.text)
    assert server.admin.get("/raw/p/files/a").content == b"kept"
    until(lambda: "Input/output error" in server.log.read_text(), "a line of the log with the cause")
    fails.unlink()
    until(lambda: readiness(server) == (200, None), "ready again")
    assert server.admin.get("/raw/p/files/a").content == b"kept"
    assert server.admin.get("/raw/p/files/b").status_code == 404
    assert server.admin.put("/raw/p/files/b", data=b"kept, too").status_code == 201
    assert server.admin.get("/api/v1/users/nobody").status_code == 404

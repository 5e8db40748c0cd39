"""What `/health` says when the data directory is not what it was, and that nothing is acknowledged then."""
import shutil

import pytest

from harness.server import command
from test_signals import wait_until


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
    wait_until(lambda: readiness(server) == (503, "data directory"), "not ready")
    assert server.client(None).get("/health/live").status_code == 200
    wait_until(lambda: "it was moved, or its disk is not mounted" in server.log.read_text(), "the reason in the log")
    if fate == "removed":
        assert server.stop() == 0
        return
    if fate == "replaced":
        (server.data / "listen").write_text("of another server")
        assert server.stop() == 0
        assert (server.data / "listen").read_text() == "of another server"
        return
    aside.rename(server.data)
    wait_until(lambda: readiness(server) == (200, None), "ready again")
    assert server.admin.get("/api/v1/users/nobody").status_code == 404
    assert server.admin.put("/raw/p/files/a", data=b"kept").status_code == 201


def test_an_address_that_cannot_be_written_is_a_warning_and_the_server_serves(new_server):
    server = new_server("full", start=False)
    (server.data / "listen.new").mkdir(parents=True)
    (server.data / "listen.new" / "x").write_text("in the way")
    server.launch()
    wait_until(lambda: "listening on http" in server.log_tail(), "it listens")
    server.url = server.log_tail().partition("listening on ")[2].split()[0]
    assert readiness(server) == (200, None)
    wait_until(lambda: "the address could not be written" in server.log_tail(), "a warning")
    assert command("check", "--data", server.data).returncode == 0

"""README.md, word by word: its tour is run as a new user pastes it."""
import subprocess
import venv

import make_fixtures
from harness import clients
from harness.documents import blocks, run
from harness.http import Client
from harness.server import ROOT

PAGE = ROOT / "README.md"


def test_the_tour_ends_with_a_user_a_robot_and_a_key_of_its_own(tmp_path, new_server, upstream):
    upstream.add(make_fixtures.wheel("requests", "2.32.0"))
    server = new_server("data", SAVE_ADMIN_PASSWORD="")
    password = (server.data / "initial-admin-password").read_text().strip()
    admin = server.client("admin", password)
    # What `make run` makes on a first start.
    for repository in (
        dict(name="pypi-proxy", format="pypi", repository_type="proxy", remote_url=upstream.url),
        dict(name="pypi-hosted", format="pypi", repository_type="hosted"),
        dict(name="pypi", format="pypi", repository_type="group", members=["demo/pypi-hosted", "demo/pypi-proxy"]),
        dict(name="raw-hosted", format="raw", repository_type="hosted"),
    ):
        admin.ok("POST", "/api/v1/repos", json=dict(repository, project="demo"))
    (tmp_path / "dist").mkdir()
    make_fixtures.wheel("your_package", "1.0").write(tmp_path / "dist")
    (tmp_path / "notes.txt").write_text("a note\n")
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    programs = [environment / "bin"] + [clients.VENVS / name / "bin" for name in ("uv", "twine7")]

    tour = "".join(block.text for block in blocks(PAGE) if block.mark == "sh").replace("127.0.0.1:8080", server.url.partition("://")[2])
    done = run(tour, tmp_path, programs, timeout=300, VIRTUAL_ENV=str(environment), PIP_NO_CACHE_DIR="1", UV_NO_CACHE="1")
    assert done.returncode == 0, done.stdout

    shown = subprocess.run([environment / "bin" / "pip", "list"], stdout=subprocess.PIPE, text=True).stdout.split()
    assert "requests" in shown and "your-package" in [name.replace("_", "-") for name in shown]
    made = admin.ok("GET", "/api/v1/admin/audit?limit=100").json()["items"]
    actors = {(record["action"], record["actor"]) for record in made}
    assert {("user.create", "admin"), ("robot.create", "admin"), ("file.upload", "sa$ci"), ("file.upload", "alice")} <= actors, actors
    # The key may not do more than the tour says.
    key = next(line for line in done.stdout.splitlines() if line.startswith("sav_"))
    robot = Client(server.url, "sa$ci", key)
    assert robot.get("/pypi/demo/pypi/simple/requests/").status_code == 200
    assert robot.put("/raw/demo/raw-hosted/a.txt", data=b"a").status_code == 403

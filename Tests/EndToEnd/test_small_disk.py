"""A small disk is not filled by what is refused: the server runs on a file system of 60 MB of its own."""
import concurrent.futures
import os
import pathlib
import subprocess

import pytest

import make_fixtures
from harness import server as harness
from harness.server import Server, clean_environment

ROUNDS = 150
BODY = os.urandom(200_000)


class SmallDiskServer(Server):
    """A server whose data directory is a file system of its own, in a mount namespace that ends with the process."""

    def launch(self, *arguments):
        self.data.mkdir(parents=True, exist_ok=True)
        serve = [str(harness.BINARY), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *map(str, arguments)]
        # Without being root, as root of a user namespace.
        apart = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        script = 'mount -t tmpfs -o size=60m,mode=700 save "$1" && shift && exec "$@"'
        with open(self.log, "ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [*apart, "sh", "-c", script, "sh", str(self.data), *serve],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment(**self.environment))
        # What the server sees there.
        self.data = pathlib.Path("/proc/%d/root%s" % (self.process.pid, self.data))
        return self

    def free(self):
        facts = os.statvfs(self.data)
        return facts.f_bavail * facts.f_frsize


@pytest.fixture
def small(tmp_path):
    server = SmallDiskServer(tmp_path / "data", SAVE_DISK_RESERVE="8m", SAVE_ACCESS_LOG="off")
    server.start(timeout=60)
    yield server
    if server.alive:
        server.stop()


def test_sixty_megabytes_are_not_filled_by_what_is_refused(small):
    assert small.free() < 60 << 20, "the server does not run on the small disk"
    small.create("team/hosted", max_file_size=1 << 20)
    small.create("team/raw", format="raw", max_file_size=100_000)
    small.admin.ok("POST", "/api/v1/users", json={"username": "viewer", "password": "long enough"})
    small.admin.ok("PUT", "/api/v1/projects/team/members/viewer", json={"role": "viewer"})
    item = make_fixtures.wheel("plain", "1.0")
    assert small.admin.upload("team/hosted", item).status_code == 200
    viewer, nobody, stranger = small.client("viewer", "long enough"), small.client(None, None), small.client("admin", "wrong")
    other = make_fixtures.wheel("plain", "1.0", payload=BODY)
    wheels = "/pypi/team/hosted/packages/"

    def unannounced():
        for place in range(0, len(BODY), 50_000):
            yield BODY[place:place + 50_000]

    refused = {
        "by who may not": (403, lambda: viewer.put("/raw/team/raw/a", data=BODY)),
        "without credentials": (401, lambda: nobody.put("/raw/team/raw/a", data=BODY)),
        "too large": (413, lambda: small.admin.put("/raw/team/raw/a", data=BODY)),
        "too large, unannounced": (413, lambda: small.admin.put("/raw/team/raw/a", data=unannounced())),
        "no wheel": (400, lambda: small.admin.put(wheels + "junk-1.0-py3-none-any.whl", data=BODY)),
        "other bytes": (400, lambda: small.admin.put(wheels + item.filename, data=other.content)),
        "nowhere": (404, lambda: small.admin.put("/raw/team/nothing/a", data=BODY)),
        "not read": (404, lambda: small.admin.get("/raw/team/raw/absent")),
        "no such object": (404, lambda: small.admin.get("/api/v1/repos/team/absent")),
        "no sense": (400, lambda: small.admin.post("/api/v1/repos", json={"project": "team", "name": "%", "format": "raw"})),
        "sign-ins": ((401, 429), lambda: stranger.get("/api/v1/user")),
    }

    def flood(rounds):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for name, (status, send) in refused.items():
                for answer in pool.map(lambda _: attempt(send), range(rounds)):
                    # Who is refused before the body is read may find the connection closed.
                    assert answer is None or answer in (status if isinstance(status, tuple) else (status, 401, 429)), (name, answer)

    # What a database makes room for once is not what it grows by.
    flood(10)
    before = small.free()
    flood(ROUNDS)
    assert before - small.free() < 12 << 20, "refusals took %d bytes" % (before - small.free())
    assert not list((small.data / "blobs" / "tmp").iterdir())
    assert len(list((small.data / "blobs").glob("??/??/*"))) == 2, "the wheel and its metadata"
    assert small.admin.upload("team/hosted", make_fixtures.wheel("plain", "2.0")).status_code == 200
    assert small.stop() == 0


def attempt(send):
    try:
        return send().status_code
    except OSError:
        return None

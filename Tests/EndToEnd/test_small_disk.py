"""A small disk is not filled by what is refused: the server runs on a file system of 60 MB of its own."""
import concurrent.futures
import errno
import os
import pathlib
import subprocess

import pytest

import make_fixtures
from harness import server as harness
from harness.server import Server, clean_environment
from harness.waiting import until

ROUNDS = 150
BODY = os.urandom(200_000)


class SmallDiskServer(Server):
    """A server whose data directory is a file system of its own, in a mount namespace that outlives the process."""

    def __init__(self, data, **environment):
        super().__init__(data, **environment)
        self.data.mkdir(parents=True)
        self.place = str(self.data)
        # Without being root, as root of a user namespace. The shell keeps the namespace until its input ends.
        self.apart = ["-m"] if os.geteuid() == 0 else ["-rm"]
        script = 'mount -t tmpfs -o size=60m,mode=700 save "$1" && echo mounted && read -r _'
        self.holder = subprocess.Popen(["unshare", *self.apart, "sh", "-c", script, "sh", self.place], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.holder.stdout.readline() == "mounted\n", "there is no small disk"
        # What the server sees there.
        self.data = pathlib.Path("/proc/%d/root%s" % (self.holder.pid, self.place))

    def launch(self, *arguments):
        (self.data / "listen").unlink(missing_ok=True)
        inside = ["nsenter", "-t", str(self.holder.pid), "-m", *(["-U", "--preserve-credentials"] if "-rm" in self.apart else [])]
        serve = [str(harness.BINARY), "serve", "--data", self.place, "--listen", "127.0.0.1:0", *map(str, arguments)]
        with open(self.log, "ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen([*inside, *serve], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=clean_environment(**self.environment))
        return self

    def release(self):
        if self.alive:
            self.stop()
        self.holder.communicate("\n")

    def fill(self):
        """Takes every byte that is left, also that of the last address."""
        (self.data / "listen").unlink(missing_ok=True)
        with open(self.data / "filler", "ab", buffering=0) as filler:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError as error:
                    assert error.errno == errno.ENOSPC
        assert self.free() == 0

    def free(self):
        facts = os.statvfs(self.data)
        return facts.f_bavail * facts.f_frsize


@pytest.fixture
def small(tmp_path):
    server = SmallDiskServer(tmp_path / "data", SAVE_DISK_RESERVE="8m", SAVE_ACCESS_LOG="off")
    server.start(timeout=60)
    yield server
    server.release()


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
        "by a viewer": (403, lambda: viewer.put("/raw/team/raw/a", data=BODY)),
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
                    # A client that is refused before the body is read may find the connection closed.
                    assert answer is None or answer in (status if isinstance(status, tuple) else (status, 401, 429)), (name, answer)

    # What a database makes room for once is not what it grows by.
    flood(10)
    before = small.free()
    flood(ROUNDS)
    assert before - small.free() < 12 << 20, "refusals took %d bytes" % (before - small.free())
    # Somebody who does not stop gets no record each time: with more rounds those alone would fill the disk.
    records = small.admin.ok("GET", "/api/v1/admin/audit?limit=1000&actor=viewer").json()["items"]
    assert 0 < len(records) < ROUNDS / 2, "%d of %d refusals have a record of their own" % (len(records), ROUNDS + 10)
    assert not list((small.data / "blobs" / "tmp").iterdir())
    assert len(list((small.data / "blobs").glob("??/??/*"))) == 2, "the wheel and its metadata"
    assert small.admin.upload("team/hosted", make_fixtures.wheel("plain", "2.0")).status_code == 200
    assert small.stop() == 0


def attempt(send):
    try:
        return send().status_code
    except OSError:
        return None


def test_on_a_disk_without_a_free_byte_a_server_starts_with_a_warning_and_serves_what_is_there(small):
    small.create("team/hosted")
    small.create("team/raw", format="raw")
    item = make_fixtures.wheel("plain", "1.0")
    assert small.admin.upload("team/hosted", item).status_code == 200
    assert small.admin.put("/raw/team/raw/a", data=b"kept").status_code == 201
    assert small.stop() == 0
    small.fill()
    small.launch()
    until(lambda: "listening on http" in small.log_tail(), small.log_tail)
    small.url = small.log_tail().partition("listening on ")[2].split()[0]
    assert small.free() == 0
    until(lambda: "the address could not be written" in small.log_tail(), small.log_tail)
    assert small.client(None, None).get("/health").status_code == 200
    assert small.admin.get("/raw/team/raw/a").content == b"kept"
    assert item.filename in small.admin.page("team/hosted", "plain").text
    assert small.admin.get("/pypi/team/hosted/packages/plain/" + item.filename).content == item.content
    assert small.admin.put("/raw/team/raw/b", data=b"no room").status_code == 507
    (small.data / "filler").unlink()
    assert small.admin.put("/raw/team/raw/b", data=b"room").status_code == 201
    assert small.stop() == 0

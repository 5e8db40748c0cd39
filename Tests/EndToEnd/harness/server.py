"""The server under test, as a process of its own."""
from __future__ import annotations

import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import time

from . import postgres
from .http import Client
from .waiting import LIMIT

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("SAVE_SERVER", ROOT / ".build" / "release" / "save-server")).absolute()
PASSWORD = "correct horse battery staple"


def clean_environment(**extra):
    """The environment without settings of this machine that a test did not choose."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("SAVE_", "PIP_", "UV_", "TWINE_")) and key.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
    kept.update(extra)
    return kept


def command(*arguments, timeout=60, input="", **environment):
    """Runs one of the program's commands to its end, with `input` on its standard input."""
    return subprocess.run([str(BINARY), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          input=input, timeout=timeout, env=clean_environment(**{**postgres.known(arguments), **environment}))


class Server:
    """`save-server serve` on a free port with `data` as its folder."""

    def __init__(self, data, name="save", **environment):
        self.data = pathlib.Path(data)
        self.name = name
        # Tests talk to upstreams on this machine, which the server refuses unless the operator lists them.
        # No load balancer looks at their health, so stopping them need not wait for one.
        self.environment = {"SAVE_ADMIN_PASSWORD": PASSWORD, "SAVE_OUTBOUND_ALLOW": "127.0.0.0/8", "SAVE_DRAIN_DELAY": "0",
                            **postgres.chosen(self.data), **environment}
        self.log = self.data.with_name(self.data.name + ".log")
        self.log_start = 0
        self.process = None
        self.url = None
        self.descriptors = None     # how many the process may have open, where that is not this process's own limit

    def launch(self, *arguments):
        """Starts the process without waiting until it listens."""
        self.data.mkdir(parents=True, exist_ok=True)
        listen = self.data / "listen"
        if listen.exists():
            listen.unlink()
        with open(self.log, "ab") as log:
            self.log_start = log.tell()
            limits = ["prlimit", "--nofile=%d" % self.descriptors] if self.descriptors else []
            self.process = subprocess.Popen(
                [*limits, str(BINARY), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment(**self.environment))
        return self

    def start(self, *arguments, timeout=LIMIT):
        """Starts the process and waits until it listens; the seconds that took are kept in `start_seconds`."""
        begun = time.monotonic()
        self.launch(*arguments)
        listen = self.data / "listen"
        while True:
            if listen.exists():
                match = re.search(r":(\d+)/?\s*$", listen.read_text())
                if match:
                    self.url = "http://127.0.0.1:" + match.group(1)     # tests with TLS add the s themselves
                    break
            if self.process.poll() is not None:
                raise AssertionError("the server ended with %s:\n%s" % (self.process.returncode, self.log_tail()))
            if time.monotonic() - begun > timeout:
                self.kill()
                raise AssertionError("the server does not listen after %s s:\n%s" % (timeout, self.log_tail()))
            time.sleep(0.005)
        self.start_seconds = time.monotonic() - begun
        return self

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    @property
    def pid(self):
        return self.process.pid

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log_tail(self, characters=4000):
        """The end of what the process wrote since it was launched."""
        return self.log.read_bytes()[self.log_start:].decode("utf-8", "replace")[-characters:]

    def kill(self):
        """`kill -9`."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def stop(self, timeout=40):
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not stop within %s s of SIGTERM:\n%s" % (timeout, self.log_tail()))

    def resident_kb(self, peak=False):
        status = pathlib.Path("/proc/%d/status" % self.pid).read_text()
        return int(re.search(r"^%s:\s+(\d+) kB" % ("VmHWM" if peak else "VmRSS"), status, re.M).group(1))

    # -- what tests say most often

    def client(self, user="admin", password=PASSWORD):
        return Client(self.url, user, password)

    @property
    def admin(self):
        return self.client()

    def index_url(self, repository, user="admin", password=PASSWORD):
        return "%s/pypi/%s/simple/" % (self.with_userinfo(user, password), repository)

    def with_userinfo(self, user, password):
        from urllib.parse import quote
        if user is None:
            return self.url
        return self.url.replace("http://", "http://%s:%s@" % (quote(user, safe=""), quote(password, safe="")))

    def create(self, repository, format="pypi", kind="hosted", **settings):
        """A repository named `project/name`; the project comes with it."""
        project, _, name = repository.partition("/")
        answer = self.admin.post("/api/v1/repos", json=dict(settings, project=project, name=name, format=format, repository_type=kind))
        assert answer.status_code == 201, (answer.status_code, answer.text)
        return answer.json()

    def age_files(self, seconds):
        """Makes all files of a server that is stopped older."""
        with sqlite3.connect(self.data / "save.db") as database:
            database.execute("UPDATE assets SET created = created - ?", (seconds * 1_000_000,))

    def robot(self, project, role, name="ci"):
        """A new robot with this role in the project: the name it signs in with, and its API key."""
        name = "%s-%s" % (project, name)
        self.admin.ok("POST", "/api/v1/robots", json={"name": name, "description": "for a test"})
        key = self.admin.ok("POST", "/api/v1/robots/%s/keys" % name, json={"description": "for a test"}).json()["key"]
        self.admin.ok("PUT", "/api/v1/projects/%s/members/sa$%s" % (project, name), json={"role": role})
        return "sa$" + name, key

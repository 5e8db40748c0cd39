"""A PostgreSQL of the system's package for tests: in a folder of its own, on a Unix socket, gone with the tests."""
import atexit
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from .waiting import LIMIT, until

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


_shared = []
_databases = {}


def chosen(data):
    """The setting of a server on this data directory: a database of its own where SAVE_TEST_DATABASE says `postgresql`, so that
    any file of tests can be run over one."""
    if os.environ.get("SAVE_TEST_DATABASE") != "postgresql":
        return {}
    if not _shared:
        _shared.append(Postgres().start())
        atexit.register(_shared[0].stop)
    if data not in _databases:
        _databases[data] = _shared[0].database()
    return {"SAVE_DATABASE": _databases[data]}


def known(arguments):
    """The same for a command about a server's data directory."""
    named = dict(zip(map(str, arguments), arguments[1:]))
    data = pathlib.Path(named.get("--data", "/nowhere"))
    return {"SAVE_DATABASE": _databases[data]} if data in _databases else {}


class Postgres:
    def __init__(self, tls=False):
        # Short: the path of a socket has 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="save-pg."))
        self.user = []
        if os.geteuid() == 0:
            # The server refuses to run as root.
            shutil.chown(self.folder, "nobody", "nogroup")
            self.user = ["runuser", "-u", "nobody", "--"]
        self.process = None
        self.made = 0
        self.options = ["-c", "listen_addresses="]
        self.host = str(self.folder).replace("/", "%2F")
        self.run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "save", "-N", "-E", "UTF8", "--locale=C")
        if tls:
            self.use_tls()

    def use_tls(self):
        """Takes connections over TCP as well, with a certificate of its own for `localhost`."""
        self.run_any("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.crt", "-days", "2",
                     "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.options = ["-c", "listen_addresses=127.0.0.1", "-p", str(self.port), "-c", "ssl=on", "-c", "ssl_cert_file=%s" % (self.folder / "server.crt"),
                        "-c", "ssl_key_file=%s" % (self.folder / "server.key")]

    def run_any(self, *command):
        done = subprocess.run([*self.user, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT,
                              cwd=self.folder)
        assert done.returncode == 0, done.stdout
        return done.stdout

    port = 5432

    def run(self, program, *arguments):
        return self.run_any(PROGRAMS / program, *arguments)

    def start(self):
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [*(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if self.user else []),
                 str(PROGRAMS / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *self.options,
                 "-c", "fsync=off", "-c", "shared_buffers=32MB"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        end = time.monotonic() + LIMIT
        while subprocess.run([str(PROGRAMS / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]).returncode != 0:
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "server.log").read_text()
            time.sleep(0.05)
        return self

    def sql(self, text, database="postgres"):
        """Runs statements, and answers what they printed."""
        return self.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", self.port, "-U", "save", "-d", database, "-c", text)

    def database(self):
        """The URL of a new and empty database. Its password is not asked for, and must not show anywhere."""
        self.made += 1
        self.sql("CREATE DATABASE save%d" % self.made)
        return "postgresql://save:hunter2@/save%d?host=%s&port=%d" % (self.made, self.host, self.port)

    def crash(self):
        """`kill -9` of the server's first process; its children notice."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        # What a killed server shared in memory is free when its children are gone.
        end = time.monotonic() + LIMIT
        while True:
            try:
                return self.start()
            except AssertionError:
                if time.monotonic() > end:
                    raise

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(LIMIT)
        shutil.rmtree(self.folder, ignore_errors=True)


class PgBouncer:
    """Debian's PgBouncer before such a server: each transaction gets another of a few sessions."""
    PORT = 6432

    def __init__(self, postgres):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="save-pgb."))
        (self.folder / "pgbouncer.ini").write_text("""\
[databases]
* = host=%s port=%d user=save
[pgbouncer]
pool_mode = transaction
default_pool_size = 3
auth_type = any
listen_addr =
listen_port = %d
unix_socket_dir = %s
logfile = %s/pgbouncer.log
""" % (postgres.folder, postgres.port, self.PORT, self.folder, self.folder))
        if postgres.user:
            shutil.chown(self.folder, "nobody", "nogroup")
        self.process = subprocess.Popen(
            [*(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if postgres.user else []), "/usr/sbin/pgbouncer",
             "-q", str(self.folder / "pgbouncer.ini")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until((self.folder / (".s.PGSQL.%d" % self.PORT)).exists, "pgbouncer listens")

    def url(self, database):
        return "%s?host=%s&port=%d" % (database.split("?")[0], str(self.folder).replace("/", "%2F"), self.PORT)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(LIMIT)
        shutil.rmtree(self.folder, ignore_errors=True)


class LostAnswers:
    """Stands between a server and its database, on a Unix socket, and loses what the database answers to a commit: `armed`. Or the
    commit itself, and what the database answers to the question for it: `withheld`."""
    SOCKET = ".s.PGSQL.5432"

    def __init__(self, postgres):
        self.target = str(postgres.folder / self.SOCKET)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="save-pg."))
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / self.SOCKET))
        self.listener.listen()
        self.armed = threading.Event()
        self.withheld = threading.Event()
        self.doubted = threading.Event()
        self.lost = []
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, database):
        return "%s?host=%s" % (database.split("?")[0], str(self.folder).replace("/", "%2F"))

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            database = socket.socket(socket.AF_UNIX)
            database.connect(self.target)
            loses = threading.Event()
            threading.Thread(target=self.ask, args=(client, database, loses), daemon=True).start()
            threading.Thread(target=self.answer, args=(client, database, loses), daemon=True).start()

    def ask(self, client, database, loses):
        asks = False
        while data := self.read(client):
            # A write's commit, with its token.
            is_commit = b"INSERT INTO commit_tokens" in data and b"COMMIT" in data
            if self.withheld.is_set() and is_commit:
                self.withheld.clear()
                self.doubted.set()
                break
            asks = asks or b"SELECT is_void FROM commit_tokens" in data
            if self.doubted.is_set() and asks and b"COMMIT" in data:
                self.doubted.clear()
                loses.set()
            if self.armed.is_set() and is_commit:
                self.armed.clear()
                loses.set()
            database.sendall(data)
        self.end(client, database)

    def answer(self, client, database, loses):
        while data := self.read(database):
            if loses.is_set():
                self.lost.append(data)
                break
            client.sendall(data)
        self.end(client, database)

    @staticmethod
    def read(side):
        try:
            return side.recv(1 << 16)
        except OSError:
            return b""

    @staticmethod
    def end(*sides):
        for side in sides:
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.end(self.listener)
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

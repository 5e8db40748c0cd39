"""A server whose records are in PostgreSQL: clients notice nothing, and a database that goes away is told and comes back."""
import concurrent.futures
import hashlib
import shutil

import pytest
import requests

import make_fixtures
from harness.postgres import LostAnswers, PgBouncer, Postgres
from harness.server import PASSWORD, command
from harness.waiting import until


@pytest.fixture(scope="module")
def postgres():
    made = Postgres().start()
    yield made
    made.stop()


def upload(session, server, item, content):
    """Sends a wheel as publishers do; the status."""
    return session.post(
        server.url + "/pypi/p/hosted/", timeout=60,
        data={":action": "file_upload", "protocol_version": "1", "name": item.name, "version": item.version,
              "filetype": "bdist_wheel", "pyversion": "py3", "sha256_digest": hashlib.sha256(content).hexdigest()},
        files={"content": (item.filename, content)}).status_code


def take_over(first, second):
    """Gives a server the key and the files of another one."""
    second.data.mkdir(mode=0o700)
    shutil.copytree(first.data / "blobs", second.data / "blobs")
    shutil.copy2(first.data / "server.key", second.data / "server.key")


def session():
    made = requests.Session()
    made.trust_env = False
    made.auth = ("admin", PASSWORD)
    return made


def test_what_twine_publishes_to_a_server_on_postgresql_pip_installs(new_server, postgres, tool, tmp_path):
    server = new_server("records", SAVE_DATABASE=postgres.database())
    server.create("p/hosted")
    files = [item.write(tmp_path) for item in (make_fixtures.wheel("sent", "1.0"), make_fixtures.sdist("sent", "1.0"))]
    tool("twine7").publish(server.url + "/pypi/p/hosted/", "admin", PASSWORD, *files).must_succeed()
    assert tool("pip-newest").install(server.index_url("p/hosted"), "sent").must_succeed().installed == {"sent": "1.0"}
    audited = [record["action"] for record in server.admin.ok("GET", "/api/v1/admin/audit").json()["items"]]
    assert audited.count("file.upload") == 2
    # Everything is there again after a restart, and holds together.
    assert server.stop() == 0
    assert not (server.data / "save.db").exists()
    done = command("verify", "--data", server.data, SAVE_DATABASE=server.environment["SAVE_DATABASE"])
    assert done.returncode == 0 and " 0 problems" in done.stdout, done.stdout + done.stderr
    server.start()
    assert tool("uv").install(server.index_url("p/hosted"), "sent").must_succeed().installed == {"sent": "1.0"}


def test_of_two_servers_on_one_database_one_wins_each_of_three_hundred_names(new_server, postgres):
    database = postgres.database()
    first = new_server("first", SAVE_DATABASE=database)
    first.create("p/hosted")
    # A second one with the first one's key, as a spare has it; another key is refused.
    second = new_server("second", start=False, SAVE_DATABASE=database)
    take_over(first, second)
    second.start()
    sessions = [(session(), first, b"first"), (session(), second, b"second")]
    # Other bytes of the same name: a file may be sent again, but not changed.
    contents = {}
    items = make_fixtures.many(300, "raced", payload=10)
    others = make_fixtures.many(300, "raced", payload=20)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for item, other in zip(items, others):
            assert item.filename == other.filename and item.content != other.content
            statuses = list(pool.map(lambda of: upload(of[0], of[1], item, of[2]),
                                     [(sessions[0][0], first, item.content), (sessions[1][0], second, other.content)]))
            assert sorted(statuses) in ([200, 400], [200, 409]), (item.filename, statuses)
            contents[item.filename] = (item.content, other.content)[statuses.index(200)]
    kept = dict(line.split("|") for line in postgres.sql("SELECT path, blob FROM assets WHERE sidecar_of IS NULL",
                                                         database.split("?")[0].rpartition("/")[2]).split())
    assert {path.rpartition("/")[2]: digest for path, digest in kept.items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def test_a_database_that_is_killed_makes_the_server_unready_until_it_is_back(new_server):
    own = Postgres().start()
    try:
        server = new_server("outage", SAVE_DATABASE=own.database())
        server.create("p/hosted")
        item = make_fixtures.wheel("sent", "1.0")
        assert upload(session(), server, item, item.content) == 200
        own.crash()
        until(lambda: server.client(None).get("/health/ready").status_code == 503, "not ready")
        assert server.client(None).get("/health/ready").json()["failing"] == "database"
        # What is in memory and on the disk goes on.
        assert server.admin.page("p/hosted", "sent").status_code in (200, 503)
        other = make_fixtures.wheel("sent", "2.0")
        assert upload(session(), server, other, other.content) == 503
        own.restart()
        until(lambda: server.client(None).get("/health/ready").status_code == 200, "ready again")
        assert upload(session(), server, other, other.content) == 200
        assert server.alive and "hunter2" not in server.log.read_text()
    finally:
        own.stop()


def test_a_pooler_that_gives_each_transaction_another_session_may_be_between(new_server, postgres):
    pooler = PgBouncer(postgres)
    try:
        server = new_server("pooled", SAVE_DATABASE=pooler.url(postgres.database()))
        server.create("p/hosted")
        items = make_fixtures.many(60, "pooled", payload=10)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda item: upload(session(), server, item, item.content), items))
        assert statuses == [200] * 60
        assert len(server.admin.page("p/hosted", "pooled").json()["files"]) == 60
        assert server.admin.ok("GET", "/api/v1/admin/audit/verify").json()["ok"] is True
        assert server.stop() == 0
    finally:
        pooler.stop()


def test_the_certificate_of_the_database_is_verified(new_server, tmp_path):
    own = Postgres(tls=True).start()
    try:
        name = own.database().split("?")[0].rpartition("/")[2]
        url = "postgresql://save:hunter2@localhost:%d/%s?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=" % (own.port, name)
        (tmp_path / "ca.pem").write_bytes((own.folder / "server.crt").read_bytes())
        server = new_server("tls", SAVE_DATABASE=url + str(tmp_path / "ca.pem"))
        assert "t" in own.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'save-server'")
        assert server.stop() == 0
        done = command("serve", "--data", tmp_path / "other", "--listen", "127.0.0.1:0", SAVE_DATABASE=url + "/etc/ssl/certs/ca-certificates.crt")
        assert done.returncode != 0 and "certificate" in done.stderr and "hunter2" not in done.stderr, done.stderr
    finally:
        own.stop()


def test_a_change_whose_answer_got_lost_is_made_once_and_acknowledged(new_server, postgres):
    database = postgres.database()
    between = LostAnswers(postgres)
    try:
        server = new_server("lost", SAVE_DATABASE=between.url(database))
        between.armed.set()
        server.create("p/hosted")
        assert len(between.lost) == 1
        assert [found["name"] for found in server.admin.ok("GET", "/api/v1/repos").json()["items"]] == ["hosted"]
        between.armed.set()
        item = make_fixtures.wheel("sent", "1.0")
        assert upload(session(), server, item, item.content) == 200
        assert len(between.lost) == 2
        actions = [record["action"] for record in server.admin.ok("GET", "/api/v1/admin/audit").json()["items"]]
        assert actions.count("file.upload") == 1 and actions.count("repository.create") == 1, actions
        assert server.stop() == 0
    finally:
        between.stop()


def test_a_change_that_was_not_made_is_not_acknowledged_when_the_question_for_it_gets_lost_too(new_server, postgres):
    between = LostAnswers(postgres)
    try:
        server = new_server("doubt", SAVE_DATABASE=between.url(postgres.database()))
        server.create("p/hosted")
        between.withheld.set()
        item = make_fixtures.wheel("sent", "1.0")
        assert upload(session(), server, item, item.content) == 200
        assert not between.withheld.is_set() and len(between.lost) == 1
        assert item.filename in session().get(server.index_url("p/hosted") + "sent/").text
        assert server.stop() == 0
    finally:
        between.stop()


def test_a_new_directory_or_another_key_is_refused_beside_the_records_of_a_server(new_server, postgres):
    database = postgres.database()
    server = new_server("first", SAVE_DATABASE=database)
    server.create("p/hosted")
    assert server.stop() == 0
    new, other = server.data.parent / "new", new_server("other", start=False, SAVE_DATABASE=database)
    done = command("serve", "--data", new, "--listen", "127.0.0.1:0", SAVE_DATABASE=database)
    assert done.returncode != 0 and "mount its data directory" in done.stderr, done.stderr
    assert not (new / "server.key").exists() and not (new / "initial-admin-password").exists()
    take_over(server, other)
    key = (other.data / "server.key").read_bytes()
    (other.data / "server.key").write_bytes(bytes(32))
    done = command("serve", "--data", other.data, "--listen", "127.0.0.1:0", SAVE_DATABASE=database)
    assert done.returncode != 0 and "is not the key" in done.stderr, done.stderr
    (other.data / "server.key").write_bytes(key)
    (other.data / "server.key.check").unlink()
    other.start()
    assert other.admin.ok("GET", "/api/v1/repos").json()["items"]


def test_no_password_of_the_database_is_shown(postgres, tmp_path):
    database = postgres.database()
    shown = command("config", "--data", tmp_path / "none", SAVE_DATABASE=database)
    assert shown.returncode == 0 and "database = postgresql://***@/save" in shown.stdout and "hunter2" not in shown.stdout
    for wrong in (database.replace("@/save", "@/absent"), database.replace("postgresql:", "mysql:"), "postgresql://save:hunter2@[broken"):
        done = command("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", SAVE_DATABASE=wrong)
        assert done.returncode != 0 and "hunter2" not in done.stdout + done.stderr, done.stderr
        assert "database" in done.stderr


def test_a_directory_with_a_database_of_its_own_is_not_left_behind(new_server, postgres):
    server = new_server("before")
    assert server.stop() == 0
    done = command("serve", "--data", server.data, "--listen", "127.0.0.1:0", SAVE_DATABASE=postgres.database())
    assert done.returncode != 0 and "save.db" in done.stderr, done.stderr
    backup = command("backup", server.data.parent / "backup", "--data", server.data, SAVE_DATABASE=postgres.database())
    assert backup.returncode != 0 and "pg_dump" in backup.stderr, backup.stderr

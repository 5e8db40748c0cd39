"""Stored files in an object store: a server over rclone's, with pip and twine, and its signer beside botocore's."""
import hashlib
import json
import random
import subprocess

import make_fixtures
import pytest
from harness import clients
from harness.clients import VENVS
from harness.object_store import ACCESS, SECRET, ObjectStore
from harness.server import BINARY, PASSWORD, ROOT, command
from harness.waiting import until


@pytest.fixture(scope="module")
def probe():
    # Beside the server that is tested, in the same configuration; made in seconds where only the server was built.
    configuration = "debug" if "debug" in BINARY.parts else "release"
    subprocess.run(["swift", "build", "-c", configuration, "--product", "s3-probe"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL, timeout=900)
    return ROOT / ".build" / configuration / "s3-probe"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = ObjectStore(tmp_path_factory.mktemp("store") / "objects").start()
    yield made
    made.stop()


def secrets_in(text):
    return [secret for secret in (SECRET, ACCESS) if secret in text]


# The signer

ORACLE = """
import datetime, json, sys
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from urllib.parse import quote
credentials, region = Credentials(sys.argv[1], sys.argv[2]), sys.argv[3]
for line in sys.stdin:
    asked = json.loads(line)
    moment = datetime.datetime.fromtimestamp(asked["time"], datetime.timezone.utc).replace(tzinfo=None)
    botocore.auth.get_current_datetime = lambda *_, **__: moment
    query = "&".join("%s=%s" % tuple(quote(text, safe="-_.~") for text in pair) for pair in sorted(asked["query"], key=lambda pair: [quote(text, safe="-_.~") for text in pair]))
    target = quote(asked["path"], safe="/-_.~") + ("?" + query if query else "")
    headers = dict(asked["headers"])
    if asked["lifetime"] is None:
        headers["X-Amz-Content-SHA256"] = asked["payload"]
    request = AWSRequest(method=asked["method"], url="https://" + asked["host"] + target, headers=headers)
    if asked["lifetime"] is None:
        signer = botocore.auth.S3SigV4Auth(credentials, "s3", region)
        signer.payload = lambda request, payload=asked["payload"]: payload
        signer.add_auth(request)
        print(target, request.headers["Authorization"])
    else:
        botocore.auth.S3SigV4QueryAuth(credentials, "s3", region, expires=asked["lifetime"]).add_auth(request)
        print(request.url.removeprefix("https://" + asked["host"]))
"""


def requests_to_sign(count):
    pick = random.Random(4)
    letters = "abzAZ09-._~ +@=&%/?#!$'()*,;:é€\U0001F600\"<>[]{}|^`"

    def text(least, most, of=letters):
        return "".join(pick.choice(of) for _ in range(pick.randint(least, most)))

    for _ in range(count):
        names = {"x-amz-" + pick.choice(["meta-", ""]) + text(1, 8, "abc-") for _ in range(pick.randint(0, 4))} - {"x-amz-date"}
        yield {
            "time": pick.randint(1_500_000_000, 2_500_000_000), "lifetime": pick.choice([None, None, None, pick.randint(1, 604800)]),
            "payload": pick.choice(["UNSIGNED-PAYLOAD", hashlib.sha256(bytes([pick.randint(0, 255)])).hexdigest()]),
            "method": pick.choice(["GET", "PUT", "HEAD", "POST", "DELETE"]),
            "host": pick.choice(["store.example", "bucket.store.example", "127.0.0.1:9000", "[::1]:9000"]),
            "path": "/" + text(0, 12) + pick.choice(["", "/" + text(1, 12)]),
            # Names that occur once: what a store does with others is its own affair.
            "query": list({text(1, 6): text(0, 6) for _ in range(pick.randint(0, 4))}.items()),
            "headers": {name: text(1, 10, "ab  c/=,").strip() or "x" for name in names},
        }


def test_ten_thousand_requests_are_signed_as_botocore_signs_them(probe):
    asked = list(requests_to_sign(10_000))
    credentials = [ACCESS, SECRET, "eu-central-1"]
    oracle = subprocess.run([VENVS / "object-store" / "bin" / "python", "-c", ORACLE, *credentials], capture_output=True, text=True, timeout=300,
                            input="".join(json.dumps(one) + "\n" for one in asked))
    assert oracle.returncode == 0, oracle.stderr

    def encoded(text):
        return text.encode().hex()

    def pairs(items):
        return ",".join("%s=%s" % (encoded(name), encoded(value)) for name, value in items)

    lines = ["\t".join([str(one["time"] * 1_000_000), str(one["lifetime"] or "-"), one["payload"], encoded(one["method"]), encoded(one["host"]),
                        encoded(one["path"]), pairs(one["query"]), pairs(one["headers"].items())]) for one in asked]
    ours = subprocess.run([probe, "sign", *credentials], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True, timeout=300)
    found = ours.stdout.splitlines()
    wanted = oracle.stdout.splitlines()
    assert len(found) == len(wanted) == 10_000

    def pairs_in(target):
        """Botocore leaves the order of a presigned URL's query as it comes; what is signed is in order all the same."""
        path, _, query = target.partition("?")
        return path, sorted(query.split("&"))

    assert [(case, mine, other) for case, mine, other in zip(asked, found, wanted)
            if (mine != other if case["lifetime"] is None else pairs_in(mine) != pairs_in(other))][:3] == []


# The store

def test_the_laws_of_blob_stores_hold_over_another_ones_object_store(probe, store):
    run = subprocess.run([probe, "laws", store.url, "bucket", ACCESS, SECRET], capture_output=True, text=True, timeout=300)
    assert run.stdout.splitlines()[-1].endswith(" laws, 0 broken"), run.stdout + run.stderr


# A server over it

def test_what_twine_publishes_pip_installs_from_the_bucket_and_nothing_stays_on_the_disk(new_server, store, dists, dist_folder, tmp_path):
    server = new_server("twine", **store.settings("twine", SAVE_BLOB_CACHE_SIZE="0"))
    server.create("team/hosted")
    server.create("team/raw", format="raw")
    twine = clients.tool("twine6", tmp_path / "twine")
    files = sorted(dist_folder.glob("plain-1.0*"))
    published = twine.publish(server.url + "/pypi/team/hosted/", "admin", PASSWORD, *files)
    published.must_succeed()
    installed = clients.tool("pip-newest", tmp_path / "pip").install(server.index_url("team/hosted"), "plain==1.0")
    installed.must_succeed()
    assert installed.installed["plain"] == "1.0"
    # Larger than what goes up in one piece.
    large = random.Random(1).randbytes(1 << 20) * 70
    assert server.admin.put("/raw/team/raw/large.bin", data=large).status_code == 201
    assert server.admin.get("/raw/team/raw/large.bin").content == large
    part = server.admin.get("/raw/team/raw/large.bin", headers={"Range": "bytes=40000000-40000999"})
    assert part.status_code == 206 and part.content == large[40_000_000:40_001_000]
    assert hashlib.sha256(large).hexdigest() in store.blobs("twine")
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in files} <= store.blobs("twine")
    assert not (server.data / "blobs").exists()
    assert [path for path in (server.data / "blob-copies").rglob("*") if path.is_file()] == []
    assert not secrets_in(server.log.read_text())
    settings = [line for line in command("config", "--data", server.data, **server.environment).stdout.splitlines() if "s3_" in line]
    assert len(settings) == 7 and not secrets_in("".join(settings)), settings


def test_a_store_that_is_gone_for_a_while_is_told_of_and_nothing_is_lost(new_server, tmp_path):
    store = ObjectStore(tmp_path / "objects").start()
    server = new_server("gone", **store.settings())
    server.create("team/raw", format="raw")
    assert server.admin.put("/raw/team/raw/kept.txt", data=b"kept").status_code == 201
    digest = hashlib.sha256(b"kept").hexdigest()
    assert server.admin.get("/health/ready").status_code == 200
    store.stop()
    refused = server.admin.put("/raw/team/raw/lost.txt", data=b"lost")
    assert refused.status_code == 503 and "object store" in refused.text, refused.text
    assert server.admin.get("/raw/team/raw/lost.txt").status_code == 404
    # A copy needs no store.
    assert server.admin.get("/raw/team/raw/kept.txt").content == b"kept"
    until(lambda: server.client(None).get("/health/ready").json().get("failing") == "blob store", server.log_tail)
    store.start()
    until(lambda: server.client(None).get("/health/ready").status_code == 200, server.log_tail)
    assert server.admin.put("/raw/team/raw/lost.txt", data=b"lost").status_code == 201
    # A bucket that lost a file, and one whose bytes are others: found behind the copies.
    (store.bucket / "save" / "blobs" / digest).write_bytes(b"torn")
    assert server.stop() == 0
    checked = command("verify", "--data", server.data, **server.environment)
    assert checked.returncode == 1 and "corrupt: kept.txt" in checked.stdout, checked.stdout + checked.stderr
    store.stop()


def test_a_backup_of_a_bucket_is_restored_into_another_one_and_into_files(new_server, store, tmp_path):
    server = new_server("first", **store.settings("first"))
    server.create("team/raw", format="raw")
    for number in range(3):
        assert server.admin.put("/raw/team/raw/%d.txt" % number, data=b"%d" % number).status_code == 201
    assert server.admin.delete("/raw/team/raw/2.txt").status_code == 204
    backup = tmp_path / "backup"
    made = command("backup", "--data", server.data, backup, **server.environment)
    assert made.returncode == 0 and made.stdout.startswith("2 files copied"), made.stdout + made.stderr
    assert command("verify", "--data", backup).returncode == 0
    files = command("restore", "--data", tmp_path / "files", backup)
    assert files.returncode == 0 and command("verify", "--data", tmp_path / "files").returncode == 0
    settings = store.settings("second")
    bucket = command("restore", "--data", tmp_path / "bucket", backup, **settings)
    assert bucket.returncode == 0 and command("verify", "--data", tmp_path / "bucket", **settings).returncode == 0, bucket.stderr
    assert len(store.blobs("second")) == 2
    # Another server keeps away from it, and garbage goes.
    other = command("restore", "--data", tmp_path / "other", backup, **store.settings("first"))
    assert other.returncode == 0, other.stderr      # the same key: it is the same server
    foreign = new_server("foreign", start=False, **store.settings("first")).launch()
    assert foreign.process.wait(60) != 0 and "another server" in foreign.log.read_text()
    assert server.stop() == 0
    collected = command("gc", "--data", server.data, SAVE_GC_GRACE="60", **server.environment)
    assert collected.returncode == 0 and "3 blobs" in collected.stdout, collected.stdout + collected.stderr


@pytest.mark.parametrize("change, words", [
    ({"SAVE_BLOBS": "s3://Bucket"}, "'SAVE_BLOBS'|'blobs' must be files, s3://bucket or s3://bucket/prefix"),
    ({"SAVE_S3_ENDPOINT": ""}, "'s3_endpoint' is missing"),
    ({"SAVE_S3_SECRET_KEY": ""}, "'s3_secret_key' is missing"),
    ({"SAVE_S3_SECRET_KEY_FILE": "/dev/null"}, "are both set"),
    ({"SAVE_S3_SECRET_KEY": "a-wrong-secret-of-some-length"}, "check s3_access_key, s3_secret_key"),
    ({"SAVE_BLOBS": "s3://nobody"}, "no such bucket"),
    ({"SAVE_S3_ENDPOINT": "http://127.0.0.1:1"}, "does not answer"),
])
def test_what_is_wrong_with_the_settings_is_said_at_the_start(new_server, store, change, words):
    server = new_server(start=False, **{**store.settings("wrong"), **change}).launch()
    assert server.process.wait(60) != 0
    text = server.log.read_text()
    assert any(word in text for word in words.split("|")), text
    assert not secrets_in(text)


def test_files_in_the_data_directory_are_not_left_behind_by_a_change_of_the_key(new_server, store):
    server = new_server("moved")
    server.create("team/raw", format="raw")
    assert server.admin.put("/raw/team/raw/a.txt", data=b"a").status_code == 201
    assert server.stop() == 0
    server.environment.update(store.settings("moved"))
    assert server.launch().process.wait(60) != 0
    assert "has stored files in its folder blobs" in server.log_tail()
    assert store.blobs("moved") == set()

"""Files without a form: put one by one, or a directory of them at once."""
import json

import pytest

import make_fixtures
from harness.attestations import attestation, github
from harness.server import command

WHEEL = make_fixtures.wheel("plain", "1.0")


@pytest.fixture
def hosted(server, repository):
    server.create(repository + "/hosted")
    return repository + "/hosted"


@pytest.mark.parametrize("folder", ["", "plain/"])
def test_a_wheel_is_put_without_a_form(server, hosted, folder):
    path = "/pypi/%s/packages/%s%s" % (hosted, folder, WHEEL.filename)
    assert server.admin.put(path, data=WHEEL.content).status_code == 201
    assert server.admin.put(path, data=WHEEL.content).status_code == 200
    other = make_fixtures.wheel("plain", "1.0", payload=b"other")
    refused = server.admin.put(path, data=other.content)
    assert refused.status_code == 400 and refused.text.startswith("File already exists")
    file = server.admin.file_path(hosted, "plain", WHEEL.filename)
    assert server.admin.get(file).content == WHEEL.content
    assert server.admin.get(file + ".metadata").content == WHEEL.metadata


def test_what_is_put_must_be_what_its_name_says(server, hosted):
    for name, content in [("plain-2.0-py3-none-any.whl", WHEEL.content), ("other-1.0-py3-none-any.whl", WHEEL.content),
                          (WHEEL.filename, b"no archive"), (WHEEL.filename, b"")]:
        answer = server.admin.put("/pypi/%s/packages/%s" % (hosted, name), data=content)
        assert answer.status_code == 400 and "\n" not in answer.text.strip(), (name, answer.text)
    assert server.admin.page(hosted, "plain").status_code == 404


def test_nothing_is_put_into_a_proxy_or_by_who_may_not(server, repository, upstream):
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url)
    path = "/pypi/%s/proxy/packages/%s" % (repository, WHEEL.filename)
    answer = server.admin.put(path, data=WHEEL.content)
    # A file without its package's folder is only ever put, so nothing but OPTIONS is left of this path in a proxy.
    assert answer.status_code == 405 and answer.headers["Allow"] == "OPTIONS"
    assert server.client(None).put(path, data=WHEEL.content).status_code == 401


def test_a_directory_is_imported_file_by_file(new_server, tmp_path):
    server = new_server()
    server.create("team/hosted")
    server.create("team/raw", format="raw")
    folder = tmp_path / "dist"
    (folder / "old").mkdir(parents=True)
    for item in (WHEEL, make_fixtures.wheel("plain", "2.0")):
        item.write(folder)
    sdist = make_fixtures.sdist("Older.Name", "0.1")
    sdist.write(folder / "old")
    (folder / "broken-1.0-py3-none-any.whl").write_bytes(b"no archive")
    (folder / "README.txt").write_text("hello")
    (folder / "link-1.0.tar.gz").symlink_to("/etc/hostname")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    make_fixtures.wheel("elsewhere", "1.0").write(elsewhere)
    (folder / "linked").symlink_to(elsewhere)
    assert server.admin.upload("team/hosted", WHEEL).status_code == 200
    assert server.stop() == 0

    arguments = ["import", "--data", server.data, "--format", "pypi", "--repository", "team/hosted", folder]
    rehearsal = command(*arguments, "--dry-run")
    assert rehearsal.returncode == 1 and "2 would be published, 1 unchanged, 1 skipped, 1 refused" in rehearsal.stdout, rehearsal
    real = command(*arguments)
    assert real.returncode == 1 and "2 published, 1 unchanged, 1 skipped, 1 refused" in real.stdout, real
    assert [line for line in real.stdout.splitlines() if line.startswith("refused")][0].startswith("refused    broken-1.0-py3-none-any.whl: content: ")
    (folder / "broken-1.0-py3-none-any.whl").unlink()
    again = command(*arguments)
    assert again.returncode == 0 and "0 published, 3 unchanged" in again.stdout, again
    raw = command("import", "--data", server.data, "--repository", "team/raw", folder)
    assert raw.returncode == 0 and "4 published" in raw.stdout, raw

    server.start()
    assert [file["filename"] for file in server.admin.page("team/hosted", "plain").json()["files"]] == [
        WHEEL.filename, "plain-2.0-py3-none-any.whl"]
    assert server.admin.page("team/hosted", "older-name").json()["files"][0]["hashes"]["sha256"] == sdist.sha256
    assert server.admin.get("/raw/team/raw/old/" + sdist.filename).content == sdist.content
    records = server.admin.ok("GET", "/api/v1/admin/audit?action=file.upload&actor=system&limit=100").json()["items"]
    assert len([record for record in records if record["outcome"] == "ok"]) == 6
    failed = [record for record in records if record["outcome"] == "failed"]
    assert [record["resource"] for record in failed] == ["team/hosted/packages/broken-1.0-py3-none-any.whl"]


def test_an_import_that_makes_no_sense_says_why(new_server, tmp_path):
    server = new_server()
    server.create("team/hosted")
    server.create("team/group", kind="group", members=["team/hosted"])
    busy = command("import", "--data", server.data, "--repository", "team/hosted", tmp_path)
    assert busy.returncode == 1 and busy.stderr.count("\n") == 1
    assert server.stop() == 0
    for status, arguments in [
            (2, []), (2, [tmp_path]), (2, ["--repository", "team/hosted"]), (2, ["--repository", "team/hosted", "--force", tmp_path]),
            (1, ["--repository", "team/none", tmp_path]), (1, ["--repository", "team/group", tmp_path]),
            (1, ["--repository", "team/hosted", "--format", "raw", tmp_path]), (1, ["--repository", "team/hosted", tmp_path / "none"])]:
        answer = command("import", "--data", server.data, *arguments)
        assert answer.returncode == status and answer.stderr.startswith("save-server: ") and not answer.stdout, (arguments, answer)
    server.start()


def test_r73_attestations_are_served_and_named_where_the_server_has_an_https_address(new_server):
    server = new_server(SAVE_PUBLIC_URL="https://save.example.com/")
    server.create("team/hosted")
    sent = json.dumps([attestation(WHEEL, github("acme/plain"))])
    assert server.admin.upload("team/hosted", WHEEL, attestations=sent).status_code == 200
    url = server.admin.page("team/hosted", "plain").json()["files"][0]["provenance"]
    assert url == "https://save.example.com/pypi/team/hosted/integrity/plain/1.0/%s/provenance" % WHEEL.filename
    answer = server.admin.get(url.removeprefix("https://save.example.com"))
    assert answer.headers["Content-Type"] == "application/vnd.pypi.integrity.v1+json" and sent in answer.text
    assert answer.json()["attestation_bundles"][0]["attestations"] == json.loads(sent)
    path = url.removeprefix("https://save.example.com")
    for missing in ("/pypi/team/hosted/integrity/plain/2.0/plain-2.0.tar.gz/provenance",
                    "/pypi/team/hosted/integrity/none/1.0/none-1.0.tar.gz/provenance"):
        refused = server.admin.get(missing)
        assert refused.status_code == 404 and refused.headers["Content-Type"] == "application/json" and refused.json()["message"]
    refused = server.admin.get(path, headers={"Accept": "text/html"})
    assert refused.status_code == 406 and "application/vnd.pypi.integrity.v1+json" in refused.json()["message"]
    assert server.admin.get(path, headers={"Accept": "application/vnd.pypi.integrity.v1+json"}).status_code == 200
    wrong = server.admin.upload("team/hosted", make_fixtures.wheel("plain", "2.0"), attestations=sent)
    assert wrong.status_code == 400 and wrong.text.startswith("attestations: "), wrong.text
    # They are nothing of their own: they go with their file.
    server.admin.ok("DELETE", "/api/v1/repos/team/hosted/packages/plain")
    assert server.admin.get(url.removeprefix("https://save.example.com")).status_code == 404

"""Attestations (PEP 740) as those who read them find them."""
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import make_fixtures
from harness import clients
from harness.attestations import attestation, certificate, github

WHEEL = make_fixtures.wheel("plain", "1.0")
ORIGIN = "https://save.example.com"
READ = """
import sys
from pypi_attestations import Provenance
provenance = Provenance.model_validate_json(sys.stdin.read())
for bundle in provenance.attestation_bundles:
    print(bundle.publisher.kind, getattr(bundle.publisher, "repository", ""), len(bundle.attestations))
"""


@pytest.fixture
def hosted(new_server):
    server = new_server(SAVE_PUBLIC_URL=ORIGIN + "/")
    server.create("team/hosted")
    return server


def read(provenance):
    """What the reference reader makes of a provenance object: a line for each bundle."""
    python = clients.VENVS / "attestations" / "bin" / "python"
    assert python.exists(), "%s is missing (Scripts/clients.py makes it)" % python
    done = subprocess.run([str(python), "-c", READ], input=provenance, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def announced(server):
    return server.admin.page("team/hosted", "plain").json()["files"][0].get("provenance")


def test_r73_the_reference_reader_takes_what_a_page_names(hosted):
    sent = [attestation(WHEEL, github("acme/plain")), attestation(WHEEL, github("acme/plain"))]
    assert hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps(sent)).status_code == 200
    assert read(hosted.admin.get(announced(hosted).removeprefix(ORIGIN)).text) == ["GitHub acme/plain 2"]


def test_r73_what_the_reference_reader_would_refuse_is_kept_and_named_on_no_page(hosted):
    sent = [attestation(WHEEL, certificate("https://git.acme.example", {12: "https://git.acme.example/plain"}))]
    assert hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps(sent)).status_code == 200
    assert announced(hosted) is None
    kept = hosted.admin.get("/pypi/team/hosted/integrity/plain/1.0/%s/provenance" % WHEEL.filename)
    assert kept.status_code == 200 and kept.json()["attestation_bundles"][0]["attestations"] == sent


def test_r73_the_same_file_again_with_attestations_gets_them(hosted):
    path = "/pypi/team/hosted/packages/" + WHEEL.filename
    assert hosted.admin.put(path, data=WHEEL.content).status_code == 201
    before = hosted.admin.page("team/hosted", "plain")
    assert "provenance" not in before.json()["files"][0]
    sent = [attestation(WHEEL, github("acme/plain"))]
    for _ in range(2):
        assert hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps(sent)).status_code == 200
        assert hosted.admin.get(announced(hosted).removeprefix(ORIGIN)).json()["attestation_bundles"][0]["attestations"] == sent
    # A retry without them, and the file by itself, take nothing away.
    assert hosted.admin.upload("team/hosted", WHEEL).status_code == 200
    assert hosted.admin.put(path, data=WHEEL.content).status_code == 200
    assert announced(hosted)
    after = hosted.admin.page("team/hosted", "plain").json()["files"][0]
    after.pop("provenance")
    assert after == before.json()["files"][0]
    records = hosted.admin.ok("GET", "/api/v1/admin/audit?limit=100").json()["items"]
    assert [record["action"] for record in records if record["action"].startswith("file.")] == ["file.attach", "file.upload"]


def bundles(server):
    """The attestations that are kept, by the repositories of their publishers."""
    found = server.admin.ok("GET", "/pypi/team/hosted/integrity/plain/1.0/%s/provenance" % WHEEL.filename).json()["attestation_bundles"]
    return {bundle["publisher"].get("repository"): bundle["attestations"] for bundle in found}


def test_r73_other_attestations_of_the_same_file_join_those_that_are_there(hosted):
    first, second = attestation(WHEEL, github("acme/plain")), attestation(WHEEL, github("acme/other"))
    third = dict(first, envelope=dict(first["envelope"], signature="b3RoZXI="))
    for sent in ([first], [second], [first, third], [third], [second, first]):
        answer = hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps(sent))
        assert answer.status_code == 200, answer.text
    assert bundles(hosted) == {"acme/plain": [first, third], "acme/other": [second]}
    assert read(hosted.admin.get(announced(hosted).removeprefix(ORIGIN)).text) == ["GitHub acme/plain 2", "GitHub acme/other 1"]
    # The same ones again, however they are written down, change nothing.
    etag = hosted.admin.page("team/hosted", "plain").headers["ETag"]
    assert hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps([third], sort_keys=True, indent=1)).status_code == 200
    assert hosted.admin.page("team/hosted", "plain").headers["ETag"] == etag
    records = hosted.admin.ok("GET", "/api/v1/admin/audit?limit=100").json()["items"]
    assert [record["action"] for record in records if record["action"].startswith("file.")] == ["file.attach"] * 2 + ["file.upload"]


def test_r73_attestations_that_readers_refuse_take_the_address_of_the_others_off_the_page(hosted):
    known, unknown = attestation(WHEEL, github("acme/plain")), attestation(WHEEL, certificate("https://git.acme.example", {12: "x"}))
    assert hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps([known])).status_code == 200
    assert announced(hosted)
    assert hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps([unknown])).status_code == 200
    assert announced(hosted) is None
    assert bundles(hosted) == {"acme/plain": [known], None: [unknown]}


def test_r73_of_attestations_that_come_at_the_same_time_none_is_lost(hosted):
    assert hosted.admin.upload("team/hosted", WHEEL).status_code == 200
    sent = [attestation(WHEEL, github("acme/p%d" % number)) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda one: hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps([one])).status_code, sent))
    assert answers == [200] * 12
    assert bundles(hosted) == {"acme/p%d" % number: [sent[number]] for number in range(12)}


def test_r73_a_file_has_so_many_attestations_and_no_more(hosted):
    def upload(count, name):
        sent = [attestation(WHEEL, github("acme/%s%d" % (name, number))) for number in range(count)]
        return hosted.admin.upload("team/hosted", WHEEL, attestations=json.dumps(sent))

    for name in "abcd":
        assert upload(16, name).status_code == 200
    refused = upload(1, "e")
    assert refused.status_code == 400 and "64" in refused.text and refused.text.startswith("attestations: "), refused.text
    assert len(bundles(hosted)) == 64

"""A format that answers in words of its own, loaded from a shared object: Tests/Formats/Parcels."""
import json
import struct

import pytest

from harness.plugins import build
from harness.server import ROOT


@pytest.fixture(scope="module")
def parcels(tmp_path_factory):
    return build(ROOT / "Tests" / "Formats" / "Parcels", tmp_path_factory.mktemp("plugins") / "parcels.so")


@pytest.fixture
def server(parcels, new_server):
    server = new_server(SAVE_PLUGINS=str(parcels), SAVE_PUBLIC_URL="https://packages.example.com/save")
    server.create("e/hosted", format="parcels")
    server.create("e/all", format="parcels", kind="group", members=["e/hosted"])
    return server


def parcel(name, version, content):
    parts = [json.dumps({"name": name, "version": version, "text": "x"}).encode(), content]
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def test_a_client_gets_along_with_a_bare_key_and_the_words_of_its_protocol(server):
    name, key = server.robot("e", "developer")
    bare, nobody = {"Authorization": key}, server.client(None, None)
    hosted = "/parcels/e/hosted/"
    answer = nobody.put(hosted + "new", data=parcel("my_crate", "1.0", b"one"), headers=bare)
    assert (answer.status_code, answer.json()) == (200, {"notes": []}), answer.text
    answer = nobody.put(hosted + "new", data=parcel("my-crate", "1.1", b"two"), headers=bare)
    assert answer.status_code == 409 and "'my_crate'" in answer.json()["errors"][0]["detail"], answer.text
    answer = nobody.delete(hosted + "offer/my_crate/1.0", headers=bare)
    assert (answer.status_code, answer.json()) == (200, {"ok": True}), answer.text
    page = nobody.get("/parcels/e/all/index/my_crate", headers=dict(bare, Accept="image/png"))
    assert page.status_code == 200 and page.json()["withdrawn"] is True, page.text
    records = server.admin.ok("GET", "/api/v1/admin/audit?resource_type=package").json()["items"]
    assert [(record["action"], record["actor"], record["outcome"]) for record in records if record["resource"] == "e/hosted/my-crate"] == [
        ("package.withdraw", name, "ok")]

    # A wrong key, and the right one where no format takes it so.
    for path, field in ((hosted + "index/my_crate", key[:-1]), (hosted + "index/my_crate", "x"), ("/api/v1/user", key), ("/raw/e/hosted/", key)):
        refused = nobody.get(path, headers={"Authorization": field})
        assert refused.status_code == 401, path
        if path.startswith(hosted):
            assert "not valid" in refused.json()["errors"][0]["detail"]
    assert key[16:48] not in server.log.read_text()


def test_everybody_reads_where_the_files_are_and_nothing_else(server):
    nobody = server.client(None, None)
    for name in ("hosted", "all"):
        answer = nobody.get("/parcels/e/%s/config.json" % name)
        assert answer.json() == {"files": "https://packages.example.com/save/parcels/e/%s/files" % name}
        assert nobody.get("/parcels/e/%s/index/x" % name).status_code == 401
    assert nobody.get("/parcels/e/nothing/config.json").status_code == 401

"""Images: the real skopeo pushes and pulls, and what the distribution specification demands besides, request by request."""
import base64
import http.server
import json
import os
import subprocess
import threading

import pytest

from harness.clients.tool import VENVS
from harness.server import PASSWORD, clean_environment
from harness.waiting import until
from harness.clients.buildah import Buildah
from harness.clients.skopeo import CONFIG, INDEX, LAYER, MANIFEST, Image, Skopeo, contents, descriptor, digest, document, fails, ok


@pytest.fixture
def hosted(server, repository):
    server.create(repository + "/images", format="oci")
    return repository + "/images"


@pytest.fixture
def skopeo(server, hosted, tmp_path):
    return Skopeo(tmp_path / "skopeo", server, hosted)


class Registry:
    """The requests of the specification, as a client sends them that shows what it gets."""

    def __init__(self, server, hosted, image="team/app", client=None):
        self.client = client or server.admin
        self.base = "/v2/oci/%s/%s" % (hosted, image)

    def url(self, *parts):
        return "/".join([self.base, *parts])

    def push(self, content, **options):
        answer = self.client.post(self.url("blobs", "uploads/"), params={"digest": digest(content)}, data=content, **options)
        assert answer.status_code == 201, answer.text
        return answer

    def put(self, reference, manifest, media_type=MANIFEST):
        return self.client.put(self.url("manifests", reference), data=manifest, headers={"Content-Type": media_type})

    def push_image(self, image, *tags):
        for blob in image.blobs:
            self.push(blob)
        for part in image.images:
            assert self.put(part.digest, part.manifest, part.type).status_code == 201
        for reference in tags or (image.digest,):
            answer = self.put(reference, image.manifest, image.type)
            assert answer.status_code == 201, answer.text
        return image

    def manifest(self, reference, **headers):
        return self.client.get(self.url("manifests", reference), headers=headers)

    def tags(self, **query):
        return self.client.get(self.url("tags", "list"), params=query)

    def referrers(self, subject, **query):
        return self.client.get(self.url("referrers", subject), params=query)


@pytest.fixture
def registry(server, hosted):
    return Registry(server, hosted)


def code(answer):
    """The code of a refusal, which has the form of the specification."""
    assert answer.headers["Content-Type"] == "application/json"
    errors = answer.json()["errors"]
    assert len(errors) == 1 and errors[0]["message"] and set(errors[0]) == {"code", "message", "detail"}
    return errors[0]["code"]


# -- skopeo


def test_an_image_that_is_pushed_is_pulled_byte_for_byte(skopeo, tmp_path):
    image = Image("one", os.urandom(3 << 20))
    ok(skopeo.push(image.write(tmp_path / "made"), "team/app:v1"))
    ok(skopeo.pull("team/app:v1", tmp_path / "pulled"))
    assert contents(tmp_path / "pulled") == contents(tmp_path / "made")
    assert json.loads(ok(skopeo.inspect("team/app:v1")))["Digest"] == image.digest
    ok(skopeo.pull("team/app@" + image.digest, tmp_path / "by-digest"))
    assert contents(tmp_path / "by-digest") == contents(tmp_path / "made")
    assert ok(skopeo.inspect("team/app:v1", "--raw")).encode() == image.manifest


def test_an_image_for_several_architectures_is_pushed_and_pulled_whole(skopeo, tmp_path):
    index = Image.index(Image("a"), Image("b", architecture="arm64"))
    ok(skopeo.push(index.write(tmp_path / "made"), "multi:latest", "--all"))
    ok(skopeo.pull("multi:latest", tmp_path / "pulled", "--all"))
    assert contents(tmp_path / "pulled") == contents(tmp_path / "made")
    shown = json.loads(ok(skopeo.inspect("multi:latest", "--override-arch=arm64")))
    assert (shown["Architecture"], shown["RepoTags"]) == ("arm64", ["latest"])


def test_a_tag_moves_with_the_next_push_and_both_images_stay(skopeo, tmp_path):
    first, second = Image("first"), Image("second")
    ok(skopeo.push(first.write(tmp_path / "first"), "app:latest"))
    ok(skopeo.push(first.write(tmp_path / "again"), "app:v1"))
    ok(skopeo.push(second.write(tmp_path / "second"), "app:latest"))
    assert skopeo.tags("app") == ["latest", "v1"]
    assert json.loads(ok(skopeo.inspect("app:latest")))["Digest"] == second.digest
    assert json.loads(ok(skopeo.inspect("app@" + first.digest)))["Digest"] == first.digest


def test_an_image_is_copied_from_one_repository_to_another(server, skopeo, repository, tmp_path):
    server.create(repository + "/other", format="oci")
    image = Image("text")
    ok(skopeo.push(image.write(tmp_path / "made"), "app:v1"))
    other = Skopeo(tmp_path / "other", server, repository + "/other")
    ok(other.push(skopeo.images + "app:v1", "deep/er/app:v2", *skopeo.options("src-")))
    ok(other.pull("deep/er/app:v2", tmp_path / "pulled"))
    assert contents(tmp_path / "pulled") == contents(tmp_path / "made")


def test_public_images_are_pulled_by_anyone_and_private_ones_by_members(server, repository, tmp_path):
    server.create(repository + "/public", format="oci", anonymous_read=True)
    server.create(repository + "/private", format="oci")
    image = Image("text")
    viewer = server.robot(repository, "viewer")
    developer = server.robot(repository, "developer", "dev")
    for name in ["public", "private"]:
        source = image.write(tmp_path / name)
        ok(Skopeo(tmp_path / "s", server, repository + "/" + name, *developer).push(source, "app:v1"))
        refused = fails(Skopeo(tmp_path / "s", server, repository + "/" + name, None).push(source, "app:v2"))
        assert "unauthorized" in refused or "authentication required" in refused
        assert "may not" in fails(Skopeo(tmp_path / "s", server, repository + "/" + name, *viewer).push(source, "app:v2"))
        ok(Skopeo(tmp_path / "s", server, repository + "/" + name, *viewer).pull("app:v1", tmp_path / ("viewer-" + name)))
    ok(Skopeo(tmp_path / "s", server, repository + "/public", None).pull("app:v1", tmp_path / "nobody"))
    assert contents(tmp_path / "nobody") == contents(tmp_path / "public")
    fails(Skopeo(tmp_path / "s", server, repository + "/private", None).pull("app:v1", tmp_path / "none"))
    fails(Skopeo(tmp_path / "s", server, repository + "/private", "nobody", "wrong").pull("app:v1", tmp_path / "none"))


def test_what_skopeo_deletes_is_gone_with_its_tags(skopeo, tmp_path):
    image, other = Image("one"), Image("two")
    ok(skopeo.push(image.write(tmp_path / "one"), "app:v1"))
    ok(skopeo.push(other.write(tmp_path / "two"), "app:v2"))
    ok(skopeo.delete("app:v1"))
    assert skopeo.tags("app") == ["v2"]
    assert "manifest unknown" in fails(skopeo.inspect("app:v1")).lower()


def test_immutable_tags_stay_with_their_image_and_skopeo_says_why(server, repository, tmp_path):
    server.create(repository + "/fixed", format="oci", settings={"immutable_tags": ["v*"]})
    skopeo = Skopeo(tmp_path / "s", server, repository + "/fixed")
    one, two = Image("one").write(tmp_path / "one"), Image("two").write(tmp_path / "two")
    for tag in ["v1", "latest"]:
        ok(skopeo.push(one, "app:" + tag))
    ok(skopeo.push(one, "app:v1"))
    ok(skopeo.push(two, "app:latest"))
    assert "app:v1' is immutable here" in fails(skopeo.push(two, "app:v1"))
    fails(skopeo.delete("app:v1"))
    assert json.loads(ok(skopeo.inspect("app:v1")))["Digest"] == Image("one").digest


# -- buildah


def test_buildah_pushes_what_it_makes_and_pulls_it_through_a_proxy_and_a_group(server, hosted, repository, tmp_path):
    server.create(repository + "/proxy", format="oci", kind="proxy", anonymous_read=True, remote_url="%s/oci/%s/" % (server.url, hosted),
                  remote_username="admin", remote_password=PASSWORD)
    server.create(repository + "/empty", format="oci", anonymous_read=True)
    server.create(repository + "/group", format="oci", kind="group", anonymous_read=True, members=[repository + "/empty", repository + "/proxy"])
    maker = Buildah(tmp_path / "maker", server, hosted)
    ok(maker.make("made", "hello"))
    refused = fails(maker.push("made", "app:v1"))
    assert "unauthorized" in refused or "authentication required" in refused
    fails(maker.login(password="wrong"))
    assert "Login Succeeded" in ok(maker.login())
    ok(maker.push("made", "app:v1"))
    # A visitor, with nothing in store.
    for name in ("proxy", "group"):
        visitor = Buildah(tmp_path / name, server, "%s/%s" % (repository, name))
        image = ok(visitor.pull("app:v1")).strip().splitlines()[-1]
        assert visitor.text(image) == "hello"
    assert "unauthorized" in fails(Buildah(tmp_path / "nobody", server, hosted).pull("app:v1"))


# -- oras


ORAS = """
import json, os, sys
import oras.client
host, name, password = sys.argv[1:4]
client = oras.client.OrasClient(hostname=host, insecure=True, auth_backend=sys.argv[4])
client.login(username="admin", password=password, hostname=host, config_path=os.path.abspath("auth.json"))
target = "%s/%s" % (host, name)
for tag, options in (("whole", {}), ("parts", {"do_chunked": True, "chunk_size": 100_000})):
    client.push(target="%s:%s" % (target, tag), files=["chart.tgz"], config_path=os.path.abspath("auth.json"), manifest_annotations={"made": tag}, **options)
    os.mkdir(tag)
    client.pull(target="%s:%s" % (target, tag), outdir=tag, config_path=os.path.abspath("auth.json"))
print(json.dumps(client.get_tags(target)))
"""


@pytest.mark.parametrize("backend", ["basic", "token"])
def test_oras_pushes_and_pulls_files(server, hosted, tmp_path, backend):
    content = os.urandom(350_000)
    (tmp_path / "chart.tgz").write_bytes(content)
    done = subprocess.run(
        [str(VENVS / "oras" / "bin" / "python"), "-c", ORAS, "127.0.0.1:%d" % server.port, "oci/%s/charts/app" % hosted, PASSWORD, backend], cwd=tmp_path,
        env=clean_environment(HOME=str(tmp_path)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["parts", "whole"]
    assert [(tmp_path / tag / "chart.tgz").read_bytes() == content for tag in ["whole", "parts"]] == [True, True]


# -- the specification: pull


def test_a_client_asks_first_and_is_told_to_sign_in(server):
    answer = server.client(None).get("/v2/")
    assert answer.status_code == 401 and code(answer) == "UNAUTHORIZED"
    # Alone: clients that know both ways take the last of several, and visitors have nothing for Basic.
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="%s/v2/token",service="Save"' % server.url
    assert server.admin.get("/v2/").status_code == 200
    assert server.client("admin", "wrong").get("/v2/").status_code == 401
    # Clients without credentials send empty ones to a server that asks for some.
    assert server.client("", "").get("/v2/").status_code == 401


def test_a_manifest_is_read_by_tag_and_by_digest_with_its_type_and_digest(registry):
    image = registry.push_image(Image("text"), "v1")
    for reference in ["v1", image.digest]:
        for method in ["GET", "HEAD"]:
            answer = registry.client.request(method, registry.url("manifests", reference), headers={"Accept": MANIFEST})
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == MANIFEST and answer.headers["Docker-Content-Digest"] == image.digest
            assert answer.content == (image.manifest if method == "GET" else b"")
            assert int(answer.headers["Content-Length"]) == len(image.manifest) or method == "GET"
    assert code(registry.manifest("v2")) == "MANIFEST_UNKNOWN"
    assert registry.manifest(digest(b"none")).status_code == 404
    assert registry.manifest("sha256:x").status_code == 400


def test_a_blob_is_read_whole_in_parts_and_by_head(registry):
    content = os.urandom(100_000)
    registry.push(content)
    url = registry.url("blobs", digest(content))
    answer = registry.client.get(url)
    assert answer.content == content and answer.headers["Docker-Content-Digest"] == digest(content)
    head = registry.client.head(url)
    assert (head.status_code, head.headers["Content-Length"], head.headers["Docker-Content-Digest"]) == (200, "100000", digest(content))
    part = registry.client.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert registry.client.get(url, headers={"Range": "bytes=100000-"}).status_code == 416
    missing = registry.client.get(registry.url("blobs", digest(b"none")))
    assert missing.status_code == 404 and code(missing) == "BLOB_UNKNOWN"
    assert code(registry.client.get(registry.url("blobs", "sha256:x"))) == "DIGEST_INVALID"


# -- the specification: push


def test_a_blob_comes_in_one_request_or_in_two(registry):
    content = os.urandom(1000)
    answer = registry.push(content)
    assert answer.headers["Location"].startswith(registry.base + "/blobs/") and answer.headers["Docker-Content-Digest"] == digest(content)
    assert registry.client.get(answer.headers["Location"]).content == content
    # The same again is the same answer.
    registry.push(content)
    other = os.urandom(1000)
    begun = registry.client.post(registry.url("blobs", "uploads/"))
    assert begun.status_code == 202 and begun.headers["Docker-Upload-UUID"] and begun.headers["Range"] == "0-0"
    ended = registry.client.put(begun.headers["Location"], params={"digest": digest(other)}, data=other)
    assert ended.status_code == 201 and registry.client.get(ended.headers["Location"]).content == other


def test_a_blob_comes_in_parts_in_their_order(registry):
    parts = [os.urandom(1000) for _ in range(3)]
    url = registry.client.post(registry.url("blobs", "uploads/")).headers["Location"]
    for number, part in enumerate(parts[:2]):
        sent = registry.client.patch(url, data=part, headers={"Content-Range": "%d-%d" % (number * 1000, number * 1000 + 999)})
        assert (sent.status_code, sent.headers["Range"]) == (202, "0-%d" % (number * 1000 + 999))
        url = sent.headers["Location"]
    for wrong in ["0-999", "3000-3999"]:
        refused = registry.client.patch(url, data=parts[2], headers={"Content-Range": wrong})
        assert refused.status_code == 416 and refused.headers["Range"] == "0-1999"
    status = registry.client.get(url)
    assert (status.status_code, status.headers["Range"], status.headers["Location"]) == (204, "0-1999", url)
    ended = registry.client.put(url, params={"digest": digest(b"".join(parts))}, data=parts[2], headers={"Content-Range": "2000-2999"})
    assert ended.status_code == 201 and registry.client.get(ended.headers["Location"]).content == b"".join(parts)
    gone = registry.client.get(url)
    assert gone.status_code == 404 and code(gone) == "BLOB_UPLOAD_UNKNOWN"


def test_an_upload_is_cancelled_and_a_wrong_digest_ends_none(registry):
    url = registry.client.post(registry.url("blobs", "uploads/")).headers["Location"]
    registry.client.patch(url, data=b"bytes")
    wrong = registry.client.put(url, params={"digest": digest(b"others")})
    assert wrong.status_code == 400 and code(wrong) == "DIGEST_INVALID"
    for query in [{}, {"digest": "sha256:x"}]:
        assert code(registry.client.put(url, params=query)) == "DIGEST_INVALID"
    assert registry.client.delete(url).status_code == 204
    assert registry.client.put(url, params={"digest": digest(b"bytes")}).status_code == 404
    assert registry.client.head(registry.url("blobs", digest(b"bytes"))).status_code == 404


def mount(registry, content, source, **options):
    return registry.client.post(registry.url("blobs", "uploads/"), params={"mount": digest(content), "from": source}, **options)


def test_a_blob_of_another_image_is_mounted_without_its_bytes(server, repository, hosted, registry):
    content = os.urandom(1000)
    registry.push(content)
    server.create(repository + "/second", format="oci")
    server.create(repository + "/group", format="oci", kind="group", members=[hosted])
    for place, source in [(hosted, hosted), (repository + "/second", hosted), (repository + "/second", repository + "/group")]:
        other = Registry(server, place, "mounted/from-" + source.replace("/", "-").lower())
        asked = mount(other, content, "oci/%s/team/app" % source)
        assert asked.status_code == 201, asked.text
        assert asked.headers["Docker-Content-Digest"] == digest(content)
        assert other.client.get(asked.headers["Location"]).content == content
    # Again: it is there.
    assert mount(other, content, "oci/%s/team/app" % hosted).status_code == 201
    # The bytes are shared, and the images are not.
    registry.client.delete(registry.url("blobs", digest(content)))
    assert other.client.get(other.url("blobs", digest(content))).content == content


def test_a_blob_that_cannot_be_mounted_is_uploaded(server, repository, hosted, registry):
    content = os.urandom(1000)
    registry.push(content)
    server.create(repository + "/private", format="oci")
    Registry(server, repository + "/private").push(content)
    name, key = server.robot(repository, "developer", "dev")
    api = server.admin
    limited = api.ok("POST", "/api/v1/robots/%s/keys" % name.removeprefix("sa$"), json={"description": "x", "scopes": [
        {"resource": hosted, "permissions": ["read", "write"]}]}).json()["key"]
    other = Registry(server, hosted, "other", server.client(name, limited))
    for source in ["oci/%s/private/team/app" % repository, "oci/%s/absent" % hosted, "oci/none/none/x", "raw/x", "../x", ""]:
        asked = mount(other, content, source)
        assert asked.status_code == 202 and asked.headers["Location"], (source, asked.status_code, asked.text)
        other.client.delete(asked.headers["Location"])
    # Only what the caller may read, whoever else may.
    assert mount(Registry(server, hosted, "other", server.client(name, key)), content, "oci/%s/private/team/app" % repository).status_code == 201
    registry.client.delete(registry.url("blobs", digest(content)))
    asked = mount(Registry(server, hosted, "third"), content, "oci/%s/team/app" % hosted)
    assert asked.status_code == 202
    assert registry.client.put(asked.headers["Location"], params={"digest": digest(content)}, data=content).status_code == 201


# -- tokens


def token(server, user, *scopes, **options):
    """What a client gets for a name and a password, or for nothing."""
    answer = server.client(*(user or (None, None))).get("/v2/token", params=[("service", "Save")] + [("scope", scope) for scope in scopes], **options)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["token"] == found["access_token"] and found["expires_in"] == 300 and answer.headers["Cache-Control"] == "no-store"
    return found


def bearing(server, found):
    def sign(request):
        request.headers["Authorization"] = "Bearer " + found["token"]
        return request
    client = server.client(None, None)
    client.auth = sign
    return client


def test_a_token_is_for_the_images_and_the_actions_that_it_was_asked_for(server, repository, hosted, registry):
    image = registry.push_image(Image("text"), "v1")
    name = "oci/%s/team/app" % hosted
    robot = server.robot(repository, "developer", "dev")
    found = token(server, robot, "repository:%s:pull" % name)
    assert found["scope"] == "repository:%s:pull" % name
    reader = Registry(server, hosted, client=bearing(server, found))
    assert reader.manifest("v1").content == image.manifest
    assert reader.client.get("/v2/").status_code == 200
    # The account may; the token may not.
    challenge = 'Bearer realm="%s/v2/token",service="Save",scope="repository:%s:pull%s"'
    refused = reader.client.post(reader.url("blobs", "uploads/"))
    assert (refused.status_code, code(refused)) == (401, "UNAUTHORIZED")
    assert refused.headers["WWW-Authenticate"] == challenge % (server.url, name, ",push")
    other = Registry(server, hosted, "other", reader.client)
    refused = other.tags()
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"] == challenge % (server.url, "oci/%s/other" % hosted, "")
    # Also behind an answer that is in memory.
    for _ in range(3):
        assert reader.manifest("v1").status_code == 200 and Registry(server, hosted, "team/app2", reader.client).manifest("v1").status_code == 401
    # Pushing and deleting take their own words, and the account's permission.
    writer = Registry(server, hosted, client=bearing(server, token(server, robot, "repository:%s:pull,push,delete" % name)))
    writer.push(b"more")
    refused = writer.client.delete(writer.url("blobs", digest(b"more")))
    assert (refused.status_code, code(refused)) == (403, "DENIED") and "may not delete" in refused.text
    every = bearing(server, token(server, ("admin", PASSWORD), "repository:%s:*" % name))
    assert every.delete(writer.url("blobs", digest(b"more"))).status_code == 202


def test_a_token_lets_nobody_in_where_tokens_are_not_asked_for(server, repository, hosted, registry):
    registry.push_image(Image("text"), "v1")
    client = bearing(server, token(server, ("admin", PASSWORD), "repository:oci/%s/team/app:*" % hosted))
    assert client.get(registry.url("manifests", "v1")).status_code == 200
    for path in ["/api/v1/repos", "/oci/%s/team/app/manifests/v1" % hosted, "/metrics"]:
        assert client.get(path).status_code == 401, path
    again = client.get("/v2/token")
    assert again.status_code == 401 and again.headers["WWW-Authenticate"].startswith("Basic ")


def test_a_token_of_a_visitor_reads_what_visitors_may(server, repository, hosted):
    server.create(repository + "/public", format="oci", anonymous_read=True)
    image = Registry(server, repository + "/public").push_image(Image("text"), "v1")
    public, private = ("repository:oci/%s/%s/team/app:pull,push" % (repository, name) for name in ("public", hosted.rpartition("/")[2]))
    found = token(server, None, public, private)
    assert found["scope"] == public.replace(",push", "")
    visitor = Registry(server, repository + "/public", client=bearing(server, found))
    assert visitor.manifest("v1").content == image.manifest
    for refused in [visitor.client.post(visitor.url("blobs", "uploads/")), Registry(server, hosted, client=visitor.client).tags(),
                    Registry(server, repository + "/none", client=visitor.client).tags()]:
        assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Bearer ")


def test_tokens_are_given_for_a_form_and_for_no_wrong_password(server, hosted, registry):
    registry.push_image(Image("text"), "v1")
    client, scope = server.client(None, None), "repository:oci/%s/team/app:pull" % hosted
    form = {"grant_type": "password", "username": "admin", "password": PASSWORD, "service": "Save", "scope": scope + " other:x:y", "client_id": "x"}
    answer = client.post("/v2/token", data=form)
    assert answer.status_code == 200 and answer.json()["scope"] == scope
    assert bearing(server, answer.json() | {"token": answer.json()["access_token"]}).get(registry.url("tags", "list")).json()["tags"] == ["v1"]
    for changed in [{"password": "wrong"}, {"grant_type": "refresh_token", "refresh_token": "wrong"}]:
        refused = client.post("/v2/token", data=form | changed)
        assert refused.status_code == 401 and code(refused) == "UNAUTHORIZED"
    assert client.post("/v2/token", data={"grant_type": "x"}).status_code == 400
    assert server.client("admin", "wrong").get("/v2/token").status_code == 401
    assert (client.put("/v2/token").status_code, client.put("/v2/token").headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_a_token_ends_with_the_account_that_it_is_for(server, repository, hosted, registry):
    registry.push_image(Image("text"), "v1")
    robot = server.robot(repository, "developer", "gone")
    reader = Registry(server, hosted, client=bearing(server, token(server, robot, "repository:oci/%s/team/app:pull" % hosted)))
    assert reader.manifest("v1").status_code == 200
    server.admin.ok("PATCH", "/api/v1/robots/" + robot[0].removeprefix("sa$"), json={"disabled": True})
    assert reader.manifest("v1").status_code == 401


def test_digests_of_sha512_name_blobs_and_manifests(registry):
    content = os.urandom(1000)
    long = digest(content, "sha512")
    pushed = registry.client.post(registry.url("blobs", "uploads/"), params={"digest": long}, data=content)
    assert pushed.status_code == 201 and pushed.headers["Docker-Content-Digest"] == long
    answer = registry.client.get(registry.url("blobs", long))
    assert answer.content == content and answer.headers["Docker-Content-Digest"] == long
    manifest = document({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [
        {"mediaType": LAYER, "digest": long, "size": 1000}]})
    name = digest(manifest, "sha512")
    assert registry.put(name, manifest).headers["Docker-Content-Digest"] == name
    assert registry.manifest(name).content == manifest
    assert registry.put(digest(b"x", "sha512"), manifest).status_code == 400


def test_a_manifest_is_kept_as_it_came_and_only_with_what_it_refers_to(registry):
    image = Image("text")
    refused = registry.put("v1", image.manifest)
    assert refused.status_code == 400 and code(refused) == "MANIFEST_BLOB_UNKNOWN"
    assert registry.manifest("v1").status_code == 404
    for blob in image.blobs:
        registry.push(blob)
    spaced = json.dumps(json.loads(image.manifest), indent=3).encode()
    pushed = registry.put("v1", spaced)
    assert pushed.status_code == 201 and pushed.headers["Docker-Content-Digest"] == digest(spaced)
    assert registry.client.get(pushed.headers["Location"]).content == spaced
    assert registry.manifest("v1").content == registry.manifest(digest(spaced)).content == spaced
    # Again, and under another tag.
    assert registry.put("v1", spaced).status_code == registry.put("v2", spaced).status_code == 201
    wrong = registry.put(digest(b"x"), image.manifest)
    assert wrong.status_code == 400 and code(wrong) == "DIGEST_INVALID"
    assert code(registry.put("v3", b"x")) == code(registry.put("v3", image.manifest, INDEX)) == "MANIFEST_INVALID"
    large = document({"schemaVersion": 2, "mediaType": MANIFEST, "annotations": {"x": "a" * (4 << 20)}})
    assert registry.put("v3", large).status_code == 413
    index = Image.index(Image("elsewhere"))
    assert code(registry.put("v3", index.manifest, INDEX)) == "MANIFEST_BLOB_UNKNOWN"


# -- the specification: discovery


def test_tags_are_listed_in_pages(registry):
    image = registry.push_image(Image("text"), *["t%d" % number for number in range(5)], "A", "b")
    every = ["A", "b", "t0", "t1", "t2", "t3", "t4"]
    assert registry.tags().json() == {"name": registry.base.removeprefix("/v2/"), "tags": every}
    url, seen = registry.url("tags", "list?n=3"), []
    while url:
        answer = registry.client.get(url)
        assert len(answer.json()["tags"]) <= 3
        seen += answer.json()["tags"]
        url = answer.links["next"]["url"] if "Link" in answer.headers else None
    assert seen == every
    assert registry.tags(n=0).json()["tags"] == [] and registry.tags(last="t2").json()["tags"] == ["t3", "t4"]
    assert registry.tags(n="x").status_code == 400
    assert registry.client.delete(registry.url("manifests", "t0")).status_code == 202
    assert registry.tags(last="b").json()["tags"] == ["t1", "t2", "t3", "t4"]
    assert registry.manifest(image.digest).status_code == 200
    none = Registry(None, registry.base.removeprefix("/v2/oci/").removesuffix("/team/app"), "none", registry.client).tags()
    assert none.status_code == 404 and code(none) == "NAME_UNKNOWN"


def test_referrers_are_found_by_their_subject(registry):
    image = registry.push_image(Image("text"), "v1")
    assert registry.referrers(image.digest).json() == {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    empty = b"{}"
    registry.push(empty)
    pushed = {}
    for kind in ["application/vnd.test.signature", "application/vnd.test.sbom"]:
        manifest = document({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "config": descriptor(empty, "application/vnd.oci.empty.v1+json"),
            "layers": [descriptor(empty, "application/vnd.oci.empty.v1+json")], "subject": descriptor(image.manifest, MANIFEST),
            "annotations": {"made": kind}})
        answer = registry.put(digest(manifest), manifest)
        assert answer.status_code == 201 and answer.headers["OCI-Subject"] == image.digest
        pushed[kind] = descriptor(manifest, MANIFEST, artifactType=kind, annotations={"made": kind})
    answer = registry.referrers(image.digest)
    assert answer.headers["Content-Type"] == INDEX
    assert sorted(answer.json()["manifests"], key=lambda item: item["digest"]) == sorted(pushed.values(), key=lambda item: item["digest"])
    some = registry.referrers(image.digest, artifactType="application/vnd.test.sbom")
    assert some.json()["manifests"] == [pushed["application/vnd.test.sbom"]] and some.headers["OCI-Filters-Applied"] == "artifactType"
    # A subject that is not there yet, and one of a manifest whose config says what it is.
    later = Image("later", subject=descriptor(b"not here", MANIFEST))
    registry.push_image(later)
    assert [item["artifactType"] for item in registry.referrers(digest(b"not here")).json()["manifests"]] == [CONFIG]
    assert registry.referrers("sha256:x").status_code == 400
    assert registry.client.delete(registry.url("manifests", pushed["application/vnd.test.sbom"]["digest"])).status_code == 202
    assert len(registry.referrers(image.digest).json()["manifests"]) == 1


# -- the specification: deletion


def test_what_a_manifest_refers_to_is_not_deleted_and_the_rest_is(registry):
    image = registry.push_image(Image("text"), "v1", "v2")
    layer = registry.url("blobs", digest(image.layers[0]))
    refused = registry.client.delete(layer)
    assert refused.status_code == 405 and code(refused) == "UNSUPPORTED"
    assert registry.client.delete(registry.url("manifests", "v2")).status_code == 202
    assert registry.manifest("v2").status_code == 404 and registry.manifest("v1").status_code == 200
    assert registry.client.delete(registry.url("manifests", image.digest)).status_code == 202
    assert registry.manifest("v1").status_code == registry.manifest(image.digest).status_code == 404
    assert registry.client.delete(layer).status_code == 202 and registry.client.get(layer).status_code == 404
    missing = registry.client.delete(layer)
    assert missing.status_code == 404 and code(missing) == "BLOB_UNKNOWN"
    assert code(registry.client.delete(registry.url("manifests", "v9"))) == "MANIFEST_UNKNOWN"
    # What was deleted comes again.
    registry.push_image(image, "v1")


def package(registry, *rest):
    """The URL of an image in the API."""
    coordinates, image = registry.base.removeprefix("/v2/oci/").split("/", 2)[:2], registry.base.split("/", 5)[5]
    return "/".join(["/api/v1/repos", *coordinates, "packages", image, *rest])


def test_the_api_deletes_manifests_by_the_rules_of_images(server, hosted):
    registry, part = Registry(server, hosted, "app"), Image("part")
    index = registry.push_image(Image.index(part), "v1", "v2")
    assert registry.put("part", part.manifest).status_code == 201
    refused = registry.client.delete(package(registry, "versions", part.digest))
    assert refused.status_code == 409
    assert part.digest in refused.text
    file = registry.client.delete(package(registry, "versions", part.digest, "files", part.digest))
    assert file.status_code == 409
    assert registry.manifest("part").content == part.manifest
    # The tags go with the manifest that they name, and the others stay.
    assert registry.client.delete(package(registry, "versions", index.digest)).status_code == 204
    assert registry.tags().json()["tags"] == ["part"]
    assert registry.manifest("v1").status_code == 404
    assert registry.client.delete(package(registry, "versions", part.digest)).status_code == 204
    registry.push_image(index, "v1")
    assert registry.client.delete(package(registry)).status_code == 204
    assert registry.tags().status_code == 404


def test_the_api_deletes_no_image_with_an_immutable_tag(server, repository):
    server.create(repository + "/fixed", format="oci", settings={"immutable_tags": ["v*"]})
    registry = Registry(server, repository + "/fixed", "app")
    image, other = registry.push_image(Image("text"), "v1"), registry.push_image(Image("other"), "latest")
    for rest in [("versions", image.digest), ("versions", image.digest, "files", image.digest), ()]:
        refused = registry.client.delete(package(registry, *rest))
        assert refused.status_code == 409 and "app:v1' is immutable here" in refused.text
    assert registry.client.delete(package(registry, "versions", other.digest)).status_code == 204
    assert registry.tags().json()["tags"] == ["v1"] and registry.manifest("v1").content == image.manifest


def test_an_index_is_taken_only_with_its_manifests_as_manifests(registry):
    part = Image("part")
    index = Image.index(part)
    for content in [*part.blobs, part.manifest]:
        registry.push(content)
    refused = registry.put("v1", index.manifest, INDEX)
    assert refused.status_code == 400 and code(refused) == "MANIFEST_BLOB_UNKNOWN"
    assert registry.put(part.digest, part.manifest).status_code == 201
    assert registry.put("v1", index.manifest, INDEX).status_code == 201


def test_a_manifest_that_says_no_type_keeps_the_one_that_it_was_pushed_with(registry):
    image = Image("text")
    for blob in image.blobs:
        registry.push(blob)
    untyped = document({key: value for key, value in json.loads(image.manifest).items() if key != "mediaType"})
    docker = "application/vnd.docker.distribution.manifest.v2+json"
    assert registry.put("v1", untyped).status_code == 201
    for reference in ["v2", digest(untyped)]:
        refused = registry.put(reference, untyped, docker)
        assert refused.status_code == 400 and code(refused) == "MANIFEST_INVALID" and MANIFEST in refused.text
    assert registry.put("v2", untyped).status_code == 201
    assert registry.manifest("v2").headers["Content-Type"] == MANIFEST


def test_what_is_not_there_is_said_in_the_word_for_its_kind(server, hosted, registry):
    registry.push_image(Image("text"), "v1")
    absent = digest(b"absent")
    for image in [registry, Registry(server, hosted, "none")]:
        assert code(image.client.get(image.url("manifests", absent))) == "MANIFEST_UNKNOWN"
        assert code(image.client.get(image.url("blobs", absent))) == "BLOB_UNKNOWN"
        assert image.client.head(image.url("manifests", absent)).status_code == 404


def test_an_image_that_is_not_there_has_no_referrers(server, repository, hosted):
    server.create(repository + "/group", format="oci", kind="group", members=[hosted])
    server.create(repository + "/private", format="oci")
    for name in [hosted, repository + "/group"]:
        registry = Registry(server, name, "absent")
        answer = registry.referrers(digest(b"x"))
        assert answer.status_code == 200 and answer.headers["Content-Type"] == INDEX
        assert answer.json() == {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
        assert registry.tags().status_code == 404
        # The first push shows at once.
        if name == hosted:
            about = Registry(server, name, "absent").push_image(Image("later", subject=descriptor(b"x", MANIFEST)), "v1")
            assert [item["digest"] for item in registry.referrers(digest(b"x")).json()["manifests"]] == [about.digest]
            registry.client.delete(package(registry))
    assert server.client(None).get("/v2/oci/%s/private/absent/referrers/%s" % (repository, digest(b"x"))).status_code == 401


def test_a_change_has_its_name_in_the_audit_trail(server, hosted, registry):
    image = registry.push_image(Image("text"), "v1")
    registry.put("v2", image.manifest)
    registry.client.delete(registry.url("manifests", "v2"))
    registry.client.delete(registry.url("manifests", image.digest))
    records = server.admin.ok("GET", "/api/v1/admin/audit?q=%s" % hosted).json()["items"]
    actions = sorted(record["action"] for record in records if record["action"].startswith(("file.", "package.")))
    assert actions == ["file.upload"] * 3 + ["package.retract", "package.tag", "package.untag"]


def test_what_a_policy_refuses_is_told_with_its_reason_by_tag_and_by_digest(server, repository, hosted, registry, tmp_path):
    image = registry.push_image(Image("text"), "v1")
    server.create(repository + "/proxy", format="oci", kind="proxy", remote_url="%s/oci/%s/" % (server.url, hosted), remote_username="admin",
                  remote_password=PASSWORD)
    proxied = Registry(server, repository + "/proxy")
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "no-apps", "scope": "project:" + repository, "action": "deny", "match": {"packages": ["team/*"]}})
    for reference in ["v1", image.digest]:
        answer = proxied.manifest(reference)
        assert (answer.status_code, code(answer)) == (403, "DENIED") and "policy no-apps" in answer.text and "team/app" in answer.text
    assert "policy no-apps" in fails(Skopeo(tmp_path / "s", server, repository + "/proxy").pull("team/app:v1", tmp_path / "none"))


def test_what_cosign_keeps_beside_an_image_stays_and_goes_with_its_tag(registry):
    image = registry.push_image(Image("text"), "v1")
    payload = document({"critical": {"identity": {}, "image": {"docker-manifest-digest": image.digest}, "type": "cosign container image signature"}})
    config = document({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": [digest(payload)]}})
    for blob in (payload, config):
        registry.push(blob)
    signature = document({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(config, "application/vnd.oci.image.config.v1+json"), "layers": [
        descriptor(payload, "application/vnd.dev.cosign.simplesigning.v1+json", annotations={"dev.cosignproject.cosign/signature": "c2ln"})]})
    tag = "sha256-%s.sig" % image.digest.partition(":")[2]
    assert registry.manifest(tag).status_code == 404
    assert registry.put(tag, signature).status_code == 201
    assert registry.manifest(tag).content == signature
    assert registry.client.get(registry.url("blobs", digest(payload))).content == payload
    # A second signature is pushed in place of the list of the first.
    both = document({**json.loads(signature), "annotations": {"second": "yes"}})
    assert registry.put(tag, both).status_code == 201 and registry.manifest(tag).content == both
    assert sorted(registry.tags().json()["tags"]) == sorted(["v1", tag])
    assert registry.client.delete(registry.url("manifests", tag)).status_code == 202
    assert registry.manifest("v1").content == image.manifest and registry.manifest(tag).status_code == 404


def test_a_group_gives_the_images_of_its_members_and_takes_none(server, repository, hosted, registry, tmp_path):
    image = registry.push_image(Image("text"), "v1")
    server.create(repository + "/other", format="oci")
    server.create(repository + "/group", format="oci", kind="group", members=[repository + "/other", hosted])
    group = Skopeo(tmp_path / "s", server, repository + "/group")
    ok(group.pull("team/app:v1", tmp_path / "pulled"))
    assert set(contents(tmp_path / "pulled")) == {digest(blob) for blob in [*image.blobs, image.manifest]}
    assert group.tags("team/app") == ["v1"]
    assert "upload to a hosted repository" in fails(group.push(image.write(tmp_path / "made"), "app:v1"))


# -- proxies


@pytest.fixture
def chain(server, repository, hosted, registry):
    """A repository with an image, a proxy of it, and a group of our own images with the proxy."""
    registry.push_image(Image("theirs"), "v1")
    server.create(repository + "/ours", format="oci", anonymous_read=True)
    server.create(repository + "/proxy", format="oci", kind="proxy", anonymous_read=True, cache_ttl=0,
                  remote_url="%s/oci/%s/" % (server.url, hosted), remote_username="admin", remote_password=PASSWORD)
    server.create(repository + "/group", format="oci", kind="group", anonymous_read=True,
                  members=[repository + "/ours", repository + "/proxy"])
    return repository


@pytest.mark.parametrize("kind", ["proxy", "group"])
def test_an_image_of_an_upstream_is_pulled_and_follows_its_tag(server, chain, registry, tmp_path, kind):
    client = Skopeo(tmp_path / "s", server, "%s/%s" % (chain, kind), None)
    first = Image("theirs")
    ok(client.pull("team/app:v1", tmp_path / "first"))
    assert set(contents(tmp_path / "first")) == {digest(blob) for blob in [*first.blobs, first.manifest]}
    second = registry.push_image(Image("another", architecture="arm64"), "v1", "v2")
    assert json.loads(ok(client.inspect("team/app:v1", "--override-arch=arm64")))["Digest"] == second.digest
    assert client.tags("team/app") == ["v1", "v2"]
    proxied = Registry(server, "%s/%s" % (chain, kind))
    answer = proxied.manifest("v2")
    assert answer.content == second.manifest
    assert (answer.headers["Content-Type"], answer.headers["Docker-Content-Digest"]) == (MANIFEST, second.digest)
    head = proxied.client.head(proxied.url("manifests", first.digest))
    assert (head.headers["Content-Type"], head.headers["Docker-Content-Digest"]) == (MANIFEST, first.digest)
    assert code(proxied.manifest("none")) in ("MANIFEST_UNKNOWN", "NAME_UNKNOWN")
    assert proxied.manifest(digest(b"none")).status_code == 404


def test_what_was_pulled_is_pulled_while_the_upstream_is_away(new_server, server, repository, tmp_path):
    upstream = new_server("upstream")
    upstream.create("e/images", format="oci", anonymous_read=True)
    index = Image.index(Image("a"), Image("b", architecture="arm64"))
    Registry(upstream, "e/images").push_image(index, "v1")
    server.create(repository + "/proxy", format="oci", kind="proxy", cache_ttl=0, remote_url=upstream.url + "/oci/e/images/")
    client = Skopeo(tmp_path / "s", server, repository + "/proxy")
    ok(client.pull("team/app:v1", tmp_path / "first", "--all"))
    assert upstream.stop() == 0
    ok(client.pull("team/app:v1", tmp_path / "second", "--all"))
    assert contents(tmp_path / "first") == contents(tmp_path / "second")
    assert Registry(server, repository + "/proxy").manifest("v1").headers["X-Save-Cache"] == "stale"
    fails(client.pull("team/other:v1", tmp_path / "none"))


def test_an_image_that_is_hosted_never_comes_from_the_upstream(server, chain, registry, tmp_path):
    ours = Registry(server, chain + "/ours")
    own = ours.push_image(Image("ours"), "v1")
    registry.push_image(Image("theirs"), "v2")
    group = Registry(server, chain + "/group")
    assert group.manifest("v1").content == own.manifest and group.tags().json()["tags"] == ["v1"]
    for reference in ["v2", Image("theirs").digest]:
        assert group.manifest(reference).status_code == 404
    assert group.client.get(group.url("blobs", digest(Image("theirs").layers[0]))).status_code == 404


def test_referrers_come_from_the_upstream(server, chain, registry):
    image = Image("theirs")
    signature = registry.push_image(Image("signature", subject=descriptor(image.manifest, MANIFEST)))
    proxied = Registry(server, chain + "/proxy")
    assert [item["digest"] for item in proxied.referrers(image.digest).json()["manifests"]] == [signature.digest]
    assert proxied.referrers(image.digest, artifactType="none").json()["manifests"] == []


class TokenRegistry:
    """A registry of one image that gives it to those who have a token, and tokens to those who know a password."""

    def __init__(self, image, password):
        self.asked, files = [], {digest(blob): blob for blob in image.blobs}
        asked, basic = self.asked, "Basic " + base64.b64encode(("puller:" + password).encode()).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, self.headers.get("Authorization", "")))
                if self.path.startswith("/token?"):
                    isKnown = self.headers.get("Authorization") == basic
                    return self.answer(200, b'{"token":"let-me-in","expires_in":300}', "application/json") if isKnown else self.answer(401)
                if self.headers.get("Authorization") != "Bearer let-me-in":
                    return self.answer(401)
                if self.path == "/v2/team/app/busy/manifests/v1":
                    return self.answer(429)
                name = self.path.rpartition("/")[2]
                if self.path.startswith("/v2/team/app/manifests/") and name in ("v1", image.digest):
                    return self.answer(200, image.manifest, MANIFEST) if MANIFEST in self.headers["Accept"] else self.answer(404)
                return self.answer(200, files[name], "application/octet-stream") if name in files else self.answer(404)

            do_HEAD = do_GET

            def answer(self, status, content=b"", kind="text/plain"):
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Bearer realm="http://%s/token",service="here",scope="repository:team/app:pull"'
                                     % self.headers["Host"])
                if status == 429:
                    self.send_header("Retry-After", "77")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server.server_address[1]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_an_upstream_that_wants_tokens_is_asked_for_one_and_left_alone_when_it_says_so(server, repository, tmp_path):
    image = Image("one", "two")
    upstream = TokenRegistry(image, "secret")
    try:
        server.create(repository + "/proxy", format="oci", kind="proxy", remote_url=upstream.url, remote_username="puller",
                      remote_password="secret")
        ok(Skopeo(tmp_path / "s", server, repository + "/proxy").pull("team/app:v1", tmp_path / "pulled"))
        assert set(contents(tmp_path / "pulled")) == {digest(blob) for blob in [*image.blobs, image.manifest]}
        tokens = [path for path, _ in upstream.asked if path.startswith("/token")]
        assert tokens == ["/token?service=here&scope=repository%3Ateam%2Fapp%3Apull"]
        # Only the service was told the password again.
        busy = Registry(server, repository + "/proxy", "team/app/busy").manifest("v1")
        assert busy.status_code == 503 and 70 <= int(busy.headers["Retry-After"]) <= 78
        before = len(upstream.asked)
        assert Registry(server, repository + "/proxy", "team/app/busy").manifest("v1").status_code == 503
        assert len(upstream.asked) == before
        server.create(repository + "/wrong", format="oci", kind="proxy", remote_url=upstream.url, remote_username="puller",
                      remote_password="wrong")
        assert "check remote_username" in Registry(server, repository + "/wrong").manifest("v1").text
    finally:
        upstream.stop()


def test_a_registry_of_debian_is_an_upstream(server, repository, tmp_path):
    configuration = tmp_path / "registry.yml"
    configuration.write_text("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\n"
                             "http: {addr: 127.0.0.1:0}\n" % (tmp_path / "registry"))
    log = open(tmp_path / "registry.log", "w+")
    process = subprocess.Popen(["docker-registry", "serve", str(configuration)], stdout=log, stderr=log)
    try:
        port = listening(process)
        image = Image.index(Image("a"), Image("b", architecture="arm64"))
        theirs = Skopeo(tmp_path / "theirs", server, "x", None)
        theirs.images = "docker://127.0.0.1:%d/" % port
        ok(theirs.push(image.write(tmp_path / "made"), "team/app:v1", "--all"))
        server.create(repository + "/proxy", format="oci", kind="proxy", cache_ttl=0, remote_url="http://127.0.0.1:%d/" % port)
        client = Skopeo(tmp_path / "s", server, repository + "/proxy")
        ok(client.pull("team/app:v1", tmp_path / "pulled", "--all"))
        assert contents(tmp_path / "pulled") == contents(tmp_path / "made")
        assert client.tags("team/app") == ["v1"]
        # It has no referrers, and clients go on to the tag that has them.
        assert Registry(server, repository + "/proxy").referrers(image.digest).status_code == 404
    finally:
        process.kill()
        process.wait()
    ok(client.pull("team/app:v1", tmp_path / "again", "--all"))


def listening(process):
    """The port that a process has taken."""
    def port():
        own = {os.readlink(entry.path) for entry in os.scandir("/proc/%d/fd" % process.pid) if os.path.islink(entry.path)}
        for line in open("/proc/net/tcp").read().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and "socket:[%s]" % fields[9] in own:
                return int(fields[1].rpartition(":")[2], 16)
        return None
    return until(port, "a registry that listens")


# -- garbage


def test_layers_that_nothing_refers_to_go_after_their_grace_and_no_others(new_server, tmp_path):
    server = new_server(SAVE_GC_GRACE="60")
    server.create("e/images", format="oci")
    registry = Registry(server, "e/images")
    kept, gone = registry.push_image(Image("kept"), "v1"), registry.push_image(Image("gone"), "v2")
    registry.push(b"never referred to")
    registry.client.delete(registry.url("manifests", gone.digest))
    collected = server.admin.ok("POST", "/api/v1/admin/gc").json()
    # All of it is young.
    assert collected["unreachable_files"] == 0
    assert registry.client.head(registry.url("blobs", digest(gone.layers[0]))).status_code == 200
    assert server.stop() == 0
    server.age_files(120)
    server.start()
    assert server.admin.ok("POST", "/api/v1/admin/gc?dry_run=true").json()["unreachable_files"] == 3
    assert server.admin.ok("POST", "/api/v1/admin/gc").json()["unreachable_files"] == 3
    for content in [gone.config, gone.layers[0], b"never referred to"]:
        assert Registry(server, "e/images").client.head(registry.url("blobs", digest(content))).status_code == 404
    ok(Skopeo(tmp_path / "s", server, "e/images").pull("team/app:v1", tmp_path / "pulled"))
    assert set(contents(tmp_path / "pulled")) == {digest(blob) for blob in [*kept.blobs, kept.manifest]}
    records = server.admin.ok("GET", "/api/v1/admin/audit?action=package.sweep").json()["items"]
    assert len(records) == 1 and len(records[0]["details"]["removed"]) == 3

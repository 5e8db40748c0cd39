"""Maven: Debian's mvn deploys and resolves through hosted, proxy and group, with an empty local repository every time."""
import hashlib
import os
import pathlib
import re
import subprocess
import time
import xml.etree.ElementTree

import pytest

from harness.clients.maven import DEBIAN, Maven, Tree, Upstream, jar, plugin, pom, project
from harness.server import PASSWORD, clean_environment, command

OURS, THEIRS = ("com.acme", "lib"), ("org.public", "theirs")
# What Debian's ivy is made of.
IVY = [pathlib.Path("/usr/share/java") / name for name in ("ivy.jar", "httpclient.jar", "httpcore.jar", "commons-logging.jar")]


@pytest.fixture
def tree(tmp_path):
    tree = Tree(tmp_path / "tree")
    tree.add(*THEIRS, "1.0")
    tree.add(*THEIRS, "1.1")
    tree.add(*OURS, "9.9")
    tree.add("com.acme", "other", "9.9")
    return tree


@pytest.fixture
def upstream(tree):
    upstream = Upstream(tree.folder, DEBIAN)
    yield upstream
    upstream.stop()


@pytest.fixture
def chain(server, repository, upstream):
    """Our own repository, a proxy of a static tree that also has Maven's plugins, and a group of both; a mirror of that group, as a second
    server would be."""
    server.create(repository + "/ours", format="maven", anonymous_read=True)
    server.create(repository + "/proxy", format="maven", kind="proxy", anonymous_read=True, cache_ttl=0, remote_url=upstream.url)
    server.create(repository + "/group", format="maven", kind="group", anonymous_read=True,
                  members=[repository + "/ours", repository + "/proxy"])
    server.create(repository + "/mirror", format="maven", kind="proxy", anonymous_read=True,
                  remote_url="%s/maven/%s/group" % (server.url, repository), remote_username="admin", remote_password=PASSWORD)
    return repository


@pytest.fixture
def maven(server, tmp_path):
    return lambda repository: Maven(tmp_path / "clients", "%s/maven/%s" % (server.url, repository), "admin", PASSWORD)


def url(server, repository):
    return "%s/maven/%s/" % (server.url, repository)


def metadata(server, repository, path):
    answer = server.client(None, None).get("/maven/%s/%s/maven-metadata.xml" % (repository, path))
    assert answer.status_code == 200, (answer.status_code, answer.text)
    return xml.etree.ElementTree.fromstring(answer.content)


def versions(server, repository, path):
    return [item.text for item in metadata(server, repository, path).iter("version")]


def put(server, repository, path, data, expect=201):
    answer = server.admin.put("/maven/%s/%s" % (repository, path), data=data)
    assert answer.status_code in (expect if isinstance(expect, tuple) else (expect,)), (path, answer.status_code, answer.text)
    return answer


def publish(server, repository, version, group="com.acme", artifact="lib", **options):
    """A version as a client without mvn would send it."""
    place = "%s/%s/%s/%s-%s" % (group.replace(".", "/"), artifact, version, artifact, version)
    put(server, repository, place + ".pom", pom(group, artifact, version, packaging="jar", **options))
    put(server, repository, place + ".jar", ("jar of " + version).encode())


def test_a_deployed_project_is_resolved_through_a_group_and_through_a_proxy_of_it(chain, maven, server, tmp_path):
    client = maven(chain + "/group")
    ours = project(tmp_path / "ours", *OURS, "1.0")
    client.deploy(ours, url(server, chain + "/ours"))
    assert versions(server, chain + "/ours", "com/acme/lib") == ["1.0"]
    user = project(tmp_path / "user", "com.acme", "user", "1.0", packaging="jar", dependencies=[(*THEIRS, "1.0")])
    (user / "pom.xml").write_text((user / "pom.xml").read_text().replace(
        "<dependencies>", "<parent><groupId>com.acme</groupId><artifactId>lib</artifactId><version>1.0</version><relativePath/></parent>"
        "<dependencies>"))
    for place in ("group", "mirror"):
        client = maven("%s/%s" % (chain, place))
        client.jar(user)
        assert client.has(*THEIRS, "1.0").exists() and client.has(*OURS, "1.0", "lib-1.0.pom").exists()


def test_a_range_takes_the_newest_version_that_there_is(chain, maven, server, tmp_path):
    for version in ("1.9", "1.10", "2.0"):
        publish(server, chain + "/ours", version)
    client = maven(chain + "/group")
    user = project(tmp_path / "user", "com.acme", "user", "1.0", packaging="jar",
                   dependencies=[(*OURS, "[1.0,2.0)"), (*THEIRS, "[1.0,2.0)")])
    client.jar(user)
    assert client.has(*OURS, "1.10").exists() and client.has(*THEIRS, "1.1").exists()


def test_a_relocated_artifact_leads_to_where_it_is_now(chain, maven, server, tree, tmp_path):
    moved = ("<project><modelVersion>4.0.0</modelVersion><groupId>%s</groupId><artifactId>%s</artifactId><version>1.0</version><distributionManagement>"
             "<relocation><groupId>%s</groupId><artifactId>%s</artifactId></relocation></distributionManagement></project>\n")
    # Theirs moved within the upstream, and ours moved to a hosted group id.
    place = tree.folder / "org/former/old/1.0/old-1.0.pom"
    place.parent.mkdir(parents=True)
    place.write_text(moved % ("org.former", "old", *THEIRS))
    put(server, chain + "/ours", "com/acme/old/1.0/old-1.0.pom", moved % ("com.acme", "old", *OURS))
    publish(server, chain + "/ours", "1.0")
    user = project(tmp_path / "user", "com.acme", "user", "1.0", packaging="jar", dependencies=[("org.former", "old", "1.0"), ("com.acme", "old", "1.0")])
    for repository in ("group", "mirror"):
        client = maven("%s/%s" % (chain, repository))
        client.jar(user)
        assert client.has(*THEIRS, "1.0").exists() and client.has(*OURS, "1.0").exists()
        assert not client.has("org.former", "old", "1.0").exists()


def test_old_builds_of_snapshots_go_as_the_repository_is_set(new_server):
    server = new_server(SAVE_GC_GRACE="60")
    server.create("e/ours", format="maven", settings={"keep_snapshots": 1})
    for build in (1, 2, 3):
        put(server, "e/ours", "com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.03040%d-%d.jar" % (build, build), b"%d" % build)
    assert server.admin.ok("POST", "/api/v1/admin/gc").json()["unreachable_files"] == 0
    assert server.stop() == 0
    server.age_files(120)
    # Also by the command, which a stopped server has.
    said = [command("gc", *options, "--data", server.data, SAVE_GC_GRACE="60").stdout for options in (["--dry-run"], [], [])]
    assert ["2 files would be removed" in said[0], "2 files removed" in said[1], "files removed" in said[2]] == [True, True, False], said
    server.start()
    assert server.admin.ok("POST", "/api/v1/admin/gc?dry_run=true").json()["unreachable_files"] == 0
    found = server.admin.get("/maven/e/ours/com/acme/lib/1.1-SNAPSHOT/maven-metadata.xml").text
    assert "1.1-20260102.030403-3" in found
    statuses = [server.admin.get("/maven/e/ours/com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.03040%d-%d.jar" % (build, build)).status_code for build in (1, 2, 3)]
    assert statuses == [404, 404, 200]


def test_snapshots_come_anew_and_the_newest_is_resolved(chain, maven, server, tmp_path):
    ours = chain + "/ours"
    client = maven(chain + "/group")
    library = project(tmp_path / "library", "com.acme", "parent", "1.1-SNAPSHOT")
    client.deploy(library, url(server, ours))
    client.deploy(library, url(server, ours))
    found = metadata(server, chain + "/group", "com/acme/parent/1.1-SNAPSHOT")
    assert found.findtext("versioning/snapshot/buildNumber") == "2"
    value = found.findtext("versioning/snapshotVersions/snapshotVersion/value")
    assert re.fullmatch(r"1\.1-\d{8}\.\d{6}-2", value), value
    user = project(tmp_path / "user", "com.acme", "user", "1.0")
    (user / "pom.xml").write_text((user / "pom.xml").read_text().replace(
        "<dependencies>", "<parent><groupId>com.acme</groupId><artifactId>parent</artifactId><version>1.1-SNAPSHOT</version>"
        "<relativePath/></parent><dependencies>"))
    client.ok(plugin("install", "install"), cwd=user)
    assert client.has("com.acme", "parent", "1.1-SNAPSHOT", "parent-%s.pom" % value).exists()


def test_a_released_file_stays_and_a_snapshot_file_changes(chain, server):
    ours = chain + "/ours"
    place = "com/acme/lib/1.0/lib-1.0.jar"
    put(server, ours, place, b"one")
    put(server, ours, place, b"one", expect=200)
    assert "already exists" in put(server, ours, place, b"two", expect=400).text
    snapshot = "com/acme/lib/1.1-SNAPSHOT/lib-1.1-SNAPSHOT.jar"
    put(server, ours, snapshot, b"one")
    put(server, ours, snapshot, b"two")
    answer = server.admin.get("/maven/%s/%s" % (ours, snapshot))
    assert answer.content == b"two" and "no-cache" in answer.headers["Cache-Control"]
    assert server.admin.get("/maven/%s/%s.sha1" % (ours, snapshot)).text == hashlib.sha1(b"two").hexdigest()
    stamped = "com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102.030405-1.jar"
    put(server, ours, stamped, b"one")
    put(server, ours, stamped, b"two", expect=400)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_a_digest_is_made_on_demand_and_one_that_is_sent_is_checked(chain, server, algorithm):
    path = "/maven/%s/ours/com/acme/lib/1.0/lib-1.0.jar" % chain
    digest = hashlib.new(algorithm, b"bytes").hexdigest()
    assert server.admin.put(path + "." + algorithm, data=digest).status_code == 404
    assert server.admin.put(path, data=b"bytes").status_code == 201
    for place in ("ours", "group", "mirror"):
        answer = server.client(None, None).get(path.replace("/ours/", "/%s/" % place) + "." + algorithm)
        assert (answer.status_code, answer.text) == (200, digest), place
    assert server.admin.put(path + "." + algorithm, data=digest).status_code == 200
    wrong = server.admin.put(path + "." + algorithm, data=digest[::-1])
    assert wrong.status_code == 400 and digest in wrong.text
    assert server.admin.get(path).content == b"bytes"


def test_conditional_requests_and_directories(chain, server):
    publish(server, chain + "/ours", "1.0")
    visitor = server.client(None, None)
    for path in ("com/acme/lib/1.0/lib-1.0.pom", "com/acme/lib/maven-metadata.xml", "com/acme/lib/1.0/lib-1.0.pom.sha1"):
        answer = visitor.get("/maven/%s/ours/%s" % (chain, path))
        assert answer.headers["Last-Modified"] and answer.headers["ETag"], path
        for condition in ({"If-Modified-Since": answer.headers["Last-Modified"]}, {"If-None-Match": answer.headers["ETag"]}):
            assert visitor.get("/maven/%s/ours/%s" % (chain, path), headers=condition).status_code == 304, (path, condition)
    page = visitor.get("/maven/%s/ours/com/acme/lib/1.0/" % chain)
    assert page.status_code == 200 and 'href="lib-1.0.pom"' in page.text
    assert 'href="acme/"' in visitor.get("/maven/%s/ours/com/" % chain).text


def test_a_group_id_that_is_hosted_is_never_taken_from_an_upstream(chain, server, upstream):
    publish(server, chain + "/ours", "1.0")
    visitor = server.client(None, None)
    assert versions(server, chain + "/group", "com/acme/lib") == ["1.0"]
    assert versions(server, chain + "/proxy", "com/acme/lib") == ["9.9"]
    upstream.asked.clear()
    for path in ("lib/9.9/lib-9.9.jar", "lib/9.9/lib-9.9.pom", "lib/9.9/lib-9.9.jar.sha1", "other/9.9/other-9.9.jar",
                 "other/maven-metadata.xml", "maven-metadata.xml", "lib/9.9/x/lib-9.9.jar", "lib/./9.9/lib-9.9.jar",
                 "lib//9.9/lib-9.9.jar", "lib/9.9/../9.9/lib-9.9.jar"):
        answer = visitor.get("/maven/%s/group/com/acme/%s" % (chain, path), allow_redirects=True)
        assert answer.status_code >= 400, path
    assert upstream.asked == []
    answer = visitor.get("/maven/%s/group/com/acme/other/9.9/other-9.9.jar" % chain)
    assert answer.status_code == 403 and "namespace" in answer.text
    assert visitor.get("/maven/%s/group/org/public/theirs/1.0/theirs-1.0.jar" % chain).status_code == 200


def test_a_file_with_another_digest_than_its_upstream_says_is_refused(chain, server, tree):
    visitor = server.client(None, None)
    file = tree.add("org.public", "damaged", "1.0")
    file.write_bytes(b"damaged")
    path = "/maven/%s/proxy/org/public/damaged/1.0/damaged-1.0" % chain
    assert visitor.get(path + ".jar").status_code == 502
    assert visitor.get(path + ".pom").status_code == 200
    unchecked = tree.add("org.public", "unchecked", "1.0", checksums=())
    answer = visitor.get("/maven/%s/proxy/org/public/unchecked/1.0/unchecked-1.0.jar" % chain)
    assert answer.content == unchecked.read_bytes()


def test_what_is_cached_resolves_while_the_upstream_is_away(chain, maven, upstream, tmp_path):
    user = project(tmp_path / "user", "com.acme", "user", "1.0", packaging="jar", dependencies=[(*THEIRS, "[1.0,2.0)")])
    maven(chain + "/proxy").jar(user)
    upstream.stop()
    client = maven(chain + "/proxy")
    client.jar(user)
    assert client.has(*THEIRS, "1.1").exists()


def test_a_released_file_is_fetched_once_and_metadata_is_asked_for_again(chain, server, upstream, tree):
    visitor = server.client(None, None)
    path = "/maven/%s/proxy/org/public/theirs/" % chain
    for _ in range(3):
        assert visitor.get(path + "1.0/theirs-1.0.jar").status_code == 200
        assert visitor.get(path + "1.0/theirs-1.0.jar.md5").status_code == 200
    assert upstream.asked.count("/org/public/theirs/1.0/theirs-1.0.jar") == 1
    assert versions(server, chain + "/proxy", "org/public/theirs") == ["1.0", "1.1"]
    tree.add(*THEIRS, "1.2")
    assert versions(server, chain + "/proxy", "org/public/theirs") == ["1.0", "1.1", "1.2"]


def test_a_refusal_is_told_in_the_words_of_its_policy(chain, maven, server, tmp_path):
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "only-one", "scope": "project:" + chain, "action": "deny",
        "match": {"packages": ["org.public:theirs"], "versions": "[1.1,)"}})
    assert versions(server, chain + "/proxy", "org/public/theirs") == ["1.0"]
    user = project(tmp_path / "user", "com.acme", "user", "1.0", packaging="jar", dependencies=[(*THEIRS, "1.1")])
    said = maven(chain + "/group").fails(plugin("jar", "jar"), cwd=user)
    assert "403" in said and "policy only-one" in said, said[-3000:]


def test_plugins_of_a_group_are_found_by_their_prefix(chain, server):
    place = "com/acme/maven-metadata.xml"
    entry = "<metadata><plugins><plugin><prefix>%s</prefix><artifactId>%s-maven-plugin</artifactId></plugin></plugins></metadata>"
    for name in ("acme", "other"):
        put(server, chain + "/ours", place, entry % (name, name), expect=(200, 201))
    found = metadata(server, chain + "/group", "com/acme")
    assert [item.text for item in found.iter("prefix")] == ["acme", "other"]
    # What is sent beside plugins is not taken.
    put(server, chain + "/ours", "com/acme/lib/maven-metadata.xml",
        "<metadata><versioning><versions><version>7</version></versions></versioning></metadata>", expect=200)
    assert server.client(None, None).get("/maven/%s/ours/com/acme/lib/maven-metadata.xml" % chain).status_code == 404


def test_a_cooldown_goes_by_when_the_upstream_changed_a_version(chain, server, tree, upstream):
    now = time.time()
    for version, days in (("1.0", 400), ("1.1", 30), ("1.2", 1)):
        tree.add("org.public", "aged", version, updated=time.strftime("%Y%m%d%H%M%S", time.gmtime(now)))
        for path in (tree.folder / "org/public/aged" / version).iterdir():
            os.utime(path, (now - days * 86400, now - days * 86400))
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "cooldown-7d", "scope": "project:" + chain, "action": "deny", "match": {"packages": ["org.public:*"], "younger_than": "7d"}})
    assert versions(server, chain + "/proxy", "org/public/aged") == ["1.0", "1.1"]
    visitor, place = server.client(None, None), "/maven/%s/group/org/public/aged/%s/aged-%s.%s"
    for version, ending, status in (("1.1", "jar", 200), ("1.1", "jar.sha1", 200), ("1.2", "jar", 403), ("1.2", "pom", 403),
                                    ("1.2", "pom.md5", 403)):
        answer = visitor.get(place % (chain, version, version, ending))
        assert answer.status_code == status, (version, ending, answer.text)
    assert "1 day" in answer.text and "cooldown-7d" in answer.text, answer.text
    # The metadata of another artifact says that nothing of it is new: no version is asked about.
    upstream.asked.clear()
    assert versions(server, chain + "/proxy", "org/public/theirs") == ["1.0", "1.1"]
    assert upstream.asked == ["/org/public/theirs/maven-metadata.xml"]
    explained = server.admin.ok("GET", "/api/v1/repos/%s/proxy/packages/org.public:aged/explain" % chain).json()
    assert {item["version"]: item["state"] for item in explained["files"] if item["filename"].endswith(".pom")}["1.2"] != "offered", explained


def test_what_an_upstream_does_not_have_is_missing_before_a_policy_judges_it(server, repository, upstream, tree, tmp_path):
    vendors = Tree(tmp_path / "vendor")
    vendors.add("org.vendor", "x", "1.0")
    vendor = Upstream(vendors.folder)
    try:
        for name, remote in (("central", upstream.url), ("vendor", vendor.url)):
            server.create("%s/%s" % (repository, name), format="maven", kind="proxy", anonymous_read=True, negative_cache_ttl=0,
                          remote_url=remote)
        server.create(repository + "/both", format="maven", kind="group", anonymous_read=True,
                      members=[repository + "/central", repository + "/vendor"])
        server.admin.ok("POST", "/api/v1/policies", json={
            "name": "cooldown-7d", "scope": "repository:%s/central" % repository, "action": "deny", "match": {"younger_than": "7d"}})
        visitor = server.client(None, None)
        for ending in ("pom", "jar"):
            path = "/maven/%s/%%s/org/vendor/x/1.0/x-1.0.%s" % (repository, ending)
            assert visitor.get(path % "central").status_code == 404
            assert visitor.get(path % "both").status_code == 200
            assert visitor.head(path % "central").status_code == 404
        # As soon as there is such a version, it is judged.
        tree.add("org.vendor", "x", "1.0")
        answer = visitor.get(path % "central")
        assert answer.status_code == 403 and "cooldown-7d" in answer.text, answer.text
        assert visitor.get(path % "both").status_code == 403
    finally:
        vendor.stop()


def test_a_cooldown_goes_by_the_time_of_each_build_of_a_snapshot(chain, server, tree):
    now = time.time()
    folder = tree.folder / "org/public/nightly/2-SNAPSHOT"
    folder.mkdir(parents=True)
    names = {}
    for days, touched in ((30, 30), (1, 30), (29, 2)):
        build = time.strftime("%Y%m%d.%H%M%S", time.gmtime(now - days * 86400))
        names[days] = file = folder / ("nightly-2-%s-%d.jar" % (build, len(names) + 1))
        file.write_bytes(b"jar")
        os.utime(file, (now - touched * 86400, now - touched * 86400))
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "cooldown-7d", "scope": "project:" + chain, "action": "deny", "match": {"packages": ["org.public:*"], "younger_than": "7d"}})
    for days, status in ((30, 200), (1, 403), (29, 403)):
        answer = server.client(None, None).get("/maven/%s/proxy/org/public/nightly/2-SNAPSHOT/%s" % (chain, names[days].name))
        assert answer.status_code == status, (days, answer.text)


@pytest.mark.parametrize("policy", ["first_owner", "union"])
@pytest.mark.parametrize("place", ["proxy", "group"])
def test_the_metadata_of_a_reserved_group_id_is_asked_of_no_upstream(server, repository, upstream, place, policy):
    reserved = {place: {"reserved_names": ["com.acme:*"]}}
    server.create(repository + "/ours", format="maven", anonymous_read=True)
    server.create(repository + "/proxy", format="maven", kind="proxy", anonymous_read=True, remote_url=upstream.url, **reserved.get("proxy", {}))
    server.create(repository + "/group", format="maven", kind="group", anonymous_read=True, policy=policy,
                  members=[repository + "/ours", repository + "/proxy"], **reserved.get("group", {}))
    visitor, path = server.client(None, None), "/maven/%s/%s/com/%s/maven-metadata.xml"
    for ending in ("", ".sha1"):
        assert visitor.get(path % (repository, place, "acme") + ending).status_code == 403
    assert upstream.asked == []
    assert visitor.get(path % (repository, place, "other")).status_code == 404
    assert upstream.asked != []


def test_a_group_id_alone_is_refused_as_a_pattern(server, repository, upstream):
    answer = server.admin.post("/api/v1/repos", json={
        "project": repository, "name": "proxy", "format": "maven", "repository_type": "proxy", "remote_url": upstream.url,
        "reserved_names": ["com.acme"]})
    assert answer.status_code == 400 and "*" in answer.text, answer.text


@pytest.mark.parametrize("setting, status", [("require", 502), ("check", 200), ("ignore", 200)])
def test_a_proxy_takes_files_without_digests_as_its_setting_says(server, repository, upstream, tree, setting, status):
    server.create(repository + "/proxy", format="maven", kind="proxy", anonymous_read=True, remote_url=upstream.url,
                  settings={"checksums": setting})
    tree.add("org.public", "bare", "1.0", checksums=())
    tree.add("org.public", "wrong", "1.0").write_bytes(b"wrong")
    visitor = server.client(None, None)
    place = "/maven/%s/proxy/org/public/%s/1.0/%s-1.0.jar"
    assert visitor.get(place % (repository, "bare", "bare")).status_code == status
    assert visitor.get(place % (repository, "wrong", "wrong")).status_code == (200 if setting == "ignore" else 502)


def test_ivy_resolves_what_mvn_deployed_and_publishes(chain, server, tmp_path):
    publish(server, chain + "/ours", "1.0", dependencies=[(*THEIRS, "1.0")])
    folder = tmp_path / "ivy"
    folder.mkdir()
    (folder / "settings.xml").write_text(
        '<ivysettings><settings defaultResolver="save"/><caches defaultCacheDir="%s/cache"/>'
        '<credentials host="127.0.0.1" realm="Save" username="admin" passwd="%s"/><resolvers>'
        '<ibiblio name="save" m2compatible="true" root="%s"/>'
        '<url name="target" m2compatible="true"><artifact pattern="%s[organisation]/[module]/[revision]/[artifact]-[revision].[ext]"/></url>'
        "</resolvers></ivysettings>" % (folder, PASSWORD, url(server, chain + "/group"), url(server, chain + "/ours")))
    (folder / "ivy.xml").write_text(
        '<ivy-module version="2.0"><info organisation="com.acme" module="built" revision="2.0"/><publications><artifact name="built" ext="jar"/>'
        '</publications><dependencies><dependency org="com.acme" name="lib" rev="[1.0,2.0)" conf="default"/></dependencies></ivy-module>')

    def ivy(*arguments):
        done = subprocess.run(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", ":".join(str(path) for path in IVY), "org.apache.ivy.Main", "-settings", "settings.xml",
             "-ivy", "ivy.xml", *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert done.returncode == 0, done.stdout
        return done.stdout

    ivy("-retrieve", "lib/[artifact]-[revision].[ext]")
    assert sorted(path.name for path in (folder / "lib").iterdir()) == ["lib-1.0.jar", "theirs-1.0.jar"]
    jar(folder / "out" / "built-2.0.jar")
    ivy("-publish", "target", "-publishpattern", "out/[artifact]-[revision].[ext]", "-revision", "2.0", "-overwrite")
    answer = server.admin.get("/maven/%s/group/com/acme/built/2.0/built-2.0.jar.sha1" % chain)
    assert answer.text == hashlib.sha1((folder / "out" / "built-2.0.jar").read_bytes()).hexdigest()


def test_gradle_builds_with_a_range_and_publishes(chain, server, tmp_path):
    publish(server, chain + "/ours", "1.0", dependencies=[(*THEIRS, "1.0")])
    folder = tmp_path / "gradle"
    folder.mkdir()
    (folder / "settings.gradle").write_text("rootProject.name = 'built'\n")
    (folder / "build.gradle").write_text("""
        apply plugin: 'base'
        apply plugin: 'ivy-publish'
        group = 'com.acme'
        version = '3.0'
        repositories { maven { url '%s'; credentials { username 'admin'; password '%s' } } }
        configurations { wanted }
        dependencies { wanted 'com.acme:lib:[1.0,2.0)' }
        task fetch(type: Copy) { from configurations.wanted; into 'lib' }
        // The library by which Debian's Gradle publishes to Maven repositories comes without HTTP; its own transport has it.
        publishing {
            publications { made(IvyPublication) { artifact file('built.jar') } }
            repositories {
                ivy {
                    url '%s'
                    credentials { username 'admin'; password '%s' }
                    layout 'pattern', {
                        m2compatible = true
                        artifact '[organisation]/[module]/[revision]/[artifact]-[revision].[ext]'
                        ivy '[organisation]/[module]/[revision]/[module]-[revision].ivy'
                    }
                }
            }
        }
        """ % (url(server, chain + "/group"), PASSWORD, url(server, chain + "/ours"), PASSWORD))
    jar(folder / "built.jar")
    done = subprocess.run(
        ["gradle", "--no-daemon", "-g", str(folder / "home"), "fetch", "publish"], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=240, env=clean_environment(HOME=str(folder), LANG="C.UTF-8"))
    assert done.returncode == 0, done.stdout[-4000:]
    assert sorted(path.name for path in (folder / "lib").iterdir()) == ["lib-1.0.jar", "theirs-1.0.jar"]
    assert versions(server, chain + "/group", "com/acme/built") == ["3.0"]
    assert server.admin.get("/maven/%s/group/com/acme/built/3.0/built-3.0.jar" % chain).content == (folder / "built.jar").read_bytes()

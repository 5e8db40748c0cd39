"""What strangers write is text on every page: nothing of it runs, nothing is loaded from elsewhere, and the policy of pages has nothing to report."""
import base64
import hashlib
import io
import json
import pathlib
import struct
import subprocess
import tarfile
import urllib.parse
import zipfile

from harness import described
from harness.clients.tool import VENVS
from harness.server import PASSWORD, clean_environment

SCRIPT = "<script>window.owned = 1</script>"
# For what is one line.
LINES = [SCRIPT, "\"><img src=https://elsewhere.test/x.png onerror=window.owned=1>", "'onmouseover='window.owned=1", "</title><svg/onload=window.owned=1>",
         "javascript:window.owned=1", "https://elsewhere.test/\"onclick=\"window.owned=1", "{{7*7}}${7*7}<%= 7*7 %>", "<!--", "]]>"]
LINE = " ".join(LINES)
HOSTILE = described.HOSTILE


def tar(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def publish_to_pypi(server):
    headers = ["Author: " + LINE, "Keywords: " + LINE, "License: " + LINE, "Requires-Python: >=3.8", "Home-page: javascript:window.owned=1",
               "Project-URL: %s, javascript:window.owned=1" % SCRIPT, "Project-URL: Docs, data:text/html,%s" % SCRIPT, "Requires-Dist: other; extra == 'b'"]
    for version in ("1.0", "2.0", "2.1rc1"):
        answer = server.admin.upload("team/pypi", described.wheel("hostile", version, LINE, HOSTILE, *headers))
        assert answer.status_code == 200, answer.text
    plain = described.wheel("hostile-text", "1.0", LINE, "", "Description: " + HOSTILE.replace("\n", "\n        "))
    answer = server.admin.upload("team/pypi", plain)
    assert answer.status_code == 200, answer.text
    server.admin.ok("PUT", "/api/v1/repos/team/pypi/packages/hostile/versions/1.0/yank", json={"reason": LINE})
    server.admin.ok("PATCH", "/api/v1/repos/team/pypi/packages/hostile",
                    json={"attributes": {"project-status": {"status": "archived", "reason": LINE}}})
    server.admin.ok("POST", "/api/v1/policies", json={
        "name": "hostile", "description": LINE, "scope": "server", "action": "deny", "include_hosted": True,
        "match": {"packages": ["hostile"], "versions": "==2.0"}})


def publish_to_npm(server):
    manifest = {"name": "hostile", "version": "1.0.0", "description": LINE, "readme": HOSTILE, "license": LINE, "homepage": "javascript:window.owned=1",
                "author": {"name": LINE}, "repository": {"type": "git", "url": "javascript:window.owned=1"}, "keywords": LINES, "deprecated": LINE,
                "bugs": {"url": "data:text/html," + SCRIPT}, "dependencies": {"other": ">=1 " + SCRIPT}}
    content = tar([("package/package.json", json.dumps({"name": "hostile", "version": "1.0.0"}))])
    manifest["dist"] = {"integrity": "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode(), "shasum": hashlib.sha1(content).hexdigest(),
                        "tarball": server.url + "/npm/team/npm/hostile/-/hostile-1.0.0.tgz"}
    body = {"_id": "hostile", "name": "hostile", "description": LINE, "readme": HOSTILE, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest},
            "_attachments": {"hostile-1.0.0.tgz": {"content_type": "application/octet-stream", "data": base64.b64encode(content).decode(),
                                                   "length": len(content)}}}
    answer = server.admin.put("/npm/team/npm/hostile", json=body)
    assert answer.status_code in (200, 201), answer.text


def publish_to_cargo(server):
    manifest = '[package]\nname = "hostile"\nversion = "1.0.0"\nedition = "2021"\nreadme = "README.md"\n'
    crate = tar([("hostile-1.0.0/Cargo.toml", manifest), ("hostile-1.0.0/README.md", HOSTILE), ("hostile-1.0.0/src/lib.rs", "")])
    said = json.dumps({"name": "hostile", "vers": "1.0.0", "deps": [], "features": {}, "authors": LINES, "description": LINE, "license": LINE,
                       "homepage": "javascript:window.owned=1", "documentation": "data:text/html," + SCRIPT, "repository": LINE, "keywords": LINES,
                       "categories": LINES}).encode()
    body = struct.pack("<I", len(said)) + said + struct.pack("<I", len(crate)) + crate
    answer = server.admin.put("/cargo/team/cargo/api/v1/crates/new", data=body)
    assert answer.status_code == 200, answer.text


def publish_to_go(server):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in (("go.mod", "module hostile.test/m\n\ngo 1.19\nrequire (\n\t\"%s\" v1.0.0\n)\n" % "other.test/x"), ("README.md", HOSTILE)):
            archive.writestr("hostile.test/m@v1.0.0/" + name, text)
    answer = server.admin.put("/go/team/go/hostile.test/m/@v/v1.0.0.zip", data=packed.getvalue())
    assert answer.status_code == 201, answer.text


def publish_to_maven(server):
    def escaped(text):
        return text.replace("&", "&amp;").replace("<", "&lt;")
    pom = ("<project><modelVersion>4.0.0</modelVersion><groupId>test.hostile</groupId><artifactId>m</artifactId><version>1.0</version><name>%s</name>"
           "<description>%s</description><url>javascript:window.owned=1</url><licenses><license><name>%s</name></license></licenses>"
           "<scm><url>data:text/html,%s</url></scm></project>") % (escaped(LINE), escaped(HOSTILE), escaped(LINE), escaped(SCRIPT))
    answer = server.admin.put("/maven/team/maven/test/hostile/m/1.0/m-1.0.pom", data=pom.encode())
    assert answer.status_code == 201, answer.text


def put_files(server):
    for number, name in enumerate([*LINES, "\u202egnp.exe"]):
        path = "/raw/team/files/%s/%s.md" % (urllib.parse.quote(name.replace("/", "-"), safe=""), number)
        answer = server.admin.put(path, data=HOSTILE.encode())
        assert answer.status_code in (201, 400), (path, answer.text)
    for name in ("page.html", "picture.svg", "script.js"):
        assert server.admin.put("/raw/team/files/" + name, data=HOSTILE.encode()).status_code == 201


def populate(server):
    for name in ("pypi", "npm", "cargo", "go", "maven"):
        server.create("team/" + name, format=name, description=LINE)
    server.create("team/files", format="raw", description=LINE)
    server.create("team/all", kind="group", members=["team/pypi"], description=LINE)
    server.admin.ok("PATCH", "/api/v1/projects/team", json={"description": LINE})
    for publish in (publish_to_pypi, publish_to_npm, publish_to_cargo, publish_to_go, publish_to_maven, put_files):
        publish(server)
    server.admin.ok("POST", "/api/v1/user/keys", json={"description": LINE[:200]})
    server.admin.ok("POST", "/api/v1/robots", json={"name": "ci", "project": "team", "description": LINE[:200]})
    # Names that are none are told of, too.
    for line in LINES:
        server.admin.get("/pypi/team/pypi/simple/%s/" % urllib.parse.quote(line, safe=""), headers={"User-Agent": line.encode("ascii", "ignore").decode()})


def test_what_strangers_write_does_nothing_on_any_page_that_links_lead_to(new_server, tmp_path):
    server = new_server()
    populate(server)
    packages = ["/ui/pypi/team/pypi/hostile/", "/ui/pypi/team/all/hostile/2.0/", "/ui/pypi/team/pypi/hostile-text/", "/ui/npm/team/npm/hostile/",
                "/ui/cargo/team/cargo/hostile/", "/ui/go/team/go/hostile.test/m/", "/ui/maven/team/maven/test.hostile:m/"]
    tabs = [page + "?tab=" + tab for page in packages for tab in ("files", "security", "dependencies", "explain")]
    searches = ["/ui/search?q=" + urllib.parse.quote(line, safe="") for line in ["hostile", *LINES]]
    typed = ["%s%s=%s" % (page, field, urllib.parse.quote(LINE, safe="")) for page, field in (
        ("/ui/?", "q"), ("/ui/?", "after"), ("/ui/pypi/team/pypi/?tab=packages&", "q"), ("/ui/pypi/team/pypi/?tab=packages&q=h&", "from"),
        ("/ui/raw/team/files/?tab=packages&", "q"), ("/ui/login?", "return"), ("/ui/admin/advisories?", "package"), ("/ui/audit?", "actor"),
        ("/ui/pypi/team/pypi/?", "client"), ("/ui/account?", "for"))]
    policy = server.admin.get("/api/v1/policies").json()["items"][0]["id"]
    managed = ["/ui/admin/policies/%s" % policy, "/ui/admin/repositories/team/pypi", "/ui/admin/projects/team", "/ui/admin/robots/ci", "/ui/audit"]
    first = ["/ui/", *managed, *packages, *tabs, *searches, *typed, "/ui/raw/team/files/page.html/", "/ui/raw/team/files/picture.svg/", "/ui/absent" + urllib.parse.quote(LINE)]
    done = subprocess.run(
        [str(VENVS / "browser" / "bin" / "python"), str(pathlib.Path(__file__).parent / "harness" / "walker.py"), server.url, "admin", PASSWORD,
         str(len(first) + 70), *first], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=400, env=clean_environment(HOME=str(tmp_path)))
    assert done.returncode == 0, done.stderr[-3000:]
    seen = {page["path"]: page for page in map(json.loads, done.stdout.splitlines())}
    for path, page in seen.items():
        for what in ("said", "elsewhere", "dialogs", "reports", "owned", "left", "odd", "foreign_forms", "loads"):
            assert not page[what], (path, what, page[what])
        assert page["status"] in (200, 400, 404), page
    for path in packages + tabs + managed:
        assert seen[path]["status"] == 200, seen[path]
    assert len(seen) > len(first) + 30, len(seen)
    assert any(path.startswith("/ui/raw/team/files/") for path in seen)

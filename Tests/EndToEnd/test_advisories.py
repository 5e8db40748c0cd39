"""Records of the OSV schema come in, are found, and are served back to the clients' own commands."""
import http.server
import io
import json
import random
import subprocess
import threading
import zipfile

import pytest
import requests
from packaging.version import Version

from harness import clients
from harness.server import clean_environment, command
from harness.waiting import until

NEWEST = "2026-03-01T00:00:00Z"


def record(id, name, events=None, versions=(), ecosystem="PyPI", modified="2026-01-01T00:00:00Z", **more):
    affected = {"package": {"ecosystem": ecosystem, "name": name}, "versions": list(versions)}
    if events is not None:
        affected["ranges"] = [{"type": "SEMVER" if ecosystem == "npm" else "ECOSYSTEM", "events": events}]
    return {"schema_version": "1.7.0", "id": id, "modified": modified, "published": modified, "summary": "It is broken: " + id,
            "affected": [affected], **more}


def archive(records):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as packed:
        for item in records:
            text = item if isinstance(item, (str, bytes)) else json.dumps(item)
            name = "%s.json" % (item["id"] if isinstance(item, dict) else len(packed.namelist()))
            packed.writestr(name, text)
    return body.getvalue()


def from_to(low, high):
    return [{"introduced": low}, {"fixed": high}]


STANDARD = [
    record("GHSA-aaaa-bbbb-cccc", "Left_Pad", from_to("0", "2.0"), aliases=["CVE-2026-1", "PYSEC-2026-1"],
           severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]),
    record("PYSEC-2026-1", "left-pad", from_to("0", "2.0"), aliases=["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"], modified=NEWEST),
    record("MAL-2026-9", "evil", versions=["1.0"]),
    record("GHSA-gone-gone-gone", "left-pad", from_to("0", "9"), withdrawn=NEWEST),
    record("RUST-1", "left-pad", from_to("0", "9"), ecosystem="Hex"),
]


def post(server, body, status=200, **query):
    answer = server.admin.request("POST", "/api/v1/advisories", data=body, params=query, headers={"Content-Type": "application/zip"})
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def advised(main_server):
    post(main_server, archive(STANDARD))
    return main_server


def found(server, purl):
    return server.admin.ok("GET", "/api/v1/advisories?package=" + purl.replace("@", "%40")).json()["items"]


def test_the_advisories_of_a_version_are_told_once_however_many_records_there_are(advised):
    for purl in ("pkg:pypi/left-pad@1.0", "pkg:pypi/Left.Pad@v1", "pkg:pypi/left_pad@2.0rc1", "pkg:pypi/left-pad@0.dev0"):
        item, = found(advised, purl)
        assert item["id"] == "GHSA-aaaa-bbbb-cccc" and item["aliases"] == ["CVE-2026-1", "PYSEC-2026-1"]
        assert item["severity"] == "critical" and item["fixed_versions"] == ["2.0"] and not item["malware"]
    for purl in ("pkg:pypi/left-pad@2.0.0", "pkg:pypi/left-pad@2.0+local", "pkg:pypi/evil@1.1", "pkg:pypi/unknown@1"):
        assert found(advised, purl) == []
    assert [item["malware"] for item in found(advised, "pkg:pypi/evil@1.0.0")] == [True]
    assert len(found(advised, "pkg:pypi/left-pad")) == 1
    by_alias = advised.admin.ok("GET", "/api/v1/advisories/CVE-2026-1").json()
    assert by_alias["id"] == "GHSA-aaaa-bbbb-cccc" and len(by_alias["records"]) == 2
    assert advised.admin.get("/api/v1/advisories/CVE-0").status_code == 404
    assert advised.admin.get("/api/v1/advisories?package=pkg:gem/left-pad").status_code == 400
    status = advised.admin.ok("GET", "/api/v1/advisories/status").json()
    assert status["records"] == 4 and status["newest"] == NEWEST
    assert status["ecosystems"] == [{"name": "PyPI", "records": 4, "newest": NEWEST}]


def test_wrong_archives_are_refused_with_the_reason_and_what_is_there_stays(advised):
    whole = archive([record("NEW-1", "left-pad", from_to("0", "99"))])
    assert "damaged" in post(advised, whole[:40] + b"\0" * 20 + whole[60:], 400)["error"]["message"]
    for body in (whole[:-10], b"", b"PK", b"no archive", archive([]), archive([record("R-1", "a", [], ecosystem="Hex")])):
        assert post(advised, body, 400)["error"]["message"]
    assert advised.admin.request("POST", "/api/v1/advisories", data=whole, headers={"Content-Type": "text/plain"}).status_code == 415
    bomb = archive([" " * (90 << 20)])
    assert "times its size" in post(advised, bomb, 400)["error"]["message"]
    assert [item["id"] for item in found(advised, "pkg:pypi/left-pad@1.0")] == ["GHSA-aaaa-bbbb-cccc"]
    assert found(advised, "pkg:pypi/left-pad@50") == []


def test_hostile_records_are_counted_and_spoil_no_other(new_server):
    server = new_server("hostile")
    million = record("BIG-1", "big", [{"introduced": "0"}] * 1000000)
    many = record("BIG-2", "big", [{"introduced" if i % 2 == 0 else "fixed": "1.%d" % i} for i in range(100000)])
    circle = [record("C-%d" % i, "round", from_to("0", "9"), aliases=["C-%d" % ((i + 1) % 50)]) for i in range(50)]
    odd = [record("ODD-1", "odd", [{"introduced": "x"}, {"fixed": None}, {}, "event"], versions=["1.0", None, 7]),
           record("ODD-2", "odd", "events"), {**record("ODD-3", "odd", []), "affected": "all"}]
    report = post(server, archive([million, many, *circle, *odd, "[" * 100000, "{}", b"\xff\xfe", '{"id":"A-1","id":"A-2"}']))
    assert report["refused"] == 5 and report["added"] == 53 and report["other_ecosystems"] == 1, report
    assert len(report["reasons"]) == 5
    assert len(found(server, "pkg:pypi/round@1")) == 1
    assert len(found(server, "pkg:pypi/big@1.500.1")) == 1 and found(server, "pkg:pypi/big@1.501.1") == []
    assert [item["id"] for item in found(server, "pkg:pypi/odd@1.0")] == ["ODD-1"]
    assert server.admin.get("/health").status_code == 200


def test_the_command_imports_beside_a_running_server_which_takes_notice(new_server, tmp_path):
    server = new_server("beside")
    (tmp_path / "one.zip").write_bytes(archive(STANDARD))
    (tmp_path / "two.json").write_text(json.dumps(record("TWO-1", "left-pad", from_to("0", "3"))))
    (tmp_path / "cut.zip").write_bytes(archive(STANDARD)[:-4])
    assert "no advisories" in command("advisories", "status", "--data", server.data).stdout
    done = command("advisories", "import", "--quiet", "--data", server.data, tmp_path / "one.zip", tmp_path / "two.json")
    assert done.returncode == 0 and done.stderr == "" and "5 added" in done.stdout and "1 of other ecosystems" in done.stdout
    assert {item["id"] for item in found(server, "pkg:pypi/left-pad@1.0")} == {"GHSA-aaaa-bbbb-cccc", "TWO-1"}
    failed = command("advisories", "import", "--data", server.data, tmp_path / "two.json", tmp_path / "cut.zip")
    assert failed.returncode == 1 and "cut.zip" in failed.stderr
    assert command("advisories", "import", "--data", server.data, tmp_path / "none.zip").returncode == 1
    assert command("advisories", "import", "--data", server.data).returncode == 2
    assert "no new" not in command("advisories", "status", "--data", server.data).stdout
    again = command("advisories", "import", "--data", server.data, tmp_path / "two.json", "--replace")
    assert again.returncode == 0
    assert [item["id"] for item in found(server, "pkg:pypi/left-pad@1.0")] == ["TWO-1"]
    assert sorted(path.name for path in (server.data / "advisories").iterdir()) == ["advisories.db", "import.lock"]
    assert server.admin.ok("GET", "/api/v1/admin/audit?action=advisories.import").json()["items"] == []


def test_an_import_is_in_the_audit_trail(advised):
    items = advised.admin.ok("GET", "/api/v1/admin/audit?action=advisories.import&limit=100").json()["items"]
    assert any(item["outcome"] == "ok" and item["details"]["added"] == 4 for item in items)
    assert any(item["outcome"] == "failed" for item in items)


def test_the_osv_protocol_is_answered_without_credentials(advised):
    url = advised.url + "/api/v1/osv/v1/"
    ask = {"package": {"name": "Left_Pad", "ecosystem": "PyPI"}, "version": "1.0.0"}
    vulns = requests.post(url + "query", json=ask).json()["vulns"]
    assert {item["id"] for item in vulns} == {"GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"} and all("affected" in item for item in vulns)
    assert requests.post(url + "query", data=json.dumps(ask)).json()["vulns"] == vulns
    assert requests.post(url + "query", json={"package": {"purl": "pkg:pypi/left-pad@1.0"}}).json()["vulns"] == vulns
    assert requests.post(url + "query", json={**ask, "version": "2.0"}).json() == {}
    assert requests.post(url + "query", json={"commit": "0" * 40}).json() == {}
    assert requests.post(url + "query", json={"package": {"name": "left-pad", "ecosystem": "Maven"}, "version": "1"}).json() == {}
    queries = [ask, {"package": {"name": "none", "ecosystem": "PyPI"}, "version": "1"}, {"package": {"name": "evil", "ecosystem": "PyPI"}}]
    results = requests.post(url + "querybatch", json={"queries": queries}).json()["results"]
    assert [[item["id"] for item in result.get("vulns", [])] for result in results] == [
        ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"], [], ["MAL-2026-9"]]
    assert requests.post(url + "querybatch", json={"queries": [ask] * 1001}).status_code == 400
    for body in (b"", b"[]", b"{", b"{}", b'{"queries":7}', b'{"queries":[7]}', b'{"queries":[{}]}'):
        assert requests.post(url + "querybatch", data=body, headers={"Content-Type": "application/json"}).status_code == 400
    assert requests.get(url + "vulns/MAL-2026-9").json() == STANDARD[2]
    assert requests.get(url + "vulns/GHSA-0").status_code == 404


def test_the_service_is_off_or_for_accounts_where_the_setting_says_so(new_server):
    for setting, anonymous, signed_in in (("signed-in", 401, 200), ("off", 401, 404)):
        server = new_server(setting, SAVE_ADVISORY_SERVICE=setting)
        ask = {"queries": []}
        assert requests.post(server.url + "/api/v1/osv/v1/querybatch", json=ask).status_code == anonymous
        assert server.admin.request("POST", "/api/v1/osv/v1/querybatch", json=ask).status_code == signed_in


def test_ten_thousand_answers_are_those_of_packaging(new_server):
    """Random events in random order, against the evaluation of the OSV schema written down once more."""
    pick, server = random.Random(7), new_server("oracle")
    def version():
        return ".".join(str(pick.randrange(4)) for _ in range(pick.choice([1, 2, 3]))) + pick.choice(["", "", "", "rc1", ".dev1", ".post1", "+x"])
    records, rules = [], {}
    for number in range(200):
        kinds = ["fixed", "last_affected"][number % 2]
        events = [{"introduced": pick.choice(["0", version()])}] + [
            {pick.choice(["introduced", kinds]): version()} for _ in range(pick.randrange(6))] + (
            [{"limit": version()} for _ in range(2)] if number % 10 == 0 else [])
        pick.shuffle(events)
        listed = [version() for _ in range(pick.randrange(3))]
        records.append(record("R-%d" % number, "p%d" % number, events, listed))
        rules["p%d" % number] = (events, listed)

    def affected(events, listed, text):
        asked = Version(text)
        if any(Version(item) == asked for item in listed):
            return True
        limits = [Version(item["limit"]) for item in events if "limit" in item]
        if limits and not any(asked < limit for limit in limits):
            return False
        order = sorted((item for item in events if "limit" not in item),
                       key=lambda item: (0,) if item.get("introduced") == "0" else (1, Version(next(iter(item.values())))))
        state = False
        for event in order:
            kind, value = next(iter(event.items()))
            if kind == "introduced" and (value == "0" or asked >= Version(value)):
                state = True
            elif kind == "fixed" and asked >= Version(value):
                state = False
            elif kind == "last_affected" and asked > Version(value):
                state = False
        return state

    post(server, archive(records))
    for _ in range(10):
        asked = [(pick.choice(list(rules)), version()) for _ in range(1000)]
        queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": text} for name, text in asked]
        results = requests.post(server.url + "/api/v1/osv/v1/querybatch", json={"queries": queries}).json()["results"]
        wrong = [(name, text, rules[name]) for (name, text), result in zip(asked, results) if bool(result) != affected(*rules[name], text)]
        assert wrong == []


def test_uv_audit_asks_this_server(advised, tmp_path):
    uv = clients.VENVS / "uv" / "bin" / "uv"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["left-pad==1.0"]\n')
    (tmp_path / "uv.lock").write_text('''version = 1
revision = 3
requires-python = ">=3.9"

[[package]]
name = "app"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "left-pad" }]

[package.metadata]
requires-dist = [{ name = "left-pad", specifier = "==1.0" }]

[[package]]
name = "left-pad"
version = "1.0"
source = { registry = "%s/pypi/none/none/simple" }
sdist = { url = "%s/left_pad-1.0.tar.gz", hash = "sha256:%s" }
''' % (advised.url, advised.url, "0" * 64))
    done = subprocess.run(
        [uv, "audit", "--frozen", "--preview", "--service-url", advised.url + "/api/v1/osv/", "--cache-dir", str(tmp_path / "cache")],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, env=clean_environment())
    assert "GHSA-aaaa-bbbb-cccc" in done.stdout + done.stderr or "PYSEC-2026-1" in done.stdout + done.stderr, done.stdout + done.stderr
    assert done.returncode == 1


def test_pip_audit_asks_this_server(advised, tmp_path):
    (tmp_path / "requirements.txt").write_text("left-pad==1.0 --hash=sha256:%s\nother==1 --hash=sha256:%s\n" % ("0" * 64, "1" * 64))
    done = subprocess.run(
        [clients.VENVS / "pip-audit" / "bin" / "pip-audit", "-s", "osv", "--osv-url", advised.url + "/api/v1/osv/v1/query", "--disable-pip",
         "--require-hashes", "-r", "requirements.txt", "-f", "json", "--progress-spinner", "off", "--cache-dir", str(tmp_path / "cache")],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, env=clean_environment())
    assert done.returncode == 1, done.stderr
    told = {item["name"]: item["vulns"] for item in json.loads(done.stdout)["dependencies"]}
    assert {item["id"] for item in told["left-pad"]} <= {"GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"} and told["other"] == []
    assert ["2.0"] in [item["fix_versions"] for item in told["left-pad"]]


def test_what_comes_in_decides_at_once_what_policies_keep_from_clients(new_server, dists, tmp_path):
    server = new_server("decides")
    server.create("team/hosted")
    wheel = dists["plain-1.0-py3-none-any.whl"]
    assert server.admin.upload("team/hosted", wheel).status_code == 200
    for name, match in (("no-malware", {"malware": True}), ("no-critical", {"min_severity": "critical"})):
        server.admin.ok("POST", "/api/v1/policies", json={"name": name, "action": "deny", "include_hosted": True, "match": match})
    path = "/pypi/team/hosted/packages/plain/" + wheel.filename
    yanked = lambda: server.admin.page("team/hosted", "plain").json()["files"][0].get("yanked")
    assert server.admin.get(path).status_code == 200 and not yanked()
    bad = record("MAL-1", "Plain", from_to("0", "1.1"))
    post(server, archive([bad]))
    refused = server.admin.get(path)
    assert refused.status_code == 403 and "no-malware" in refused.text and yanked()
    (tmp_path / "later.json").write_text(json.dumps({**bad, "modified": NEWEST, "withdrawn": NEWEST}))
    assert command("advisories", "import", "--data", server.data, tmp_path / "later.json").returncode == 0
    until(lambda: not yanked(), "the page goes on to show a withdrawn record")
    assert server.admin.get(path).status_code == 200
    post(server, archive([record("GHSA-1", "plain", from_to("0", "1.1"), severity=[
        {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}])]))
    assert "no-critical" in server.admin.get(path).text


def test_sources_are_fetched_by_themselves_and_once_where_nothing_changed(new_server, tmp_path):
    asked, records = [], [STANDARD[0]]

    class Mirror(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = archive(records)
            tag = '"%d"' % len(records)
            asked.append((self.path, self.headers["Authorization"], self.headers["If-None-Match"]))
            wanted = 401 if self.headers["Authorization"] is None else 304 if self.headers["If-None-Match"] == tag else 200
            self.send_response(wanted if self.path.startswith("/PyPI/") else 404)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(body) if wanted == 200 and self.path.startswith("/PyPI/") else 0))
            self.end_headers()
            if wanted == 200 and self.path.startswith("/PyPI/"):
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    mirror = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=mirror.serve_forever, daemon=True).start()
    host = "127.0.0.1:%d" % mirror.server_address[1]
    try:
        server = new_server("sources", SAVE_OUTBOUND_ALLOW="127.0.0.1",
                            SAVE_ADVISORY_SOURCES="http://reader:hidden-word@%s/PyPI/all.zip?sig=hidden-word, http://%s/gone/all.zip" % (host, host))

        def sources():
            return server.admin.ok("GET", "/api/v1/advisories/status").json()["sources"]

        def fetch():
            answer = server.admin.request("POST", "/api/v1/advisories/fetch")
            assert answer.status_code == 202 and answer.headers["Location"] == "/api/v1/jobs/" + answer.json()["id"]
            return until(lambda: (lambda job: job if job["state"] != "running" else None)(server.admin.ok("GET", answer.headers["Location"]).json()),
                         "the job ends")

        until(lambda: sources()[1]["error"], "the sources were asked at the start")
        first, gone = sources()
        assert first["url"] == "http://%s/PyPI/all.zip" % host and first["error"] is None and first["changed_at"] and first["fetched_at"]
        assert "404" in gone["error"] and gone["changed_at"] is None
        assert [item["id"] for item in found(server, "pkg:pypi/left-pad@1.0")] == ["GHSA-aaaa-bbbb-cccc"]
        assert [item["outcome"] for item in fetch()["result"]["sources"]] == ["unchanged", "failed"]
        records.append(STANDARD[2])
        job = fetch()
        assert job["kind"] == "advisories.fetch" and job["result"]["sources"][0]["import"]["added"] == 1
        assert [entry[2] for entry in asked if entry[0].startswith("/PyPI")] == [None, '"1"', '"1"']
        # Restarted, it knows what it has.
        assert server.stop() == 0
        server.start()
        assert fetch()["result"]["sources"][0]["outcome"] == "unchanged"
        assert asked[-2][2] == '"2"' or asked[-1][2] == '"2"'
        assert 'save_advisory_fetches_total{outcome="unchanged"}' in server.admin.get("/metrics").text
        event = server.admin.ok("GET", "/api/v1/admin/audit?action=advisories.import").json()["items"][0]
        assert event["actor"] == "system" and event["details"]["source"] == first["url"]
        told = json.dumps([sources(), job, event]) + server.log_tail(10 ** 6)
        assert "hidden-word" not in told
    finally:
        mirror.shutdown()


def test_an_import_that_nobody_waits_for_is_a_job(new_server):
    server = new_server("job")
    headers = {"Content-Type": "application/zip"}
    for way in ({"params": {"wait": "false"}}, {"headers": {"Prefer": "wait=5, respond-async"}}):
        answer = server.admin.request("POST", "/api/v1/advisories", data=archive(STANDARD), **{**way, "headers": {**headers, **way.get("headers", {})}})
        assert answer.status_code == 202 and answer.json()["kind"] == "advisories.import", answer.text
        job = until(lambda: (lambda job: job if job["state"] != "running" else None)(server.admin.ok("GET", answer.headers["Location"]).json()),
                    "the job ends")
        assert job["state"] == "succeeded" and job["result"]["added"] + job["result"]["unchanged"] == 4 and job["progress"]["blobs"] == 5
    assert len(found(server, "pkg:pypi/left-pad@1.0")) == 1
    failed = server.admin.request("POST", "/api/v1/advisories?wait=false", data=b"no archive", headers=headers)
    assert failed.status_code == 202
    job = until(lambda: (lambda job: job if job["state"] != "running" else None)(server.admin.ok("GET", failed.headers["Location"]).json()),
                "the job ends")
    assert job["state"] == "failed" and "neither" in job["error"]
    outcomes = [item["outcome"] for item in server.admin.ok("GET", "/api/v1/admin/audit?action=advisories.import").json()["items"]]
    assert outcomes == ["failed", "ok", "ok"]


def test_only_the_page_that_shows_advisories_needs_them(new_server, dists):
    server = new_server("unreadable")
    server.create("team/hosted", anonymous_read=True)
    assert server.admin.upload("team/hosted", dists["plain-1.0-py3-none-any.whl"]).status_code == 200
    post(server, archive([record("A-1", "plain", from_to("0", "1.1"))]))
    assert requests.get(server.url + "/pypi/team/hosted/pypi/plain/json").json()["vulnerabilities"]
    database = server.data / "advisories" / "advisories.db"
    damaged = database.with_name("damaged")
    damaged.write_bytes(b"no database" * 1000)
    damaged.rename(database)
    base = server.url + "/pypi/team/hosted/"
    assert requests.get(base + "pypi/plain/1.0/json").status_code == 503, "it must not say that there are none"
    assert requests.get(base + "integrity/plain/1.0/plain-1.0-py3-none-any.whl/provenance").status_code == 404
    assert requests.get(base + "simple/plain/").status_code == 200


def test_pip_audit_asks_for_the_legacy_json_by_default(new_server, dists, tmp_path):
    server = new_server("legacy")
    server.create("team/hosted", anonymous_read=True)
    assert server.admin.upload("team/hosted", dists["plain-1.0-py3-none-any.whl"]).status_code == 200
    legacy = server.url + "/pypi/team/hosted/pypi/plain/"
    for place in ("json", "1.0/json"):
        assert requests.get(legacy + place).json()["vulnerabilities"] == []
    hole = record("GHSA-plai-nnnn-hole", "Plain", from_to("0", "1.1"), aliases=["CVE-2026-5"], details="One line.\nAnother one.")
    post(server, archive([hole, record("OTHER-1", "plain", versions=["0.5"])]))
    wanted = {"id": "GHSA-plai-nnnn-hole", "aliases": ["CVE-2026-5"], "details": "One line.\nAnother one.", "summary": hole["summary"],
              "fixed_in": ["1.1"], "link": "https://osv.dev/vulnerability/GHSA-plai-nnnn-hole", "source": "osv", "withdrawn": None}
    for place in ("json", "1.0/json"):
        assert requests.get(legacy + place).json()["vulnerabilities"] == [wanted], "a page that is in memory ends with the advisories"
    # The service has the public index written into it.
    script = """
import sys
from pip_audit._service.pypi import PyPIService
from pip_audit._service.interface import ResolvedDependency
from packaging.version import Version
service = PyPIService(cache_dir=None)
get = service.session.get
service.session.get = lambda url, **more: get(sys.argv[1] + url.split("/pypi/", 1)[1], **more)
for version in ("1.0", "2.0"):
    spec, found = service.query(ResolvedDependency("plain", Version(version)))
    print(type(spec).__name__, [(item.id, [str(fix) for fix in item.fix_versions], sorted(item.aliases)) for item in found])
"""
    python = clients.VENVS / "pip-audit" / "bin" / "python"
    done = subprocess.run([python, "-c", script, server.url + "/pypi/team/hosted/pypi/"], cwd=tmp_path, capture_output=True, text=True,
                          timeout=120, env=clean_environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["ResolvedDependency [('CVE-2026-5', ['1.1'], ['GHSA-plai-nnnn-hole'])]", "SkippedDependency []"]

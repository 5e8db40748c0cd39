"""Formats that are loaded from shared objects: what is refused, and that the Template works as one."""
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
import time
import zipfile
import zlib

import pytest

from harness.plugins import BUILD, SCRIPT, build, shared, variant
from harness.server import PASSWORD, ROOT, command


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return build("Template", tmp_path_factory.mktemp("plugins") / "template.so")


def formats(*plugins):
    """The exit status of `save-server formats`, and what it says."""
    done = command("formats", SAVE_PLUGINS=",".join(map(str, plugins)))
    return done.returncode, done.stdout or done.stderr


@pytest.fixture(scope="module")
def fingerprint():
    done = command("formats", "--fingerprint")
    assert done.returncode == 0 and re.fullmatch(r"save/2 [0-9a-f]{40}", done.stdout.strip()), done
    return done.stdout.strip()


def refusal(*plugins):
    status, said = formats(*plugins)
    match = re.fullmatch(r"save-server: 'plugins': (\S+) was refused: (.*)\n", said)
    assert status == 1 and match, (status, said)
    assert match[1] == str(plugins[-1]).partition("#")[0]
    return match[2]


def test_a_loaded_format_is_listed_with_where_it_came_from(template):
    status, said = formats(template)
    lines = [line.split("\t") for line in said.splitlines()]
    assert status == 0, said
    assert {line[0]: line[2] for line in lines} == {
        "pypi": "compiled in", "raw": "compiled in", "npm": "compiled in", "go": "compiled in", "maven": "compiled in",
        "oci": "compiled in", "cargo": "compiled in", "template": str(template)}


@pytest.mark.parametrize("format, name", [("Npm", "npm"), ("Go", "go"), ("Cargo", "cargo")])
def test_a_loaded_format_takes_the_place_of_the_one_that_is_compiled_in(format, name):
    built = shared(format)
    status, said = formats(built)
    origins = {line.split("\t")[0]: line.split("\t")[2] for line in said.splitlines()}
    assert status == 0 and origins[name] == str(built) and sorted(origins) == sorted(set(origins)), said
    assert refusal(built, built) == "two formats have the id '%s'" % name


@pytest.mark.parametrize("format", ["Template", "Npm", "Cargo"])
def test_the_shared_object_has_no_copy_of_the_platform(format):
    built = shared(format)
    symbols = subprocess.run(["nm", "-D", "--defined-only", str(built)], check=True, capture_output=True, text=True).stdout
    names = [line.split()[-1] for line in symbols.splitlines()]
    assert "save_plugin_register" in names and "save_plugin_abi" in names
    # A Swift symbol starts with the module it belongs to.
    assert not [name for name in names if re.match(r"\$s(12SavePlatform|10SaveDigest|11SaveArchive|8SaveHTML|15SaveCompression|8SaveTOML|12SaveVersions)", name)]


def test_what_is_not_a_plugin_for_this_server_is_refused_with_the_reason(template, fingerprint, tmp_path):
    other = tmp_path / "other.so"
    # The same plugin, as another server would have it.
    content = template.read_bytes()
    assert content.count(fingerprint.encode()) == 1
    other.write_bytes(content.replace(fingerprint.encode(), fingerprint[:-4].encode() + b"0000"))
    assert refusal(other) == "it was built for another server, '%s0000'; this one is '%s'" % (fingerprint[:-4], fingerprint)

    cut = tmp_path / "cut.so"
    for size in (len(content) - 1, len(content) // 2, 5000):
        cut.write_bytes(content[:size])
        assert refusal(cut).startswith("it is cut short: %d of at least " % size)
    cut.write_bytes(content[:40])
    assert refusal(cut) == "it is not a shared object of a 64-bit machine"

    shutil.copy(template, other)
    os.chmod(other, 0o666)
    assert refusal(other) == "its mode 666 lets others write it; chmod go-w mends that"
    os.chmod(other, 0o644)
    digest = hashlib.sha256(content).hexdigest()
    assert formats("%s#sha256=%s" % (other, digest))[0] == 0
    assert refusal("%s#sha256=%s" % (other, "0" * 64)) == "its SHA-256 is %s, and the setting says %s" % (digest, "0" * 64)

    assert refusal(template, other) == "two formats have the id 'template'"
    assert refusal(template, template) == "two formats have the id 'template'", "twice the same file is loaded once"
    assert formats("template.so")[0] == 1


def test_foreign_shared_objects_are_refused(fingerprint, tmp_path):
    def compile(name, text):
        source, made = tmp_path / (name + ".c"), tmp_path / (name + ".so")
        source.write_text(text)
        subprocess.run(["clang", "-shared", "-fPIC", str(source), "-o", str(made)], check=True)
        return made

    abi = 'const char save_plugin_abi[] = "%s";' % fingerprint
    assert refusal(compile("nothing", "int x;")) == "it is not a plugin for Save: it has no symbol 'save_plugin_abi'"
    assert refusal(compile("half", abi)) == "it is not a plugin for Save: it has no symbol 'save_plugin_register'"
    assert refusal(compile("empty", abi + "int save_plugin_register(void *p) { return 0; }")) == "it registered no format"
    assert refusal(compile("failing", abi + "int save_plugin_register(void *p) { return 7; }")) == "its registration failed with status 7"
    missing = compile("missing", abi + "int nowhere(void); int save_plugin_register(void *p) { return nowhere(); }")
    assert refusal(missing) == "it needs 'nowhere', which this server does not have: it was built for another"


def test_formats_that_may_not_be_are_refused(tmp_path):
    made = {name: build(variant(tmp_path, name, **replaced), tmp_path / (name + ".so")) for name, replaced in {
        "Reserved": {'id: "template"': 'id: "health"'},
        "Older": {'displayName: "Template"': 'displayName: "Template", contract: 0'},
        "Throwing": {'{ try Self.takeNone(of: settings) }': '{ throw SaveError("internal_failure", "no luck today") }'},
    }.items()}
    assert refusal(made["Reserved"]) == "the format id 'health' is reserved"
    assert refusal(made["Older"]) == "the format 'template' was written for contract 0; this server has 2"
    assert refusal(made["Throwing"]) == "the format 'template' cannot be made: no luck today"


READING = """
internal import SaveArchive
internal import SaveCompression
internal import SaveHTML

/// One call of each reader.
enum Reading {
    static func all() throws -> String {
        let tar = try TarGzip.read(ArchiveSource(%(tar)s), limit: 100) { $0.isFile }.compactMap(\\.contents)
        let zip = try ZipArchive(ArchiveSource(%(zip)s))
        let zipped = try zip.entries.map { try zip.contents(of: $0, limit: 100) }
        let gzip = Gzip.decompress(%(gzip)s, limit: 100) ?? []
        let deflate = Deflate.decompress(%(deflate)s, limit: 100) ?? []
        let tags = try HTMLTags.read(Array("<a href=x>html</a>".utf8), named: ["a"], attributes: ["href"], limit: 1)
        let texts = (tar + zipped + [gzip, deflate]).map { String(decoding: $0, as: UTF8.self) } + tags.map(\\.text)
        return texts.joined(separator: ", ")
    }
}
"""


def test_a_loaded_format_has_every_reader_that_a_compiled_in_one_has(tmp_path):
    tar, zipped = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"tar"))
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a", b"zip")
    raw = zlib.compressobj(wbits=-15)
    contents = {"tar": tar.getvalue(), "zip": zipped.getvalue(), "gzip": gzip.compress(b"gzip"),
                "deflate": raw.compress(b"deflate") + raw.flush()}
    folder = variant(tmp_path, "Reader", **{
        "{ try Self.takeNone(of: settings) }": '{ throw SaveError("internal_failure", "it read " + (try Reading.all())) }'})
    (folder / "Sources" / "Reading.swift").write_text(READING % {name: list(value) for name, value in contents.items()})
    built = build(folder, tmp_path / "reader.so")
    assert refusal(built) == "the format 'template' cannot be made: it read tar, zip, gzip, deflate, html"


def test_a_format_is_built_against_an_installed_server(tmp_path):
    subprocess.run([str(ROOT / "Scripts" / "install.sh"), str(BUILD), "/usr"], check=True, env=dict(os.environ, DESTDIR=str(tmp_path)))
    installed = tmp_path / "usr"
    shutil.copytree(installed / "lib" / "save-server" / "Template", tmp_path / "Template")
    built = tmp_path / "template.so"
    subprocess.run([str(installed / "bin" / "save-build-plugin"), "Template", "--output", str(built)], check=True, cwd=tmp_path)
    assert formats(built)[0] == 0, "the same build, installed or not, takes the same plugins"


def test_building_a_format_leaves_nothing_but_the_format(tmp_path):
    folder = tmp_path / "caller"
    folder.mkdir()
    # Npm, since the compiler leaves modules only where a format has many files.
    done = subprocess.run([str(SCRIPT), "Npm", "--build", str(BUILD), "--output", str(folder / "npm.so")], cwd=folder)
    assert done.returncode == 0
    assert [path.name for path in folder.iterdir()] == ["npm.so"]


def test_a_new_format_is_the_template_under_its_own_name(tmp_path):
    for name in ("Scripts/new-format.sh", "Scripts/build-plugin.sh", "Package.swift", "Plugins/Template", "Sources/CSystem"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    make = lambda name: subprocess.run([str(tmp_path / "Scripts/new-format.sh"), name], capture_output=True, text=True)
    assert make("Notes").returncode == 0
    files = {str(path.relative_to(tmp_path)): path.read_text() for path in (tmp_path / "Plugins" / "Notes").rglob("*.swift")}
    assert set(files) == {"Plugins/Notes/Sources/NotesFormat.swift", "Plugins/Notes/Tests/NotesFormatTests.swift"}
    assert not [name for name, text in files.items() if "template" in text.lower()]
    assert 'let plugins = ["Notes", ' in (tmp_path / "Package.swift").read_text()
    built = subprocess.run([str(tmp_path / "Scripts/build-plugin.sh"), "Notes", "--build", str(BUILD), "--output", str(tmp_path / "notes.so")])
    assert built.returncode == 0
    assert "notes" in [line.split("\t")[0] for line in formats(tmp_path / "notes.so")[1].splitlines()]
    for name, why in (("Notes", "already"), ("../x", "not a name"), ("notes", "not a name"), ("", "not a name")):
        refused = make(name)
        assert refused.returncode == 1 and why in refused.stderr, name


def test_a_refused_plugin_stops_the_start_and_is_found_by_check(template, tmp_path):
    shutil.copy(template, tmp_path / "loose.so")
    os.chmod(tmp_path / "loose.so", 0o777)
    for arguments in (["serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0"], ["check"]):
        done = command(*arguments, SAVE_PLUGINS=str(tmp_path / "loose.so"))
        assert done.returncode == 1 and "loose.so was refused: its mode 777 lets others write it" in done.stderr


def test_the_template_serves_when_loaded(template, new_server):
    server = new_server(SAVE_PLUGINS=str(template))
    admin = server.admin
    listed = {item["id"]: item for item in admin.ok("GET", "/api/v1/formats").json()["items"]}
    assert listed["template"]["origin"] == "loaded" and listed["template"]["path"] == str(template)
    assert listed["raw"]["origin"] == "compiled_in" and listed["raw"]["path"] is None

    server.create("t/hosted", format="template")
    server.create("t/proxy", format="template", kind="proxy", remote_url=server.url + "/template/t/hosted/",
                  remote_username="admin", remote_password=PASSWORD)
    server.create("t/all", format="template", kind="group", members=["t/proxy", "t/hosted"])
    hosted = "/template/t/hosted/"
    assert admin.put(hosted + "Foo/1.0", data=b"one").status_code == 201
    assert admin.put(hosted + "foo/1.0", data=b"one").status_code == 200
    page = "1.0 3 %s\n" % hashlib.sha256(b"one").hexdigest()
    for name in ("hosted", "proxy", "all"):
        base = "/template/t/%s/" % name
        answer = admin.get(base + "foo/")
        assert (answer.status_code, answer.text) == (200, page), name
        assert admin.get(base + "foo/1.0").content == b"one"
        assert admin.get(base + "bar/").status_code == 404

    # The server finds the second protocols of a loaded type as it finds those of its own.
    server.create("t/reserving", format="template", kind="proxy", remote_url=server.url + "/template/t/hosted/",
                  remote_username="admin", remote_password=PASSWORD, reserved_names=["FO*"])
    assert admin.get("/template/t/reserving/Foo/").status_code == 403

    # What the plugin throws is the platform's own error: it has its status, its line and its details.
    empty = admin.put(hosted + "foo/2.0", data=b"")
    assert (empty.status_code, empty.text) == (400, "body: a file is not empty\n")
    wrong = admin.post(hosted + "foo/1.0", data=b"x")
    assert wrong.status_code == 405 and {"GET", "PUT", "DELETE"} <= set(wrong.headers["Allow"].split(", "))
    setting = admin.post("/api/v1/repos", json={
        "project": "t", "name": "x", "format": "template", "repository_type": "hosted", "settings": {"colour": 1}})
    assert setting.status_code == 400 and "colour" in setting.text
    assert admin.delete(hosted + "foo/1.0").status_code == 204

    # A repository whose format is gone stops the start.
    assert server.stop() == 0
    del server.environment["SAVE_PLUGINS"]
    server.launch()
    assert server.process.wait(15) == 1
    assert "which this server does not have" in server.log_tail()


def test_a_plugin_that_misbehaves_harms_its_request_only(tmp_path, new_server):
    plugin = build(variant(tmp_path, "Unruly", **{
        'id: "template"': 'id: "unruly"',
        "        let words = request.path.segments\n": """        let words = request.path.segments
        if words.last == "throw" { throw Unruly() }
        if words.last == "redirect" { return .redirect(to: "x\\r\\nSet-Cookie: a=b", permanent: false) }
        if words.last == "status" { return .upload(UploadPlan(path: try AssetPath("a/b"), status: 1000)) }
""",
        "        let packages = listing": """        let field = index.package?.name ?? ""
        if field.hasPrefix("field") {
            let fields = ["field1": "X-A: b\\r\\nX-C", "field2": "Content-Length", "field3": "Transfer-Encoding", "field4": ""]
            return Document(type: type, bytes: [65], headers: [fields[field] ?? "X": field == "field5" ? "a\\nb" : "gzip"])
        }
        let packages = listing""",
        "/// One file": "private struct Unruly: Error {}\n\n/// One file",
    }), tmp_path / "unruly.so")
    server = new_server(SAVE_PLUGINS=str(plugin))
    server.create("u/hosted", format="unruly")
    base = "/unruly/u/hosted/"
    for number in range(1, 6):
        assert server.admin.put(base + "field%d/1.0" % number, data=b"x").status_code == 201
    incidents = []
    for method, path in [("GET", "throw"), ("PUT", "x/throw"), ("GET", "redirect"), ("PUT", "status")] + [
            ("GET", "field%d/" % number) for number in (1, 4, 5)]:
        answer = server.admin.request(method, base + path, data=b"x" if method == "PUT" else None)
        assert answer.status_code == 500, (method, path, answer.status_code, answer.text)
        assert "Set-Cookie" not in answer.headers and "X-C" not in answer.headers
        incident = re.search(r"\(request ([0-9a-f-]+)\)", answer.text)
        assert incident, (path, answer.text)
        incidents.append(incident[1])
    for number in (2, 3):
        framed = server.admin.get(base + "field%d/" % number)
        assert (framed.status_code, framed.content, framed.headers["Content-Length"]) == (200, b"A", "1"), "framing is the server's"
        assert "Transfer-Encoding" not in framed.headers
    assert server.admin.get(base + "a/b").status_code == 404, "an upload with an impossible answer left its file"
    assert server.admin.put(base + "fine/1.0", data=b"x").status_code == 201
    assert server.stop() == 0
    said = server.log_tail(100_000)
    assert all(re.search('"error".*"request_id":"%s"|"request_id":"%s".*"error"' % (name, name), said) for name in incidents), said


def test_ten_plugins_hardly_delay_the_start(tmp_path):
    # Ten of one: the id is long enough to be bytes of the file that can be exchanged.
    first = build(variant(tmp_path, "Many", **{'id: "template"': 'id: "one_of_many_plugins_0"'}), tmp_path / "0.so")
    plugins = [first]
    for number in range(1, 10):
        plugins.append(tmp_path / ("%d.so" % number))
        plugins[-1].write_bytes(first.read_bytes().replace(b"plugins_0", b"plugins_%d" % number))

    def seconds(*plugins):
        best = 1e9
        for _ in range(5):
            begun = time.monotonic()
            status, said = formats(*plugins)
            best = min(best, time.monotonic() - begun)
            assert status == 0 and said.count("one_of_many_plugins_") == len(plugins), said
        return best

    delay = seconds(*plugins) - seconds()
    print("ten plugins take %.1f ms" % (delay * 1000))
    assert delay <= 0.05

"""What an archive says is read from its bytes, whatever the language of its names and of the process that reads them."""
import hashlib
import io
import tarfile
import zipfile

import pytest

import make_fixtures
from harness import public_index
from harness.server import PASSWORD, command

DOORS = ["twine7", "uv", "put", "import"]


def publish(server, repository, door, item, tool, folder):
    """Publishes one file; the import stops the server and starts it again."""
    folder.mkdir(parents=True, exist_ok=True)
    path = item.write(folder)
    if door == "put":
        assert server.admin.put("/pypi/%s/packages/%s" % (repository, item.filename), data=item.content).status_code == 201
    elif door == "import":
        assert server.stop() == 0
        done = command("import", "--data", server.data, "--repository", repository, folder)
        assert done.returncode == 0 and "1 published" in done.stdout, done
        server.start()
    else:
        tool(door).publish("%s/pypi/%s/" % (server.url, repository), "admin", PASSWORD, path).must_succeed()


def listed(server, repository, item):
    answer = server.admin.page(repository, item.project)
    assert answer.status_code == 200, (repository, answer.status_code, answer.text)
    return {file["filename"]: file["hashes"]["sha256"] for file in answer.json()["files"]}


@pytest.mark.clients
def test_real_source_archives_are_published_through_every_door_and_install(new_server, tool, tmp_path):
    index, items = public_index.sdists()
    assert all(map(public_index.has_names_beyond_ascii, items.values()))
    hosts = public_index.demo.hosts_to_allow(public_index.demo.default_index()) if index else []
    # In the locale that a service has: only ASCII is text in it.
    server = new_server(LC_ALL="C", SAVE_OUTBOUND_ALLOW=",".join(["127.0.0.0/8", *hosts]))
    server.admin.ok("POST", "/api/v1/projects", json={"name": "team"})
    for number, (name, item) in enumerate(items.items(), 1):
        # uv sends no file whose name is as it was before names were normalized, such as Django's.
        for door in DOORS if name == "sphinx" else sorted({DOORS[number % 2 * 3], "put"}):
            repository = "team/%s-%s" % (name, door)
            server.create(repository)
            publish(server, repository, door, item, tool, tmp_path / repository)
            assert listed(server, repository, item) == {item.filename: item.sha256}
    if index:
        # What the archives need to be built comes from where they come from.
        server.create("team/public", kind="proxy", remote_url=index.url, **(
            {"remote_username": index.user, "remote_password": index.password or ""} if index.user else {}))
    for name, item in items.items():
        source = "team/%s-put" % name
        if index:
            server.create("team/%s" % name, kind="group", members=[source, "team/public"])
        outcome = tool("pip-newest").install(server.index_url("team/%s" % name if index else source), "--no-deps",
                                             "--no-binary", name, "%s==%s" % (name, item.version), timeout=400)
        assert outcome.must_succeed().installed == {name: item.version}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.clients
def test_names_owners_and_links_beyond_ascii_are_published_and_install(new_server, tool, tmp_path, door):
    server = new_server(LC_ALL="C")
    server.create("team/hosted")
    items = [
        public_index.made("named", "1.0", ["größe.txt", "日本語/⊗.py"]), public_index.made("owned", "1.0"),
        public_index.made("gnu", "1.0", ["größe.txt"], format=tarfile.GNU_FORMAT),
        public_index.made("latin", "1.0", ["größe.txt"], format=tarfile.USTAR_FORMAT, encoding="latin-1"),
    ]
    # uv reads only names that are UTF-8, when it publishes and when it unpacks.
    items = [item for item in items if door != "uv" or item.name != "latin"]
    for item in items:
        publish(server, "team/hosted", door, item, tool, tmp_path / item.name)
        assert listed(server, "team/hosted", item) == {item.filename: item.sha256}
    for client in ("pip-oldest", "pip-newest", "uv"):
        for item in items:
            if client == "uv" and item.name == "latin":
                continue
            outcome = tool(client).install(server.index_url("team/hosted"), "%s==1.0" % item.name)
            assert outcome.must_succeed().installed == {item.name: "1.0"}


def test_a_zipped_source_archive_may_have_names_of_code_page_437(server, repository, tool):
    server.create(repository + "/hosted")
    plain = make_fixtures.sdist("zipped", "1.0")
    output = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(plain.content)) as source, zipfile.ZipFile(output, "w") as target:
        for member in source:
            target.writestr(member.name, source.extractfile(member).read())
        target.writestr("zipped-1.0/gr?ss?.txt", b"x")
    # Python writes such names as UTF-8; older tools wrote them in the code page, without the flag.
    content = output.getvalue().replace(b"gr?ss?", "grüssé".encode("cp437"))
    item = make_fixtures.Distribution("zipped", "1.0", "zipped-1.0.zip", content, plain.metadata)
    assert server.admin.upload(repository + "/hosted", item).status_code == 200
    assert listed(server, repository + "/hosted", item) == {item.filename: hashlib.sha256(content).hexdigest()}
    outcome = tool("pip-newest").install(server.index_url(repository + "/hosted"), "zipped")
    assert outcome.must_succeed().installed == {"zipped": "1.0"}


def test_refused_archives_leave_nothing_and_say_what_to_mend(server, repository):
    hosted = repository + "/hosted"
    server.create(hosted)

    def archive(*members):
        plain = make_fixtures.sdist("plain", "1.0")
        output = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(plain.content)) as source, tarfile.open(fileobj=output, mode="w:gz") as target:
            for member in source:
                target.addfile(member, source.extractfile(member))
            for name, kind, link in members:
                entry = tarfile.TarInfo("plain-1.0/" + name)
                entry.type, entry.linkname = kind, link
                target.addfile(entry)
        return make_fixtures.Distribution("plain", "1.0", plain.filename, output.getvalue(), plain.metadata)

    for word, item in [
            ("device", archive(("null", tarfile.CHRTYPE, ""))), ("device", archive(("pipe", tarfile.FIFOTYPE, ""))),
            ("leads out", archive(("etc", tarfile.SYMTYPE, "/etc"))), ("leads out", archive(("up", tarfile.SYMTYPE, "../../x"))),
            ("leads out", archive(("hard", tarfile.LNKTYPE, "/etc/passwd"))),
            ("behind a link", archive(("d", tarfile.SYMTYPE, "e"), ("d/f", tarfile.REGTYPE, "")))]:
        answers = [server.admin.upload(hosted, item),
                   server.admin.put("/pypi/%s/packages/%s" % (hosted, item.filename), data=item.content)]
        for answer in answers:
            assert answer.status_code == 400 and word in answer.text and "\n" not in answer.text.strip(), answer.text
    assert server.admin.page(hosted, "plain").status_code == 404
    assert server.admin.upload(hosted, archive(("inside", tarfile.SYMTYPE, "module.py"))).status_code == 200

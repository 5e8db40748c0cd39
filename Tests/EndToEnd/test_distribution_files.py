"""Which files a repository takes, by all that they and their neighbours are."""
import dataclasses
import io
import tarfile
import zipfile

import pytest

import make_fixtures
from harness.server import command

EXISTS = ("already exist", "already been taken", "cannot be updated", "overwrite artifact", "was ever registered")


@pytest.fixture
def hosted(server, repository):
    server.create(repository + "/hosted")
    return repository + "/hosted"


def zipped(item):
    """The same source archive as a zip file."""
    output = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(item.content)) as source, zipfile.ZipFile(output, "w") as target:
        for member in source:
            target.writestr(member.name, source.extractfile(member).read())
    return dataclasses.replace(item, filename=item.filename.replace(".tar.gz", ".zip"), content=output.getvalue())


def test_a_release_has_one_source_archive(server, hosted):
    first = make_fixtures.sdist("plain", "1.0")
    second = zipped(first)
    spelled = dataclasses.replace(second, filename="plain-1.0.0.zip")
    assert server.admin.upload(hosted, first).status_code == 200
    for refused in (server.admin.upload(hosted, second), server.admin.upload(hosted, spelled),
                    server.admin.put("/pypi/%s/packages/%s" % (hosted, second.filename), data=second.content)):
        assert refused.status_code == 400 and first.filename in refused.text, refused.text
        assert not any(words in refused.text.lower() for words in EXISTS)
    assert server.admin.upload(hosted, first).status_code == 200
    assert server.admin.upload(hosted, make_fixtures.wheel("plain", "1.0")).status_code == 200
    assert server.admin.upload(hosted, zipped(make_fixtures.sdist("plain", "2.0"))).status_code == 200
    files = [file["filename"] for file in server.admin.page(hosted, "plain").json()["files"]]
    assert files == ["plain-1.0-py3-none-any.whl", first.filename, "plain-2.0.zip"]


def test_a_release_of_an_upstream_keeps_all_of_its_source_archives(server, repository, upstream):
    item = make_fixtures.sdist("plain", "1.0")
    upstream.add(item, zipped(item))
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    files = [file["filename"] for file in server.admin.page(repository + "/proxy", "plain").json()["files"]]
    assert files == ["plain-1.0.tar.gz", "plain-1.0.zip"]


def test_the_action_of_an_upload_may_stand_in_the_query(server, hosted):
    wheel = make_fixtures.wheel("plain", "1.0")
    form = {"name": "plain", "version": "1.0", "filetype": "bdist_wheel", "protocol_version": "1"}
    files = {"content": (wheel.filename, wheel.content)}
    for slash in ("/", ""):
        url = "/pypi/%s%s?:action=" % (hosted, slash)
        refused = server.admin.post(url + "submit", data=form, files=files)
        assert refused.status_code == 400 and refused.text.startswith(":action: "), refused.text
        assert server.admin.post(url + "file_upload", data=form, files=files).status_code == 200
    assert server.admin.page(hosted, "plain").json()["files"][0]["hashes"]["sha256"] == wheel.sha256


@pytest.mark.clients
def test_a_wheel_with_an_old_requires_python_is_put_and_imported_with_a_warning_and_installs(new_server, tool, tmp_path):
    server = new_server()
    server.create("team/put")
    server.create("team/import")
    wheel = make_fixtures.wheel("older", "1.0", requires_python=">=3.6.*")
    refused = server.admin.upload("team/put", wheel)
    assert refused.status_code == 400 and "Requires-Python" in refused.text and "PUT" in refused.text
    answer = server.admin.put("/pypi/team/put/packages/" + wheel.filename, data=wheel.content)
    assert answer.status_code == 201 and "warning: " in answer.text and "'>=3.6.*'" in answer.text, answer.text
    wheel.write(tmp_path)
    assert server.stop() == 0
    done = command("import", "--data", server.data, "--repository", "team/import", tmp_path)
    assert done.returncode == 0 and "warning    %s: " % wheel.filename in done.stdout and "1 published" in done.stdout, done
    server.start()
    for repository in ("team/put", "team/import"):
        assert server.admin.page(repository, "older").json()["files"][0]["requires-python"] == ">=3.6.*"
        for client in ("pip-oldest", "pip-newest", "uv"):
            assert tool(client).install(server.index_url(repository), "older").must_succeed().installed == {"older": "1.0"}


def test_wheel_variants_pass_through_a_proxy_and_are_not_hosted(server, repository, hosted, upstream):
    wheel = make_fixtures.wheel("plain", "1.0")
    variant = dataclasses.replace(wheel, filename="plain-1.0-py3-none-any-x86_64_v3.whl")
    index = dataclasses.replace(wheel, filename="plain-1.0-variants.json", content=b"{}")
    upstream.add(wheel, variant, index)
    server.create(repository + "/proxy", kind="proxy", remote_url=upstream.url + "/")
    proxy = repository + "/proxy"
    files = {file["filename"]: file for file in server.admin.page(proxy, "plain").json()["files"]}
    assert set(files) == {wheel.filename, variant.filename, index.filename}
    for item in (variant, index):
        assert files[item.filename]["hashes"] == {"sha256": item.sha256}
        assert server.admin.get(server.admin.file_path(proxy, "plain", item.filename)).content == item.content
        refused = server.admin.put("/pypi/%s/packages/%s" % (hosted, item.filename), data=item.content)
        assert refused.status_code == 400 and "PEP 817" in refused.text, refused.text


def test_a_wheel_that_installers_refuse_or_read_differently_is_refused_in_one_line(server, hosted):
    good = make_fixtures.wheel("plain", "1.0")

    def changed(**files):
        output = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(good.content)) as source, zipfile.ZipFile(output, "w") as target:
            contents = {entry.filename: source.read(entry) for entry in source.infolist()}
            contents.update({"plain-1.0.dist-info/" + name.replace("_TXT", ".txt"): content for name, content in files.items()})
            record = contents["plain-1.0.dist-info/RECORD"].decode().splitlines()
            contents["plain-1.0.dist-info/RECORD"] = "\n".join(
                line if "RECORD" in line else line.split(",")[0] + ",," for line in record).encode()
            for name, content in contents.items():
                target.writestr(name, content)
        return dataclasses.replace(good, content=output.getvalue())

    head = b"Metadata-Version: 2.1\nName: plain\nVersion: 1.0\n"
    for word, item in [
            ("line break", changed(METADATA=head + b"Summary: a\rName: evil\n")),
            ("byte order mark", changed(METADATA=b"\xef\xbb\xbf" + head)),
            ("order in which text", changed(METADATA=head + "\n\u202e\n".encode())),
            ("control character", changed(METADATA=head + "\n\x9b2J\n".encode())),
            ("Wheel-Version", changed(WHEEL=b"")), ("Wheel-Version", changed(WHEEL=b"Wheel-Version: 9.0\n")),
            ("no name of a file", changed(entry_points_TXT=b"[console_scripts]\n/bin/evil = a:b\n")),
            ("no name of a file", changed(entry_points_TXT=b"[gui_scripts]\n../../x = a:b\n"))]:
        for answer in (server.admin.upload(hosted, item),
                       server.admin.put("/pypi/%s/packages/%s" % (hosted, item.filename), data=item.content)):
            assert answer.status_code == 400 and word in answer.text and "\n" not in answer.text.strip(), answer.text
    assert server.admin.page(hosted, "plain").status_code == 404
    assert server.admin.upload(hosted, changed(entry_points_TXT=b"[console_scripts]\nplain = plain:main\n")).status_code == 200

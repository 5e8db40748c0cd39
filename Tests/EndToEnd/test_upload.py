"""The legacy upload as clients depend on it: what they read of a refusal, and what they take for success."""
import dataclasses

import pytest

import make_fixtures
from harness.http import basic, raw

# By these words in a 400 or 403, or by any 409, upload tools know that a file is there and count the upload as done.
EXISTS = ("already exist", "updating asset", "already been taken", "cannot be updated", "overwrite artifact", "was ever registered")
UV_ACCEPT = "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"


@pytest.fixture
def hosted(server, repository):
    server.create(repository + "/hosted")
    return repository + "/hosted"


def post(server, hosted, parts, headers=None, slash="/"):
    """A form with exactly these parts: header lines and bytes."""
    body = b"".join(b"--b\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n" for lines, content in parts) + b"--b--\r\n"
    return server.admin.post("/pypi/%s%s" % (hosted, slash), data=body,
                             headers=dict(headers or {}, **{"Content-Type": "multipart/form-data; boundary=b"}))


def field(name, value):
    return ['Content-Disposition: form-data; name="%s"' % name], value.encode()


def test_r64_a_refusal_is_one_line_as_text_or_for_who_asks_as_json(server, hosted):
    fields = [field(":action", "file_upload"), field("name", "plain")]
    text = post(server, hosted, fields)
    assert text.status_code == 400 and text.headers["Content-Type"].startswith("text/plain")
    assert text.text.strip().startswith("version: ") and "\n" not in text.text.strip()
    assert text.reason == text.text.strip() == text.headers["X-Save-Reason"]
    answer = post(server, hosted, fields, {"Accept": UV_ACCEPT})
    assert answer.headers["Content-Type"] == "application/json", "uv reads `code` of exactly this type"
    assert answer.json() == dict.fromkeys(("code", "message"), "400 " + text.text.strip())
    assert answer.reason == text.reason


def test_r61_t7_a_form_may_have_its_file_first_without_a_type_and_fields_nobody_knows(server, hosted):
    wheel = make_fixtures.wheel("plain", "1.0")
    content = ['content-disposition: form-data; filename="%s"; name="content"' % wheel.filename], wheel.content
    fields = [field("name", "plain"), field("version", "1.0"), field("classifiers", "A"), field("classifiers", "B"),
              field("import_names", "plain"), field("summary", ""), field("license", "UNKNOWN"), field("of_the_future", "x"),
              field(":action", "file_upload")]
    for slash in ("/", ""):
        answer = post(server, hosted, [content, *fields], slash=slash)
        assert answer.status_code == 200, answer.text
    assert server.admin.page(hosted, "plain").json()["files"][0]["hashes"]["sha256"] == wheel.sha256


@pytest.mark.parametrize("action", ["submit", "doc_upload", "verify", "list_classifiers", "FILE_UPLOAD"])
def test_t7_another_action_is_refused_by_its_field(server, hosted, action):
    answer = post(server, hosted, [field(":action", action), field("name", "plain"), field("version", "1.0")])
    assert answer.status_code == 400 and answer.text.startswith(":action: "), answer.text
    assert not any(words in answer.text.lower() for words in EXISTS)


def test_r61_who_may_not_upload_is_told_before_the_body(server, hosted):
    for user, password, status in [("admin", "wrong", 401), (None, None, 401)]:
        lines = ["POST /pypi/%s/ HTTP/1.1" % hosted, "Host: x", "Content-Type: multipart/form-data; boundary=b",
                 "Content-Length: 1000000000", "Expect: 100-continue"]
        if user:
            lines.append("Authorization: " + basic(user, password))
        answer = raw(server, "\r\n".join(lines) + "\r\n\r\n")
        assert answer.status == status and b"100 Continue" not in answer.data


def test_r69_r70_t6_only_a_duplicate_looks_like_one(server, hosted):
    wheel = make_fixtures.wheel("plain", "1.0")
    assert server.admin.upload(hosted, wheel).status_code == 200
    duplicate = server.admin.upload(hosted, make_fixtures.wheel("plain", "1.0", payload=b"other"))
    assert duplicate.status_code == 400 and "already exist" in duplicate.text.lower()

    base = "/api/v1/repos/%s" % hosted
    sdist = make_fixtures.sdist("plain", "1.0")
    refusals = [server.admin.upload(hosted, sdist, sha256_digest="0" * 64),
                server.admin.upload(hosted, dataclasses.replace(sdist, content=b"x")),
                server.client(None).upload(hosted, sdist)]
    server.admin.ok("PATCH", base, json={"max_file_size": 10})
    refusals.append(server.admin.upload(hosted, sdist))
    server.admin.ok("PATCH", base, json={"max_file_size": None})
    server.admin.ok("PATCH", base + "/packages/plain", json={"attributes": {"project-status": {"status": "archived"}}})
    refusals.append(server.admin.upload(hosted, sdist))
    server.admin.ok("DELETE", base + "/packages/plain")
    refusals.append(server.admin.upload(hosted, make_fixtures.wheel("plain", "1.0", payload=b"other")))
    project = hosted.partition("/")[0]
    server.create(project + "/group", kind="group", members=[hosted])
    refusals.append(server.admin.upload(project + "/group", sdist))
    assert [answer.status_code for answer in refusals] == [400, 400, 401, 413, 403, 400, 405]
    for answer in refusals:
        assert not any(words in (answer.reason + answer.text).lower() for words in EXISTS), answer.text


def test_r65_a_wheel_that_was_changed_after_it_was_built_is_refused(server, hosted):
    import io
    import zipfile
    wheel = make_fixtures.wheel("plain", "1.0")
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as source, zipfile.ZipFile(output, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, content + b"# changed\n" if entry.filename.endswith(".py") else content)
    answer = server.admin.upload(hosted, dataclasses.replace(wheel, content=output.getvalue()))
    assert answer.status_code == 400 and "RECORD" in answer.text and "plain/__init__.py" in answer.text, answer.text


def test_r67_every_digest_is_optional_and_every_one_that_comes_is_checked(server, hosted):
    import hashlib
    wheel = make_fixtures.wheel("plain", "1.0")
    digests = {"md5_digest": hashlib.md5(wheel.content).hexdigest(), "sha256_digest": wheel.sha256.upper(),
               "blake2_256_digest": hashlib.blake2b(wheel.content, digest_size=32).hexdigest()}
    absent = dict.fromkeys(digests)
    for name, value in digests.items():
        wrong = server.admin.upload(hosted, wheel, **dict(absent, **{name: "0" * len(value)}))
        assert wrong.status_code == 400 and wrong.text.startswith(name + ": "), wrong.text
        assert server.admin.upload(hosted, wheel, **dict(absent, **{name: value})).status_code == 200
    assert server.admin.upload(hosted, wheel, **absent).status_code == 200

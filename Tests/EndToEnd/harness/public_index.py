"""Source archives as the world publishes them, from the index that this machine's pip uses, and some made by script where that
cannot be reached."""
import base64
import gzip
import hashlib
import html
import io
import json
import re
import sys
import tarfile
import urllib.parse
import urllib.request

import make_fixtures

from .server import ROOT

sys.path.insert(0, str(ROOT / "Scripts"))
import demo  # noqa: E402

# Each has a member whose name is not ASCII, and another build backend or history than the one before it.
REAL = {"django": "5.2", "sphinx": "8.2.3", "ansible-core": "2.16.0", "pelican": "4.9.1", "beets": "2.9.0"}
ODD_MEMBERS = ["⊗.txt", "testimäge.png", "vault-café.yml", "décembre/index.html", "unicode’d.mp3"]


class PublicIndex:
    """Asked without the proxies of this machine's environment, which the server under test does not have either."""

    def __init__(self):
        self.url, self.user, self.password = demo.without_userinfo(demo.default_index())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, url):
        request = urllib.request.Request(url, headers={"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.1"})
        if self.user:
            request.add_header("Authorization", "Basic " + base64.b64encode(
                ("%s:%s" % (self.user, self.password or "")).encode()).decode())
        with self.opener.open(request, timeout=60) as answer:
            return answer.url, answer.headers.get_content_type(), answer.read()

    def sdist(self, name, version):
        """The one source archive of a release, kept beside the build from then on."""
        kept = ROOT / ".build" / "sdists" / ("%s-%s.tar.gz" % (name, version))
        base = self.url if self.url.rstrip("/").endswith("/simple") else self.url.rstrip("/") + "/simple/"
        where, kind, body = self.get(base.rstrip("/") + "/" + name + "/")
        if kind.endswith("json"):
            links = [(file["filename"], file["url"]) for file in json.loads(body)["files"]]
        else:
            links = [(text, html.unescape(link)) for link, text in
                     re.findall(r'<a[^>]* href="([^"]+)"[^>]*>\s*([^<]+?)\s*<', body.decode("utf-8", "replace"))]
        filename, link = next(link for link in links if link[0].endswith("-%s.tar.gz" % version))
        if not kept.exists():
            content = self.get(urllib.parse.urljoin(where, link))[2]
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(content)
        content = kept.read_bytes()
        return make_fixtures.Distribution(name, version, filename, content, b"")


def made(name, version, members=(), format=tarfile.PAX_FORMAT, owner="Müller", encoding="utf-8"):
    """A source archive that builds itself, as Python's own library writes it: with names, an owner and a link's target that are not
    ASCII."""
    plain = make_fixtures.sdist(name, version)
    top = plain.filename.removesuffix(".tar.gz")
    output = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(plain.content)) as source, \
            tarfile.open(fileobj=output, mode="w", format=format, encoding=encoding) as target:
        for member in source:
            member.uname = member.gname = owner
            target.addfile(member, source.extractfile(member))
        for path in members:
            entry = tarfile.TarInfo("%s/%s" % (top, path))
            entry.size = 1
            target.addfile(entry, io.BytesIO(b"x"))
        if members:
            link = tarfile.TarInfo(top + "/link")
            link.type, link.linkname = tarfile.SYMTYPE, members[0]
            target.addfile(link)
    return make_fixtures.Distribution(name, version, plain.filename, gzip.compress(output.getvalue(), mtime=0), plain.metadata)


def sdists():
    """(the index, or None where it cannot be reached; source archives by project)."""
    try:
        index = PublicIndex()
        return index, {name: index.sdist(name, version) for name, version in REAL.items()}
    except (OSError, ValueError, StopIteration):
        return None, {name: made(name, version, [member]) for (name, version), member in zip(REAL.items(), ODD_MEMBERS)}


def has_names_beyond_ascii(item):
    with tarfile.open(fileobj=io.BytesIO(item.content)) as archive:
        return any(not member.name.isascii() for member in archive)

"""Debian's mvn, with a local repository of its own for each run: all that it needs, its plugins too, has to come from the server."""
from __future__ import annotations

import functools
import hashlib
import http.server
import pathlib
import subprocess
import tempfile
import threading
import zipfile

from ..server import clean_environment

# What Debian's packages bring: poms and jars of Maven's plugins and all that they need, without digests and without metadata.
DEBIAN = pathlib.Path("/usr/share/maven-repo")
PLUGINS = "org.apache.maven.plugins:maven-%s-plugin:%s:%s"


def plugin(name, goal):
    """A goal of one of the plugins that are installed, by the version that is."""
    versions = [path.name for path in (DEBIAN / "org/apache/maven/plugins" / ("maven-%s-plugin" % name)).iterdir()
                if path.name[0].isdigit()]
    assert versions, "maven-%s-plugin is not there: Scripts/setup.sh --tests installs it" % name
    return PLUGINS % (name, max(versions), goal)


class Maven:
    """One user of mvn, with one repository for all that is read."""

    def __init__(self, folder, url, user=None, password=None):
        self.folder, self.url, self.user, self.password = pathlib.Path(folder), url.rstrip("/") + "/", user, password
        self.folder.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments, cwd=None, local=None, timeout=240):
        place = self.last = pathlib.Path(tempfile.mkdtemp(prefix="mvn-", dir=self.folder))
        self.local = pathlib.Path(local or place / "repository")
        server = ("<servers>%s</servers>" % "".join(
            "<server><id>%s</id><username>%s</username><password>%s</password></server>" % (name, self.user, self.password)
            for name in ("save", "target"))) if self.user else ""
        (place / "settings.xml").write_text(
            "<settings>%s<mirrors><mirror><id>save</id><mirrorOf>*</mirrorOf><url>%s</url></mirror></mirrors>"
            "<profiles><profile><id>save</id><repositories><repository><id>central</id><url>%s</url><snapshots><enabled>true</enabled>"
            "</snapshots></repository></repositories></profile></profiles>"
            "<activeProfiles><activeProfile>save</activeProfile></activeProfiles></settings>" % (server, self.url, self.url))
        environment = clean_environment(
            HOME=str(place), MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto", LANG="C.UTF-8")
        command = ["mvn", "-B", "-ntp", "-s", str(place / "settings.xml"), "-Dmaven.repo.local=%s" % self.local, *arguments]
        return subprocess.run(command, cwd=cwd or place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout)

    def ok(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, "mvn %s:\n%s" % (" ".join(arguments), done.stdout[-6000:])
        return done.stdout

    def fails(self, *arguments, **options):
        """What it says where it does not succeed."""
        done = self.run(*arguments, **options)
        assert done.returncode != 0, "mvn %s:\n%s" % (" ".join(arguments), done.stdout[-6000:])
        return done.stdout

    def deploy(self, project, target, *arguments, **options):
        """Deploys a project to a repository's URL."""
        return self.ok(plugin("install", "install"), plugin("deploy", "deploy"), *arguments,
                       "-DaltDeploymentRepository=target::%s" % target, cwd=project, **options)

    def jar(self, project, **options):
        """Makes the jar of a project, for which all of its dependencies have to be there."""
        return self.ok(plugin("jar", "jar"), cwd=project, **options)

    def has(self, group, artifact, version, name=None):
        """A file in the local repository after the last run."""
        return self.local / group.replace(".", "/") / artifact / version / (name or "%s-%s.jar" % (artifact, version))


def pom(group, artifact, version, packaging="pom", dependencies=()):
    items = "".join("<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>" % item
                    for item in dependencies)
    return ("<project><modelVersion>4.0.0</modelVersion><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>"
            "<packaging>%s</packaging><dependencies>%s</dependencies></project>\n" % (group, artifact, version, packaging, items))


def project(folder, group, artifact, version, **options):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pom.xml").write_text(pom(group, artifact, version, **options))
    return folder


def jar(path, text="x"):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        archive.writestr("content.txt", text)
    return path


class Tree:
    """A folder that any server of files makes a Maven repository of."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.versions = {}

    def add(self, group, artifact, version, checksums=("sha1",), dependencies=(), text=None,
            updated="20260102030405"):
        place = self.folder / group.replace(".", "/") / artifact / version
        file = jar(place / ("%s-%s.jar" % (artifact, version)), text or "%s %s" % (artifact, version))
        description = place / ("%s-%s.pom" % (artifact, version))
        description.write_text(pom(group, artifact, version, packaging="jar", dependencies=dependencies))
        for path in (file, description):
            for algorithm in checksums:
                (place / ("%s.%s" % (path.name, algorithm))).write_text(hashlib.new(algorithm, path.read_bytes()).hexdigest())
        versions = self.versions.setdefault((group, artifact), [])
        versions.append(version)
        (place.parent / "maven-metadata.xml").write_text(
            "<metadata><groupId>%s</groupId><artifactId>%s</artifactId><versioning><release>%s</release><versions>%s</versions>"
            "<lastUpdated>%s</lastUpdated></versioning></metadata>"
            % (group, artifact, version, "".join("<version>%s</version>" % name for name in versions), updated))
        return file


class Upstream:
    """A server of the files of folders, the first that has one, and knows what it was asked for."""

    def __init__(self, *folders):
        self.asked = asked = []
        folders = [pathlib.Path(folder) for folder in folders]

        class Handler(http.server.SimpleHTTPRequestHandler):
            def translate_path(self, path):
                name = path.split("?")[0].lstrip("/")
                return str(next((folder / name for folder in folders if (folder / name).is_file()), folders[0] / name))

            def do_GET(self):
                asked.append(self.path)
                # Its validator has whole seconds, in which a test changes files.
                del self.headers["If-Modified-Since"]
                super().do_GET()

            def list_directory(self, path):
                self.send_error(404)

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folders[0])))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server.server_address[1]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

"""Projects with a lock file, and folders of distributions, as the clients that want one keep them."""
from __future__ import annotations

import pathlib
import sys
import urllib.parse

from .tool import Tool

PYTHON = ">=%d.%d,<4" % sys.version_info[:2]


def name_and_version(file):
    """Of a distribution, from its filename."""
    name = pathlib.Path(file).name
    return tuple(name.split("-")[:2]) if name.endswith(".whl") else tuple(name[:-len(".tar.gz")].rsplit("-", 1))


class Locker(Tool):
    """A client that keeps a project: one is started, requirements are added to it, and what was locked is installed into an
    empty environment. Subclasses say how it is written down (`describe`) and what the steps are called."""

    lock_name: str

    def start(self, index_url):
        """A new project whose only index is this one; the credentials are in the URL."""
        parts = urllib.parse.urlsplit(index_url)
        self.index_url, self.bare_url = index_url, parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self.user, self.password = urllib.parse.unquote(parts.username or ""), urllib.parse.unquote(parts.password or "")
        self.home, self.project = self.fresh("home-"), self.fresh("project-")
        self.describe()
        return self

    def step(self, *arguments, environment=None, **options):
        """One command of the client in the project, with an empty environment that what it installs goes into."""
        made, packages = environment or self.environment()
        return self.run(*arguments, home=self.home, folder=self.project, target=packages, VIRTUAL_ENV=made,
                        PATH="%s:/usr/bin:/bin" % (made / "bin"), **options)

    @property
    def lock(self):
        return (self.project / self.lock_name).read_text()

    def write(self, text, name="pyproject.toml"):
        (self.project / name).write_text(text)


class ProjectPublisher(Tool):
    """A client that publishes the files of one project and version, from the project's folder `dist`: several are several runs."""

    def publish(self, url, user, password, *files, **options):
        for name, version in sorted({name_and_version(file) for file in files}):
            project = self.fresh("project-")
            (project / "dist").mkdir()
            for file in map(pathlib.Path, files):
                if name_and_version(file) == (name, version):
                    (project / "dist" / file.name).write_bytes(file.read_bytes())
            outcome = self.publish_project(project, name, version, url, user, password, **options)
            if outcome.status != 0:
                break
        return outcome

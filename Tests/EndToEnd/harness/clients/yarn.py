"""yarn, the classic one and the one that came after, as single files out of wheels that carry them."""
from __future__ import annotations

import json
import pathlib
import re
import shutil

from ..server import ROOT
from .npm import Npm


class Yarn(Npm):
    """One user of yarn with one registry. `version` is 1 or 3."""

    # A program in place of the one that is installed.
    program = None

    def __init__(self, home, registry, user=None, password=None, token=None, version=1, loglevel="http"):
        super().__init__(home, registry, user, password, token, loglevel)
        self.version = version
        with (self.home / ".npmrc").open("a") as settings:
            settings.write("always-auth=true\n")
        lines = {"npmRegistryServer": registry, "unsafeHttpWhitelist": ["127.0.0.1"], "enableTelemetry": False,
                 "nodeLinker": "node-modules", "enableGlobalCache": False, "enableProgressBars": False}
        if token:
            lines.update(npmAuthToken=token, npmAlwaysAuth=True)
        if version == 3:
            (self.home / ".yarnrc.yml").write_text("".join("%s: %s\n" % (key, json.dumps(value)) for key, value in lines.items()))

    def audit_at(self, registry):
        """Has `yarn audit` ask a registry: yarn 1 asks one that is written into it, whatever its settings say. A copy has another one there."""
        text = pathlib.Path(self.command[1]).read_text()
        self.program = self.home / "yarn.js"
        changed, count = re.subn(r"(exports\.YARN_REGISTRY = )'[^']*'", lambda found: found[1] + repr(registry.rstrip("/")), text)
        assert count == 1, count
        self.program.write_text(changed)

    @property
    def command(self):
        if self.program:
            return [shutil.which("node"), str(self.program)]
        node = shutil.which("node")
        assert node, "node is not installed; Scripts/setup.sh installs it"
        files = sorted((ROOT / ".build" / "venvs" / ("yarn%d" % self.version)).glob("lib/python*/site-packages/jupyterlab/staging/yarn.js"))
        assert files, "yarn%d is not there: Scripts/clients.py installs it" % self.version
        return [node, str(files[0])]

    @property
    def environment(self):
        return dict(super().environment, YARN_CACHE_FOLDER=str(self.home / "yarn-cache"), YARN_ENABLE_IMMUTABLE_INSTALLS="false")

    def project(self, folder):
        """Makes a folder a project of its own, whatever is above it."""
        (folder / "yarn.lock").touch()
        if self.version == 3:
            shutil.copy(self.home / ".yarnrc.yml", folder)
        return folder

    def publish(self, folder):
        command = ["publish", "--non-interactive"] if self.version == 1 else ["npm", "publish"]
        if self.version == 3:
            self.ok("install", cwd=self.project(folder))
        return self.run(*command, cwd=folder)

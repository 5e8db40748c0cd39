import json

from .tool import Tool


class Hatch(Tool):
    def publish(self, url, user, password, *files, arguments=(), **options):
        return self.run(self.bin / "hatch", "--no-color", "publish", "--no-prompt", "--yes", "--repo", url, "--user", user,
                        "--auth", password, *arguments, *files, **options)

    def environment_with(self, index_url, *requirements):
        """An environment of a project, filled by the pip that hatch calls, from what pip's configuration names."""
        home, project = self.fresh("home-"), self.fresh("project-")
        (home / "pip.conf").write_text("[global]\nindex-url = %s\n" % index_url)
        (project / "pyproject.toml").write_text(
            '[project]\nname = "consumer"\nversion = "1.0"\n[tool.hatch.envs.default]\nskip-install = true\npath = "made"\ndependencies = %s\n'
            % json.dumps(requirements))
        outcome = self.run(self.bin / "hatch", "--no-color", "env", "create", home=home, folder=project, PIP_CONFIG_FILE=home / "pip.conf",
                           HATCH_DATA_DIR=home / "data")
        outcome.target = next(project.glob("made/lib/python3*/site-packages"), None)
        return outcome

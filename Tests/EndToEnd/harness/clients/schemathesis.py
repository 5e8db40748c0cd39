import json

from .tool import Tool


class Schemathesis(Tool):
    """Sends an API what its description allows and what it does not, and checks the answers against the description."""

    def validate(self, document):
        """The description itself, against the schema of OpenAPI 3.1."""
        path = self.fresh("document-") / "openapi.json"
        path.write_text(json.dumps(document))
        return self.run(self.bin / "python", "-m", "openapi_spec_validator", path)

    def explore(self, url, settings, *arguments, **options):
        """All phases over all operations, the same every time. `settings` is the text of a configuration file."""
        folder = self.fresh("settings-")
        (folder / "schemathesis.toml").write_text(settings)
        return self.run(
            self.bin / "python", "-m", "schemathesis.cli", "--config-file", folder / "schemathesis.toml", "run",
            url + "/api/v1/openapi.json", "--generation-deterministic", "--continue-on-failure", "--no-color", "--no-shrink",
            "--warnings", "off", *arguments, folder=folder, timeout=300, **options)

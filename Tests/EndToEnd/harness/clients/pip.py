"""pip, in its generations."""
from .tool import Tool


class Pip(Tool):
    def pip(self, command, *arguments, **options):
        return self.run(self.bin / "python", "-m", "pip", "--no-cache-dir", "--disable-pip-version-check", "--no-input",
                        "--timeout", "15", "--retries", "0", command, *arguments, **options)

    def install(self, index_url, *requirements, **options):
        target = self.fresh("target-")
        return self.pip("install", "--target", target, *self.index(index_url), *requirements, target=target, **options)

    def download(self, index_url, *requirements, **options):
        """The downloaded files are in the outcome's `target`."""
        target = self.fresh("download-")
        return self.pip("download", "--dest", target, *self.index(index_url), *requirements, target=target, **options)

    def resolve(self, index_url, *requirements, **options):
        """Finds out what would be installed, and installs nothing."""
        return self.pip("install", "-v", "--dry-run", "--ignore-installed", "--report", "-", *self.index(index_url), *requirements, **options)

    @staticmethod
    def index(index_url):
        """No URL leaves the choice to configuration."""
        return ["--index-url", index_url] if index_url else []

from .tool import Tool


class Hatch(Tool):
    def publish(self, url, user, password, *files, arguments=(), **options):
        return self.run(self.bin / "hatch", "--no-color", "publish", "--no-prompt", "--yes", "--repo", url, "--user", user,
                        "--auth", password, *arguments, *files, **options)

import sys

from .project import PYTHON, Locker


class Uv(Locker):
    lock_name = "uv.lock"

    def uv(self, *arguments, run=None, **options):
        return (run or self.run)(self.bin / "uv", *arguments, "--no-cache", UV_PYTHON_DOWNLOADS="never", UV_HTTP_RETRIES="0", **options)

    # -- in pip's manner

    def install(self, index_url, *requirements, **options):
        target = self.fresh("target-")
        return self.uv("pip", "install", "--no-config", "--target", target, "--python", sys.executable, "--index-url", index_url,
                       *requirements, target=target, **options)

    def compile(self, index_url, wanted, lock, *arguments, **options):
        """Resolves the requirements in the file `wanted` into the file `lock`, with digests."""
        return self.uv("pip", "compile", "--no-config", "--python", sys.executable, "--generate-hashes", "--index-url", index_url,
                       wanted, "--output-file", lock, *arguments, **options)

    def resolve(self, index_url, *requirements, **options):
        """Finds out what would be installed, and installs nothing."""
        wanted = self.fresh("wanted-") / "requirements.in"
        wanted.write_text("\n".join(requirements) + "\n")
        return self.uv("pip", "compile", "-v", "--no-config", "--python", sys.executable, "--index-url", index_url, wanted, **options)

    def sync(self, index_url, lock, **options):
        environment, packages = self.environment()
        return self.uv("pip", "sync", "--no-config", "--python", environment / "bin" / "python", "--require-hashes",
                       "--index-url", index_url, lock, target=packages, **options)

    # -- projects

    def describe(self):
        self.write('[project]\nname = "consumer"\nversion = "1.0"\nrequires-python = "%s"\ndependencies = []\n'
                   '[[tool.uv.index]]\nname = "save"\nurl = "%s"\ndefault = true\n' % (PYTHON, self.bare_url))

    def in_project(self, *arguments):
        environment = self.environment()
        return self.uv(*arguments, "--python", sys.executable, run=self.step, environment=environment, UV_PROJECT_ENVIRONMENT=environment[0],
                       UV_INDEX_SAVE_USERNAME=self.user, UV_INDEX_SAVE_PASSWORD=self.password)

    def add(self, *requirements):
        return self.in_project("add", *requirements)

    def relock(self):
        return self.in_project("lock")

    def install_locked(self):
        return self.in_project("sync", "--frozen")

    # -- publishing

    def publish(self, url, user, password, *files, arguments=(), **options):
        return self.uv("publish", "--no-config", "--publish-url", url, "--username", user,
                       "--password", password, *arguments, *files, **options)

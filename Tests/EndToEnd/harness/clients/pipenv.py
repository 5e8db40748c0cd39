from .project import Locker


class Pipenv(Locker):
    lock_name = "Pipfile.lock"

    def describe(self):
        self.write('[[source]]\nurl = "%s"\nverify_ssl = true\nname = "save"\n[packages]\n' % self.index_url, "Pipfile")

    def pipenv(self, *arguments, **options):
        return self.step(self.bin / "pipenv", *arguments, PIPENV_NOSPIN="1", **options)

    def add(self, *requirements):
        return self.pipenv("install", *requirements)

    def relock(self):
        return self.pipenv("lock")

    def install_locked(self):
        return self.pipenv("sync")

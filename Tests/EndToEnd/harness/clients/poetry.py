from .project import PYTHON, Locker, ProjectPublisher


class Poetry(Locker, ProjectPublisher):
    lock_name = "poetry.lock"

    def describe(self):
        self.write('[tool.poetry]\nname = "consumer"\nversion = "1.0"\ndescription = ""\nauthors = []\npackage-mode = false\n'
                   '[tool.poetry.dependencies]\npython = "%s"\n'
                   '[[tool.poetry.source]]\nname = "save"\nurl = "%s"\npriority = "primary"\n' % (PYTHON, self.bare_url))
        self.poetry("config", "http-basic.save", self.user, self.password).must_succeed()

    def poetry(self, *arguments, **options):
        return self.step(self.bin / "poetry", *arguments, "--no-interaction", **options)

    def add(self, *requirements):
        return self.poetry("add", *requirements)

    def relock(self):
        return self.poetry("lock")

    def install_locked(self):
        return self.poetry("install", "--no-root")

    def publish_project(self, project, name, version, url, user, password, arguments=(), **options):
        (project / "pyproject.toml").write_text(
            '[tool.poetry]\nname = "%s"\nversion = "%s"\ndescription = ""\nauthors = []\n' % (name, version))
        return self.run(self.bin / "poetry", "publish", "--no-interaction", "--repository", "save", "--username", user,
                        "--password", password, *arguments, folder=project, POETRY_REPOSITORIES_SAVE_URL=url, **options)

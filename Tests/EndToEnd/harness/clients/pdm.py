from .project import PYTHON, Locker, ProjectPublisher


class Pdm(Locker, ProjectPublisher):
    lock_name = "pdm.lock"

    def describe(self):
        # A source named "pypi" takes the place of the public index.
        self.write('[project]\nname = "consumer"\nversion = "1.0"\nrequires-python = "%s"\ndependencies = []\n'
                   '[tool.pdm]\ndistribution = false\n'
                   '[[tool.pdm.source]]\nname = "pypi"\nurl = "%s"\nverify_ssl = true\nusername = "%s"\npassword = "%s"\n'
                   % (PYTHON, self.bare_url, self.user, self.password))

    def pdm(self, *arguments, **options):
        return self.step(self.bin / "pdm", *arguments, PDM_CHECK_UPDATE="false", **options)

    def add(self, *requirements):
        return self.pdm("add", *requirements)

    def relock(self):
        return self.pdm("lock")

    def install_locked(self):
        return self.pdm("sync", "--no-self")

    def publish_project(self, project, name, version, url, user, password, arguments=(), **options):
        (project / "pyproject.toml").write_text('[project]\nname = "%s"\nversion = "%s"\n' % (name, version))
        return self.run(self.bin / "pdm", "publish", "--no-build", "--repository", url, "--username", user, "--password", password,
                        *arguments, folder=project, PDM_CHECK_UPDATE="false", **options)

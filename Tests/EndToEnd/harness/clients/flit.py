from .project import name_and_version
from .tool import Tool
from .twine import pypirc


class Flit(Tool):
    """Flit sends what it has just built, to what ~/.pypirc names. It is given modules with the names and versions of the files
    and builds them with the backend that comes with it; what the last run built is in the outcome's `target`."""

    def publish(self, url, user, password, *files, **options):
        home = self.fresh("home-")
        (home / ".pypirc").write_text(pypirc(url, user, password))
        for name, version in sorted({name_and_version(file) for file in files}):
            project = self.fresh("project-")
            (project / (name + ".py")).write_text('"""A fixture."""\n__version__ = "%s"\n' % version)
            (project / "pyproject.toml").write_text(
                '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
                '[project]\nname = "%s"\nversion = "%s"\ndescription = "A fixture"\nrequires-python = ">=3.6"\n' % (name, version))
            # The date makes the bytes the same in every run.
            outcome = self.run(self.bin / "flit", "publish", "--repository", "save", home=home, folder=project, target=project / "dist",
                               SOURCE_DATE_EPOCH="1700000000", **options)
            if outcome.status != 0:
                break
        return outcome

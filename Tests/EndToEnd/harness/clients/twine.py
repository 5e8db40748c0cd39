from .tool import Tool


def pypirc(url, user, password):
    """The settings file that twine and flit share, with one server named `save`."""
    return "[distutils]\nindex-servers = save\n[save]\nrepository = %s\nusername = %s\npassword = %s\n" % (url, user, password)


class Twine(Tool):
    def publish(self, url, user, password, *files, arguments=(), **options):
        settings = self.fresh("settings-") / "pypirc"
        settings.write_text(pypirc(url, user, password))
        return self.run(self.bin / "twine", "upload", "--non-interactive", "--disable-progress-bar", "--config-file", settings,
                        "-r", "save", *arguments, *files, **options)

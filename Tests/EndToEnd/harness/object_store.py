"""An object store of somebody else's, rclone's, as a process of its own."""
import re
import subprocess

from .clients import VENVS
from .server import clean_environment
from .waiting import until

ACCESS, SECRET = "access-key-of-a-test", "secret-key-of-a-test-which-nobody-may-read"


class ObjectStore:
    """A store with one bucket, `bucket`, whose objects are files in `folder`. It checks signatures."""

    def __init__(self, folder):
        self.folder = folder
        self.bucket = folder / "bucket"
        self.bucket.mkdir(parents=True)
        self.log = folder.with_name(folder.name + ".log")
        self.port = 0
        self.process = None

    def start(self):
        """Starts it, at the same address as before if it ran before."""
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(VENVS / "object-store" / "bin" / "rclone"), "serve", "s3", "--config", "/dev/null", "--auth-key", "%s,%s" % (ACCESS, SECRET),
                 "--addr", "127.0.0.1:%d" % self.port, str(self.folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment())
        self.port = int(until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", self.log.read_text()), self.log.read_text).group(1))
        return self

    def stop(self):
        self.process.kill()
        self.process.wait()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def settings(self, prefix="save", **more):
        """What a server has in its environment that keeps its files here."""
        return {"SAVE_BLOBS": "s3://bucket/" + prefix, "SAVE_S3_ENDPOINT": self.url, "SAVE_S3_ACCESS_KEY": ACCESS,
                "SAVE_S3_SECRET_KEY": SECRET, **more}

    def blobs(self, prefix="save"):
        """The digests of the stored files."""
        return {path.name for path in (self.bucket / prefix / "blobs").glob("*")}

"""The requests a server wrote into its log: what a client really asked for."""
from __future__ import annotations

import dataclasses
import json
import urllib.parse
import uuid
from .waiting import until


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str       # percent-decoded, without the query
    status: int
    size: int       # bytes of the answer's body
    agent: str


class RequestLog:
    """What a server is asked from now on."""

    def __init__(self, server):
        self.server = server
        self.start = server.log.stat().st_size
        self.start = self._marked()

    def _marked(self):
        """Lines are written a moment after the answer, so a request that is known is made, and waited for: where its line ends."""
        mark = uuid.uuid4().hex.encode()
        assert self.server.client(None).get("/health/live?" + mark.decode()).status_code == 200

        def end():
            text = self._text()
            at = text.find(mark)
            return at >= 0 and text.find(b"\n", at) + 1

        return self.start + until(end, "the server's log shows %r" % mark)

    def _text(self):
        with open(self.server.log, "rb") as log:
            log.seek(self.start)
            return log.read()

    def requests(self):
        """Everything that was answered until now."""
        end = self._marked()
        lines = self._text()[:end - self.start].splitlines()
        return [self._parsed(line) for line in lines if b'"target"' in line and b"/health/live?" not in line]

    @staticmethod
    def _parsed(line):
        entry = json.loads(line)
        path = urllib.parse.unquote(urllib.parse.urlsplit(entry["target"]).path)
        return Request(entry["method"], path, entry["status"], entry["bytes"], entry.get("agent", ""))

    def answered(self, *statuses, ending=""):
        """The last path segments of what was answered with one of these statuses, each as often as it was."""
        return [request.path.rpartition("/")[2] for request in self.requests()
                if request.status in statuses and request.path.endswith(ending)]

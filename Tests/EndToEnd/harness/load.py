"""Many clients at once, and how long each request took."""
from __future__ import annotations

import http.client
import threading
import time
from .waiting import until


def get(connection, path, headers):
    """The status of one read on a connection that is kept."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


class Pullers:
    """Clients that read the same path over and over, each on a connection of its own, until they are stopped."""

    def __init__(self, server, path, headers, count=100):
        self.server, self.path, self.headers = server, path, headers
        self.seen = []      # (when the request began, its status); appending is atomic
        self.stopping = False
        self.threads = [threading.Thread(target=self._pull, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _pull(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        while not self.stopping:
            began = time.monotonic()
            try:
                self.seen.append((began, get(connection, self.path, self.headers)))
            except (http.client.HTTPException, OSError):
                # A server may close a connection after a refusal; the next request opens another.
                connection.close()
        connection.close()

    def wait_for(self, requests):
        """Until so many more requests were answered."""
        wanted = len(self.seen) + requests
        until(lambda: len(self.seen) >= wanted, lambda: "more than %d requests are answered" % len(self.seen), pause=0.005)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(60)
        return self.seen


def percentile(values, share):
    """The value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values):
    return percentile(values, 0.5)

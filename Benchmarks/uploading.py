"""Uploads as twine sends them, one after another and many at once."""
from __future__ import annotations

import concurrent.futures
import http.client
import multiprocessing
import os
import sys
import time

from servers import AUTHORIZATION, ROOT

sys.path[:0] = [str(ROOT / "Tests" / "Fixtures")]

import make_fixtures  # noqa: E402


def form(item):
    """The body of one upload, ready to be sent."""
    boundary = "bench-boundary-7d1f"
    parts = []
    fields = {":action": "file_upload", "protocol_version": "1", "metadata_version": "2.1", "name": item.name, "version": item.version,
              "filetype": "bdist_wheel", "pyversion": "py3", "sha256_digest": item.sha256}
    for name, value in fields.items():
        parts.append(('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name, value)).encode())
    parts.append(('--%s\r\nContent-Disposition: form-data; name="content"; filename="%s"\r\n'
                  'Content-Type: application/octet-stream\r\n\r\n' % (boundary, item.filename)).encode())
    parts.append(item.content + ("\r\n--%s--\r\n" % boundary).encode())
    return b"".join(parts), "multipart/form-data; boundary=" + boundary


def upload(port, repository, forms, deadline=float("inf")):
    """Sends the forms one after another on one connection, until the deadline; the seconds each took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    seconds = []
    for body, kind in forms:
        begun = time.perf_counter()
        if begun > deadline:
            break
        connection.request("POST", "/pypi/bench/%s/" % repository, body, {"Authorization": AUTHORIZATION, "Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read()
        seconds.append(time.perf_counter() - begun)
        if answer.status not in (200, 201):
            raise RuntimeError("an upload answered %s %s" % (answer.status, text[:300]))
    connection.close()
    return seconds


def upload_threads(port, repository, items, threads, seconds, total):
    """One process of the parallel upload."""
    forms = [form(item) for item in items]
    deadline = time.perf_counter() + seconds
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        done = pool.map(lambda index: len(upload(port, repository, forms[index::threads], deadline)), range(threads))
        count = sum(done)
    with total.get_lock():
        total.value += count


def upload_parallel(save, repository, items, seconds, parallel=16, processes=4):
    """Uploads with `parallel` connections for so many seconds at most, from several processes so that Python is not what is
    measured; how many were uploaded, and how many that is a second."""
    total = multiprocessing.Value("q", 0)
    workers = [multiprocessing.Process(target=upload_threads,
                                       args=(save.port, repository, items[index::processes], parallel // processes, seconds, total))
               for index in range(processes)]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        sys.exit("bench: an upload failed")
    return total.value, total.value / (time.perf_counter() - begun)


def fsync_rate(folder, seconds=2.0):
    """Files of 4 kB created, written and synced one after another, a second."""
    count, begun, content = 0, time.perf_counter(), os.urandom(4096)
    while time.perf_counter() - begun < seconds:
        path = folder / ("sync%d" % (count % 64))
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.write(handle, content)
        os.fsync(handle)
        os.close(handle)
        count += 1
    return count / (time.perf_counter() - begun)

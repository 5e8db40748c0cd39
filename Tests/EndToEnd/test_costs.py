"""What an answer from memory costs, counted and not timed: a busy machine changes times and no counts."""
import http.client
import pathlib
import subprocess

import pytest

import make_fixtures
from harness.waiting import until

REQUESTS = 1000
# The beginning of a request, that of its answer, and the end of both; the time in the access log.
READINGS = 4


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """A library that counts how often the process that it is loaded into reads a clock."""
    library = tmp_path_factory.mktemp("counted") / "counted.so"
    source = pathlib.Path(__file__).with_name("harness") / "counted.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl", "-lpthread"], check=True)
    return library


@pytest.mark.parametrize("case", ["page", "not modified", "file"])
def test_an_answer_from_memory_reads_the_clock_a_few_times(new_server, counted, tmp_path, case):
    counts = tmp_path / "counts"
    server = new_server("counted", LD_PRELOAD=str(counted), COUNTS=str(counts))
    server.create("team/hosted", anonymous_read=True)
    server.create("team/raw", format="raw", anonymous_read=True)
    assert server.admin.upload("team/hosted", make_fixtures.wheel("plain", "1.0")).status_code == 200
    assert server.admin.put("/raw/team/raw/file", data=b"x" * 100_000).status_code == 201
    path = "/raw/team/raw/file" if case == "file" else "/pypi/team/hosted/simple/plain/"
    fields = {"User-Agent": "pip/26.0", "Accept": "text/html", "Accept-Encoding": "gzip"}
    client = http.client.HTTPConnection(*server.url.partition("://")[2].rstrip("/").split(":"), timeout=60)

    def ask(times):
        for _ in range(times):
            client.request("GET", path, headers=fields)
            answer = client.getresponse()
            answer.read()
        return answer

    def count():
        before = counts.read_text().count("\n") if counts.exists() else 0
        counts.with_name("counts.ask").touch()
        until(lambda: counts.exists() and counts.read_text().count("\n") > before, "the process tells its counts")
        return int(counts.read_text().splitlines()[-1])

    answer = ask(1)
    if case == "not modified":
        fields["If-None-Match"] = answer.headers["ETag"]
    assert ask(50).status == (304 if case == "not modified" else 200)
    before = count()
    ask(REQUESTS)
    readings = count() - before
    # What the server does beside requests reads clocks as well, a few times a second.
    assert readings < (READINGS + 0.9) * REQUESTS, "%.2f readings of a clock for a request" % (readings / REQUESTS)
    client.close()

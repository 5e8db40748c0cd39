"""Memory does not follow the size of what passes through."""
import http.client

import pytest

from harness.http import basic
from harness.server import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.memory]

GIGABYTES = 2
PIECE = bytes(range(256)) * 4096            # 1 MiB
GROWTH_KB = 32 << 10


def put(server, path, pieces):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.putrequest("PUT", path)
    connection.putheader("Authorization", basic("admin", PASSWORD))
    connection.putheader("Content-Length", str(pieces * len(PIECE)))
    connection.endheaders()
    for _ in range(pieces):
        connection.send(PIECE)
    answer = connection.getresponse()
    assert answer.status in (200, 201), (answer.status, answer.read()[:300])
    connection.close()


def read(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", path, headers={"Authorization": basic("admin", PASSWORD)})
    answer = connection.getresponse()
    assert answer.status == 200
    total, buffer = 0, bytearray(1 << 20)
    while True:
        count = answer.readinto(buffer)
        if not count:
            return total
        total += count


def peak_growth(server, action):
    """How far resident memory rose above its value before, at its highest, in kB."""
    with open("/proc/%d/clear_refs" % server.pid, "w") as file:
        file.write("5")         # resets the high-water mark: proc(5)
    before = server.resident_kb()
    action()
    return server.resident_kb(peak=True) - before


def test_resident_memory_after_start(new_server):
    server = new_server("fresh")
    server.admin.get("/health")
    assert server.resident_kb() <= 60 << 10


def test_two_gigabytes_up_and_down_grow_memory_by_at_most_32_megabytes(new_server):
    server = new_server("large")
    server.create("p/files", format="raw", max_file_size=4 << 30)
    put(server, "/raw/p/files/warm", 16)
    read(server, "/raw/p/files/warm")
    assert peak_growth(server, lambda: put(server, "/raw/p/files/big", GIGABYTES << 10)) <= GROWTH_KB
    assert peak_growth(server, lambda: read(server, "/raw/p/files/big")) <= GROWTH_KB
    assert server.admin.head("/raw/p/files/big").headers["Content-Length"] == str(GIGABYTES << 30)


def test_half_a_gigabyte_through_a_proxy_grows_memory_by_at_most_32_megabytes(new_server, upstream):
    upstream.static["/site/big.bin"] = ("application/octet-stream", PIECE * 512)
    server = new_server("proxied")
    server.create("p/proxy", format="raw", kind="proxy", remote_url=upstream.url + "/site/")
    server.admin.get("/raw/p/proxy/none")
    assert peak_growth(server, lambda: read(server, "/raw/p/proxy/big.bin")) <= GROWTH_KB

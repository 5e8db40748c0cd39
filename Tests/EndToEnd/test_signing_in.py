"""Signing in under attack and under load: guesses, forged addresses, and credentials that end while a hundred clients use them."""
import base64
import http.client
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

from harness import load
from harness.http import basic, raw, raw_get
from harness.server import PASSWORD

pytestmark = pytest.mark.alone

WHEEL = "plain-1.0-py3-none-any.whl"
USER = "a long enough password"


@pytest.fixture(scope="module")
def main_server(tmp_path_factory):
    """A server behind a proxy on this machine: each test is a client, or many, with addresses of its own."""
    from harness.server import Server
    server = Server(tmp_path_factory.mktemp("main") / "data", SAVE_TRUSTED_PROXIES="127.0.0.0/8").start()
    yield server
    assert server.stop() == 0, server.log_tail()


addresses = ("198.51.%d.%d" % (number // 250, number % 250 + 1) for number in itertools.count())


@pytest.fixture
def hosted(server, repository, dists):
    name = repository + "/hosted"
    server.create(name)
    assert server.admin.upload(name, dists[WHEEL]).status_code == 200
    return name


def page(hosted):
    return "/pypi/%s/simple/plain/" % hosted


def user(server, name, project=None, role="viewer"):
    server.admin.ok("POST", "/api/v1/users", json={"username": name, "password": USER})
    if project:
        server.admin.ok("PUT", "/api/v1/projects/%s/members/%s" % (project, name), json={"role": role})
    return name


def fields(name, password, address=None, **more):
    return dict({"Authorization": basic(name, password), "X-Forwarded-For": address or next(addresses)}, **more)


# -- malformed credentials

def encoded(content):
    return base64.b64encode(content).decode()


def test_g01_whatever_stands_in_the_field_is_401_or_too_large_and_the_process_lives(server, hosted):
    odd = ["", "Basic", "Basic ", "basic !!!", "Basic " + encoded(b"no-colon"), "Basic " + encoded(b"\xff\xfe:\xff"), "Bearer", "Bearer ",
           "Bearer sav_", "Bearer " + "x" * 4000, "Digest username=\"admin\"", "Negotiate AAAA", "Basic " + encoded(b"admin:x")[:-1],
           "Basic " + encoded(b"admin:x") + " x", "Basic\t" + encoded(b"admin:x"), "Basic " + encoded(b"admin\0:x"), "Basic\xa0x", "\xff\xfe",
           "Basic " + encoded(b"sa$:x"), "Basic " + encoded(b"sa$$x:x"), "Basic " + encoded(b"SA$ci:x"), "Basic " + encoded(b"sa$ci:prod:x")]
    challenges = set()
    for value in odd:
        answer = raw_get(server, page(hosted), "Authorization: " + value, "X-Forwarded-For: " + next(addresses), user=None)
        assert answer.status == 401, (value, answer.status)
        challenges.add((answer.headers["www-authenticate"], answer.body))
    assert len(challenges) == 1, "different mistakes can be told apart"
    assert raw_get(server, page(hosted), "Authorization: Basic " + "A" * (1 << 20), user=None).status == 431
    two = ["Authorization: " + basic("admin", PASSWORD), "Authorization: " + basic("admin", "other")]
    assert raw_get(server, page(hosted), *two, user=None).status == 400
    for scheme in ("basic", "BASIC", "bAsIc"):
        value = basic("admin", PASSWORD).replace("Basic", scheme)
        assert raw_get(server, page(hosted), "Authorization:   %s   " % value, user=None).status == 200


def test_g02_an_unknown_name_and_a_wrong_password_cannot_be_told_apart(server, repository, hosted):
    known, unknown = user(server, repository + "-known"), repository + "-never"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    times, answers = {known: [], unknown: []}, set()

    def difference():
        medians = [load.median(times[name]) for name in (known, unknown)]
        return abs(medians[0] - medians[1]), max(0.05 * max(medians), 0.002)

    for number in range(160):
        # By turns, so that what else the machine does meets both; and longer where it does much.
        for name in (known, unknown) if number % 2 else (unknown, known):
            began = time.monotonic()
            connection.request("GET", page(hosted), headers=fields(name, "wrong %d" % number))
            answer = connection.getresponse()
            body = answer.read()
            times[name].append(time.monotonic() - began)
            answers.add((answer.status, body, tuple(sorted(key for key, _ in answer.getheaders()))))
        if number % 20 == 19 and difference()[0] < difference()[1]:
            break
    assert len(answers) == 1 and next(iter(answers))[0] == 401
    found, allowed = difference()
    assert found < allowed, (found, allowed, number)


# -- guessing

def every_path(hosted):
    """One request for each way in: pages, files, an upload, Raw, the REST API, metrics."""
    return [("GET", page(hosted)), ("GET", "/pypi/%s/packages/plain/%s" % (hosted, WHEEL)), ("POST", "/pypi/%s/" % hosted),
            ("PUT", "/raw/%s/a/b" % hosted), ("GET", "/api/v1/user"), ("POST", "/api/v1/user/keys"), ("GET", "/metrics"),
            ("DELETE", "/raw/%s/a/b" % hosted)]


def test_g04_guesses_are_counted_together_whatever_way_they_come_in(server, repository, hosted):
    victim, address = user(server, repository + "-vic", repository), next(addresses)
    paths = every_path(hosted)
    statuses = []
    for number in range(5):
        method, path = paths[number % len(paths)]
        statuses.append(server.client(None).request(method, path, headers=fields(victim, "guess %d" % number, address)).status_code)
    assert statuses == [401] * 5
    for method, path in paths:
        for name, password in ((victim, "another"), (victim, USER)):
            answer = server.client(None).request(method, path, headers=fields(name, password, address))
            assert answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 1, (method, path)


def test_g03_nobody_locks_out_anybody_else(server, repository, hosted):
    victim = user(server, repository + "-vic", repository)
    office, attacker = next(addresses), next(addresses)
    pull = lambda headers: server.client(None).get(page(hosted), headers=headers).status_code
    assert pull(fields(victim, USER, office)) == 200
    key = server.client(None).ok("POST", "/api/v1/user/keys", json={}, headers=fields(victim, USER, office)).json()["key"]
    for address in (attacker, office):
        statuses = [pull(fields(victim, "guess %d" % number, address)) for number in range(12)]
        assert statuses[:5] == [401] * 5 and statuses[-1] == 429
    # A user that signed in before goes on, from the guesser's own address, too; a key does; and anybody from elsewhere.
    assert pull(fields(victim, USER, office)) == 200
    assert pull(fields(victim, key, attacker)) == 200
    assert pull({"Authorization": "Bearer " + key, "X-Forwarded-For": attacker}) == 200
    server.admin.ok("PUT", "/api/v1/users/%s/password" % victim, json={"password": "quite another one"})
    # Where the guesses came from, the next one makes everybody wait who is not known there yet.
    until = time.monotonic() + 10
    while pull(fields(victim, "one more guess", attacker)) == 429:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert pull(fields(victim, "quite another one", attacker)) == 429
    assert pull(fields(victim, "quite another one")) == 200


def test_g05_a_forged_address_helps_no_guesser(new_server):
    server = new_server("direct")
    statuses = [server.client(None).get("/api/v1/user", headers=fields("victim", "guess %d" % number)).status_code for number in range(12)]
    assert statuses[:5] == [401] * 5 and statuses[5:] == [429] * 7
    failed = server.admin.ok("GET", "/api/v1/admin/audit?action=auth.fail").json()["items"]
    assert {item["source_ip"] for item in failed} == {"127.0.0.1"}


def test_g05_behind_a_proxy_the_address_that_it_adds_counts_and_not_what_was_there(server, repository):
    name, address = user(server, repository + "-vic"), next(addresses)
    get = lambda forwarded: server.client(None).get("/api/v1/user", headers={
        "Authorization": basic(name, "guess " + forwarded), "X-Forwarded-For": forwarded, "User-Agent": repository}).status_code
    statuses = [get("10.1.1.%d, %s" % (number, address)) for number in range(12)]
    assert statuses[:5] == [401] * 5 and statuses[5:] == [429] * 7
    failed = server.admin.ok("GET", "/api/v1/admin/audit?action=auth.fail&q=" + name).json()["items"]
    assert {item["source_ip"] for item in failed} == {address}
    # What cannot be read is nobody's address: the proxy's own counts.
    assert get("unknown") == 401
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if '"agent":"%s"' % repository in line]
    assert {line["client"] for line in lines} <= {address, "127.0.0.1"} and address in {line["client"] for line in lines}


def test_the_scheme_that_a_trusted_proxy_saw_stands_in_urls(server, hosted):
    url = lambda **headers: server.admin.ok("GET", "/api/v1/repos/" + hosted, headers=headers).json()["url"]
    assert url().startswith("http://")
    assert url(**{"X-Forwarded-Proto": "https", "Host": "save.example.com"}).startswith("https://save.example.com/")


def test_a_bad_trusted_proxy_stops_the_start_with_its_name():
    from harness.server import command
    done = command("check", SAVE_TRUSTED_PROXIES="10.0.0.0/8, proxy.example.com")
    assert done.returncode == 1 and "trusted_proxies" in done.stderr and "proxy.example.com" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


# -- what ends a credential, while it is used

def ending(how, server, project):
    """Credentials that a hundred clients use, and what makes an end of them."""
    admin, name = server.admin, project + "-" + how
    address = next(addresses)
    if how == "revoke":
        robot, key = server.robot(project, "viewer", name=how)
        path = "/api/v1/robots/%s/keys" % robot[3:]
        identifier = admin.ok("GET", path).json()["items"][0]["id"]
        return fields(robot, key, address), lambda: admin.ok("DELETE", "%s/%s" % (path, identifier))
    user(server, name, project)
    path = "/api/v1/users/" + name
    return fields(name, USER, address), {
        "disable": lambda: admin.ok("PATCH", path, json={"disabled": True}),
        "delete": lambda: admin.ok("DELETE", path),
        "password": lambda: admin.ok("PUT", path + "/password", json={"password": "quite another one"}),
        "role": lambda: admin.ok("DELETE", "/api/v1/projects/%s/members/%s" % (project, name)),
    }[how]


@pytest.mark.parametrize("how", ["revoke", "disable", "delete", "password", "role"])
def test_g09_g10_an_end_counts_from_the_next_request_with_a_hundred_clients_pulling(server, repository, hosted, how):
    headers, end = ending(how, server, repository)
    pullers = load.Pullers(server, page(hosted), headers)
    try:
        pullers.wait_for(500)
        end()
        ended = time.monotonic()
        pullers.wait_for(300)
    finally:
        seen = pullers.stop()
    assert sum(status == 200 for _, status in seen) >= 400, "nothing was pulled before"
    late = [status for began, status in seen if began > ended]
    assert len(late) >= 100 and 200 not in late
    assert set(late) <= ({404} if how == "role" else {401, 429}), set(late)


def test_the_last_use_of_a_key_is_kept_over_a_restart(new_server):
    server = new_server("uses", SAVE_TRUSTED_PROXIES="127.0.0.1")
    server.create("backend/hosted")
    robot, key = server.robot("backend", "viewer")
    listed = lambda: server.admin.ok("GET", "/api/v1/robots/%s/keys" % robot[3:]).json()["items"][0]
    assert listed()["last_used_at"] is None
    # Twice, so that the second one is an answer from memory.
    for _ in range(2):
        assert server.client(None).get("/pypi/backend/hosted/simple/", headers=fields(robot, key, "198.51.100.77")).status_code == 200
    used = listed()
    assert used["last_used_at"] and used["last_used_from"] == "198.51.100.77"
    assert server.stop() == 0
    server.start()
    assert listed() == used


# -- load

def latencies(connection, path, headers, seconds, pace=0.003):
    taken, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        assert load.get(connection, path, headers) == 200
        taken.append(time.monotonic() - began)
        time.sleep(pace)
    return taken


def hashing_seconds(server):
    """Processor time of the server's threads that give way to all others (proc(5): fields 14, 15 and 19 of stat)."""
    spent, threads = 0, 0
    for task in pathlib.Path("/proc/%d/task" % server.pid).iterdir():
        state = (task / "stat").read_text().rpartition(")")[2].split()
        if state[16] == "10":
            threads += 1
            spent += int(state[11]) + int(state[12])
    assert threads == max(1, (os.cpu_count() or 1) // 2)
    return spent / os.sysconf("SC_CLK_TCK")


def test_g28_fifty_wrong_passwords_a_second_leave_correct_clients_alone(server, repository, hosted):
    """Every guess comes from another address, so that only the bound on hashing protects the server."""
    robot, key = server.robot(repository, "viewer")
    headers = fields(robot, key)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    latencies(connection, page(hosted), headers, 0.5)
    quiet, attacked, hashing, statuses = [], [], [], {}
    # By turns, so that what else the machine does meets both.
    for _ in range(3):
        quiet += latencies(connection, page(hosted), headers, 2)
        guesser = subprocess.Popen(
            [sys.executable, "-m", "harness.guesser", str(server.port), "50"], cwd=pathlib.Path(__file__).parent,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            time.sleep(0.5)
            began, spent = time.monotonic(), hashing_seconds(server)
            attacked += latencies(connection, page(hosted), headers, 2)
            hashing.append((hashing_seconds(server) - spent) / (time.monotonic() - began))
        finally:
            output, _ = guesser.communicate(timeout=60)
        for item in output.split():
            status, _, count = item.partition(":")
            statuses[int(status)] = statuses.get(int(status), 0) + int(count)
    ratio = load.percentile(attacked, 0.99) / load.percentile(quiet, 0.99)
    cores = os.cpu_count() or 1
    report = "p99 %.2f ms quiet (%d requests), %.2f ms under guesses (%d requests), ratio %.2f; hashing took %.0f%% of %d cores; guesses were answered %s" % (
        load.percentile(quiet, 0.99) * 1000, len(quiet), load.percentile(attacked, 0.99) * 1000, len(attacked), ratio,
        100 * max(hashing) / cores, cores, statuses)
    print(report)
    assert set(statuses) <= {401, 503} and sum(statuses.values()) >= 100, report
    assert ratio < 2, report
    # A quarter, and what the clock's ticks add over two seconds.
    assert 0.02 < max(hashing) / cores <= 0.30, report

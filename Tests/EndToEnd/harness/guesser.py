"""Sends wrong passwords at a steady rate, each from another address, until its standard input is closed.

    python -m harness.guesser PORT RATE

A process of its own that runs only where nobody else wants the processor, because it stands for another machine: what it costs to
*make* guesses is not what is measured. At its end it prints a line with the
number of answers of each status.
"""
import base64
import collections
import http.client
import os
import sys
import threading
import time


def main(port, rate):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    stop, statuses, number = threading.Event(), collections.Counter(), [0]
    lock, start = threading.Lock(), time.monotonic()

    def guess():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not stop.is_set():
            with lock:
                mine = number[0]
                number[0] += 1
            delay = start + mine / rate - time.monotonic()
            if delay > 0 and stop.wait(delay):
                return
            field = base64.b64encode(b"admin:guess %d" % mine).decode()
            address = "203.0.%d.%d" % (mine // 250 % 250, mine % 250)
            try:
                connection.request("GET", "/api/v1/user", headers={"Authorization": "Basic " + field, "X-Forwarded-For": address})
                answer = connection.getresponse()
                answer.read()
                statuses[answer.status] += 1
            except (http.client.HTTPException, OSError):
                connection.close()

    threads = [threading.Thread(target=guess, daemon=True) for _ in range(40)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join(35)
    print(" ".join("%d:%d" % item for item in sorted(statuses.items())))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))

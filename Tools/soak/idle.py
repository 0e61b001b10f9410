"""Opens many idle connections to a server on this machine, and tells what they cost and whether it still answers.

    Tools/soak/idle.py http://127.0.0.1:8080 [10000]

Standard library only. The exit status is 1 where a connection is refused or an answer fails.
"""

import resource
import socket
import statistics
import sys
import time
import urllib.parse
import urllib.request


def metric(url, name):
    text = urllib.request.urlopen(url + "/metrics", timeout=30).read().decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))


def latency(url, count=50):
    times = []
    for _ in range(count):
        started = time.perf_counter()
        assert urllib.request.urlopen(url + "/health", timeout=30).status == 200
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def main():
    url, count = sys.argv[1].rstrip("/"), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < count + 100:
        sys.exit(f"this machine allows {hard} open files, and {count} connections need more")
    parts = urllib.parse.urlsplit(url)
    before, quick = metric(url, "process_resident_memory_bytes"), latency(url)
    started = time.perf_counter()
    idle = []
    for _ in range(count):
        idle.append(socket.create_connection((parts.hostname, parts.port), timeout=30))
    seconds = time.perf_counter() - started
    time.sleep(1)
    files, after = metric(url, "process_open_fds"), metric(url, "process_resident_memory_bytes")
    slow = latency(url)
    assert files >= count, f"the server has {files:.0f} open files"
    for connection in idle[:: count // 20]:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
    print(f"{count} connections in {seconds:.1f} s, {(after - before) / count / 1024:.1f} KiB each; "
          f"/health {quick:.1f} ms before, {slow:.1f} ms beside them")
    for connection in idle:
        connection.close()
    time.sleep(1)
    print(f"{metric(url, 'process_open_fds'):.0f} open files after they have left")


main()

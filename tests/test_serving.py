"""The server as a process of its own: how it starts, answers, holds out and stops."""

import gzip
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from benchmarks.machine import children
from med.db import Database

# What only the tests' tools bring into the environment, and litestar would take along for it.
AS_INSTALLED = "import sys; sys.modules['pydantic'] = None; import med.cli; raise SystemExit(med.cli.main())"

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Running:
    """A server, and the ways to talk to it that a browser hides."""

    process: subprocess.Popen
    port: int
    log: Path
    url: str
    cookies: dict[str, str] = field(default_factory=dict)

    def send(
        self, method: str, path: str, body: str | bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def choose(self, handle: str) -> tuple[http.client.HTTPResponse, bytes]:
        as_browsers_say = {"Sec-Fetch-Site": "same-origin"}
        return self.send("POST", "/log-ind/demo", urlencode({"person": handle}), **FORM, **as_browsers_say)

    def signed_in(self, handle: str) -> dict[str, str]:
        if handle not in self.cookies:
            self.cookies[handle] = self.choose(handle)[0].headers["set-cookie"].partition(";")[0]
        return {"Cookie": self.cookies[handle]}

    def raw(self, *pieces: bytes) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        for piece in pieces:
            line.sendall(piece)
        return line

    def say(self, words: str) -> bytes:
        """Everything that comes back until the server closes the line."""
        came = b""
        with self.raw(words.encode()) as line:
            while piece := line.recv(65536):
                came += piece
        return came

    def follow(self, handle: str) -> socket.socket:
        """Follow the next meeting live: an answer that does not end."""
        _, page = self.send("GET", "/moeder", **self.signed_in(handle))
        for meeting in dict.fromkeys(re.findall(r"/moeder/(\d+)", page.decode())):
            lines = [f"GET /moeder/{meeting}/direkte HTTP/1.1", "Host: 127.0.0.1", f"Cookie: {self.cookies[handle]}"]
            stream = self.raw("\r\n".join([*lines, "", ""]).encode())
            if stream.recv(4096).startswith(b"HTTP/1.1 200"):
                return stream
            stream.close()
        raise AssertionError("no meeting can be followed")

    def stop(self, within: float = 20) -> float:
        """How many seconds it took to go."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(within)
        return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def running(
    folder: Path, url: str = "", command: str = "demo", start: Sequence[str] = ("-c", AS_INSTALLED), **environment: str
) -> Iterator[Running]:
    port = free_port()
    words = [sys.executable, *start, command, "--port", str(port)]
    words += ["--data-dir", str(folder)] if command == "demo" else []
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MED_")}
    kept |= {"MED_DATA_DIR": str(folder), "MED_DATABASE_URL": url, "MED_SECRET": "s" * 40, **environment}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(words, env=kept, stdout=output, stderr=output)
    made = Running(process, port, log, url)
    try:
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if made.send("GET", "/livez")[1] == b"ok":
                    break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail(f"the server did not start: {log.read_text()}")
        yield made
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def place(backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """`place()` gives a folder and the address of a furnished database."""

    def make() -> tuple[Path, str]:
        folder = tmp_path_factory.mktemp("server")
        if backend == "sqlite":
            shutil.copy(request.getfixturevalue("furnished_file"), folder / "med.db")
            return folder, ""
        postgres = request.getfixturevalue("postgres")
        template = request.getfixturevalue("furnished_template")
        return folder, postgres.new("served", template=template)

    return make


@pytest.fixture(scope="module")
def server(place: Callable) -> Iterator[Running]:
    folder, url = place()
    with running(folder, url) as made:
        yield made
        made.stop()
        assert "Traceback" not in made.log.read_text()


def database_of(server: Running, folder: Path) -> Database:
    return Database(server.url or f"sqlite:///{folder / 'med.db'}")


# --- every answer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/log-ind", 200),
        ("GET", "/moeder", 303),
        ("GET", "/findes-ikke", 404),
        ("GET", "/static/findes-ikke.css", 404),
        ("GET", "/%ff%00", 404),
        ("GET", "/log-ind?videre=%ff", 400),
        ("GET", "/moeder/-99999999999999999999999", 404),
        ("PUT", "/moeder", 405),
        ("POST", "/livez", 405),
    ],
)
def test_every_answer_carries_the_headers(server, method, path, status):
    answer, body = server.send(method, path)
    assert answer.status == status
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers  # plain http on this machine
    assert "set-cookie" not in answer.headers  # nobody is counted who does not sign in
    assert b"Traceback" not in body


@pytest.mark.parametrize("path", ["/moeder/99999999999999999999999", "/moeder/-1", "/moeder/-99999999999999999999999"])
def test_a_number_beyond_all_numbers_is_not_found(server, path):
    assert server.send("GET", path, **server.signed_in("anna"))[0].status == 404


def test_style_and_script_are_kept_for_good_and_come_small(server):
    _, page = server.send("GET", "/log-ind")
    href = re.search(rb'href="(/static/med\.\w+\.css)"', page)[1].decode()
    plain, whole = server.send("GET", href)
    squeezed, small = server.send("GET", href, Accept_Encoding="br, gzip;q=0.8")
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in plain.headers
    assert squeezed.headers["content-encoding"] == "gzip"
    assert squeezed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(small) == whole
    assert squeezed.headers["content-security-policy"]
    assert server.send("GET", href, Accept_Encoding="gzip;q=0")[1] == whole


def test_pages_come_small_to_those_who_can_unpack_them(server):
    plain, whole = server.send("GET", "/log-ind")
    squeezed, small = server.send("GET", "/log-ind", Accept_Encoding="gzip")
    assert squeezed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert len(small) == int(squeezed.headers["content-length"]) < len(whole) / 2
    assert b"</html>" in gzip.decompress(small)
    assert "content-encoding" not in server.send("GET", "/livez", Accept_Encoding="gzip")[0].headers  # too short
    assert server.send("GET", "/log-ind", Accept_Encoding="gzip;q=0.0, identity")[1].startswith(b"<!doctype html>")


@pytest.mark.parametrize("path", ["/log-ind", "/livez", "/readyz", "/findes-ikke"])
def test_head_is_get_without_a_body(server, path):
    asked, nothing = server.send("HEAD", path)
    shown, _ = server.send("GET", path)
    assert (asked.status, nothing) == (shown.status, b"")
    # On the wire, too: what follows the headers would be taken for the next answer.
    came = server.say(f"HEAD {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert came.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("host", ["ondt.example", "127.0.0.1.ondt.example", "", "[", "localhost@ondt.example", "æ"])
def test_only_our_own_host_is_answered(server, host):
    answer = server.say(f"GET /log-ind HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert b"Log ind" not in answer


# --- too much, too slow, broken off ------------------------------------------------------------------------------


def test_a_huge_form_is_refused_and_the_server_goes_on(server):
    start = b"POST /log-ind/demo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with server.raw(start + b"Content-Length: 5000000\r\n\r\n") as line:
        try:
            for _ in range(50):
                line.sendall(b"a" * 100_000)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it closed the line rather than read on
        try:
            answer = line.recv(65536)
        except ConnectionResetError:
            answer = b"HTTP/1.1 413"  # closed while we still wrote: the system threw the words away
    assert answer.startswith(b"HTTP/1.1 413")
    assert server.send("GET", "/livez")[0].status == 200


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"person": "anna"}', 400),
        ("multipart/form-data", b"no boundary", 400),
        ("multipart/form-data; boundary=x", b"--x\r\ngarbage", 400),
        ("application/x-www-form-urlencoded; charset=utf-16", b"person=%ff%fe", 400),
        ("application/x-www-form-urlencoded", b"\xff\xfe", 400),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 2001), 400),
        ("application/x-www-form-urlencoded", b"person=" + b"a" * 300_000, 413),
        ("application/x-www-form-urlencoded", b"person=nobody", 422),
        ("application/x-www-form-urlencoded", b"", 422),
        ("text/plain", b"person=anna", 400),
    ],
)
def test_a_body_nobody_can_read_is_refused_in_words(server, kind, body, status):
    answer, page = server.send("POST", "/log-ind/demo", body, Content_Type=kind)
    assert answer.status == status
    assert b"<h1" in page
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("origin", ["https://ondt.example", "null", "http://[", "", "http://127.0.0.1:1"])
def test_a_form_from_elsewhere_is_refused(server, origin):
    answer, _ = server.send("POST", "/log-ind/demo", "person=anna", Origin=origin, **FORM)
    assert answer.status == 403


def test_slow_and_broken_clients_hold_nobody_up(server):
    with ExitStack() as held:
        for _ in range(30):
            held.enter_context(server.raw(b"GET /livez HTTP/1.1\r\nHost: 127"))
            half = b"POST /log-ind/demo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\nperson="
            held.enter_context(server.raw(half))
        began = time.monotonic()
        assert server.choose("bo")[0].status == 303
        assert time.monotonic() - began < 3
    # All sixty have left in the middle of a sentence: nothing is logged as our fault (see the end of `server`).
    assert server.send("GET", "/readyz")[0].status == 200


def test_those_who_follow_a_meeting_hold_nobody_up(server):
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(server.follow("anna"))
        assert server.send("GET", "/beslutninger", **server.signed_in("anna"))[0].status == 200


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_stays_small_after_two_hundred_pages(furnished_file, tmp_path):
    """The one process of SQLite; on PostgreSQL it is the same, and the database is another's."""
    shutil.copy(furnished_file, tmp_path / "med.db")
    paths = ["/", "/moeder", "/beslutninger", "/udvalg", "/perspektiver", "/forslag/nyt", "/mig", "/log-ind"]
    with running(tmp_path) as server:
        for number in range(25):
            for path in paths:
                assert server.send("GET", path, **server.signed_in(["anna", "carla"][number % 2]))[0].status == 200
        status = Path(f"/proc/{server.process.pid}/status").read_text()
    assert int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) < 150 * 1024


# --- starting and stopping --------------------------------------------------------------------------------------


def test_a_running_request_is_finished_before_the_server_goes(place):
    folder, url = place()
    with running(folder, url) as server:
        stream = server.follow("bo")
        idle = http.client.HTTPConnection("127.0.0.1", server.port)
        idle.request("GET", "/livez")
        idle.getresponse().read()  # and keeps the line open
        database = database_of(server, folder)
        found = []
        asking = threading.Thread(target=lambda: found.append(server.choose("carla")[0].status))
        with database.write_engine.connect() as holder:
            holder.execute(text("SELECT 1" if database.is_sqlite else "LOCK TABLE sign_in IN EXCLUSIVE MODE"))
            asking.start()
            time.sleep(1)  # it has arrived, and waits for us
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.4)
            assert not found
            holder.rollback()
        asking.join(5)
        took = server.stop()
        with database.reading() as db:
            people = db.scalars(text("SELECT p.handle FROM sign_in s JOIN person p ON p.id = s.person_id")).all()
        database.close()
        stream.close()
        idle.close()
        assert found == [303]
        assert "carla" in people
        assert took < 5
        assert server.process.returncode == 0
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_proxy_hears_that_a_server_is_about_to_stop(postgres, furnished_template, tmp_path, processes):
    url = postgres.new("leaving", template=furnished_template)
    with running(tmp_path, url, "serve", MED_WORKERS=processes, MED_DRAIN="600") as server:
        assert server.send("GET", "/readyz")[0].status == 200
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        ready = {200}
        while ready != {503} and time.monotonic() < deadline:  # each process hears it in its own time
            ready = {server.send("GET", "/readyz")[0].status for _ in range(8)}
        assert ready == {503}
        answers = {server.send("GET", path)[0].status for path in ("/livez", "/log-ind") for _ in range(5)}
        assert answers == {200}  # whoever comes nevertheless is served
        server.process.send_signal(signal.SIGINT)  # a second word: not so long
        assert server.process.wait(20) == 0, server.log.read_text()
        assert "Traceback" not in server.log.read_text()


ONE_IS_SLOW = f"""
import os, time
import med.cli.serving as serving

make = serving.make_app

def make_app():
    try:
        os.close(os.open(os.environ["FIRST"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        time.sleep(3)
    return make()

serving.make_app = make_app
{AS_INSTALLED}
"""


def test_a_process_that_is_still_beginning_hears_it_too(postgres, furnished_template, tmp_path):
    url = postgres.new("leaving", template=furnished_template)
    first = str(tmp_path / "first")
    with running(tmp_path, url, "serve", ("-c", ONE_IS_SLOW), MED_WORKERS="2", MED_DRAIN="4", FIRST=first) as server:
        server.process.send_signal(signal.SIGTERM)  # one answers, one has just begun
        assert server.process.wait(20) == 0, server.log.read_text()
        assert "Unexpected" not in server.log.read_text()


def test_a_request_that_never_ends_does_not_keep_the_server(furnished_file, tmp_path):
    shutil.copy(furnished_file, tmp_path / "med.db")
    short = "import med.cli; from med.cli import serving; serving.PATIENCE = 1; raise SystemExit(med.cli.main())"
    with running(tmp_path, start=("-c", short)) as server:
        half = server.raw(b"POST /log-ind/demo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\nperson=")
        time.sleep(0.2)
        assert 1 <= server.stop() < 5
        assert server.process.returncode == 0
        half.close()


def test_the_demo_keeps_its_data_and_its_port_to_itself(furnished_file, tmp_path):
    shutil.copy(furnished_file, tmp_path / "med.db")
    with running(tmp_path) as server:
        server.signed_in("freja")
        second = subprocess.run(
            [sys.executable, "-m", "med.cli", "demo", "--port", str(server.port), "--data-dir", str(tmp_path)],
            env={**os.environ, "MED_SECRET": "s" * 40},
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert "Address already in use; choose another with --port" in second.stderr
        assert server.stop() < 5
        assert "Making" not in server.log.read_text()
        cookie = server.cookies["freja"]
    assert not (tmp_path / "med.db-wal").exists() or not (tmp_path / "med.db-wal").stat().st_size
    with running(tmp_path) as again:
        assert b"Freja" in again.send("GET", "/mig", Cookie=cookie)[1]


def test_two_server_processes_on_postgresql(postgres, furnished_template, tmp_path):
    url = postgres.new("workers", template=furnished_template)
    with running(tmp_path, url, "serve", MED_WORKERS="2") as server:
        answers = {server.send("GET", path)[0].status for path in ("/livez", "/readyz", "/log-ind") for _ in range(5)}
        assert answers == {200}
        assert server.send("GET", "/findes-ikke")[0].headers["x-content-type-options"] == "nosniff"
        assert server.choose("anna")[0].status == 404  # the demo's door is the demo's only
        assert server.stop() < 10
        with pytest.raises(OSError):
            server.send("GET", "/livez")


def test_a_process_that_is_killed_is_begun_anew(postgres, furnished_template, tmp_path):
    url = postgres.new("killed", template=furnished_template)
    with running(tmp_path, url, "serve", MED_WORKERS="2") as server:
        before = now = set(children(server.process.pid))
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        deadline = time.monotonic() + 40
        while (len(now) < 2 or now == before) and time.monotonic() < deadline:
            time.sleep(0.2)
            now = set(children(server.process.pid))
        assert len(now) == 2 and now & before == {max(before)}
        assert server.process.poll() is None
        while time.monotonic() < deadline:  # the new one, or on a slow machine the other, may still be beginning
            with suppress(OSError):
                server.send("GET", "/readyz")
                break
            time.sleep(0.2)
        assert {server.send("GET", "/readyz")[0].status for _ in range(5)} == {200}
        assert server.stop() < 20


def test_the_worker_stops_when_told(postgres, furnished_template, tmp_path):
    url = postgres.new("worker", template=furnished_template)
    kept = {**os.environ, "MED_DATA_DIR": str(tmp_path), "MED_DATABASE_URL": url, "MED_SECRET": "s" * 40}
    worker = subprocess.Popen([sys.executable, "-m", "med.cli", "worker"], env=kept, stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout.readline().startswith("The worker is running")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0  # what it is at is finished first, on a machine that may be busy
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()


TOLD = """
import random, signal
from med.cli.serving import until
chance = random.Random(1)
for _ in range(5000):
    told = until(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 3e-5))
    told()
"""


def test_a_signal_is_heard_however_close_it_comes_to_the_wait():
    subprocess.run([sys.executable, "-c", TOLD], check=True, timeout=60)

"""A flood of sign-ins, each of them a hash to compute, and the people who meanwhile only want to read.

    python -m benchmarks.floods --seed 1

A real server on SQLite, outside the demo. One reader opens three pages in turn; then again while attackers, each at an
address of their own (told by a proxy that is believed), try passwords for names of their own. Attackers and reader
share the machine with the server, so what is measured is worse than it would be elsewhere.
"""

import argparse
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
from sqlalchemy import select

from med.competence_compass.vault import vault_of
from med.db import Database
from med.demo import furnish
from med.identity import accounts, passwords
from med.migrations import upgrade
from med.organisation.models import Person
from tests.ui.site import ROOT, wait_for

PASSWORD, PORT = "tre blå heste i regnvejr", 8791
BASE = f"http://127.0.0.1:{PORT}"
PAGES = ("/", "/moeder", "/beslutninger")
SECONDS, ATTACKERS, FACTOR = 12, 16, 5


def prepare(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'med.db'}")
    upgrade(database.write_engine)
    hashed = passwords.hash_now(PASSWORD)
    with database.writing() as db:
        furnish(db, vault_of(folder))
        for handle in ("anna", "carla"):
            person = db.scalars(select(Person).where(Person.handle == handle)).one()
            accounts.set_password(db, None, person, hashed, anew=True)
    database.close()


def attack(number: int, seed: int, until: float, told: "multiprocessing.Queue[int]") -> None:
    draw = random.Random(f"{seed}/{number}")
    with httpx.Client(base_url=BASE, timeout=30) as client:
        while time.monotonic() < until:
            came = f"198.51.{draw.randrange(256)}.{draw.randrange(256)}"
            form = {"handle": f"navn{draw.randrange(10**6)}", "password": "gaet"}
            told.put(
                client.post("/log-ind/konto", data=form, headers={"origin": BASE, "x-forwarded-for": came}).status_code
            )


def sign_in(handle: str) -> tuple[httpx.Client, int]:
    client = httpx.Client(base_url=BASE, timeout=30, headers={"origin": BASE, "x-forwarded-for": "203.0.113.7"})
    return client, client.post("/log-ind/konto", data={"handle": handle, "password": PASSWORD}).status_code


def read(client: httpx.Client, seconds: float) -> list[float]:
    """Milliseconds a page, twenty pages a second at most: a busy reader, not another flood."""
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        for path in PAGES:
            began = time.perf_counter()
            client.get(path).raise_for_status()
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(0.05)
    return took


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def told(took: list[float], share: float) -> str:
    p99 = sorted(took)[int(len(took) * 0.99)]
    return f"median {statistics.median(took):.1f} ms, p99 {p99:.1f} ms, server {share:.2f} of a core"


def section(seed: int) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MED_")}
        environment |= {"MED_DATA_DIR": name, "MED_BASE_URL": BASE, "MED_PROXIES": "127.0.0.1"}
        log = folder / "server.log"
        words = [sys.executable, "-m", "med.cli", "serve", "--port", str(PORT)]
        with log.open("w") as output:
            server = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            wait_for(server, f"{BASE}/livez", log)
            return measured(server.pid, seed)
        finally:
            server.terminate()
            server.wait(20)


def measured(pid: int, seed: int) -> list[str]:
    reader, status = sign_in("anna")
    assert status == 303
    read(reader, 2)  # warm
    began, before = time.monotonic(), cpu(pid)
    calm = read(reader, SECONDS)
    calm_cpu = (cpu(pid) - before) / (time.monotonic() - began)
    queue: multiprocessing.Queue[int] = multiprocessing.Queue()
    until = time.monotonic() + SECONDS + 1
    crowd = [multiprocessing.Process(target=attack, args=(one, seed, until, queue)) for one in range(ATTACKERS)]
    for one in crowd:
        one.start()
    time.sleep(1)
    began, before = time.monotonic(), cpu(pid)
    flooded = read(reader, SECONDS - 2)
    entered = [sign_in("carla")[1] for _ in range(3)]
    flood_cpu = (cpu(pid) - before) / (time.monotonic() - began)
    counted: Counter[int] = Counter()
    while any(one.is_alive() for one in crowd) or not queue.empty():
        while not queue.empty():
            counted[queue.get()] += 1
        time.sleep(0.05)
    factor = statistics.median(flooded) / statistics.median(calm)
    held = factor <= FACTOR and set(entered) == {303}
    return [
        f"{ATTACKERS} attackers, each trying one password after the other, for {SECONDS} seconds. Asked for: whoever "
        f"signs in meanwhile gets in, and a reader's median is at most {FACTOR} times what it was. Attackers and "
        "reader run on the same machine and take their part of its cores.",
        "",
        f"- {'Held' if held else '**NOT HELD**'}: {factor:.1f} times; of {len(entered)} sign-ins {entered.count(303)} "
        "got in",
        f"- without: {told(calm, calm_cpu)}",
        f"- in the flood: {told(flooded, flood_cpu)}",
        f"- the attackers were answered {', '.join(f'{n} times {status}' for status, n in sorted(counted.items()))}",
        "- beyond 22 at the same moment (two hashed, twenty waiting) everybody who comes with a password is asked to "
        "come back, ordinary people too; who is signed in, or comes by the provider, notices nothing of that",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floods", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    print("\n".join(section(parser.parse_args().seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make journey`: a committee's first meeting, played through the pages of a server of its own, to watch and look at.

It plays the real meeting note beside the repository where that is there, else an invented one of our own. The same
story is a test, tests/journeys.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx

from med import demo
from tests.journeys.note import NotANote, read_note
from tests.journeys.steps import Surprise
from tests.journeys.story import Story
from tests.visitors import Visitor

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "data" / "gentofte-2017-08-09.md"
OWN = ROOT / "tests" / "journeys" / "note-example.md"
PATIENCE = 60  # seconds for a server to make its demo workplace and answer


class CannotGoOn(Exception):
    """One sentence on what is wrong and what to do. `status` 2 is bad usage or input, 1 a failure."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


class Server:
    """`med demo` on a data folder of its own, started anew for each day the story travels to."""

    def __init__(self, port: int, folder: Path) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.port = port
        self.folder = folder
        self.log = folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, moment: datetime) -> None:
        self.stop()
        command = [sys.executable, "-m", "med.cli", "demo", "--port", str(self.port)]
        command += ["--data-dir", str(self.folder), "--now", moment.isoformat()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=surroundings(), stdout=log, stderr=log)
        give_up = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise CannotGoOn(f"the server did not start: {self.last_words()}")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.base}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "it said nothing."


def surroundings(**own: str) -> dict[str, str]:
    """The environment without anybody's own settings: the journey keeps to its folder, whatever else is set up."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MED_")} | own


@contextmanager
def running(port: int) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotGoOn(f"port {port} is taken; choose another with --port.", 2) from None
    with tempfile.TemporaryDirectory(prefix="medspil-journey-") as folder:
        server = Server(port, Path(folder))
        try:
            yield server
        finally:
            server.stop()


def play(server: Server, note_file: Path) -> Story:
    try:
        note = read_note(note_file)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotGoOn(f"{note_file} cannot be read: {error}.", 2) from None
    except NotANote as lacking:
        raise CannotGoOn(f"{note_file} cannot be played. {lacking}", 2) from None
    print(f"The note: {note_file}\nMaking the demo workplace …", flush=True)
    server.start(demo.NOW)
    with httpx.Client(base_url=server.base, timeout=30) as client:

        def arrive(handle: str) -> Visitor:
            visitor = Visitor(client, server.base)
            return visitor.sign_in(handle) if handle else visitor

        steps = 0

        def tell(sentence: str, path: str) -> None:
            nonlocal steps
            steps += 1
            print(f"{steps:3}. {sentence}\n     {server.base}{path}", flush=True)

        story = Story(arrive=arrive, travel=server.start, tell=tell, note=note, now=demo.NOW)
        try:
            story.play()
        except NotANote as lacking:
            raise CannotGoOn(f"{note_file} cannot be played to its end. {lacking}", 2) from None
        except Surprise as surprise:
            raise CannotGoOn(f"the story stopped: {surprise}\nThe server's last line: {server.last_words()}") from None
    return story


def verify(server: Server) -> str:
    """What `med verify` says about the chain of minutes."""
    done = subprocess.run(
        [sys.executable, "-m", "med.cli", "verify"],
        cwd=ROOT,
        env=surroundings(MED_DATA_DIR=str(server.folder)),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CannotGoOn(f"med verify: {done.stderr.strip()}")
    return done.stdout.strip()


def what_to_see(story: Story, base: str) -> str:
    first = story.decisions[0]
    return f"""
Look around at {base}/log-ind (the demo's people sign in with one click):
  as Carla, who sits on no committee
    what was decided and why    {base}/beslutninger?udvalg={story.committee_id}
    one decision, how it goes   {base}{first.path}
    the frozen minutes          {base}{story.minutes}
    what became of her point    {base}{story.proposals["accepted"]}
  as Anna or Bo, who chair it
    the committee               {base}{story.committee}
    the next meeting            {base}/moeder/{story.next_meeting_id}
    do we serve all four?       {base}/beslutninger/balance?udvalg={story.committee_id}
  in a feed reader
    Carla's private address     {base}{story.feed}"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make journey", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument(
        "--note", type=Path, default=REAL if REAL.exists() else OWN, help="another note of the same kind"
    )
    parser.add_argument("--stop", action="store_true", help="end when the story does, instead of keeping the server")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped either way, the server and its folder go too
    try:
        with running(given.port) as server:
            story = play(server, given.note or (REAL if REAL.exists() else OWN))
            print(f"\nmed verify: {verify(server)}")
            print(what_to_see(story, server.base), flush=True)
            if not given.stop and server.process is not None:
                print("\nThe server runs until you press Ctrl+C; its data is thrown away then.", flush=True)
                server.process.wait()
    except CannotGoOn as reason:
        print(f"journey: {reason}", file=sys.stderr)
        return reason.status
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Pictures of the site: `python -m tests.ui.pictures` takes those of the README, `--all` every page in every dress.

The README's go to docs/billeder/, small enough to keep in the repository; all the others to screenshots/, which git
does not keep. Nothing is compared: the pictures are there to be looked at.
"""

import argparse
import struct
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from med import clock, demo
from med.competence_compass.vault import vault_of
from med.db import Database
from med.migrations import upgrade
from tests.ui import stage
from tests.ui.pages import PAGES
from tests.ui.people import at_browser
from tests.ui.site import ARGUMENTS, ROOT, Site, find_browser, running_site

README = ROOT / "docs" / "billeder"
EVERYTHING = ROOT / "screenshots"
LARGEST = 150_000

DRESSES = {
    "light": {},
    "dark": {"scheme": "dark"},
    "phone": {"width": 390, "height": 844},
    "night": {"width": 390, "height": 844, "scheme": "dark"},
    "narrow": {"width": 320, "height": 640},
    "print": {"width": 794, "height": 1123},
    "english": {"lang": "en"},
}

# name: path, who, dress
CHOSEN = {
    "overblik": ("/", "anna", "light"),
    "beslutninger": ("/beslutninger", "carla", "light"),
    "beslutninger-dark": ("/beslutninger", "carla", "dark"),
    "beslutninger-telefon": ("/beslutninger", "carla", "night"),
    "beslutning": ("/beslutninger/{decision[makker-til-vikarer]}", "bo", "light"),
    "moede": ("/moeder/{meeting[28-med-naeste]}", "bo", "light"),
    "lokale": ("/moeder/{meeting[28-med-naeste]}/lokale", "emil", "light"),
    "referat": ("/moeder/{meeting[26-med-status]}/referat", "carla", "print"),
}


def prepare(folder: Path, is_walk: bool) -> Path:
    """The demo workplace in a database of its own, with a meeting going on."""
    database = Database(f"sqlite:///{folder / 'med.db'}")
    upgrade(database.write_engine)
    with database.writing() as db:
        demo.furnish(db, vault_of(folder))
    with clock.at(demo.NOW), database.writing() as db:
        if is_walk:
            stage.open_room(db, "32-med-planlagt")
            stage.ways_in(db)
        else:
            stage.a_while_into(db)
    database.close()
    return folder


def take(browser: Browser, site: Site, path: str, handle: str, dress: str, target: Path, whole: bool) -> None:
    how = DRESSES[dress]
    with at_browser(browser, site, handle, **how) as person:
        page = person.open(path)
        if dress == "print":
            page.emulate_media(media="print")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(page.screenshot(full_page=whole))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.ui.pictures", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every page, in every dress, into screenshots/")
    parser.add_argument("--only", default="", help="only pages whose picture's name contains this")
    given = parser.parse_args()
    program = find_browser()
    if program is None:
        print("pictures: no Chromium here (on Debian: apt-get install chromium).", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        running_site(prepare(Path(folder), given.all), now=None if given.all else stage.A_WHILE_IN) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        if given.all:
            for place in PAGES:
                for dress in DRESSES:
                    target = EVERYTHING / f"{place.name}.{dress}.png"
                    if given.only in target.name:
                        take(browser, site, place.path, place.handle, dress, target, whole=True)
            print(f"{EVERYTHING}: every page in {len(DRESSES)} dresses")
        else:
            for name, (path, handle, dress) in CHOSEN.items():
                if given.only in name:
                    target = README / f"{name}.png"
                    take(browser, site, path, handle, dress, target, whole=False)
                    target.write_bytes(squeeze(target.read_bytes()))
                    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1000:.0f} kB")
                    assert target.stat().st_size < LARGEST, f"{target} is too large to keep in the repository"
        browser.close()
    return 0


# --- PNG: a screenshot has few colours, so a palette of 256 holds it at a third of its size ---------------------


def squeeze(picture: bytes) -> bytes:
    """The same picture with 256 of its colours; every other pixel takes the nearest of them."""
    width, height, channels, rows = read_png(picture)
    pixels = [bytes(row[at : at + 3]) for row in rows for at in range(0, width * channels, channels)]
    counted = Counter(pixels)
    palette = choose([colour for colour, _ in counted.most_common()])
    place = {colour: number for number, colour in enumerate(palette)}
    for colour in counted:
        if colour not in place:
            place[colour] = nearest(colour, palette)
    numbers = bytes(place[pixel] for pixel in pixels)
    lines = b"".join(b"\0" + numbers[at : at + width] for at in range(0, width * height, width))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, body)
        for kind, body in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", b"".join(palette)),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )


def choose(colours: list[bytes], apart: int = 12) -> list[bytes]:
    """The 256 most used, but none that looks like one before it: a small orange sign keeps its orange."""
    chosen: list[bytes] = []
    for colour in colours:
        if all(sum(abs(a - b) for a, b in zip(colour, one, strict=True)) > apart for one in chosen):
            chosen.append(colour)
            if len(chosen) == 256:
                break
    return chosen


def nearest(colour: bytes, palette: list[bytes]) -> int:
    red, green, blue = colour
    return min(
        range(len(palette)),
        key=lambda n: (palette[n][0] - red) ** 2 + (palette[n][1] - green) ** 2 + (palette[n][2] - blue) ** 2,
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def read_png(picture: bytes) -> tuple[int, int, int, list[bytearray]]:
    """Width, height, channels and the rows of a picture of 8 bits without interlacing, as Chromium makes them."""
    at, packed = 8, b""
    width = height = channels = 0
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        kind, body = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", body)
            assert (depth, interlaced) == (8, 0) and colours in (2, 6)
            channels = 3 if colours == 2 else 4
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    return width, height, channels, list(unfilter(zlib.decompress(packed), width * channels, channels))


def unfilter(raw: bytes, length: int, channels: int):
    """The rows as they were before PNG wrote each as differences from its neighbours (PNG specification, 9.2)."""
    above = bytearray(length)
    for start in range(0, len(raw), length + 1):
        way, row = raw[start], bytearray(raw[start + 1 : start + 1 + length])
        for n in range(length):
            left = row[n - channels] if n >= channels else 0
            up = above[n]
            corner = above[n - channels] if n >= channels else 0
            guess = (0, left, up, (left + up) // 2, paeth(left, up, corner))[way]
            row[n] = (row[n] + guess) & 255
        yield row
        above = row


def paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]


if __name__ == "__main__":
    sys.exit(main())

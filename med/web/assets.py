"""The one stylesheet, the one script and the icon: put together at start, named by their content, never stale."""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path

from msgspec import Struct

FOLDER = Path(__file__).parent / "static"


class Asset(Struct, frozen=True):
    href: str
    body: bytes
    media_type: str

    @property
    def squeezed(self) -> bytes:
        """Once, and well; the edge squeezes quickly what is different every time."""
        return _squeezed(self.body)


@cache
def _squeezed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def build(brand: str = "") -> dict[str, Asset]:
    """Every asset by its plain name. Styles and scripts are joined in the order of their file names."""
    styles = "\n".join(plain(path.read_text()) for path in sorted((FOLDER / "styles").glob("*.css")))
    scripts = "\n".join(f"{{\n{plain(path.read_text())}\n}}" for path in sorted((FOLDER / "scripts").glob("*.js")))
    made = [
        _asset("med.css", styles.encode(), "text/css; charset=utf-8"),
        _asset("med.js", scripts.encode(), "text/javascript; charset=utf-8"),
        _asset("icon.svg", (FOLDER / "icon.svg").read_bytes(), "image/svg+xml"),
    ]
    if brand:
        made.append(_asset("brand.css", f":root {{ --brand-own: {brand}; }}".encode(), "text/css; charset=utf-8"))
    return dict(made)


def plain(source: str) -> str:
    """A script or style without comments and indentation: a quarter of its bytes. Comments have lines of their own."""
    source = re.sub(r"(?ms)^\s*/\*.*?\*/\n", "", source)
    source = re.sub(r"(?m)^\s*//.*\n", "", source)
    return re.sub(r"(?m)^\s+", "", source)


def _asset(name: str, body: bytes, media_type: str) -> tuple[str, Asset]:
    stem, _, ending = name.rpartition(".")
    digest = hashlib.sha256(body).hexdigest()[:12]
    return name, Asset(f"/static/{stem}.{digest}.{ending}", body, media_type)

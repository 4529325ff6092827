"""What the surroundings decide: database, secret, address. Read once, from the environment; wrong values stop the start."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class BadSetting(Exception):
    """One sentence: which setting, what is wrong, what to do."""


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    about: str
    secret: bool = False


KNOWN = (
    Setting("MED_DATA_DIR", "data", "Folder for the SQLite file, attachments and the generated secret."),
    Setting(
        "MED_DATABASE_URL", "", "postgresql://user:password@host/name; empty means SQLite in the data folder.", True
    ),
    Setting("MED_SECRET", "", "At least 32 characters; signs forms. Empty: made once in the data folder.", True),
    Setting("MED_SECRET_FILE", "", "A file that holds MED_SECRET."),
    Setting("MED_BASE_URL", "http://127.0.0.1:8000", "The address people use; https outside loopback."),
    Setting("MED_NAME", "Solbæk Kommune", "The municipality's name, shown at the top of every page."),
    Setting("MED_BRAND", "", "Brand colour as #rrggbb; refused below 4.5:1 contrast on white."),
    Setting("MED_WORKERS", "1", "Server processes; more than one needs PostgreSQL."),
    Setting("MED_LIVE_READERS", "400", "How many may follow meetings live at once, per server process."),
)


@dataclass(frozen=True)
class Settings:
    data_dir: Path
    database_url: str
    secret: str = field(repr=False)
    base_url: str = "http://127.0.0.1:8000"
    name: str = "Solbæk Kommune"
    brand: str = ""
    workers: int = 1
    live_readers: int = 400
    demo: bool = False

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def files_dir(self) -> Path:
        return self.data_dir / "files"


def read_settings(
    environment: Mapping[str, str] | None = None, *, data_dir: str | Path | None = None, demo: bool = False
) -> Settings:
    """Settings from the environment.

    Raises BadSetting for an unknown MED_ name, a value that does not fit, or one that would be unsafe.
    """
    env = dict(os.environ if environment is None else environment)
    names = {setting.name for setting in KNOWN}
    for name in sorted(env):
        if name.startswith("MED_") and name not in names and not name.startswith(("MED_TEST_", "MED_EVIDENCE")):
            raise BadSetting(f"{name} is not a setting; `med doctor` lists those that are.")
    values = {setting.name: env.get(setting.name, "").strip() or setting.default for setting in KNOWN}
    folder = Path(data_dir or values["MED_DATA_DIR"]).expanduser().absolute()
    base_url = values["MED_BASE_URL"].rstrip("/")
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise BadSetting(
            f"MED_BASE_URL={base_url!r} is not an address such as https://med.example.dk; write scheme and host only."
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise BadSetting("MED_BASE_URL must start with https:// outside this machine; sign-in cookies need it.")
    if demo and parts.hostname not in LOOPBACK:
        raise BadSetting("The demo lets anyone choose a persona and runs on loopback only; unset MED_BASE_URL.")
    if not values["MED_WORKERS"].isdecimal() or not 1 <= int(values["MED_WORKERS"]) <= 64:
        raise BadSetting(f"MED_WORKERS={values['MED_WORKERS']!r} is not a whole number from 1 to 64.")
    if not values["MED_LIVE_READERS"].isdecimal() or not 1 <= int(values["MED_LIVE_READERS"][:6]) <= 10_000:
        raise BadSetting(f"MED_LIVE_READERS={values['MED_LIVE_READERS']!r} is not a whole number from 1 to 10000.")
    url = database_url(values["MED_DATABASE_URL"], folder)
    if url.startswith("sqlite") and int(values["MED_WORKERS"]) > 1:
        raise BadSetting("MED_WORKERS above 1 needs PostgreSQL: set MED_DATABASE_URL, or MED_WORKERS=1.")
    check_brand(values["MED_BRAND"])
    return Settings(
        data_dir=folder,
        database_url=url,
        secret=read_secret(values["MED_SECRET"], values["MED_SECRET_FILE"], folder),
        base_url=base_url,
        name=values["MED_NAME"],
        brand=values["MED_BRAND"],
        workers=int(values["MED_WORKERS"]),
        live_readers=int(values["MED_LIVE_READERS"]),
        demo=demo,
    )


def database_url(given: str, folder: Path) -> str:
    if not given:
        return f"sqlite:///{folder / 'med.db'}"
    scheme, _, rest = given.partition("://")
    if scheme in {"postgresql", "postgres", "postgresql+psycopg"} and rest:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return given
    raise BadSetting("MED_DATABASE_URL must be postgresql://user:password@host/name, or sqlite:////absolute/path.db.")


def read_secret(given: str, file: str, folder: Path) -> str:
    """The signing secret: given, read from a file, or made once beside the data and kept there (mode 0600)."""
    if given and file:
        raise BadSetting("Set MED_SECRET or MED_SECRET_FILE, not both.")
    if file:
        try:
            given = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"MED_SECRET_FILE={file!r} cannot be read: {error}.") from None
    if not given:
        kept = folder / "secret"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not kept.exists():
                kept.touch(mode=0o600)
                kept.write_text(secrets.token_urlsafe(48))
            given = kept.read_text().strip()
        except OSError as error:
            raise BadSetting(
                f"The data folder {str(folder)!r} cannot be written: {error.strerror}; set MED_DATA_DIR."
            ) from None
    if len(given) < 32:
        raise BadSetting("MED_SECRET is shorter than 32 characters; make one with `openssl rand -base64 48`.")
    return given


def check_brand(colour: str) -> None:
    """Refuse a brand colour that people with poor sight could not read as white on colour (WCAG 2.2, 1.4.3)."""
    if not colour:
        return
    digits = colour.removeprefix("#")
    if len(digits) != 6 or any(c not in "0123456789abcdefABCDEF" for c in digits):
        raise BadSetting(f"MED_BRAND={colour!r} is not a colour such as #0b4f5c.")
    if (ratio := contrast_with_white(digits)) < 4.5:
        raise BadSetting(f"MED_BRAND={colour} has a contrast of {ratio:.1f}:1 to white; at least 4.5:1 is needed.")


def contrast_with_white(digits: str) -> float:
    """WCAG 2.2 contrast ratio (1 to 21) of the sRGB colour `rrggbb` against white."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(digits[i : i + 2], 16)) for i in (0, 2, 4))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)

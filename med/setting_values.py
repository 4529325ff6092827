"""How the words of a setting are read: what does not fit, or would be unsafe, stops the start with one sentence."""

import contextlib
import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from med.colours import contrast_with_white

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# What may stand behind a mail server's name; anything else is a password with a sign in it that ends names.
BEHIND = {"MED_SMTP_URL": "/?", "MED_IMAP_URL": r"(/[^?#@]*)?(\?authserv-id=[^&#@]+)?"}


class BadSetting(Exception):
    """One sentence: which setting, what is wrong, what to do."""


def read_number(name: str, given: str, most: int, least: int = 1) -> int:
    if not given.isdecimal() or len(given) > 9 or not least <= int(given) <= most:
        raise BadSetting(f"{name}={given!r} is not a whole number from {least} to {most}.")
    return int(given)


def read_backup_dir(given: str, data_dir: Path) -> Path | None:
    """A folder that is there: a disk that is not mounted must not be filled by mistake under its mount point."""
    if not given:
        return None
    folder = Path(given).expanduser().absolute()
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise BadSetting(f"MED_BACKUP_DIR={given!r} is not a folder that can be written; make it, or mount its disk.")
    if folder.is_relative_to(data_dir / "files"):
        raise BadSetting(f"MED_BACKUP_DIR={given!r} lies among the attachments; choose a folder outside.")
    return folder


def read_address(given: str, demo: bool) -> str:
    """Scheme, host and port, as people write them in the browser; nothing after."""
    try:
        parts = urlsplit(given.rstrip("/"))
        bare = parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" == parts.geturl()
        good = bare and given.isascii() and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # brackets that do not close, a port that is no number
        good = False
    if not good:
        raise BadSetting(
            f"MED_BASE_URL={given!r} is not an address such as https://med.example.dk; write scheme and host only, "
            "and a name with letters such as æ as browsers send it (xn--…)."
        )
    if demo and parts.hostname not in LOOPBACK:
        raise BadSetting("The demo lets anyone choose a persona and runs on loopback only; unset MED_BASE_URL.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise BadSetting("MED_BASE_URL must start with https:// outside this machine; sign-in cookies need it.")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def read_server(name: str, given: str, schemes: set[str]) -> str:
    """The address of a mail server with user and password, or "". Passwords go unencrypted to this machine only."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(given)
        fits = parts.scheme in schemes and parts.hostname and parts.port != 0
        if not given or (fits and re.fullmatch(BEHIND[name], given.split(parts.netloc, 1)[1])):
            return given
    raise BadSetting(
        f"{name} is not an address such as {min(schemes)}://user:password@mail.kommune.dk; in user and password "
        "write # / ? @ : and % as %23 %2F %3F %40 %3A and %25."
    )


def read_sender(given: str, smtp_url: str) -> str:
    if not given:
        if smtp_url:
            raise BadSetting("MED_SMTP_URL needs MED_MAIL_FROM, the address mail comes from.")
        return ""
    from email.headerregistry import Address
    from email.utils import parseaddr

    try:
        Address(addr_spec=parseaddr(given)[1])
        good = "@" in given and given.isprintable()
    except Exception:  # the standard library raises several kinds here
        good = False
    if not good:
        raise BadSetting(f"MED_MAIL_FROM={given!r} is not an address such as Medspil <medspil@kommune.dk>.")
    return given


def read_periods(given: str) -> tuple[int, int, int]:
    days = [read_number("MED_RETENTION_DAYS", one, 36_500) for one in given.split()]
    if len(days) != 3 or days != sorted(days):
        raise BadSetting(f"MED_RETENTION_DAYS={given!r} is not three periods of days, shortest first: 30 180 1825.")
    return days[0], days[1], days[2]


def read_clamd(given: str) -> str:
    """A socket on this machine: files that are still closed to others do not go over the network in the clear."""
    local, _, port = given.removeprefix("tcp://").rpartition(":")
    good = given.startswith("unix:///") or (given.startswith("tcp://") and local in LOOPBACK and port.isdecimal())
    if given and not good:
        raise BadSetting(f"MED_CLAMD={given!r} is not unix:///run/clamav/clamd.ctl or tcp://127.0.0.1:3310.")
    return given


def read_choice(name: str, given: str, choices: tuple[str, ...]) -> str:
    if given not in choices:
        raise BadSetting(f"{name}={given!r} is none of {', '.join(choices)}.")
    return given


def read_anchor_file(given: str) -> Path | None:
    file = Path(given).expanduser().absolute()
    if given and (not file.parent.is_dir() or file.is_dir()):
        raise BadSetting(f"MED_ANCHOR_FILE={given!r} is not a file in a folder that exists.")
    return file if given else None


def read_anchor_mail(given: str, smtp_url: str) -> str:
    if given and not (smtp_url and "@" in given and given.isprintable()):
        raise BadSetting(f"MED_ANCHOR_MAIL={given!r} must be one mail address, and needs MED_SMTP_URL.")
    return given


def database_url(given: str, folder: Path) -> str:
    if not given:
        return f"sqlite:///{folder / 'med.db'}"
    scheme, _, rest = given.partition("://")
    if scheme == "sqlite" and rest.startswith("//") and len(rest) > 2:
        return given
    if scheme in {"postgresql", "postgres", "postgresql+psycopg"}:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        with contextlib.suppress(ArgumentError, ValueError):
            if make_url(made := f"postgresql+psycopg://{rest}").database:
                return made
    raise BadSetting("MED_DATABASE_URL must be postgresql://user:password@host/name, or sqlite:////absolute/path.db.")


def read_secret(given: str, file: str, folder: Path) -> str:
    """The signing secret: given, read from a file, or made once beside the data and kept there (mode 0600)."""
    given = given_or_in_file("MED_SECRET", given, file)
    source = f"The secret in {file}" if file else "MED_SECRET"
    if not file and not given:
        source = f"The secret in {folder / 'secret'}"
        given = kept_secret(folder)
    if len(given) < 32:
        raise BadSetting(f"{source} is shorter than 32 characters; make one with `openssl rand -base64 48`.")
    return given


def given_or_in_file(name: str, given: str, file: str) -> str:
    if given and file:
        raise BadSetting(f"Set {name} or {name}_FILE, not both.")
    if not file:
        return given
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", "it is not UTF-8 text")
        raise BadSetting(f"{name}_FILE={file!r} cannot be read: {why}.") from None


def is_safe_address(address: str) -> bool:
    """https, or this machine: where secrets may be sent, and people to sign in."""
    try:
        parts = urlsplit(address)
        there = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and not parts.fragment
    except ValueError:
        return False
    return there and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def read_proxies(given: str) -> tuple[str, ...]:
    from ipaddress import ip_network

    found = tuple(one.strip() for one in given.split(",") if one.strip())
    for one in found:
        try:
            ip_network(one)
        except ValueError:
            raise BadSetting(f"MED_PROXIES: {one!r} is no address or network such as 10.0.0.0/24.") from None
    return found


def kept_secret(folder: Path) -> str:
    kept = folder / "secret"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            contextlib.suppress(FileExistsError),
            os.fdopen(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new,
        ):
            new.write(secrets.token_urlsafe(48))
        return kept.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", "the secret in it is not text")
        raise BadSetting(f"The data folder {str(folder)!r} cannot be used: {why}; set MED_DATA_DIR.") from None


def check_brand(colour: str) -> None:
    """Refuse a brand colour that people with poor sight could not read as white on colour (WCAG 2.2, 1.4.3)."""
    if colour and not re.fullmatch("#?[0-9a-fA-F]{6}", colour):
        raise BadSetting(f"MED_BRAND={colour!r} is not a colour such as #0b4f5c.")
    if colour and (ratio := contrast_with_white(colour.removeprefix("#"))) < 4.5:
        raise BadSetting(f"MED_BRAND={colour} has a contrast of {ratio:.1f}:1 to white; at least 4.5:1 is needed.")


def read_hosts(given: str) -> frozenset[str]:
    """Names and addresses alone, as they are compared: one with a scheme or a port would never be met."""
    from ipaddress import ip_address

    found = [host.strip().lower() for host in given.split(",") if host.strip()]
    for host in found:
        try:
            good = bool(ip_address(host)) if ":" in host else re.fullmatch("[a-z0-9.-]+", host)
        except ValueError:
            good = False
        if not good:
            raise BadSetting(f"MED_WEBHOOK_HOSTS: {host!r} is no name or address alone, such as intranet.kommune.dk.")
    return frozenset(found)

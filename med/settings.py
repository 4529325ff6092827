"""What the surroundings decide: database, secret, address. Read once; a bad value stops the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from med.setting_values import (
    BadSetting,
    check_brand,
    database_url,
    given_or_in_file,
    is_safe_address,
    read_address,
    read_anchor_file,
    read_anchor_mail,
    read_backup_dir,
    read_choice,
    read_clamd,
    read_hosts,
    read_number,
    read_periods,
    read_proxies,
    read_secret,
    read_sender,
    read_server,
)

LEAST_FREE = 64 * 2**20  # bytes on the data folder's disk; with less it is full


class Setting(NamedTuple):
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
    Setting("MED_DRAIN", "0", "Seconds to answer on after SIGTERM, with 503 at /readyz: a proxy turns elsewhere."),
    Setting(
        "MED_SMTP_URL",
        "",
        "Where mail leaves: smtp://user:password@host:587 (STARTTLS) or smtps://…; empty: no mail.",
        True,
    ),
    Setting(
        "MED_MAIL_FROM", "", "The address mail comes from, e.g. Medspil <medspil@kommune.dk>; needed with MED_SMTP_URL."
    ),
    Setting(
        "MED_IMAP_URL", "", "Mailbox for replies to invitations: imaps://user:password@host/INBOX; empty: none.", True
    ),
    Setting(
        "MED_WEBHOOK_HOSTS", "", "Hosts inside the house that chat messages and webhooks may go to, comma separated."
    ),
    Setting("MED_ANCHOR_FILE", "", "Where the day's end of the chains is kept; empty: anchors.txt in the data folder."),
    Setting("MED_ANCHOR_MAIL", "", "An address the day's end of the chains is mailed to; needs MED_SMTP_URL."),
    Setting("MED_OIDC_ISSUER", "", "The identity provider people sign in with: its issuer, https://…; empty: none."),
    Setting("MED_OIDC_CLIENT_ID", "", "What the provider knows Medspil as; needed with MED_OIDC_ISSUER."),
    Setting(
        "MED_OIDC_CLIENT_SECRET", "", "The secret that belongs to it; empty for a public client (PKCE alone).", True
    ),
    Setting("MED_OIDC_CLIENT_SECRET_FILE", "", "A file that holds MED_OIDC_CLIENT_SECRET."),
    Setting("MED_OIDC_SCOPES", "openid profile", "What is asked for, separated by spaces; openid is needed."),
    Setting(
        "MED_OIDC_CLAIM", "", "The claim that holds a person's handle, for their first sign-in; empty: by invitation."
    ),
    Setting(
        "MED_OIDC_MAIL", "no", "yes: the provider alone gives out mail addresses, and MED_OIDC_CLAIM may be email."
    ),
    Setting("MED_OIDC_ACR", "", "Levels of assurance that are good enough, separated by spaces; empty: any."),
    Setting("MED_PROXIES", "", "Addresses or networks of proxies whose X-Forwarded-… are believed, comma separated."),
    Setting("MED_CONTACT", "", "A mail address for whoever meets an obstacle; stands on the accessibility page."),
    Setting("MED_CLAMD", "", "Virus scanner on this machine: unix:///run/clamav/clamd.ctl or tcp://127.0.0.1:3310."),
    Setting("MED_CLAMD_DOWN", "refuse", "While the scanner is away: refuse files, or hold them until it answers."),
    Setting(
        "MED_RETENTION", "no", "yes: what the rules take of people who have left goes every night; no: counted only."
    ),
    Setting("MED_RETENTION_DAYS", "30 180 1825", "Days after the last one: access, own notes and mails, names."),
    Setting("MED_LIVE_READERS", "400", "How many may follow meetings live at once, per server process."),
    Setting("MED_BACKUP_DIR", "", "Folder for a backup every night, on another disk; empty: none is made by itself."),
    Setting("MED_BACKUP_HOUR", "3", "The hour in Copenhagen at which the night's backup is made, 0 to 23."),
    Setting("MED_BACKUP_KEEP", "14", "How many nightly backups are kept."),
)


@dataclass(frozen=True)
class Oidc:
    """The municipality's own identity provider (OpenID Connect)."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scopes: str = "openid profile"
    claim: str = ""  # whose value is a person's handle, or with "email" their mail address
    acr: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    data_dir: Path
    database_url: str
    secret: str = field(repr=False)
    base_url: str = "http://127.0.0.1:8000"
    name: str = "Solbæk Kommune"
    brand: str = ""
    workers: int = 1
    drain: int = 0  # seconds
    live_readers: int = 400
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    imap_url: str = field(default="", repr=False)
    webhook_hosts: frozenset[str] = frozenset()
    anchor_file: Path | None = None
    anchor_mail: str = ""
    oidc: Oidc | None = None
    proxies: tuple[str, ...] = ()
    contact: str = ""
    retention_on: bool = False
    retention_days: tuple[int, int, int] = (30, 180, 1825)  # access, own notes and mails, names
    clamd: str = ""
    clamd_holds: bool = False
    backup_dir: Path | None = None
    backup_hour: int = 3
    backups: int = 14
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
    values = given_values(os.environ if environment is None else environment)
    folder = Path(data_dir or values["MED_DATA_DIR"]).expanduser().absolute()
    base_url = read_address(values["MED_BASE_URL"], demo)
    workers = read_number("MED_WORKERS", values["MED_WORKERS"], 64)
    url = database_url(values["MED_DATABASE_URL"], folder)
    if url.startswith("sqlite") and workers > 1:
        raise BadSetting("MED_WORKERS above 1 needs PostgreSQL: set MED_DATABASE_URL, or MED_WORKERS=1.")
    check_brand(values["MED_BRAND"])
    return Settings(
        data_dir=folder,
        database_url=url,
        secret=read_secret(values["MED_SECRET"], values["MED_SECRET_FILE"], folder),
        oidc=read_oidc(values),
        proxies=read_proxies(values["MED_PROXIES"]),
        base_url=base_url,
        name=values["MED_NAME"],
        brand=values["MED_BRAND"],
        workers=workers,
        drain=read_number("MED_DRAIN", values["MED_DRAIN"], 600, 0),
        live_readers=read_number("MED_LIVE_READERS", values["MED_LIVE_READERS"], 10_000),
        smtp_url=read_server("MED_SMTP_URL", values["MED_SMTP_URL"], {"smtp", "smtps"}),
        mail_from=read_sender(values["MED_MAIL_FROM"], values["MED_SMTP_URL"]),
        imap_url=read_server("MED_IMAP_URL", values["MED_IMAP_URL"], {"imap", "imaps"}),
        webhook_hosts=read_hosts(values["MED_WEBHOOK_HOSTS"]),
        contact=values["MED_CONTACT"],
        retention_on=read_choice("MED_RETENTION", values["MED_RETENTION"], ("yes", "no")) == "yes",
        retention_days=read_periods(values["MED_RETENTION_DAYS"]),
        clamd=read_clamd(values["MED_CLAMD"]),
        clamd_holds=read_choice("MED_CLAMD_DOWN", values["MED_CLAMD_DOWN"], ("refuse", "hold")) == "hold",
        anchor_file=read_anchor_file(values["MED_ANCHOR_FILE"]),
        anchor_mail=read_anchor_mail(values["MED_ANCHOR_MAIL"], values["MED_SMTP_URL"]),
        backup_dir=read_backup_dir(values["MED_BACKUP_DIR"], folder),
        backup_hour=read_number("MED_BACKUP_HOUR", values["MED_BACKUP_HOUR"], 23, 0),
        backups=read_number("MED_BACKUP_KEEP", values["MED_BACKUP_KEEP"], 1000),
        demo=demo,
    )


def given_values(environment: Mapping[str, str]) -> dict[str, str]:
    names = {setting.name for setting in KNOWN}
    if unknown := sorted(name for name in environment if name.startswith("MED_") and name not in names):
        raise BadSetting(f"{unknown[0]} is not a setting; `med doctor` lists those that are.")
    return {setting.name: environment.get(setting.name, "").strip() or setting.default for setting in KNOWN}


def read_oidc(values: Mapping[str, str]) -> Oidc | None:
    issuer, client_id = values["MED_OIDC_ISSUER"], values["MED_OIDC_CLIENT_ID"]
    if not issuer:
        if client_id:
            raise BadSetting("MED_OIDC_CLIENT_ID needs MED_OIDC_ISSUER, the provider's own address.")
        return None
    if not is_safe_address(issuer):
        raise BadSetting(
            f"MED_OIDC_ISSUER={issuer!r} is not an address such as https://login.kommune.dk/realms/ansatte."
        )
    if not client_id:
        raise BadSetting("MED_OIDC_ISSUER needs MED_OIDC_CLIENT_ID, what the provider knows Medspil as.")
    if "openid" not in values["MED_OIDC_SCOPES"].split():
        raise BadSetting("MED_OIDC_SCOPES must hold openid.")
    is_theirs = read_choice("MED_OIDC_MAIL", values["MED_OIDC_MAIL"], ("yes", "no")) == "yes"
    if values["MED_OIDC_CLAIM"] == "email" and not is_theirs:
        raise BadSetting(
            "MED_OIDC_CLAIM=email lets in whoever the provider says has the address: set MED_OIDC_MAIL=yes only where "
            "the provider alone gives addresses out, or choose another claim."
        )
    return Oidc(
        issuer=issuer,
        client_id=client_id,
        client_secret=given_or_in_file(
            "MED_OIDC_CLIENT_SECRET", values["MED_OIDC_CLIENT_SECRET"], values["MED_OIDC_CLIENT_SECRET_FILE"]
        ),
        scopes=" ".join(values["MED_OIDC_SCOPES"].split()),
        claim=values["MED_OIDC_CLAIM"],
        acr=tuple(values["MED_OIDC_ACR"].split()),
    )

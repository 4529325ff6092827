"""The mailbox that replies come to (MED_IMAP_URL): fetched over IMAP, and marked as read once what was made is saved.

Whoever is killed between the two reads the same mail once more, and finds it taken in already. The mailbox should be
Medspil's own: a mail that a person has opened there counts as read.
"""

import contextlib
import hashlib
import imaplib
import logging
import re
import ssl
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy.exc import DBAPIError

from med.calendar.replies.reading import LARGEST_MAIL
from med.calendar.replies.taking import refuse, take_in
from med.setting_values import LOOPBACK
from med.slices import Office

log = logging.getLogger("med.mailbox")

TIMEOUT = 30  # seconds for each answer of the mail server
MOST = 200  # mails in one visit
SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")


def empty_mailbox(office: Office) -> None:
    """Take in what is new. Raises OSError or imaplib's error when the mailbox cannot be reached."""
    if not office.settings.imap_url:
        return
    url = urlsplit(office.settings.imap_url)
    authserv_id = parse_qs(url.query).get("authserv-id", [""])[0]
    with connected(office.settings.imap_url) as box:
        folder = unquote(url.path.strip("/")) or "INBOX"
        done, said = box.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"')
        if done != "OK":
            raise imaplib.IMAP4.error(f"no folder {folder!r}: {said!r}")
        generation = b"".join(one for one in box.response("UIDVALIDITY")[1] if one).decode("ascii", "replace")
        _, found = box.uid("SEARCH", "UNSEEN")
        for uid in (found[0] or b"").split()[:MOST]:
            if not uid.isdigit() or office.stopping.is_set():
                continue
            number = uid.decode()
            take_in_one(office, box, number, f"{folder}:{generation}:{number}", authserv_id)


@contextlib.contextmanager
def connected(address: str) -> Iterator[imaplib.IMAP4]:
    """A signed-in connection. A password goes unencrypted to this machine only."""
    url = urlsplit(address)
    host = url.hostname or ""
    box: imaplib.IMAP4
    if url.scheme == "imaps":
        box = imaplib.IMAP4_SSL(host, url.port or 993, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
    else:
        box = imaplib.IMAP4(host, url.port or 143, timeout=TIMEOUT)
    try:
        if url.scheme == "imap" and host not in LOOPBACK:
            box.starttls(ssl.create_default_context())
        box.login(unquote(url.username or ""), unquote(url.password or ""))
        yield box
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            box.logout()
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            box.shutdown()


def take_in_one(office: Office, box: imaplib.IMAP4, number: str, name: str, authserv_id: str) -> None:
    """One mail: its size is asked before its bytes are. No transaction is open while the mailbox is waited for."""
    _, said = box.uid("FETCH", number, "(RFC822.SIZE)")
    size = SIZE.search(b" ".join(one for one in said if isinstance(one, bytes)))
    if size is None:
        return  # somebody else has taken it away
    if int(size[1]) > LARGEST_MAIL:
        with office.database.writing() as db:
            refuse(db, hashlib.sha256(name.encode()).hexdigest(), "too_large")
    else:
        _, answer = box.uid("FETCH", number, "(BODY.PEEK[])")
        raw = next((one[1] for one in answer if isinstance(one, tuple) and isinstance(one[1], bytes)), None)
        if raw is None:
            return
        keep(office, raw, authserv_id)
    box.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)")


def keep(office: Office, raw: bytes, authserv_id: str) -> None:
    """Take in, in one transaction. A mail that we stumble over is kept as unreadable and not met again for ever."""
    try:
        with office.database.writing() as db:
            take_in(db, raw, authserv_id)
    except DBAPIError:  # the database is busy, or another worker took it in at this moment: the next visit knows
        raise
    except Exception:
        log.exception("a mail could not be taken in")
        with office.database.writing() as db:
            refuse(db, hashlib.sha256(raw).hexdigest(), "failed")

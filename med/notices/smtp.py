"""Mail as it leaves: a Letter made into a message, and the line to the mail server."""

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from types import TracebackType
from urllib.parse import unquote, urlsplit

from med.notices.outbox import Away, Later, Letter, Never, NoSuchAddress
from med.setting_values import LOOPBACK
from med.settings import Settings

TIMEOUT = 20  # seconds for each answer of the mail server
LETTERS_ON_A_LINE = 200  # mail servers end a connection that goes on for ever
OURS = re.compile(r"(List-[A-Za-z-]+|Reply-To|In-Reply-To|References|X-[A-Za-z-]+)")
# A recipient refused with one of these does not exist; other refusals are about us, the server or the content.
UNKNOWN_THERE = {550, 551, 553}
NOT_THE_ADDRESS = re.compile(r"5\.[34567]\.")


class Unfolded(UnstructuredHeader):
    """A header that stays on one line: folded, a long address would be encoded and no longer be one."""

    def fold(self, *, policy):
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_headers = HeaderRegistry()
for _name in ("list-unsubscribe", "message-id", "in-reply-to", "references"):
    _headers.map_to_type(_name, Unfolded)  # type: ignore[arg-type]
POLICY = SMTP.clone(header_factory=_headers)


def write(letter: Letter, name: str, mail: str, settings: Settings, uid: str, now: datetime) -> EmailMessage:
    """The whole message. Raises NoSuchAddress for an address that is none.

    Whatever people wrote, a header stays one header: line breaks and other control characters become spaces.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = sender(settings)
    message["To"] = Address(one_line(name), addr_spec=address(mail))
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{uid}@{settings.host or 'medspil'}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    for header, value in letter.headers.items():
        if not OURS.fullmatch(header):
            raise ValueError(f"a letter may not set {header!r}")
        message[header] = one_line(value)
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    if letter.calendar:
        params = {"method": letter.method, "charset": "utf-8"}
        message.add_alternative(letter.calendar, maintype="text", subtype="calendar", cte="base64", params=params)
    return message


def one_line(words: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def sender(settings: Settings) -> Address:
    name, mail = parseaddr(settings.mail_from)
    return Address(name or "Medspil", addr_spec=address(mail))


def address(mail: str) -> str:
    """The address as mail servers know it: letters beyond ASCII in the domain in their xn-- form."""
    local, at, domain = mail.strip().rpartition("@")
    try:
        found = Address(addr_spec=f"{local}@{domain.encode('idna').decode()}")
        if not ((at and found.username and "." in found.domain) or found.domain in LOOPBACK):
            raise ValueError(mail)
    except Exception:  # the standard library raises several kinds here
        raise NoSuchAddress("not a mail address") from None
    return found.addr_spec


class Postman:
    """A line to the mail server, opened when there is something to send and kept for the next letters."""

    def __init__(self, settings: Settings, timeout: float = TIMEOUT) -> None:
        self.settings = settings
        self.timeout = timeout
        self.server: smtplib.SMTP | None = None
        self.letters = 0

    def deliver(self, message: EmailMessage) -> None:
        """Hand one message over. Returns when the server has taken it on; else raises what follows from its answer."""
        server = self._line()
        self.letters += 1
        to = message["To"].addresses[0].addr_spec
        try:
            server.send_message(message, sender(self.settings).addr_spec, [to])
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = refused.recipients[to]
            raise self._refusal(code, said, at_recipient=True) from None
        except smtplib.SMTPNotSupportedError as failure:  # an address the server has no letters for
            raise NoSuchAddress(str(failure)) from None
        except smtplib.SMTPResponseException as refused:
            raise self._refusal(refused.smtp_code, refused.smtp_error) from None
        except (smtplib.SMTPException, OSError) as failure:
            self.hang_up()
            raise Later(f"{type(failure).__name__}: {failure}", broken=True) from None

    def _refusal(self, code: int, said: bytes | str, at_recipient: bool = False) -> Later | Never:
        words = said.decode(errors="replace") if isinstance(said, bytes) else said
        if code == 421 or not 400 <= code < 600:  # it is going, or says what makes no sense
            self.hang_up()
        if code < 500 or code >= 600:
            return Later(f"{code} {words}")
        if at_recipient and code in UNKNOWN_THERE and not NOT_THE_ADDRESS.match(words):
            return NoSuchAddress(f"{code} {words}")
        return Never(f"{code} {words}")

    def _line(self) -> smtplib.SMTP:
        if self.server is not None and self.letters >= LETTERS_ON_A_LINE:
            self.hang_up(politely=True)
        if self.server is not None:
            with suppress(smtplib.SMTPException, OSError):
                if self.server.noop()[0] == 250:
                    return self.server
            self.hang_up()
        try:
            self._open()
        except (smtplib.SMTPException, OSError, ValueError) as failure:
            self.hang_up()
            raise Away(f"{type(failure).__name__}: {failure}") from None
        assert self.server is not None
        return self.server

    def _open(self) -> None:
        parts = urlsplit(self.settings.smtp_url)
        host = parts.hostname or ""
        name = self.settings.host or "medspil"
        self.letters = 0
        if parts.scheme == "smtps":
            tls = ssl.create_default_context()
            self.server = smtplib.SMTP_SSL(timeout=self.timeout, local_hostname=name, context=tls)
            self._connect(host, parts.port or 465)
        else:
            self.server = smtplib.SMTP(timeout=self.timeout, local_hostname=name)
            self._connect(host, parts.port or 587)
            if host not in LOOPBACK:  # refuses a server that cannot: a password is never sent in the open
                self.server.starttls(context=ssl.create_default_context())
        if parts.username:
            self.server.login(unquote(parts.username), unquote(parts.password or ""))

    def _connect(self, host: str, port: int) -> None:
        assert self.server is not None
        self.server._host = host  # type: ignore[attr-defined]  # the name the certificate must carry
        code, said = self.server.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        self.server.ehlo_or_helo_if_needed()

    def hang_up(self, politely: bool = False) -> None:
        server, self.server = self.server, None
        if server is None:
            return
        with suppress(smtplib.SMTPException, OSError):
            if politely:
                server.quit()
        server.close()

    def cut(self) -> None:
        """From another thread: end a conversation that takes too long. Whoever waits for an answer gets an error."""
        sock = self.server and self.server.sock
        if sock:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def __enter__(self) -> "Postman":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.hang_up(politely=kind is None)

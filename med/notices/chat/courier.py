"""How a parcel gets to a chat channel or another system, and nowhere else.

The address was typed by a person, and this machine stands inside the house: a name is looked up once, what it leads to
must be a public address (or a host the operator named), and that very address is connected to. Redirects are not
followed.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Collection
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from med import clock
from med.notices.models import OutletKind
from med.notices.outbox import Later, Never, Parcel
from med.settings import Settings

TIMEOUT = 20
MOST_READ = 4096  # bytes of an answer; only its status matters
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Destination(Struct, frozen=True):
    """An outlet as its parcel's bearer needs it."""

    id: int
    uid: str
    kind: OutletKind
    url: str


class BadAddress(Exception):
    """Why a parcel may not go to an address: "form", "https", "private" or "unknown"."""


def signing_secret(secret: str, uid: str) -> str:
    """What the receiver of a webhook checks signatures with, in the form of the Standard Webhooks scheme."""
    return "whsec_" + base64.b64encode(_key(secret, uid)).decode()


def _key(secret: str, uid: str) -> bytes:
    return hmac.digest(secret.encode(), b"medspil webhook " + uid.encode(), hashlib.sha256)


def signature(secret: str, outlet_uid: str, message_uid: str, timestamp: int, body: bytes) -> str:
    """Standard Webhooks: `v1,` and the HMAC-SHA256 over id, time and body."""
    signed = f"{message_uid}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret, outlet_uid), signed, hashlib.sha256)).decode()


def check_url(url: str, allowed: Collection[str]) -> tuple[str, int, bool, str]:
    """(host, port, whether with TLS, path) of an address a parcel may be sent to as far as its letters tell.

    Raises BadAddress with the reason.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError:  # brackets that do not close, a port that is no number, a name that is none
        raise BadAddress("form") from None
    odd = not url.isascii() or not url.isprintable() or " " in url or "@" in parts.netloc or "\\" in url
    if parts.scheme not in {"http", "https"} or not ascii_host or odd or port == 0 or len(url) > 2000:
        raise BadAddress("form")
    if host.lower() not in allowed:
        if parts.scheme != "https":
            raise BadAddress("https")
        with suppress(ValueError):
            if not is_public(host):
                raise BadAddress("private") from None
        if host.lower().rstrip(".") == "localhost" or ("." not in host.strip(".") and ":" not in host):
            raise BadAddress("private")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return ascii_host, port or (443 if parts.scheme == "https" else 80), parts.scheme == "https", path


def is_public(number: str) -> bool:
    """Whether an IP address belongs to the public internet. Raises ValueError for what is no IP address."""
    address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or address.teredo or address in NAT64
    ):
        return False  # an IPv4 address in disguise
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int, allowed: Collection[str]) -> str:
    """The address to connect to. Raises BadAddress when any that the name leads to is inside the house."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found:
        raise BadAddress("unknown")
    if host.lower() not in allowed and not all(is_public(number) for number in found):
        raise BadAddress("private")
    return found[0]


class Courier:
    def __init__(self, settings: Settings, timeout: float = TIMEOUT) -> None:
        self.settings = settings
        self.timeout = timeout
        self.connection: http.client.HTTPConnection | None = None

    def deliver(self, to: Destination, uid: str, parcel: Parcel) -> None:
        """Hand a parcel over. Returns when the other side has said yes; else raises what follows from its answer."""
        body = msgspec.json.encode(parcel.body)
        headers = {"Content-Type": "application/json", "User-Agent": "Medspil", "Connection": "close"}
        if to.kind is OutletKind.WEBHOOK:
            now = int(clock.now().timestamp())
            headers["webhook-id"] = uid
            headers["webhook-timestamp"] = str(now)
            headers["webhook-signature"] = signature(self.settings.secret, to.uid, uid, now, body)
        try:
            status = self._post(to.url, body, headers)
        except BadAddress as wrong:
            raise Never(f"address: {wrong}") from None
        except (http.client.HTTPException, OSError) as failure:
            raise Later(f"{type(failure).__name__}: {failure}", broken=True) from None
        if 200 <= status < 300:
            return
        if status in {408, 425, 429} or status >= 500:
            raise Later(f"HTTP {status}")
        raise Never(f"HTTP {status}")

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        allowed = self.settings.webhook_hosts
        host, port, tls, path = check_url(url, allowed)
        number = resolve(host, port, allowed)
        self.connection = _Tls(host, port, number, self.timeout) if tls else _Plain(host, port, number, self.timeout)
        try:
            self.connection.request("POST", path, body=body, headers=headers)
            answer = self.connection.getresponse()
            answer.read(MOST_READ)
            return answer.status
        finally:
            self.connection.close()
            self.connection = None

    def cut(self) -> None:
        """From another thread: end a conversation that takes too long."""
        sock: Any = self.connection and self.connection.sock
        if sock:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Plain(http.client.HTTPConnection):
    """To the address the name was found to lead to, whatever it leads to by now."""

    def __init__(self, host: str, port: int, number: str, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self.number = number

    def connect(self) -> None:
        self.sock = socket.create_connection((self.number, self.port), self.timeout)


class _Tls(_Plain):
    default_port = 443

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

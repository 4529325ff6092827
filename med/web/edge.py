"""The outermost layer, around everything the application answers, errors and files included."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from med.setting_values import LOOPBACK
from med.settings import Settings
from med.web.packing import TAKES_GZIP, squeeze
from med.web.security import ALWAYS, HSTS

SQUEEZED = (b"text/", b"application/atom+xml", b"application/json", b"application/feed+json", b"image/svg")
SMALLEST = 600
Headers = list[tuple[bytes, bytes]]
# (scope, headers as asked, takes gzip) -> status, headers and body of what is known without asking the application.
Again = Callable[[dict[str, Any], dict[bytes, bytes], bool], Awaitable[tuple[int, Headers, bytes] | None]]


async def nothing_known(*_: Any) -> None:
    return None


class Edge:
    """Security headers, host check and compression, as plain ASGI: no error page can slip past it."""

    def __init__(self, app: Callable[..., Any], settings: Settings, again: Again = nothing_known) -> None:
        self.app = app
        self.again = again
        self.headers = [*ALWAYS, *([HSTS] if settings.is_https else [])]
        self.proxies = settings.proxies
        self.hosts = {settings.host} | (LOOPBACK if settings.host in LOOPBACK else set())

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        incoming = dict(scope["headers"])
        if not all(self._is_known(host) for host in self._hosts_of(scope)):
            await self._refuse(send)
            return
        squeezed = scope[TAKES_GZIP] = takes_gzip(incoming.get(b"accept-encoding", b"").decode("latin-1"))
        if (known := await self.again(scope, incoming, squeezed)) is not None:
            status, headers, body = known
            await send({"type": "http.response.start", "status": status, "headers": [*headers, *self.headers]})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
            return
        start: dict[str, Any] | None = None

        async def outward(message: dict[str, Any]) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *((n, v) for n, v in self.headers if n not in names)]
                if b"cache-control" not in names:
                    message["headers"].append((b"cache-control", b"no-store"))
                start = message
                return
            if start is not None and message["type"] == "http.response.body":
                body = message.get("body", b"")
                if not message.get("more_body") and len(body) >= SMALLEST and _may_squeeze(start):
                    if not any(name.lower() == b"vary" for name, _ in start["headers"]):
                        start["headers"].append((b"vary", b"Accept-Encoding"))
                    if squeezed:
                        body = squeeze(body)
                        message = {**message, "body": body}
                        start["headers"] = [
                            *((n, v) for n, v in start["headers"] if n.lower() != b"content-length"),
                            (b"content-encoding", b"gzip"),
                            (b"content-length", str(len(body)).encode()),
                        ]
                await send(start)
                start = None
            await send({**message, "body": b""} if scope["method"] == "HEAD" else message)

        await self.app(scope, receive, outward)

    def _hosts_of(self, scope: dict[str, Any]) -> list[bytes]:
        """Every host the request claims to be for: its own header, and what a proxy we believe passed on."""
        asked = [value for name, value in scope["headers"] if name == b"host"] or [b""]
        if is_proxy((scope.get("client") or ("",))[0], self.proxies):
            forwarded = (value.split(b",") for name, value in scope["headers"] if name == b"x-forwarded-host")
            asked += [host.strip() for hosts in forwarded for host in hosts]
        return asked if len(asked) < 9 else [b""]

    def _is_known(self, host: bytes) -> bool:
        try:
            name = host.decode("ascii").lower()
        except UnicodeDecodeError:
            return False
        name = name[1 : name.index("]")] if name.startswith("[") and "]" in name else name.rpartition(":")[0] or name
        return name in self.hosts

    async def _refuse(self, send: Callable[..., Any]) -> None:
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *self.headers]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": "Ukendt værtsnavn. / Unknown host.".encode()})


def _may_squeeze(start: dict[str, Any]) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    return (
        start["status"] not in {204, 304}
        and b"content-encoding" not in headers
        and headers.get(b"content-type", b"").startswith(SQUEEZED)
        and not headers.get(b"content-type", b"").startswith(b"text/event-stream")
    )


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not only to refuse it (`gzip;q=0`)."""
    for offer in accept_encoding.lower().split(","):
        name, _, weight = offer.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
    return False


def client_address(request: Any, settings: Settings) -> str:
    """Who is asking, as something to count by: an IPv4 address, or the network of an IPv6 one.

    "" where nobody can tell: behind a proxy that MED_PROXIES does not name, all come from the same address.
    """
    peer = request.client.host if request.client else ""
    if is_proxy(peer, settings.proxies):
        came = ",".join(request.headers.getall("x-forwarded-for", []))
        # The last that no proxy of ours wrote; what stands before it anybody may have written.
        hops = [hop.strip() for hop in came.split(",")[-20:] if hop.strip()]
        peer = next((hop for hop in reversed(hops) if not is_proxy(hop, settings.proxies)), "")
    elif settings.is_https and not settings.proxies:
        return ""
    found = number_of(peer)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found) >> 64 << 64, 64)))
    return str(found or "")


@lru_cache(maxsize=1024)
def is_proxy(address: str, proxies: tuple[str, ...]) -> bool:
    found = number_of(address) if proxies else None
    return found is not None and any(found in ip_network(network) for network in proxies)


def number_of(address: str) -> IPv4Address | IPv6Address | None:
    """An address as servers and proxies write it: some with the port behind it, and an IPv4 one as IPv6 where both are
    listened for."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found

"""Answers that send somebody elsewhere first, and from there back to where they were going."""

from urllib.parse import quote

from litestar import MediaType, Request, Response


def to_sign_in(request: Request, again: bool = False) -> Response:
    """Ask for a sign-in, or for another one by somebody who is here; a page comes back to itself afterwards.

    A form does not: its words would be lost.
    """
    if request.headers.get("x-fragment") == "1":
        return Response(b"", status_code=401, media_type=MediaType.HTML)
    return _led("/log-ind", request, ["igen=1"] if again else [])


def to_second_step(request: Request) -> Response | None:
    """To where an administrator sets up what their right waits for; a page comes back to itself afterwards.

    None for a piece of a page, which nobody looks at by itself, and for that page.
    """
    where = "/mig/adgang/totrin"
    if request.headers.get("x-fragment") == "1" or request.url.path == where:
        return None
    return _led(where, request, [])


def _led(where: str, request: Request, asked: list[str]) -> Response:
    if request.method in {"GET", "HEAD"} and request.url.path != "/":
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        asked.append("videre=" + quote(path, safe="/"))
    where += "?" + "&".join(asked) if asked else ""
    return Response(b"", status_code=303, headers={"Location": where}, media_type=MediaType.HTML)

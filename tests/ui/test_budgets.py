"""Style and script are small and fetched once; what a page may weigh is held where every page is walked."""

from collections.abc import Callable

from med.web import assets
from tests.ui.people import Person

KB = 1024


def test_style_and_script_are_small() -> None:
    built = assets.build()
    assert len(built["med.js"].squeezed) <= 8.5 * KB
    assert len(built["med.css"].squeezed) <= 10 * KB


def test_what_never_changes_is_fetched_once(signed_in: Callable[..., Person]) -> None:
    carla = signed_in("carla")
    fetched: list[str] = []
    carla.page.on("response", lambda answer: fetched.append(answer.url) if "/static/" in answer.url else None)
    carla.open("/")
    assert fetched
    for address in fetched:
        answer = carla.context.request.get(address)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    page = carla.open("/udvalg")
    again = page.evaluate(
        "() => performance.getEntriesByType('resource').filter((one) => one.name.includes('/static/med.'))"
        ".map((one) => [one.name, one.transferSize])"
    )  # not the icon: the browser fetches it when it has time, perhaps after the first page is left
    assert again and not [name for name, bytes_sent in again if bytes_sent]

"""No page says something to the eyes that it does not say to everyone else: what axe finds on a page."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What other colours and a narrow window can break; the rest of the page is the same page.
RULES = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


def bring_axe(context: BrowserContext) -> None:
    """Each page of this browser comes with it: half the cost of sending it there each time."""
    context.add_init_script(AXE_SCRIPT)


def everything(page: Page, where: str) -> list[str]:
    """What axe finds on a page as it stands there."""
    return _run(page, {"type": "tag", "values": TAGS}, where)


def look(page: Page, where: str) -> list[str]:
    """What axe finds: everything in light, and what differs in dark on a phone."""
    page.evaluate(AXE_SCRIPT)
    page.emulate_media(color_scheme="light")
    found = everything(page, f"{where} light")
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme="dark")
    found += _run(page, {"type": "rule", "values": RULES}, f"{where} dark, narrow")
    page.set_viewport_size(WIDE)
    return found


def _run(page: Page, only: dict, where: str) -> list[str]:
    options = {"runOnly": only, "resultTypes": ["violations"]}
    violations = page.evaluate("(options) => axe.run(document, options).then((found) => found.violations)", options)
    said = []
    for broken in violations:
        nodes = [node["html"][:160] + " " + node.get("failureSummary", "")[:300] for node in broken["nodes"][:3]]
        said.append(f"{where}: {broken['id']} ({broken['help']})\n    " + "\n    ".join(nodes))
    return said

"""A person at the keyboard: signs in, opens pages, fills in the forms they find there, follows where they lead."""

from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urljoin

from httpx import Client
from lxml import html


class Page:
    """What came back: status, text, and the forms on it."""

    def __init__(self, visitor: "Visitor", path: str, response: Any) -> None:
        self.visitor = visitor
        self.path = path
        self.response = response
        self.status_code: int = response.status_code
        self.headers = response.headers
        self.text: str = response.text if "text" in response.headers.get("content-type", "text") else ""

    @cached_property
    def tree(self) -> Any:
        """Read once: taking a page apart costs as much as making it."""
        return html.fromstring(self.text)

    @property
    def words(self) -> str:
        """The text a reader meets in <main>, white space folded."""
        main = self.tree.xpath("//main")
        return " ".join((main[0] if main else self.tree).text_content().split())

    @property
    def h1(self) -> str:
        return " ".join(self.tree.xpath("string(//h1)").split())

    def errors(self) -> dict[str, str]:
        """Field name -> the message beside it. Chips and radios have theirs on the fieldset, which has no name."""
        found = {}
        for field in self.tree.xpath("//*[@aria-describedby]"):
            name = field.get("name") or field.xpath("string(.//@name)")
            for key in field.get("aria-describedby").split():
                for note in self.tree.xpath("//*[@id=$key][contains(@class, 'error')]", key=key):
                    found[name] = " ".join(note.text_content().split())
        return found

    def links(self) -> list[str]:
        return [a.get("href") for a in self.tree.xpath("//a[@href]")]

    def form(self, button: str = "", action: str = "") -> "FilledForm":
        """The form with this button (its words contain `button`) or this action."""
        for form in self.tree.xpath("//form"):
            if action and not form.get("action", "").split("?")[0].endswith(action):
                continue
            buttons = form.xpath(".//button") + self.tree.xpath("//button[@form=$id]", id=form.get("id", "-"))
            match = next((b for b in buttons if button in " ".join(b.text_content().split())), None)
            if button and match is None:
                continue
            return FilledForm(self, form, match)
        raise AssertionError(f"no form with button {button!r} or action {action!r} on {self.path}: {self.words[:600]}")

    def has_form(self, button: str = "", action: str = "") -> bool:
        try:
            self.form(button, action)
        except AssertionError:
            return False
        return True


class FilledForm:
    """A form as a browser would send it: what stands in it, changed by what the person types."""

    def __init__(self, page: Page, form: Any, button: Any) -> None:
        self.page = page
        self.action = (button is not None and button.get("formaction")) or form.get("action") or page.path
        self.method = form.get("method", "get").lower()
        self.pairs: list[tuple[str, str]] = []
        own = form.xpath(".//input|.//select|.//textarea")
        if "id" in form.attrib:
            own += page.tree.xpath("(//input|//select|//textarea)[@form=$id]", id=form.get("id"))
        self.names = {field.get("name") for field in (*own, *form.xpath(".//*[@name]"))}
        for field in own:
            name = field.get("name")
            kind = field.get("type", "text")
            if (
                not name
                or (kind in {"radio", "checkbox"} and field.get("checked") is None)
                or kind in {"submit", "file"}
            ):
                continue
            if field.tag == "select":
                chosen = field.xpath("./option[@selected]") or field.xpath("./option")[:1]
                self.pairs += [(name, option.get("value", option.text or "")) for option in chosen]
            elif field.tag == "textarea":
                self.pairs.append((name, (field.text or "").removeprefix("\n")))
            else:
                self.pairs.append((name, field.get("value", "on" if kind == "checkbox" else "")))
        if button is not None and button.get("name"):
            self.names.add(button.get("name"))
            self.pairs.append((button.get("name"), button.get("value", "")))

    def fill(self, **values: Any) -> "FilledForm":
        for name, value in values.items():
            assert name in self.names, f"no field {name!r} in the form; there are {sorted(filter(None, self.names))}"
            self.pairs = [pair for pair in self.pairs if pair[0] != name]
            many = value if isinstance(value, list | tuple) else [value]
            self.pairs += [(name, str(one)) for one in many if one is not None]
        return self

    def send(self, files: dict[str, Any] | None = None) -> Page:
        path = urljoin(self.page.path, self.action)
        if self.method == "get":
            return self.page.visitor.open(path.split("?")[0] + "?" + urlencode(self.pairs))
        return self.page.visitor.post(path, self.pairs, files=files)


class Visitor:
    """One person's browser, with cookies of its own."""

    def __init__(self, client: Client, base: str = "http://127.0.0.1:8000") -> None:
        self.client = client
        self.base = base
        self.cookies: dict[str, str] = {}
        self.tokens: dict[str, str] = {}  # found on a page, by whose it is

    def sign_in(self, handle: str) -> "Visitor":
        answer = self.post("/log-ind/demo", [("person", handle)])
        assert answer.status_code == 303, answer.text
        return self

    def open(self, path: str, follow: bool = True, **headers: str) -> Page:
        page = self.send("GET", path, headers=headers)
        hops = 0
        while follow and page.status_code in {302, 303, 307} and hops < 5:
            page = self.send("GET", urljoin(page.path, page.headers["location"]), headers=headers)
            hops += 1
        return page

    def post(self, path: str, form: Any = (), files: dict[str, Any] | None = None, **headers: str) -> Page:
        """Send exactly these fields; does not follow. Use `open(path).form(...)` to do as people do."""
        pairs = list(form.items()) if isinstance(form, dict) else list(form)
        if files is not None:
            data: dict[str, Any] = {}
            for name, value in pairs:
                data.setdefault(name, []).append(value)
            return self.send("POST", path, headers=headers, data=data, files=files)
        headers = {"content-type": "application/x-www-form-urlencoded", **headers}
        return self.send("POST", path, headers=headers, content=urlencode(pairs))

    def submit(self, path: str, on: str = "/mig", **form: Any) -> Page:
        """Post fields with a valid form token, taken from another page: for what no form on a page would send."""
        whose = repr(self.cookies)
        if not self.tokens.get(whose):
            self.tokens[whose] = self.open(on).tree.xpath("string(//input[@name='_token']/@value)")
        return self.post(path, [("_token", self.tokens[whose]), *form.items()])

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, **kwargs: Any) -> Page:
        path = path.removeprefix(self.base)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**({"Cookie": cookie} if cookie else {}), **(headers or {})}
        response = self.client.request(method, path, headers=headers, follow_redirects=False, **kwargs)
        for name, value in response.cookies.items():
            self.cookies[name] = value
        for name in [n for n, v in self.cookies.items() if v in {"", '""'}]:
            del self.cookies[name]
        self.client.cookies.clear()
        return Page(self, path.partition("#")[0], response)

"""Frames of pages that are kept and shared hold nothing about anybody."""

import gzip
import random
import re

import pytest
from jinja2 import DictLoader, UndefinedError
from markupsafe import Markup

from med import language
from med.kept import Kept
from med.text import Choices
from med.web.frames import Nobody, cut, fill, in_html, mark
from med.web.packing import Body, packed, squeeze
from med.web.pages import environment, listed


def test_each_reader_gets_their_own_name_and_their_own_keys(visitor, app):
    app.state.desk.pages.frames.clear()
    pages = {handle: visitor(handle).open("/beslutninger") for handle in ("anna", "carla", "julie")}
    tokens = []
    for handle, page in pages.items():
        assert page.tree.get("data-person") == handle
        header = page.tree.xpath("string(//header)")
        names = {name: name in header for name in ("Anna", "Carla", "Julie")}
        assert [name for name, there in names.items() if there] == [handle.capitalize()]
        tokens += re.findall(r'name="(?:idem|_token)" value="([^"]+)"', page.text)
    keys = [token for token in tokens if re.fullmatch(r"[0-9a-f]{32}-\d+", token)]
    assert len(keys) == len(set(keys)) == 9  # three forms on each page


def test_a_kept_frame_speaks_the_readers_language_and_wears_their_menu(visitor):
    danish, english = visitor("carla").open("/beslutninger"), visitor("carla").open("/beslutninger?sprog=en")
    assert (danish.h1, english.h1) == ("Beslutninger", "Decisions")
    ivan = visitor("ivan").open("/beslutninger")  # runs the system, is no employee: another menu
    assert ivan.links() != danish.links()
    assert visitor("carla").open("/beslutninger?sprog=da").links() == danish.links()


def test_a_kept_page_that_wants_to_know_more_about_its_reader_fails_loudly(app, visitor):
    pages = app.state.desk.pages
    shown = pages.env.from_string("{{ viewer.name }} {{ viewer.seats }}")
    with pytest.raises(UndefinedError):
        shown.render(viewer=Nobody(mark("viewer_name"), mark("viewer_handle")))


def test_holes_are_filled_where_they_stand():
    frame = cut(f"<p>{mark('name')} og {mark('csrf')}{mark('csrf')}</p>")
    numbers = iter(b"12")
    page = fill(frame, {"name": in_html("A & B"), "csrf": lambda: b"%d" % next(numbers)})
    assert page.plain() == b"<p>A &amp; B og 4950</p>"


def test_a_page_of_packed_pieces_is_sent_as_the_same_page():
    chance = random.Random(1)
    words = ["Udvalget aftalte ", "to pauser ", "\N{SNOWMAN}", "<p>", "x" * 300]

    def some(most: int) -> bytes:
        return "".join(chance.choices(words, k=chance.randrange(most))).encode()

    for most in (1, 2, 9, 3000):
        for _ in range(20):
            pieces = [packed(piece) if chance.random() < 0.5 else piece for piece in map(some, [most] * 5)]
            page = b"".join(piece if isinstance(piece, bytes) else piece.plain for piece in pieces)
            body = Body(pieces)
            assert body.plain() == gzip.decompress(body.squeezed()) == gzip.decompress(squeeze(page)) == page
    frame = cut(f"<p>{mark('days')}</p>")
    page = fill(frame, {"days": packed(b"Mandag " * 5000)})
    assert page.plain() == b"<p>" + b"Mandag " * 5000 + b"</p>" == gzip.decompress(page.squeezed())
    assert len(page.squeezed()) < len(page.plain()) / 50


def test_what_is_kept_is_bounded_and_the_least_wanted_goes():
    shelf: Kept[str] = Kept(2)
    shelf.put("a", "1")
    shelf.put("b", "2")
    assert shelf.get_all(["a", "x"]) == ["1", None]
    shelf.put("c", "3")
    assert (shelf.get("a"), shelf.get("b"), shelf.get("c"), len(shelf)) == ("1", None, "3", 2)
    shelf.clear()
    assert len(shelf) == 0


def test_what_a_field_suggests_is_escaped_whoever_asked_before():
    drawn = '<option value="&lt;b&gt;">A &amp; B – &lt;i&gt;</option>'
    for words in (str, Markup, str):
        assert listed([(words("<b>"), words("A & B"), words("<i>"))]) == drawn
    assert listed([(1, "En", ""), (2, "To", None)], "2") == (
        '<option value="1">En</option><option value="2" selected>To</option>'
    )
    offered = Choices([(1, "En"), (11, "<To>")])
    assert listed(offered) == '<option value="1">En</option><option value="11">&lt;To&gt;</option>'
    assert listed(offered, "11") == '<option value="1">En</option><option value="11" selected>&lt;To&gt;</option>'
    assert listed(offered, '1">') == listed(offered, "") == listed(offered, "<To>") == listed(offered)
    assert listed(["Køge"]) == '<option value="Køge">Køge</option>'
    assert listed(Markup(drawn)) == drawn


def test_words_of_a_template_are_looked_up_in_the_readers_language():
    env = environment()
    for name, shown in (("page.html", "&lt;i&gt;"), ("mail.txt", "<i>")):
        env.loader = DictLoader(
            {name: '{{ _("Søg") }} {{ _("%(n)s udvalg, %(name)s", n=2, name="<i>") }} {{ _("100 %%") }}'}
        )
        for lang, search in (("da", "Søg"), ("en", "Search"), ("da", "Søg")):
            token = language.current.set(lang)
            assert env.get_template(name).render() == f"{search} 2 udvalg, {shown} 100 %"
            language.current.reset(token)

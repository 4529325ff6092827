"""What people write: shown, written together, looked back on, sorted and checked."""

import re
import time
from collections import Counter
from urllib.parse import unquote

import merge3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markupsafe import Markup

from med.text import Conflict, collation_key, diff, excerpt, merge, parse, to_html, to_plain, warn_cpr
from med.text.blocks import Effort, edits, join, split

# Text as people write it, and as they should not: marks, list lines, links, controls and stray tags in all orders.
pieces = st.sampled_from(
    [
        *(
            "ord",
            "æøå",
            " ",
            "  ",
            "    ",
            "\t",
            "\n",
            "\n\n",
            "\r\n",
            "- ",
            "* ",
            "1. ",
            "12) ",
            "# ",
            "### ",
            "**",
            "*",
            "_",
        ),
        *(
            "[",
            "](",
            ")",
            "](https://a.dk)",
            "[x](javascript:alert(1))",
            "http://a.dk",
            "!",
            "~~~",
            "> ",
            "---",
            "|",
            "`",
        ),
        *("<b>", "</p>", "<script>", "&amp;", "&", '"', "'", "\\", "\x00", "\x0b", "\u2028", "\ud800", "\ufffe"),
    ]
)
marked_up = st.lists(pieces, max_size=40).map("".join)
anything = st.one_of(marked_up, st.text(max_size=60))


def well_formed(html: str) -> etree._Element:
    return etree.fromstring(f"<div>{html}</div>")


# --- Markdown ---------------------------------------------------------------------------------------------------------


def test_what_a_secretary_writes_looks_as_meant():
    text = (
        "Det indstilles, at **udvalget** drøfter *planen*.\nFrist: fredag.\n\n"
        "- første\n- anden\n  - under anden\n\n3. tredje\n4. fjerde"
    )
    assert to_html(text) == (
        "<p>Det indstilles, at <strong>udvalget</strong> drøfter <em>planen</em>.<br/>Frist: fredag.</p>"
        "<ul><li>første</li><li>anden<ul><li>under anden</li></ul></li></ul>"
        '<ol start="3"><li>tredje</li><li>fjerde</li></ol>'
    )
    assert to_plain(text) == (
        "Det indstilles, at udvalget drøfter planen.\nFrist: fredag.\n\n"
        "- første\n- anden\n  - under anden\n\n3. tredje\n4. fjerde"
    )


def test_a_list_with_air_between_its_lines_is_the_same_list():
    assert to_html("- a\n\n- b") == to_html("- a\n- b") == "<ul><li>a</li><li>b</li></ul>"
    assert to_html("- a\n\n  mere") == "<ul><li>a<p>mere</p></li></ul>"


def test_headings_fit_below_the_page():
    assert to_html("# A\n## B\n###### C") == "<h3>A</h3><h4>B</h4><h4>C</h4>"
    assert to_html("### A\n# B") == "<h3>A</h3><h3>B</h3>", "never a level skipped"
    assert to_html("#") == "<p>#</p>", "never an empty heading"


def test_links_go_out_only_by_http_and_mail():
    assert to_html("[læs](https://a.dk/?x=1&y=2)") == (
        '<p><a href="https://a.dk/?x=1&amp;y=2" rel="noopener noreferrer">læs</a></p>'
    )
    assert to_html("[skriv](MAILTO:bo@a.dk)").count("<a ") == 1
    assert to_html("[](https://a.dk)").count(">https://a.dk<") == 1, "a link always has words"
    assert to_html('[x]() [y]("z")') == "<p>[x]() [y](&#34;z&#34;)</p>", "nowhere is no address"
    assert "mere" in to_html('[x](https://a.dk "mere")')
    assert to_plain("[læs](https://a.dk) og [bo@a.dk](mailto:bo@a.dk)") == "læs (https://a.dk) og bo@a.dk"
    for address in ("javascript:alert(1)", "data:text/html,x", "//a.dk", "/inde", "ftp://a.dk", "https:a", "mailto:"):
        html = to_html(f"[x]({address})")
        assert "<a" not in html and address in html, "what is not a link stands there as typed"


@pytest.mark.parametrize(
    "literal",
    [
        "<script>alert(1)</script>",
        "`kode`",
        "~~streg~~",
        "> citat",
        "| a | b |",
        "&lt;",
        "C:\\mappe",
        "a_b_",
        "---",
        "<!--",
    ],
)
def test_everything_else_is_literal(literal):
    shown = "".join(well_formed(to_html(f"ord {literal}")).itertext())
    assert shown == f"ord {literal}" or literal == "a_b_"
    assert to_html(literal).replace("<p>", "").replace("</p>", "").count("<") == 0


def test_a_picture_is_only_a_link():
    assert to_html("![x](https://a.dk/b.png)").startswith("<p>!<a href=")


@given(anything)
def test_html_is_well_formed_and_only_what_we_allow(text):
    html = to_html(text)
    assert isinstance(html, Markup)
    for element in well_formed(html).iter():
        assert element.tag in {"div", "p", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "br"}
        assert set(element.keys()) <= {"a": {"href", "rel"}, "ol": {"start"}}.get(element.tag, set())
        assert re.match("https?://|mailto:", element.get("href", "mailto:"), re.IGNORECASE)


@given(anything)
def test_no_letter_disappears(text):
    def letters(words: str) -> Counter:
        return Counter(letter for letter in words.casefold() if letter.isalpha())

    tree = well_formed(to_html(text))
    shown = "".join(tree.itertext()) + "".join(unquote(link.get("href")) for link in tree.iter("a"))
    assert letters(text) <= letters(shown)
    assert letters(text) <= letters(unquote(to_plain(text)))


@given(anything, st.integers(1, 80))
def test_an_excerpt_is_one_line_that_fits(text, length):
    line = excerpt(text, length)
    assert len(line) <= length
    assert "\n" not in line and line == line.strip()


def test_an_excerpt_ends_between_words():
    assert (
        excerpt("**Udvalget** drøftede\n\n- sygefravær, og hvad der virker", 33) == "Udvalget drøftede sygefravær, og…"
    )
    assert excerpt("Udvalget drøftede", 17) == "Udvalget drøftede"
    assert excerpt("Donaudampfschifffahrt", 6) == "Donau…"
    with pytest.raises(ValueError):
        excerpt("x", 0)


@pytest.mark.parametrize(
    "hostile",
    [
        *("[" * 20_000, "(" * 20_000, "[a](" * 5_000, "[a](<" * 4_000, "**a" * 7_000, "*a " * 7_000, "a***b" * 4_000),
        *("- " * 10_000, "> " * 10_000, "- a\n" * 5_000, "a\n\n" * 7_000, "\x00" * 20_000),
        *("\n".join("  " * depth + "- a" for depth in range(200)), "*a **b " * 1_500 + "x** y*" * 1_500),
    ],
    ids=lambda text: text[:6].replace("\n", " ").replace("\x00", "nul"),
)
def test_hostile_texts_take_linear_time_and_lose_nothing(hostile):
    started = time.process_time()
    tree = well_formed(to_html(hostile))
    assert time.process_time() - started < 3
    assert "".join(tree.itertext()).count("a") >= hostile.count("a")
    assert max(len(list(leaf.iterancestors())) for leaf in tree.iter()) < 30


def test_the_tree_is_what_its_docstring_says():
    (bullets,) = parse("- **a** b\n  - c")
    (item,) = bullets.children
    assert [child.kind for child in item.children] == ["bold", "text", "bullets"]
    assert parse("") == ()


# --- Blocks -----------------------------------------------------------------------------------------------------------

lines = st.sampled_from(
    ["- punkt", "* punkt", "1. punkt", "2. punkt", "tekst", "  mere", "", " ", "9. november", "-", "**f**"]
)


@given(st.lists(lines, max_size=15).map("\n".join))
def test_blocks_survive_being_joined(text):
    assert split(join(split(text))) == split(text)
    assert "".join(text.split()) == "".join("".join(split(text)).split())


def test_every_list_line_is_a_block_but_a_date_in_a_sentence_is_not():
    assert split("Vi mødes den\n9. november.\n- a\n  mere a\n- b\n\n\n1. c\r\n2. d") == [
        *("Vi mødes den\n9. november.", "- a\n  mere a", "- b", "1. c", "2. d"),
    ]


small = st.lists(st.sampled_from("abcd"), max_size=9)


@given(small, small, st.sampled_from([10**6, 0]))
def test_edits_lead_from_the_old_row_to_the_new_one(old, new, steps):
    result, at = [], 0
    for edit in edits(old, new, Effort(steps)):
        assert edit.start >= at and (edit.start > at or at == 0), "two edits never touch"
        result += old[at : edit.start] + new[edit.new_start : edit.new_end]
        at = edit.end
    assert result + old[at:] == new


# --- Merge ------------------------------------------------------------------------------------------------------------

BASE = [f"Afsnit {number}." for number in range(6)]


@st.composite
def edited(draw, name: str, base: list[str] = BASE) -> str:
    """What one person makes of the base: rewords, adds and deletes blocks, some of them list lines."""
    blocks: list[str] = []
    for number, block in enumerate(base):
        match draw(st.sampled_from(["keep", "keep", "keep", "reword", "delete", "add", "add point"])):
            case "keep":
                blocks.append(block)
            case "reword":
                blocks.append(f"{block} Rettet af {name}.")
            case "add":
                blocks += [block, f"Nyt fra {name} {number}."]
            case "add point":
                blocks += [block, f"- punkt fra {name} {number}"]
    return join(blocks)


def everything(merged) -> list[str]:
    """Every block that a person can still find: in the text, or in the parts with both sides of each conflict."""
    found: list[str] = []
    for part in merged.parts:
        for text in (part.theirs, part.mine) if isinstance(part, Conflict) else (part,):
            found += split(text)
    return found


@given(edited("Anna"), edited("Bo"))
def test_nothing_that_anybody_typed_vanishes(theirs, mine):
    merged = merge(join(BASE), theirs, mine)
    written = [block for block in split(theirs) + split(mine) if block not in BASE]
    assert not Counter(written) - Counter(everything(merged))
    untouched = [block for block in BASE if block in split(theirs) and block in split(mine)]
    assert set(untouched) <= set(everything(merged))
    assert (merged.text is None) == bool(merged.conflicts)
    assert merged.conflicts == [part for part in merged.parts if isinstance(part, Conflict)]


@given(edited("Anna"), edited("Bo"))
def test_what_one_deleted_and_the_other_left_alone_is_gone(theirs, mine):
    merged = merge(join(BASE), theirs, mine)
    if merged.text is not None:
        kept = [block for block in BASE if block in split(merged.text)]
        assert kept == [block for block in BASE if block in split(theirs) and block in split(mine)]


@given(edited("Anna"), edited("Bo"))
def test_it_does_not_matter_whose_is_whose(theirs, mine):
    one, other = merge(join(BASE), theirs, mine), merge(join(BASE), mine, theirs)
    assert one.text == other.text
    assert one.conflicts == [Conflict(c.base, c.mine, c.theirs) for c in other.conflicts]


@given(edited("Anna"), edited("Bo"))
def test_where_merge3_merges_we_give_the_same(theirs, mine):
    groups = list(merge3.Merge3(BASE, split(theirs), split(mine)).merge_groups())
    if all(group[0] != "conflict" for group in groups):
        merged = merge(join(BASE), theirs, mine)
        assert split(merged.text or "") == [block for group in groups for block in group[1]]


@given(st.lists(st.sampled_from(["keep", "anna", "bo"]), min_size=6, max_size=6))
def test_rewording_different_paragraphs_is_never_a_conflict(who):
    def version(name: str) -> list[str]:
        return [f"{block} {name}" if at == name else block for block, at in zip(BASE, who, strict=True)]

    both = [block if at == "keep" else f"{block} {at}" for block, at in zip(BASE, who, strict=True)]
    assert merge(join(BASE), join(version("anna")), join(version("bo"))).text == join(both)


@given(anything, anything)
def test_one_person_alone_gets_their_text_to_the_letter(base, mine):
    assert merge(base, base, mine).text == mine
    assert merge(base, mine, base).text == mine
    assert merge(base, mine, mine).text == mine


@given(anything, anything, anything)
def test_any_three_texts_keep_their_new_blocks(base, theirs, mine):
    written = [block for block in split(theirs) + split(mine) if block not in split(base)]
    assert set(written) <= set(everything(merge(base, theirs, mine)))


def test_two_people_add_to_the_same_list_at_different_places():
    assert (
        merge("- a\n- b\n- c", "- a\n- ny\n- b\n- c", "- a\n- b\n- c\n- sidst").text == "- a\n- ny\n- b\n- c\n- sidst"
    )


def test_writing_on_in_the_last_paragraph_while_another_begins_the_next():
    assert merge("Indledning.", "Indledning. Mere.", "Indledning.\n\nNæste.").text == "Indledning. Mere.\n\nNæste."


def test_adding_at_the_same_place_is_for_people_to_settle():
    merged = merge("A\n\nB", "A\n\nfra Anna\n\nB", "A\n\nfra Bo\n\nB")
    assert merged == (None, [Conflict("", "fra Anna", "fra Bo")], ["A", Conflict("", "fra Anna", "fra Bo"), "B"])


def test_adding_the_same_at_the_same_place_is_no_conflict():
    assert merge("A\n\nB", "A\n\nny\n\nB\n\nC", "A\n\nny\n\nB").text == "A\n\nny\n\nB\n\nC"


def test_adding_beside_what_the_other_deleted_is_a_conflict():
    assert merge("A\n\nB\n\nC", "A\n\nC", "A\n\nB\n\nsvar på B\n\nC").conflicts == [Conflict("B", "", "B\n\nsvar på B")]


def test_a_change_to_the_same_paragraph_lays_theirs_beside_mine():
    merged = merge("A\n\nB\n\nC", "A\n\nB1\n\nC", "A2\n\nB2\n\nC")
    assert merged.conflicts == [Conflict("B", "B1", "B2")]
    assert merged.parts == ["A2", Conflict("B", "B1", "B2"), "C"]


def test_one_large_change_across_several_small_ones_is_one_conflict():
    merged = merge("A\n\nB\n\nC\n\nD\n\nE", "X", "A1\n\nB\n\nC1\n\nD\n\nE1")
    assert merged.conflicts == [Conflict("A\n\nB\n\nC\n\nD\n\nE", "X", "A1\n\nB\n\nC1\n\nD\n\nE1")]


# --- Diff -------------------------------------------------------------------------------------------------------------


def side(paragraphs, *kinds: str) -> list[str]:
    sides = ["".join(s.text for s in paragraph.segments if s.kind in kinds) for paragraph in paragraphs]
    return [text for text in sides if text]


@given(st.one_of(edited("Anna"), anything), st.one_of(edited("Bo"), anything))
def test_a_diff_holds_both_versions_exactly(old, new):
    paragraphs = diff(old, new)
    assert side(paragraphs, "kept", "removed") == split(old)
    assert side(paragraphs, "kept", "added") == split(new)
    for paragraph in paragraphs:
        assert paragraph.kind == "changed" or {s.kind for s in paragraph.segments} == {paragraph.kind}


def test_a_changed_word_is_shown_within_its_paragraph():
    (_, changed, gone, come) = diff(
        "Uændret.\n\nVi mødes på torsdag, kl. 9.\n\nSlettes helt.",
        "Uændret.\n\nVi mødes på fredag, kl. 9.\n\nNy tekst her.",
    )
    assert changed.kind == "changed"
    assert changed.segments == (
        *(("kept", "Vi mødes på "), ("removed", "torsdag"), ("added", "fredag"), ("kept", ", kl. 9.")),
    )
    assert (gone.kind, come.kind) == ("removed", "added")


@pytest.mark.parametrize("unit", ["a\n\n", "- a\n", "a b ", "a\n\nb\n\n", "\n"])
def test_uniform_texts_do_not_make_merge_and_diff_quadratic(unit):
    text = unit * (30_000 // len(unit))
    started = time.process_time()
    merge(text, "x\n\n" + text[::2], text[::3] + "\n\ny")
    diff(text, "x\n\n" + text[::-1])
    assert time.process_time() - started < 3


# --- Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "found", ["010190-1234", "0101901234", "290200-4321", "010190 1234", "010190–1234", "610190-1234"]
)
def test_a_cpr_number_is_noticed(found):
    text = f"Borgeren ({found}) ringede"
    assert [text[start:end] for start, end in warn_cpr(text)] == [found]


@pytest.mark.parametrize(
    "innocent",
    [
        "320190-1234",
        "011390-1234",
        "290201-1234",
        "01019012345",
        "1010190-1234",
        "12345678",
        "2026-11-19",
        "kl. 9.30-10.30",
    ],
)
def test_other_numbers_are_left_alone(innocent):
    assert not warn_cpr(f"Se {innocent}.")


def test_danish_names_in_danish_order():
    names = ["Ågård", "Ærø", "Zorn", "ørsted", "Aabenraa", "anna", "Bo", "Arne", "Ängel", "É", "Ole", "åse"]
    assert sorted(names, key=collation_key) == [
        *("anna", "Arne", "Bo", "É", "Ole", "Zorn", "Ängel", "Ærø", "ørsted", "Aabenraa", "Ågård", "åse"),
    ]


@given(st.text(max_size=20))
def test_collation_does_not_see_capitals_and_aa(text):
    assert collation_key("Aa" + text) == collation_key("å" + text)
    assert collation_key(collation_key("x")) == "x"

"""The guard of the texts: Danish in the source, English in the catalogues, nothing forgotten."""

from pathlib import Path

import pytest

import med.app  # noqa: F401  (every slice names its things)
from med import language
from scripts import texts

HEADER = texts.HEADER


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small house with one slice and no texts yet."""
    for folder in ("med/meetings", "med/locale/en", "templates/meetings", "templates/layout"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "med/meetings/slice.py").write_text("")
    return tmp_path


def write(house: Path, path: str, text: str) -> None:
    (house / path).write_text(text, encoding="utf-8")


def english(house: Path, entries: str, name: str = "meetings") -> None:
    write(house, f"med/locale/en/{name}.po", HEADER + entries)


def problems(house: Path) -> list[str]:
    return [str(problem) for problem in texts.check(house)[1]]


def test_who_has_words_for_some_of_a_kind_has_them_for_all() -> None:
    named = {(kind, value) for kind, value in language._words}
    assert {(kind, value) for kind, _ in named for value in kind} - named == set()


def test_a_house_with_both_languages_has_no_problems(house: Path) -> None:
    write(house, "med/meetings/access.py", 'T("Mødet er %(state)s.", state=state)\n')
    write(
        house,
        "templates/meetings/index.html",
        '<h1 title="{{ _("Alle møder") }}">{{ _("Møder") }}</h1>{{ _n("%(num)s møde", "%(num)s møder", n) }}',
    )
    english(
        house,
        '\nmsgid "Mødet er %(state)s."\nmsgstr "The meeting is %(state)s."\n'
        '\nmsgid "Alle møder"\nmsgstr "All meetings"\n'
        '\nmsgid "Møder"\nmsgstr "Meetings"\n'
        '\nmsgid "%(num)s møde"\nmsgid_plural "%(num)s møder"\nmsgstr[0] "one meeting"\nmsgstr[1] "%(num)s meetings"\n',
    )
    assert texts.check(house) == (4, [])


@pytest.mark.parametrize("entry", ["", '\nmsgid "Møder"\nmsgstr ""\n', '\n#, fuzzy\nmsgid "Møder"\nmsgstr "Meet"\n'])
def test_a_text_without_finished_english_is_told_with_its_place(house: Path, entry: str) -> None:
    write(house, "templates/meetings/index.html", '\n{{ _("Møder") }}')
    english(house, entry)
    assert problems(house) == ['templates/meetings/index.html:2: "Møder" has no English']


def test_a_plural_needs_a_plural(house: Path) -> None:
    write(house, "med/meetings/queries.py", 'ngettext("%(n)s dag", "%(n)s dage", n)')
    english(house, '\nmsgid "%(n)s dag"\nmsgstr "%(n)s day"\n')
    assert problems(house) == ['med/meetings/queries.py:1: "%(n)s dag" has no English plural']


def test_one_text_cannot_stand_both_with_and_without_plural(house: Path) -> None:
    write(house, "med/meetings/queries.py", '_n("punkt", "punkter", n)\n_("punkt")')
    english(house, '\nmsgid "punkt"\nmsgid_plural "punkter"\nmsgstr[0] "item"\nmsgstr[1] "items"\n')
    assert "has another plural, or none, in med/meetings/queries.py:2" in problems(house)[0]


def test_english_that_is_no_longer_used_is_told(house: Path) -> None:
    english(house, '\nmsgid "Væk"\nmsgstr "Gone"\n\n#~ msgid "Lagt hen"\n#~ msgstr "Put away"\n')
    assert problems(house) == ['med/locale/en/meetings.po:7: "Væk" is no longer said anywhere']


@pytest.mark.parametrize("second", ["meetings", "site"])
def test_one_text_has_one_translation(house: Path, second: str) -> None:
    write(house, "med/meetings/access.py", '_("Punkt")')
    once, again = '\nmsgid "Punkt"\nmsgstr "Item"\n', '\nmsgid "Punkt"\nmsgstr "Point"\n'
    if second == "meetings":
        english(house, once + again)
    else:
        english(house, once)
        english(house, again, second)
    assert [line for line in problems(house) if "translated in two ways" in line]


@pytest.mark.parametrize(
    ("danish", "translated"),
    [("%(name)s kommer", "comes"), ("kommer", "%(name)s comes"), ("%(a)s", "%(b)s"), ("kl. {kl}", "at {time}")],
)
def test_both_languages_fill_in_the_same(house: Path, danish: str, translated: str) -> None:
    write(house, "med/meetings/access.py", f'_("{danish}")')
    english(house, f'\nmsgid "{danish}"\nmsgstr "{translated}"\n')
    assert ["differs from its English in" in line for line in problems(house)] == [True]


def test_a_percent_sign_in_a_template_is_doubled(house: Path) -> None:
    write(house, "templates/meetings/index.html", '{{ _("50 % er nok") }}{{ _("100 %% er alt") }}')
    english(house, '\nmsgid "50 % er nok"\nmsgstr "50 %"\n\nmsgid "100 %% er alt"\nmsgstr "100 %%"\n')
    assert len(problems(house)) == 2


def test_texts_are_found_however_they_are_written(house: Path) -> None:
    code = '_("a" "b")\nlanguage.T("c", x="no")\n_("d" if x else "e")\n_(variable)\n_("f" + "g")\nN_("no")\n'
    assert [found for _, found in texts.python_texts(code)] == [("ab",), ("c",), ("d",), ("e",), ("fg",)]
    template = '{{ _("a") }}{% trans n=3 %}b {{ n }}{% endtrans %}{{ _("c" if x else "d") }}{{ other("no") }}'
    assert sorted(found for _, found in texts.template_texts(template)) == [("a",), ("b %(n)s",), ("c",), ("d",)]


def test_a_text_filled_in_too_early_is_told(house: Path) -> None:
    write(house, "med/meetings/access.py", '_(f"{name} kommer")')
    assert "filled in before it is translated" in problems(house)[0]


@pytest.mark.parametrize(
    "template",
    [
        "<p>Ingen møder</p>",
        "<p>{{ _('Dag') }} kl. {{ time }}</p>",
        '<button aria-label="Luk">×</button>',
        '<input placeholder="{{ x }} eller navn">',
        '<img alt="Billede" src="a.png">',
        '<a title="{% if x %}Åbn{% endif %}">{{ x }}</a>',
        '{{ button("Gem ændringer") }}',
        "{% set heading = 'Næste' %}",
        "{% if a > b %}større{% endif %}",
        "{% macro more() %} aria-label='Mere'{% endmacro %}",
        "<svg><title>Figur</title></svg>",
    ],
)
def test_forgotten_text_is_told(house: Path, template: str) -> None:
    write(house, "templates/meetings/index.html", "\n" + template)
    english(house, '\nmsgid "Dag"\nmsgstr "Day"\n')
    told = [line for line in problems(house) if "forgotten text" in line]
    assert len(told) == 1
    assert told[0].startswith("templates/meetings/index.html:2: ")


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{# En bemærkning #}<!-- endnu en -->",
        "<script>let tekst = 'alt';</script><style>p { color: red }</style>",
        '<svg viewBox="0 0 8 8"><path d="M 0 0 L 10 10"/></svg>',
        "<p>1 – 2 · × % a</p>&nbsp;&hellip;",
        "<title>{{ title }} · Medspil</title>",
        '<span translate="no">CSV <b>eller</b> <span>XLSX</span></span>',
        '<div class="stor{% if x %} rød{% endif %}" {{ attrs }} {% if y %}hidden{% endif %}>{{ x }}</div>',
        '<{{ tag }} class="kort" id="navn">{{ x }}</{{ tag }}>',
        '{% macro state(ids) %}{% if ids %} aria-describedby="{{ ids }}"{% endif %} required{% endmacro %}',
        '{{ icon("check") }}{{ url("meetings.show", id=3) }}{{ date | format("EEEE d. MMMM") }}',
        '{% include "layout/page.html" %}',
        "{% raw %}{{ }}{% endraw %}",
    ],
)
def test_what_no_reader_meets_is_left_alone(house: Path, template: str) -> None:
    write(house, "templates/meetings/index.html", template)
    assert problems(house) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [("med/meetings/access.py", "def"), ("templates/layout/page.html", "{% if %}"), ("med/locale/en/a.po", "msgid x")],
)
def test_a_file_that_cannot_be_read_is_a_problem_and_no_traceback(house: Path, path: str, text: str) -> None:
    write(house, path, text)
    assert len(problems(house)) == 1
    assert "cannot be read" in problems(house)[0]


def test_the_missing_texts_of_a_slice_are_written_once_ready_to_translate(house: Path) -> None:
    write(house, "med/meetings/access.py", 'T("Den siger \\"%(x)s\\"\\nto gange")\n_n("én", "flere", n)')
    write(house, "templates/meetings/index.html", '{{ _("Møder") }}')
    write(house, "templates/layout/page.html", '{{ _("Log ud") }}')
    assert texts.add_missing(house, "meetings") == 3
    assert texts.add_missing(house, "meetings") == 0
    assert texts.add_missing(house, "site") == 1
    entries, unreadable = texts.read_translations(house)
    assert unreadable == []
    assert {entry.source for entry in entries} == {
        ('Den siger "%(x)s"\nto gange',),
        ("én", "flere"),
        ("Møder",),
        ("Log ud",),
    }
    assert all(entry.missing for entry in entries)


def test_the_command_tells_by_its_exit_code(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert texts.main(["--root", str(house)]) == 0
    assert capsys.readouterr() == ("", "")
    write(house, "templates/layout/page.html", "Hej")
    assert texts.main(["--root", str(house)]) == 1
    assert "templates/layout/page.html:1: forgotten text" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        texts.main(["--root", str(house), "--missing", "nowhere"])
    assert stopped.value.code == 2
    assert "no slice called nowhere" in capsys.readouterr().err

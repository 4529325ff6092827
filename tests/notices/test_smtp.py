"""A letter as it stands in the mail: whole in every mail program, and nobody's words become headers."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from med import clock
from med.notices.outbox import Letter, NoSuchAddress
from med.notices.smtp import address, sender, write
from med.setting_values import BadSetting
from med.settings import Settings, read_settings

SETTINGS = Settings(
    data_dir=Path("nowhere"),
    database_url="sqlite://",
    secret="s" * 40,
    base_url="https://med.solbaek.example",
    smtp_url="smtp://x",
    mail_from="MED i Solbæk <medspil@solbaek.example>",
)
CALENDAR = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:M\xc3\xb8de\r\nEND:VCALENDAR\r\n"


def wire(letter: Letter, name: str = "Jørgen Ærø", mail: str = "jorgen@solbaek.example") -> bytes:
    return write(letter, name, mail, SETTINGS, "1f0c", clock.now()).as_bytes()


def read(letter: Letter, **to: str):
    return message_from_bytes(wire(letter, **to), policy=default)


def test_a_letter_in_danish_arrives_as_it_was_written():
    letter = Letter(
        "Dagsorden til mødet på Åbrinken – 32. møde, med en overskrift der er længere end en linje kan være",
        "Kære Jørgen\n\n" + "æøå " * 300,
        "<p>Kære Jørgen</p>",
    )
    mail = read(letter)
    assert mail["Subject"] == letter.subject
    assert mail["To"].addresses[0].display_name == "Jørgen Ærø"
    assert mail["From"].addresses[0].display_name == "MED i Solbæk"
    assert mail["Message-ID"] == "<1f0c@med.solbaek.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == clock.now()
    text, page = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative"
    assert text.get_content().split() == letter.text.split()
    assert page.get_content().strip() == letter.html
    raw = wire(letter)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_an_invitation_is_the_last_part_and_names_its_method():
    mail = read(Letter("s", "t", "<p>h</p>", calendar=CALENDAR, method="REQUEST"))
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    calendar = list(mail.iter_parts())[-1]
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_param("charset") == "utf-8"
    assert calendar["Content-Transfer-Encoding"] == "base64"
    assert calendar.get_payload(decode=True) == CALENDAR


def test_the_unsubscribe_address_stays_whole_however_long():
    link = "<https://med.solbaek.example/afmeld/" + "a" * 300 + ">"
    raw = wire(
        Letter("s", "t", "h", headers={"List-Unsubscribe": link, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"})
    )
    assert b"List-Unsubscribe: " + link.encode() + b"\r\n" in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


EVIL = "Møde\r\nBcc: alle@solbaek.example\r\n\r\n<script>"


def test_no_ones_words_become_a_header_or_a_part():
    mail = read(Letter(EVIL, "t", "h", headers={"List-Id": EVIL}), name=EVIL)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Møde Bcc: alle@solbaek.example <script>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@given(
    subject=st.text(max_size=200), name=st.text(max_size=80), text=st.text(max_size=400), header=st.text(max_size=80)
)
def test_whatever_is_written_the_mail_has_the_same_headers(subject, name, text, header):
    def clean(words: str) -> str:
        return words.encode("utf-8", "replace").decode()  # the database holds no halves of letters

    letter = Letter(clean(subject), clean(text), "<p></p>", headers={"X-Med": clean(header)})
    raw = write(letter, clean(name), "anna@solbaek.example", SETTINGS, "1f0c", clock.now()).as_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line[:1].isspace()]
    ours = b"From To Subject Date Message-ID Auto-Submitted X-Auto-Response-Suppress X-Med"
    assert sorted(names) == sorted([*ours.split(), b"MIME-Version", b"Content-Type"])
    mail = message_from_bytes(raw, policy=default)
    assert [to.addr_spec for to in mail["To"].addresses] == ["anna@solbaek.example"]


@pytest.mark.parametrize("header", ["Bcc", "To", "Content-Type", "List-Unsubscribe\r\nBcc", "", "x"])
def test_a_letter_sets_no_headers_but_its_own(header):
    with pytest.raises(ValueError, match="may not set"):
        wire(Letter("s", "t", "h", headers={header: "x"}))


def test_addresses_are_written_as_mail_servers_know_them():
    assert address("anna@blåbærgrød.dk") == "anna@xn--blbrgrd-fxak7p.dk"
    assert address(" anna@solbaek.example ") == "anna@solbaek.example"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "anna",
        "anna@",
        "@x.dk",
        "anna@x",
        "a@b.dk, c@d.dk",
        "a@b.dk\r\nBcc: x@y.dk",
        "<a@b.dk>",
        "a b@c.dk",
        "a@b..dk",
        "a@" + "x" * 300 + ".dk",
        "Anna <a@b.dk>",
    ],
)
def test_what_is_no_address_is_refused(wrong):
    with pytest.raises(NoSuchAddress):
        address(wrong)


def test_the_sender_may_be_an_address_alone():
    assert str(sender(replace(SETTINGS, mail_from="med@x.dk"))) == "Medspil <med@x.dk>"


def test_settings_know_an_address_when_they_see_one(tmp_path):
    def mail_from(given: str) -> str:
        wanted = {"MED_SMTP_URL": "smtp://mail.x.dk", "MED_MAIL_FROM": given}
        return read_settings(wanted, data_dir=tmp_path).mail_from

    assert mail_from("Medspil <medspil@kommune.dk>") == "Medspil <medspil@kommune.dk>"
    for wrong in ("", "medspil", "<>", "a@b@c", "med spil@x.dk"):
        with pytest.raises(BadSetting):
            mail_from(wrong)

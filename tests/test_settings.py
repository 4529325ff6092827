"""What the surroundings decide: good values are taken as they are meant, bad ones stop the start with one sentence."""

import pytest

from med.colours import contrast_with_white
from med.setting_values import BadSetting
from med.settings import KNOWN, read_settings

SECRET = "x" * 32


def read(folder, demo=False, **environment):
    return read_settings({"MED_SECRET": SECRET, **environment}, data_dir=folder, demo=demo)


def test_nothing_set_is_one_machine_with_sqlite(tmp_path):
    settings = read_settings({"MED_DATA_DIR": str(tmp_path / "new"), "HOME": "/", "PATH": "/bin"})
    assert settings.database_url == f"sqlite:///{tmp_path}/new/med.db"
    assert settings.files_dir == tmp_path / "new" / "files"
    assert (settings.base_url, settings.is_https, settings.host) == ("http://127.0.0.1:8000", False, "127.0.0.1")
    assert settings.is_sqlite
    assert settings.workers == 1
    assert not settings.demo


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MED_DATABASE", "x", "MED_DATABASE is not a setting; `med doctor` lists"),
        ("MED_", "x", "MED_ is not a setting"),
        ("MED_SECRET", "short", "MED_SECRET is shorter than 32 characters; make one with"),
        ("MED_BASE_URL", "med.example.dk", "write scheme and host only"),
        ("MED_BASE_URL", "ftp://med.example.dk", "write scheme and host only"),
        ("MED_BASE_URL", "https://", "write scheme and host only"),
        ("MED_BASE_URL", "https://med.example.dk/sti", "write scheme and host only"),
        ("MED_BASE_URL", "https://med.example.dk?a=1", "write scheme and host only"),
        ("MED_BASE_URL", "https://med.example.dk#top", "write scheme and host only"),
        ("MED_BASE_URL", "https://anna:kode@med.example.dk", "write scheme and host only"),
        ("MED_BASE_URL", "https://[::1", "write scheme and host only"),
        ("MED_BASE_URL", "https://med.example.dk:port", "write scheme and host only"),
        ("MED_BASE_URL", "https://med.example.dk:99999", "write scheme and host only"),
        ("MED_BASE_URL", "http://med.example.dk", "must start with https://"),
        ("MED_BASE_URL", "https://medspil.køge.dk", "xn--"),  # no browser would ask for a host of that name
        # Half of the password would be left out, and what is left of it be taken for the server's name.
        ("MED_SMTP_URL", "smtp://medspil:kode#2@mail.example.dk", "write # / ? @ : and % as %23"),
        ("MED_SMTP_URL", "smtp://medspil:12/kode@mail.example.dk", "write # / ? @ : and % as %23"),
        ("MED_SMTP_URL", "smtp://medspil:12?kode@mail.example.dk:587", "write # / ? @ : and % as %23"),
        ("MED_SMTP_URL", "http://mail.example.dk", "is not an address such as smtp://"),
        ("MED_IMAP_URL", "imaps://medspil:12#kode@mail.example.dk/INBOX", "write # / ? @ : and % as %23"),
        ("MED_IMAP_URL", "imaps://medspil:12/kode@mail.example.dk/INBOX", "write # / ? @ : and % as %23"),
        ("MED_IMAP_URL", "imaps://medspil:x@mail.example.dk/INBOX?authserv=mx", "is not an address such as imap"),
        ("MED_BASE_URL", "http://127.0.0.1.example.dk", "must start with https://"),
        ("MED_WORKERS", "0", "whole number from 1 to 64"),
        ("MED_WORKERS", "-1", "whole number from 1 to 64"),
        ("MED_WORKERS", "two", "whole number from 1 to 64"),
        ("MED_WORKERS", "1.5", "whole number from 1 to 64"),
        ("MED_WORKERS", "65", "whole number from 1 to 64"),
        ("MED_WORKERS", "9" * 5000, "whole number from 1 to 64"),
        ("MED_WORKERS", "2", "needs PostgreSQL"),
        ("MED_LIVE_READERS", "0", "whole number from 1 to 10000"),
        ("MED_LIVE_READERS", "10001", "whole number from 1 to 10000"),
        ("MED_DATABASE_URL", "mysql://a/b", "must be postgresql://"),
        ("MED_DATABASE_URL", "postgresql://", "must be postgresql://"),
        ("MED_DATABASE_URL", "postgresql://host", "must be postgresql://"),
        ("MED_DATABASE_URL", "postgresql://host:port/med", "must be postgresql://"),
        ("MED_DATABASE_URL", "sqlite:///relative.db", "sqlite:////absolute/path.db"),
        ("MED_DATABASE_URL", "sqlite://", "sqlite:////absolute/path.db"),
        ("MED_DATABASE_URL", "/srv/med.db", "must be postgresql://"),
        ("MED_BRAND", "blue", "is not a colour such as #0b4f5c"),
        ("MED_BRAND", "#12", "is not a colour such as #0b4f5c"),
        ("MED_BRAND", "#0b4f5c; }", "is not a colour such as #0b4f5c"),
        ("MED_BRAND", "#ffcc00", "at least 4.5:1 is needed"),
        ("MED_WEBHOOK_HOSTS", "https://intranet.example.dk", "no name or address alone"),
        ("MED_WEBHOOK_HOSTS", "intranet.example.dk, intranet.example.dk:8443", "intranet.example.dk:8443"),
        ("MED_WEBHOOK_HOSTS", "10.1.2.3:80", "no name or address alone"),
        ("MED_SECRET_FILE", "/nowhere", "MED_SECRET or MED_SECRET_FILE, not both"),
    ],
)
def test_a_bad_value_stops_the_start_with_one_sentence(tmp_path, name, value, words):
    with pytest.raises(BadSetting) as stopped:
        read(tmp_path, **{name: value})
    assert words in str(stopped.value)
    assert "\n" not in str(stopped.value)
    assert SECRET not in str(stopped.value)


def test_hosts_inside_the_house_are_names_and_addresses(tmp_path):
    hosts = read(tmp_path, MED_WEBHOOK_HOSTS=" Intranet.Example.dk,10.1.2.3 , fd00::7,").webhook_hosts
    assert hosts == {"intranet.example.dk", "10.1.2.3", "fd00::7"}


def test_mail_servers_as_they_are_written(tmp_path):
    sender = {"MED_MAIL_FROM": "medspil@example.dk"}
    for given in ("smtp://mail.example.dk", "smtps://u:a%23b%2Fc@mail.example.dk:465/", "smtp://[::1]:25"):
        assert read(tmp_path, MED_SMTP_URL=given, **sender).smtp_url == given
    for given in ("imaps://u:p@mail", "imaps://u:p@mail/INBOX/Svar?authserv-id=mx.example.dk", "imap://u:p@[::1]:143/"):
        assert read(tmp_path, MED_IMAP_URL=given).imap_url == given


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Med.Example.dk/", "https://med.example.dk"),
        ("HTTPS://med.example.dk:8443", "https://med.example.dk:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://localhost:9", "http://localhost:9"),
        ("", "http://127.0.0.1:8000"),
    ],
)
def test_an_address_is_scheme_and_host(tmp_path, given, kept):
    settings = read(tmp_path, MED_BASE_URL=given)
    assert settings.base_url == kept
    assert settings.is_https == kept.startswith("https")


def test_the_demo_stays_on_this_machine(tmp_path):
    with pytest.raises(BadSetting, match="loopback only"):
        read(tmp_path, demo=True, MED_BASE_URL="https://med.example.dk")
    assert read(tmp_path, demo=True).demo


def test_postgresql_by_any_of_its_names(tmp_path):
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        settings = read(tmp_path, MED_DATABASE_URL=f"{scheme}://u:p@db/med?host=/run", MED_WORKERS="4")
        assert settings.database_url == "postgresql+psycopg://u:p@db/med?host=/run"
        assert (settings.is_sqlite, settings.workers) == (False, 4)


# --- the secret -------------------------------------------------------------------------------------------------------


def test_a_secret_is_made_once_and_kept_for_the_owner_alone(tmp_path):
    first = read_settings({}, data_dir=tmp_path / "data")
    assert read_settings({}, data_dir=tmp_path / "data").secret == first.secret
    assert len(first.secret) >= 48
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600
    assert read_settings({}, data_dir=tmp_path / "other").secret != first.secret
    assert first.secret not in repr(first)


def test_a_secret_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("ø" * 40 + "\n")
    assert read_settings({"MED_SECRET_FILE": str(file)}, data_dir=tmp_path).secret == "ø" * 40
    for content, words in ((b"", "shorter than 32"), (b"short", "shorter than 32"), (b"\xff" * 40, "not UTF-8")):
        file.write_bytes(content)
        with pytest.raises(BadSetting, match=words):
            read_settings({"MED_SECRET_FILE": str(file)}, data_dir=tmp_path)
    for wrong, words in ((tmp_path / "none", "No such file"), (tmp_path, "directory")):
        with pytest.raises(BadSetting, match=words):
            read_settings({"MED_SECRET_FILE": str(wrong)}, data_dir=tmp_path)
    assert not (tmp_path / "secret").exists()  # an empty file is a mistake, not a wish for a new secret


def test_a_data_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(BadSetting, match="cannot be used"):
            read_settings({}, data_dir=folder)
    (tmp_path / "secret").write_bytes(b"\xff" * 50)
    with pytest.raises(BadSetting, match="not text"):
        read_settings({}, data_dir=tmp_path)
    (tmp_path / "secret").write_bytes(b"")
    with pytest.raises(BadSetting, match=r"secret is shorter than 32"):
        read_settings({}, data_dir=tmp_path)


# --- the brand --------------------------------------------------------------------------------------------------------


def test_contrast_is_that_of_wcag():
    assert contrast_with_white("ffffff") == pytest.approx(1)
    assert contrast_with_white("000000") == pytest.approx(21)
    assert contrast_with_white("767676") == pytest.approx(4.54, abs=0.005)  # the lightest grey that passes
    assert contrast_with_white("777777") < 4.5


def test_a_brand_that_can_be_read_is_taken(tmp_path):
    assert read(tmp_path, MED_BRAND="#0B4F5C").brand == "#0B4F5C"


def test_every_setting_is_documented_once():
    assert len({setting.name for setting in KNOWN}) == len(KNOWN)
    assert all(setting.about.endswith(".") for setting in KNOWN)
    assert {setting.name for setting in KNOWN if setting.secret} == {
        "MED_SECRET",
        "MED_DATABASE_URL",
        "MED_SMTP_URL",
        "MED_IMAP_URL",
        "MED_OIDC_CLIENT_SECRET",
    }

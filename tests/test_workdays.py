"""Danish days, against published facts and against a plain day-by-day count."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from med import workdays
from med.language import current
from med.workdays import (
    NoSuchTime,
    at_clock,
    clock,
    copenhagen,
    customary_free_days,
    day_name,
    deadline_before,
    easter,
    holidays,
    in_full,
    in_words,
    is_workday,
    long_date,
    short_date,
    to_utc,
    workday_on_or_after,
    workday_on_or_before,
    workdays_before,
    workdays_between,
)

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
free_days = st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=12)
FREE_2026 = customary_free_days(2026)


@pytest.fixture
def english():
    token = current.set("en")
    yield
    current.reset(token)


@pytest.mark.parametrize(
    "published",
    [
        *("1954-04-18", "1961-04-02", "1981-04-19", "2000-04-23", "2008-03-23", "2011-04-24", "2019-04-21"),
        *("2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18", "2076-04-19"),
    ],
)
def test_easter_is_when_the_almanac_says(published):
    day = date.fromisoformat(published)
    assert easter(day.year) == day


@given(st.integers(1900, 2199))
def test_easter_is_a_sunday_between_22_march_and_25_april(year):
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


def test_the_holidays_of_2026():
    assert [day.isoformat()[5:] for day in holidays(2026)] == [
        *("01-01", "04-02", "04-03", "04-05", "04-06", "05-14", "05-24", "05-25", "12-25", "12-26"),
    ]
    assert str(holidays(2026)[date(2026, 5, 14)]) == "Kristi himmelfartsdag"


def test_store_bededag_was_last_kept_in_2023():
    assert str(holidays(2023)[date(2023, 5, 5)]) == "store bededag"
    assert not is_workday(date(2023, 5, 5))
    assert is_workday(date(2024, 4, 26))
    assert [len(holidays(year)) for year in (2022, 2023, 2024)] == [11, 11, 10]


def test_constitution_day_and_christmas_eve_are_free_only_where_the_workplace_says_so():
    assert is_workday(date(2026, 6, 5))
    assert not is_workday(date(2026, 6, 5), FREE_2026)
    assert not is_workday(date(2026, 12, 24), FREE_2026)


def test_five_working_days_before_a_meeting_after_easter():
    assert workdays_before(date(2026, 4, 9), 5) == date(2026, 3, 30)
    assert workdays_before(date(2026, 11, 23), 1) == date(2026, 11, 20)
    assert workdays_before(date(2026, 11, 22), 0) == date(2026, 11, 20)


def test_a_deadline_on_a_day_off_is_moved_back():
    assert deadline_before(date(2026, 11, 19), 14) == date(2026, 11, 5)
    assert deadline_before(date(2026, 4, 20), 14) == date(2026, 4, 1), "the 6th is Easter Monday"
    assert deadline_before(date(2026, 6, 19), 14, free=FREE_2026) == date(2026, 6, 4)
    assert deadline_before(date(2026, 11, 19), 5, working_days=True) == date(2026, 11, 12)


@given(days, st.integers(0, 40), free_days)
def test_counting_working_days_back_and_between_agree(day, count, free):
    found = workdays_before(day, count, free)
    assert is_workday(found, free) and found <= day
    if count:
        assert workdays_between(found, day, free) == count
        assert workdays_between(day, found, free) == -count


@given(days, st.integers(0, 900), free_days)
def test_working_days_between_is_the_plain_count(start, length, free):
    everyday = [start + timedelta(step) for step in range(length)]
    assert workdays_between(start, start + timedelta(length), free) == sum(is_workday(day, free) for day in everyday)


@given(days, st.integers(0, 60), st.booleans(), free_days)
def test_a_deadline_is_a_working_day_and_never_gives_fewer_days(day, count, working, free):
    deadline = deadline_before(day, count, working_days=working, free=free)
    assert is_workday(deadline, free)
    assert (day - deadline).days >= count
    if not working:
        passed_over = [deadline + timedelta(step) for step in range(1, (day - deadline).days - count + 1)]
        assert not any(is_workday(passed, free) for passed in passed_over)


@given(days, free_days)
def test_the_nearest_working_day(day, free):
    before, after = workday_on_or_before(day, free), workday_on_or_after(day, free)
    assert before <= day <= after
    assert workdays_between(before, after, free) == (0 if is_workday(day, free) else 1)


@pytest.mark.parametrize(
    "impossible",
    [
        lambda: workdays_before(date(1, 1, 1), 3),
        lambda: workdays_before(date(2026, 1, 1), -1),
        lambda: deadline_before(date(2026, 1, 1), 10**12),
        lambda: workdays_between(date(1, 1, 1), date(2026, 1, 1)),
        lambda: to_utc(date(9999, 12, 31), time(23)),
        lambda: to_utc(date(1, 1, 1), time(0)),
    ],
)
def test_absurd_dates_get_a_sentence_and_not_an_overflow(impossible):
    with pytest.raises(NoSuchTime) as refused:
        impossible()
    assert str(refused.value.message).endswith(".")


@pytest.mark.parametrize(
    ("away", "danish", "in_english"),
    [
        (0, "i dag", "today"),
        (1, "i morgen", "tomorrow"),
        (-1, "i går", "yesterday"),
        (2, "på torsdag", "on Thursday"),
        (6, "på mandag", "on Monday"),
        (7, "om 7 dage", "in 7 days"),
        (28, "om 28 dage", "in 28 days"),
        (-3, "for 3 dage siden", "3 days ago"),
        (29, "den 16. december 2026", "16 December 2026"),
        (-29, "den 19. oktober 2026", "19 October 2026"),
    ],
)
def test_a_day_in_words_follows_the_reader(away, danish, in_english):
    today = date(2026, 11, 17)
    phrase = in_words(today + timedelta(away), today)
    assert str(phrase) == danish
    token = current.set("en")
    assert str(phrase) == in_english
    current.reset(token)


def test_dates_are_written_in_full_and_in_short():
    day = date(2026, 11, 19)
    assert long_date(day, "da") == "torsdag den 19. november 2026"
    assert long_date(day, "en") == "Thursday 19 November 2026"
    assert (short_date(day, "da"), short_date(day, "en")) == ("19. nov. 2026", "19 Nov 2026")
    assert str(day_name(day)) == "torsdag"


@given(days)
def test_written_dates_agree_with_babel_and_with_the_lazy_ones(day):
    assert short_date(day, "da") == format_date(day, "d. MMM y", locale="da")
    assert short_date(day, "en") == format_date(day, "d MMM y", locale="en_GB")
    for language, pattern, locale in (("da", "EEEE 'den' d. MMMM y", "da"), ("en", "EEEE d MMMM y", "en_GB")):
        token = current.set(language)
        assert long_date(day, language) == format_date(day, pattern, locale=locale)
        assert str(in_full(day)) == long_date(day) == long_date(day, language)
        current.reset(token)


def test_the_clock_on_the_wall():
    winter = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
    assert (clock(winter, "da"), clock(winter, "en")) == ("9.00", "9:00")
    assert clock(datetime(2026, 7, 1, 7, 30, tzinfo=UTC), "da") == "9.30"
    assert str(at_clock(winter)) == "kl. 9.00"
    with pytest.raises(ValueError):
        clock(datetime(2026, 11, 19, 8, 0))  # noqa: DTZ001
    token = current.set("en")
    assert (str(at_clock(winter)), clock(winter)) == ("9:00", "9:00")
    current.reset(token)


def test_an_hour_that_does_not_exist_is_explained():
    with pytest.raises(NoSuchTime) as refused:
        to_utc(date(2027, 3, 28), time(2, 30))
    assert str(refused.value.message) == "Klokken 2.30 findes ikke den 28.3.2027: uret stilles en time frem om natten."
    assert to_utc(date(2027, 3, 28), time(3, 0)) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    with pytest.raises(NoSuchTime):
        to_utc(date(2027, 3, 28), time(2, 0), second=True)


def test_an_hour_that_comes_twice_is_the_first_unless_said_otherwise():
    night = date(2026, 10, 25)
    assert to_utc(night, time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert to_utc(night, time(2, 30), second=True) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert to_utc(night, time(2, 30, fold=1)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with pytest.raises(ValueError):
        to_utc(night, time(2, 30, tzinfo=UTC))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.booleans())  # noqa: DTZ001
def test_there_and_back_shows_the_same_clock(wall, second):
    try:
        moment = to_utc(wall.date(), wall.time(), second=second)
    except NoSuchTime:
        assert wall.month == 3 and wall.weekday() == 6 and wall.hour == 2
        return
    assert copenhagen(moment).replace(tzinfo=None) == wall


def test_every_name_has_its_english(english):
    names = [*workdays.WEEKDAYS, *workdays.MONTHS, *holidays(2023).values()]
    untranslated = [name.message for name in names if str(name) == name.message]
    assert untranslated == []

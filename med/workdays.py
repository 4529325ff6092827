"""Danish days: public holidays, working days, deadlines, ISO weeks, and the words for a day and an hour.

Dates are Danish calendar days; moments are aware datetimes. Anything that is typed as "kl. 9.30" means
the clock on the wall in Denmark, and is turned into UTC in one place, `to_utc`.

Functions with a `language` write at once (`None` is the reader's language); those that return a `Text`
are lazy and can be kept in an objection or a notice whose reader is not known yet.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from med.language import T, Text, current

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
FIRST_YEAR, LAST_YEAR = 1900, 2199
NO_DAYS: frozenset[date] = frozenset()

WEEKDAYS = (T("mandag"), T("tirsdag"), T("onsdag"), T("torsdag"), T("fredag"), T("lørdag"), T("søndag"))
MONTHS = (
    *(T("januar"), T("februar"), T("marts"), T("april"), T("maj"), T("juni")),
    *(T("juli"), T("august"), T("september"), T("oktober"), T("november"), T("december")),
)


class NoSuchTime(ValueError):
    """A day or hour that cannot be used. `message` is the sentence for the person who typed it."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


# --- Holidays ---------------------------------------------------------------------------------------------------------


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return date(year, month, (h - m + r + month + 19) % 32)


@lru_cache(maxsize=512)
def _holidays(year: int) -> tuple[tuple[date, Text], ...]:
    sunday = easter(year)
    days = [
        (date(year, 1, 1), T("nytårsdag")),
        (sunday - timedelta(3), T("skærtorsdag")),
        (sunday - timedelta(2), T("langfredag")),
        (sunday, T("påskedag")),
        (sunday + timedelta(1), T("2. påskedag")),
        (sunday + timedelta(39), T("Kristi himmelfartsdag")),
        (sunday + timedelta(49), T("pinsedag")),
        (sunday + timedelta(50), T("2. pinsedag")),
        (date(year, 12, 25), T("juledag")),
        (date(year, 12, 26), T("2. juledag")),
    ]
    if year <= 2023:  # abolished from 2024 by lov nr. 214 af 6. marts 2023
        days.append((sunday + timedelta(26), T("store bededag")))
    return tuple(sorted(days, key=lambda found: found[0]))


def holidays(year: int) -> dict[date, Text]:
    """The Danish public holidays of a year with their names, by date. A local free day is not one of them."""
    return dict(_holidays(year))


def customary_free_days(year: int) -> frozenset[date]:
    """The days most municipalities close although they are not public holidays: 5 June, 24 and 31 December.

    Offered as the default of the setting that becomes `free` in the functions below.
    """
    return frozenset({date(year, 6, 5), date(year, 12, 24), date(year, 12, 31)})


@lru_cache(maxsize=512)
def _holiday_dates(year: int) -> frozenset[date]:
    return frozenset(day for day, _ in _holidays(year))


# --- Working days -----------------------------------------------------------------------------------------------------


def is_workday(day: date, free: frozenset[date] = NO_DAYS) -> bool:
    """Monday to Friday, neither a public holiday nor one of the workplace's own `free` days."""
    return day.weekday() < 5 and day not in free and day not in _holiday_dates(day.year)


def workday_on_or_before(day: date, free: frozenset[date] = NO_DAYS) -> date:
    """`day` itself where it is a working day, else the nearest one before it."""
    _within(day)
    while not is_workday(day, free):
        day -= timedelta(1)
    return day


def workday_on_or_after(day: date, free: frozenset[date] = NO_DAYS) -> date:
    """`day` itself where it is a working day, else the nearest one after it."""
    _within(day)
    while not is_workday(day, free):
        day += timedelta(1)
    return day


def workdays_before(day: date, count: int, free: frozenset[date] = NO_DAYS) -> date:
    """The `count`th working day before `day`: one working day before a Monday is the Friday.

    `count` 0 gives the working day on or before `day`. Raises NoSuchTime outside 1900–2199 or 0–2000 days.
    """
    _within(day)
    _countable(count)
    if count == 0:
        return workday_on_or_before(day, free)
    for _ in range(count):
        day = workday_on_or_before(day - timedelta(1), free)
    return day


def workdays_between(start: date, end: date, free: frozenset[date] = NO_DAYS) -> int:
    """How many working days there are from and including `start` up to, but not including, `end`.

    So `workdays_between(workdays_before(day, n), day) == n`. Negative when `end` lies before `start`.
    Raises NoSuchTime outside 1900–2199.
    """
    if end < start:
        return -workdays_between(end, start, free)
    _within(start)
    _within(end)
    weeks, rest = divmod((end - start).days, 7)
    weekdays = weeks * 5 + sum((start.weekday() + extra) % 7 < 5 for extra in range(rest))
    closed = free.union(*(_holiday_dates(year) for year in range(start.year, end.year + 1)))
    return weekdays - sum(start <= day < end and day.weekday() < 5 for day in closed)


def deadline_before(day: date, days: int, *, working_days: bool = False, free: frozenset[date] = NO_DAYS) -> date:
    """The last day to do something that must be done `days` days before `day` (proposals 14 days before the meeting).

    Counts calendar days, or working days with `working_days`. A deadline that falls on a day off is moved
    *back* to the nearest working day, so that nobody gets fewer days than the rules promise.
    Raises NoSuchTime outside 1900–2199 or 0–2000 days.
    """
    if working_days:
        return workdays_before(day, days, free)
    _within(day)
    _countable(days)
    return workday_on_or_before(day - timedelta(days), free)


def _within(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise NoSuchTime(T("Året %(year)s ligger uden for kalenderen.", year=day.year))


def _countable(days: int) -> None:
    if not 0 <= days <= 2000:
        raise NoSuchTime(T("Antallet af dage skal være mellem 0 og 2000."))


# --- Names --------------------------------------------------------------------------------------------------------


def day_name(day: date) -> Text:
    """Its weekday: "torsdag" in Danish, "Thursday" in English."""
    return WEEKDAYS[day.weekday()]


# --- Words for a day --------------------------------------------------------------------------------------------------


def in_words(day: date, today: date) -> Text:
    """How one would say the day: "i dag", "i morgen", "i går", "på torsdag", "om 9 dage", "for 3 dage siden".

    More than four weeks away nobody counts days any more, and it is a date: "den 19. november 2026".
    """
    away = (day - today).days
    if -1 <= away <= 1:
        return (T("i dag"), T("i morgen"), T("i går"))[away]
    if 2 <= away <= 6:
        return T("på %(weekday)s", weekday=day_name(day))
    if 7 <= away <= 28:
        return T("om %(days)s dage", days=away)
    if -28 <= away <= -2:
        return T("for %(days)s dage siden", days=-away)
    return T("den %(day)s. %(month)s %(year)s", day=day.day, month=MONTHS[day.month - 1], year=day.year)


def in_full(day: date) -> Text:
    """`long_date`, lazily: "torsdag den 19. november 2026"."""
    return T(
        "%(weekday)s den %(day)s. %(month)s %(year)s",
        weekday=day_name(day),
        day=day.day,
        month=MONTHS[day.month - 1],
        year=day.year,
    )


def at_clock(moment: datetime) -> Text:
    """Lazily "kl. 9.00", as read on the wall in Denmark. Raises ValueError for a naive datetime."""
    local = copenhagen(moment)
    return T("kl. %(hour)s.%(minute)s", hour=local.hour, minute=f"{local.minute:02}")


def long_date(day: date, language: str | None = None) -> str:
    """ "torsdag den 19. november 2026", "Thursday 19 November 2026"."""
    language, names = _names(language)
    den = "den " if language == "da" else ""
    return f"{names.weekdays[day.weekday()]} {den}{_day_and_month(day, language, names)} {day.year}"


def short_date(day: date, language: str | None = None) -> str:
    """ "19. nov. 2026", "19 Nov 2026"."""
    language, names = _names(language)
    return f"{day.day}{_dot(language)} {names.short_months[day.month - 1]} {day.year}"


def clock(moment: datetime, language: str | None = None) -> str:
    """The time on the wall in Denmark: "9.30" in Danish, "9:30" in English. Raises ValueError for a naive datetime."""
    local = copenhagen(moment)
    return f"{local.hour}{'.' if (language or current.get()) == 'da' else ':'}{local.minute:02}"


class _Names(NamedTuple):
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]


def _names(language: str | None) -> tuple[str, _Names]:
    language = language or current.get()
    return language, _babel_names("da" if language == "da" else "en_GB")


@lru_cache(maxsize=2)
def _babel_names(locale: str) -> _Names:
    from babel.dates import get_day_names, get_month_names  # only pages need it

    days, months = get_day_names("wide", locale=locale), get_month_names("wide", locale=locale)
    short = get_month_names("abbreviated", locale=locale)
    return _Names(
        tuple(days[number] for number in range(7)),
        tuple(months[number] for number in range(1, 13)),
        tuple(short[number] for number in range(1, 13)),
    )


def _dot(language: str) -> str:
    return "." if language == "da" else ""


def _day_and_month(day: date, language: str, names: _Names) -> str:
    return f"{day.day}{_dot(language)} {names.months[day.month - 1]}"


# --- Danish wall clock and UTC ----------------------------------------------------------------------------------------


def copenhagen(moment: datetime) -> datetime:
    """The same moment on the Danish clock. Raises ValueError for a naive datetime, which names no moment."""
    if moment.tzinfo is None:
        raise ValueError("A naive datetime names no moment: give it a time zone")
    return moment.astimezone(COPENHAGEN)


def to_utc(day: date, hour: time, *, second: bool = False) -> datetime:
    """The moment in UTC when the Danish clock shows `hour` on `day`.

    The rule for the two nights when the clock is changed: between 2 and 3 on the last Sunday of March
    the hour does not exist, and NoSuchTime is raised, for only the person knows what was meant. Between 2 and 3
    on the last Sunday of October it comes twice: the first one (summer time) is taken, or with `second` the
    second. Raises NoSuchTime outside 1900–2199, ValueError when `hour` carries a time zone of its own.
    """
    if hour.tzinfo is not None:
        raise ValueError("The hour is a Danish one, and carries no time zone")
    _within(day)
    local = datetime.combine(day, hour, COPENHAGEN).replace(fold=int(second))
    moment = local.astimezone(UTC)
    if copenhagen(moment).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchTime(
            T(
                "Klokken %(hour)s findes ikke den %(date)s: uret stilles en time frem om natten.",
                hour=f"{hour.hour}.{hour.minute:02}",
                date=f"{day.day}.{day.month}.{day.year}",
            )
        )
    return moment

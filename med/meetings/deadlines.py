"""When proposals, agenda and minutes are due, by a committee's rules of procedure, and what speaks against a day."""

from datetime import date, timedelta
from typing import NamedTuple

from med.errors import Invalid
from med.language import T, Text
from med.meetings.models import Kind
from med.organisation.models import Rules
from med.workdays import (
    customary_free_days,
    day_name,
    deadline_before,
    holidays,
    in_full,
    is_workday,
    workday_on_or_after,
    workday_on_or_before,
)

FURTHEST_AHEAD = timedelta(days=3 * 366)


class Deadlines(NamedTuple):
    proposals: date | None
    agenda: date | None
    minutes_draft: date
    minutes_out: date


def deadlines(rules: Rules, day: date, kind: Kind, with_budget: bool) -> Deadlines:
    """The four deadlines of a meeting on a day. A meeting without agenda has no deadline before it.

    Raises NoSuchTime outside 1900-2199.
    """
    free = free_days(day)
    proposals = agenda = None
    if kind is not Kind.WITHOUT_AGENDA:
        ahead = max(rules.agenda_days, rules.budget_days if with_budget else 0)
        proposals = deadline_before(day, rules.proposals_days, working_days=rules.in_working_days, free=free)
        agenda = deadline_before(day, ahead, working_days=rules.in_working_days, free=free)
    return Deadlines(
        proposals,
        agenda,
        deadline_after(day, rules.minutes_draft_days, rules.in_working_days, free),
        deadline_after(day, rules.minutes_out_days, rules.in_working_days, free),
    )


def deadline_after(day: date, days: int, working_days: bool, free: frozenset[date]) -> date:
    """The last day to have done something within `days` days after `day`; from a day off it moves back."""
    if not working_days:
        return max(day, workday_on_or_before(day + timedelta(days), free))
    for _ in range(days):
        day = workday_on_or_after(day + timedelta(1), free)
    return day


def free_days(day: date) -> frozenset[date]:
    """The days around a year on which municipalities close although they are no public holidays."""
    return frozenset().union(*(customary_free_days(year) for year in range(day.year - 1, day.year + 2)))


def day_off(day: date) -> Text | None:
    """What speaks against holding a meeting on a day: a holiday, a weekend, a day most workplaces are closed."""
    if name := holidays(day.year).get(day):
        return T("%(date)s er %(name)s.", date=in_full(day), name=name)
    if day in free_days(day):
        return T("%(date)s er en dag, hvor de fleste arbejdspladser holder lukket.", date=in_full(day))
    if not is_workday(day):
        return T("Dagen er en %(weekday)s.", weekday=day_name(day))
    return None


def passed(due: Deadlines, day: date, today: date) -> list[Text]:
    """The deadlines before the meeting that have already passed, a sentence each."""
    found = []
    if day < today:
        found.append(T("Dagen ligger tilbage i tiden."))
    if due.proposals and due.proposals < today:
        found.append(T("Fristen for forslag til punkter var %(date)s.", date=in_full(due.proposals)))
    if due.agenda and due.agenda < today:
        found.append(T("Dagsordenen skulle være sendt ud %(date)s.", date=in_full(due.agenda)))
    return found


def within_reach(day: date, today: date) -> None:
    """Raise Invalid for a day nobody plans on: a slip of the keyboard."""
    if day > today + FURTHEST_AHEAD or day.year < 1990:
        raise Invalid(day=T("Skriv en dato inden for de næste tre år."))

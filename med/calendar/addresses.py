"""Private calendars, on the page where private addresses are made."""

from typing import Any

from med import language
from med.calendar.forms import ALARMS, Choice, Dues, Whose, choice_of
from med.identity.parts import Kind, register
from med.language import T, Text
from med.organisation.choosing import every_committee

ALARM_WORDS = {
    0: T("Ingen"),
    15: T("15 minutter før"),
    30: T("30 minutter før"),
    60: T("1 time før"),
    1440: T("1 dag før"),
}


def form(visit: Any, values: dict[str, Any], errors: dict[str, Any]) -> Any:
    return visit.desk.pages.piece(
        "calendar/_address_form.html",
        visit,
        values={"moeder": Whose.MINE.value, "opgaver": Dues.EVENTS.value, "varsel": "0", **values},
        errors=errors,
        whose=[(one.value, language.word(one)) for one in Whose],
        dues=[(one.value, language.word(one)) for one in Dues],
        alarms=[(str(one), ALARM_WORDS[one]) for one in ALARMS],
        committees=every_committee(visit.db, visit.viewer),
    )


def read(visit: Any) -> tuple[str, dict[str, Any]]:
    given = visit.form
    errors: dict[str, Any] = {}
    for name, kind in (("moeder", Whose), ("opgaver", Dues)):
        if given.get(name) and given.get(name) not in set(kind):
            errors[name] = T("Vælg en af mulighederne.")
    if given.get("varsel") and given.get("varsel") not in {str(one) for one in ALARMS}:
        errors["varsel"] = T("Vælg en af mulighederne.")
    wanted = {"moeder": given.get("moeder") or Whose.MINE.value, "opgaver": given.get("opgaver") or Dues.NONE.value}
    if wanted["moeder"] == Whose.COMMITTEE.value:
        if given.get("udvalg") not in {str(id) for id, _ in every_committee(visit.db, visit.viewer)}:
            errors["udvalg"] = T("Vælg et udvalg.")
    elif wanted["moeder"] == Whose.NONE.value and wanted["opgaver"] == Dues.NONE.value:
        errors["opgaver"] = T("Så er der intet i kalenderen. Vælg møder eller frister.")
    if errors:
        return "", errors
    return (
        Choice(
            meetings=Whose(wanted["moeder"]),
            committee_id=int(given.get("udvalg")) if wanted["moeder"] == Whose.COMMITTEE.value else 0,
            dues=Dues(wanted["opgaver"]),
            alarm=int(given.get("varsel") or 0),
        ).query(),
        {},
    )


def describe(visit: Any, kept: str) -> Text | str:
    choice = choice_of(kept)
    said = [str(language.word(choice.meetings))]
    if choice.meetings is Whose.COMMITTEE:
        names = dict(every_committee(visit.db, visit.viewer))
        said = [names.get(choice.committee_id) or str(T("Et udvalg, der ikke findes mere"))]
    if choice.dues is not Dues.NONE:
        said.append(str(language.word(choice.dues)))
    if choice.alarm:
        said.append(str(T("varsel %(when)s", when=str(ALARM_WORDS[choice.alarm]).lower())))
    return "; ".join(said)


register(
    Kind(
        scope="calendar",
        anchor="kalender",
        order=2,
        title=T("Kalender"),
        about=T("Møder, frister og opgaver i den kalender, du plejer at bruge. Ændringer og aflysninger følger med."),
        button=T("Lav en kalender"),
        address=lambda token: f"/kalender/{token}.ics",
        form=form,
        read=read,
        describe=describe,
        is_calendar=True,
    )
)

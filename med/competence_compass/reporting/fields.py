"""What each report can hold: a name of ours, what it is called where nobody has chosen, and whether it is in then."""

from typing import NamedTuple

from med.competence_compass.models import Report
from med.language import T, Text


class Field(NamedTuple):
    name: str
    heading: Text
    is_on: bool = True


# A row is one hypothesis of one activity, after disclosure control.
DEVELOPMENT = (
    Field("area", T("Område")),
    Field("dimension", T("Kompetence")),
    Field("activity", T("Aktivitet")),
    Field("unit", T("Enhed")),
    Field("aim", T("Formål")),
    Field("verdict", T("Hvad kan vi sige?")),
    Field("n", T("Deltagere, omkring")),
    Field("size", T("Virkning")),
    Field("low", T("Fra")),
    Field("high", T("Til")),
    Field("detectable", T("Kunne have set")),
    Field("why", T("Forklaring")),
    Field("decisions", T("Beslutninger")),
    Field("run", T("Beregning")),
    Field("told_on", T("Lavet")),
)

# A row is one goal of one citizen; a citizen without goals has one row.
_GOAL = (
    Field("citizen", T("Borger")),
    Field("name", T("Navn"), False),
    Field("unit", T("Enhed")),
    Field("goal", T("Mål")),
    Field("about", T("Område")),
    Field("ffb", T("FFB-kode"), False),
    Field("goal_type", T("Måltype")),
    Field("status", T("Status")),
    Field("level", T("Niveau (−2 til +2)")),
    Field("level_word", T("Niveau i ord")),
    Field("level_text", T("Det, niveauet betyder")),
    Field("rated", T("Vurderet")),
    Field("set_on", T("Sat")),
    Field("due", T("Frist")),
    Field("ended_on", T("Afsluttet")),
    Field("plan", T("Indsatsplan")),
    Field("measured", T("Seneste måling")),
    Field("verdict", T("Målingen i ord")),
    Field("next", T("Næste måling")),
)
_OFF_IN_DUBU = {"about", "level", "level_text", "measured", "verdict"}
_DUBU_HEADINGS = {"goal": T("Procesmål"), "plan": T("Handling"), "next": T("Opfølgning"), "level_word": T("Vurdering")}

FIELDS: dict[Report, tuple[Field, ...]] = {
    Report.DEVELOPMENT_PLAN: DEVELOPMENT,
    Report.JOURNAL: _GOAL,
    Report.DUBU: tuple(
        Field(one.name, _DUBU_HEADINGS.get(one.name, one.heading), one.is_on and one.name not in _OFF_IN_DUBU)
        for one in _GOAL
    ),
}

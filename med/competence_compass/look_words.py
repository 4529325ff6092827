from med.competence_compass.looks import LookRole
from med.competence_compass.models import LookAt
from med.language import T, Text, name_things, word

name_things(
    {
        LookAt.PAGE: T("Borgerens side"),
        LookAt.IDENTITY: T("Navnet"),
        LookAt.ASSESSMENT: T("En måling"),
        LookAt.GOALS: T("Målene"),
        LookAt.RUN: T("Deltagelse i et forløb"),
        LookAt.INTAKE: T("Indtag og venteliste"),
        LookAt.EXPORT: T("Udlevering af alt"),
        LookAt.ERASURE: T("Sletning"),
    }
)
name_things(
    {
        LookRole.CONTACT: T("Kontaktperson"),
        LookRole.DEPUTY: T("Stedfortræder"),
        LookRole.RUN_LEADER: T("Leder af forløb"),
        LookRole.COORDINATOR: T("Koordinator"),
        LookRole.OPERATOR: T("Driften, fra kommandolinjen"),
    }
)


def seen_word(what: LookAt, role: str) -> Text:
    """What somebody saw. The export of the whole compass holds nobody's name; what a contact person hands over does."""
    is_export = what is LookAt.EXPORT and role == LookRole.OPERATOR
    return T("Udtræk uden navn") if is_export else word(what)

"""The words people use for sides, seats, levels and rules."""

from med.access import SeatRole, Side
from med.language import T, Text, name_things, word
from med.organisation.models import Approval, ElectoralGroup, GrantKind, Level, Quorum, RepRole, Rules

# One call an enum: members of two enums with the same value (a chair's seat, a chair's approval) are equal as keys.
name_things(
    {
        Side.MANAGEMENT: T("ledelsessiden"),
        Side.EMPLOYEE: T("medarbejdersiden"),
    }
)
name_things(
    {
        SeatRole.CHAIR: T("formand"),
        SeatRole.VICE_CHAIR: T("næstformand"),
        SeatRole.MEMBER: T("medlem"),
        SeatRole.SUBSTITUTE: T("suppleant"),
        SeatRole.ADVISORY: T("tilforordnet"),
    }
)
name_things(
    {
        RepRole.TR: T("tillidsrepræsentant (TR)"),
        RepRole.FTR: T("fællestillidsrepræsentant (FTR)"),
        RepRole.AMR: T("arbejdsmiljørepræsentant (AMR)"),
        RepRole.AM_LEADER: T("arbejdsmiljøleder"),
    }
)
name_things(
    {
        ElectoralGroup.A: T("valggruppe A"),
        ElectoralGroup.B: T("valggruppe B"),
        ElectoralGroup.C: T("valggruppe C"),
    }
)
name_things(
    {
        Level.MAIN: T("Hovedudvalg"),
        Level.AREA: T("Område- eller CenterMED"),
        Level.LOCAL: T("LokalMED"),
        Level.STAFF_MEETING: T("Personalemøde med MED-status"),
        Level.AD_HOC: T("Ad hoc-gruppe"),
    }
)
name_things(
    {
        Quorum.NONE: T("Intet krav"),
        Quorum.BOTH_SIDES: T("Begge sider er til stede"),
        Quorum.HALF_OF_EACH: T("Mindst halvdelen af hver side er til stede"),
        Quorum.HALF_TOTAL: T("Mindst halvdelen af medlemmerne er til stede"),
    }
)
name_things(
    {
        Approval.BOTH_CHAIRS: T("Formand og næstformand"),
        Approval.CHAIR: T("Formanden"),
    }
)
name_things(
    {
        GrantKind.SECRETARY: T("MED-sekretær"),
        GrantKind.ADMIN: T("systemadministrator"),
    }
)

# How the municipality's roles are called in files and on pages; the keys are those of the grundlag.
JOB_ROLES = {
    "direktion": T("direktion"),
    "centerchef": T("centerchef"),
    "leder_af_ledere": T("leder af ledere"),
    "leder_af_medarbejdere": T("leder af medarbejdere"),
    "medarbejder": T("medarbejder"),
}


def rules_in_words(rules: Rules) -> list[tuple[Text, Text]]:
    """Rules of procedure as sentences: (what it is about, what is agreed)."""

    def before(count: int) -> Text:
        if count == 0:
            return T("samme dag som mødet")
        if count == 1:
            return T("senest 1 arbejdsdag før mødet") if rules.in_working_days else T("senest 1 dag før mødet")
        if rules.in_working_days:
            return T("senest %(n)s arbejdsdage før mødet", n=count)
        return T("senest %(n)s dage før mødet", n=count)

    def after(count: int) -> Text:
        if count == 0:
            return T("samme dag som mødet")
        if count == 1:
            return T("senest 1 arbejdsdag efter mødet") if rules.in_working_days else T("senest 1 dag efter mødet")
        if rules.in_working_days:
            return T("senest %(n)s arbejdsdage efter mødet", n=count)
        return T("senest %(n)s dage efter mødet", n=count)

    return [
        (T("Forslag til punkter"), before(rules.proposals_days)),
        (T("Dagsorden"), before(rules.agenda_days)),
        (T("Dagsorden med budgetpunkter"), before(rules.budget_days)),
        (T("Udkast til referat"), after(rules.minutes_draft_days)),
        (T("Godkendt referat"), after(rules.minutes_out_days)),
        (T("Dagsordenen godkendes af"), word(rules.agenda_approval)),
        (T("Referatet godkendes af"), word(rules.minutes_approval)),
        (T("Beslutningsdygtigt, når"), word(rules.quorum)),
        (T("Møder om året"), T("mindst %(n)s", n=rules.meetings_a_year)),
        (T("Møderne er"), T("åbne for alle ansatte") if rules.open_meetings else T("for udvalgets medlemmer")),
    ]

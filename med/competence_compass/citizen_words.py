"""The words for assessments, goals and verdicts."""

from med.competence_compass.measuring import Change, Verdict, Why
from med.competence_compass.models import AssessmentKind, AssessmentPurpose, AssignmentRole, GoalType, NoScore
from med.language import T, Text, name_things, word

name_things({AssignmentRole.CONTACT: T("Kontaktperson"), AssignmentRole.DEPUTY: T("Stedfortræder")})
name_things(
    {
        AssessmentKind.SELF: T("Borgerens egen"),
        AssessmentKind.STAFF: T("Medarbejderens"),
        AssessmentKind.JOINT: T("Fælles"),
        AssessmentKind.EXTERNAL: T("En udefra"),
    }
)
name_things(
    {
        AssessmentPurpose.ROUTINE: T("Løbende måling"),
        AssessmentPurpose.BASELINE: T("Udgangspunkt, før noget begynder"),
        AssessmentPurpose.REFERRAL: T("Ved henvisning til en aktivitet"),
        AssessmentPurpose.EXIT: T("Ved afslutning"),
        AssessmentPurpose.DOUBLE: T("Dobbeltmåling"),
    }
)
name_things(
    {
        NoScore.NOT_ASSESSABLE: T("Kan ikke vurderes"),
        NoScore.DECLINED: T("Ønsker ikke at svare"),
        NoScore.NOT_OBSERVED: T("Ikke set"),
    }
)
name_things(
    {
        GoalType.DEVELOP: T("Udvikle"),
        GoalType.MAINTAIN: T("Fastholde"),
        GoalType.LIMIT_LOSS: T("Begrænse tab"),
    }
)
name_things(
    {
        Verdict.DEVELOPS: T("udvikler sig"),
        Verdict.PERHAPS_UP: T("måske på vej frem – afvent næste måling"),
        Verdict.WITHIN: T("inden for usikkerheden"),
        Verdict.PERHAPS_DOWN: T("måske på vej tilbage – afvent næste måling"),
        Verdict.DECLINES: T("går tilbage"),
        Verdict.TOO_FEW: T("for få data"),
    }
)
name_things(
    {
        Why.NONE: T("området er ikke vurderet"),
        Why.ONE: T("der er kun én måling"),
        Why.FEW: T("der skal mindst tre målinger til"),
        Why.SHORT: T("der skal gå mindst seks måneder fra første til sidste måling"),
        Why.ASSESSOR: T(
            "en anden har vurderet nu end første gang, og forskellen på to personer kan være lige så stor som en "
            "ændring"
        ),
        Why.VOICE: T("den ene gang er det medarbejderens vurdering, den anden gang en fælles"),
        Why.UNANSWERED: T("under halvdelen af området er vurderet begge gange"),
        Why.RELIABILITY: T(
            "det er ikke målt, hvor sikkert redskabet er på dette område; det kræver dobbeltmålinger af to personer"
        ),
    }
)

# The five levels of a goal, from far below to far above what was expected.
LEVELS: dict[int, Text] = {
    -2: T("Meget mindre end ventet"),
    -1: T("Mindre end ventet"),
    0: T("Som ventet"),
    1: T("Mere end ventet"),
    2: T("Meget mere end ventet"),
}

# A verdict's symbol and tone: a symbol of its own and a word. No green, no red: a change is no grade.
TONES: dict[Verdict, str] = {
    Verdict.DEVELOPS: "info",
    Verdict.PERHAPS_UP: "",
    Verdict.WITHIN: "off",
    Verdict.PERHAPS_DOWN: "",
    Verdict.DECLINES: "warn",
    Verdict.TOO_FEW: "off",
}


def word_of(change: Change, goal_type: GoalType | None) -> Text:
    """The verdict's word, relative to what the goal asks for: where a level is to be kept, unchanged is success."""
    if change.verdict is Verdict.WITHIN and goal_type in {GoalType.MAINTAIN, GoalType.LIMIT_LOSS}:
        return T("holder niveauet, inden for usikkerheden: målet er at fastholde")
    return word(change.verdict)

"""The words for what a private calendar holds, and for what became of replies that came by mail."""

from med.calendar.forms import Dues, Whose
from med.calendar.models import Verdict
from med.language import T, name_things

name_things(
    {
        Whose.MINE: T("Mine møder"),
        Whose.COMMITTEE: T("Ét udvalgs møder"),
        Whose.NONE: T("Ingen møder"),
    }
)
name_things(
    {
        Dues.EVENTS: T("Frister og opgaver som heldagsaftaler"),
        Dues.TODOS: T("Frister og opgaver som opgaver"),
        Dues.NONE: T("Ingen frister og opgaver"),
    }
)
name_things(
    {
        Verdict.APPLIED: T("Noteret"),
        Verdict.REPEATED: T("Kendt i forvejen"),
        Verdict.STALE: T("For gammelt"),
        Verdict.FOREIGN: T("Ikke vores"),
        Verdict.FORGED: T("Forkert afsender"),
        Verdict.UNREADABLE: T("Kunne ikke læses"),
        Verdict.NOT_A_REPLY: T("Intet svar"),
    }
)

# The symbol beside the word.
SIGNS = {
    Verdict.APPLIED: "ok",
    Verdict.REPEATED: "off",
    Verdict.STALE: "off",
    Verdict.FOREIGN: "warn",
    Verdict.FORGED: "bad",
    Verdict.UNREADABLE: "warn",
    Verdict.NOT_A_REPLY: "off",
}

# Why, by the key that the row holds.
WHY = {
    "accepted": T("Kommer."),
    "declined": T("Kommer ikke."),
    "declined_asked": T("Kommer ikke. Den suppleant, der er udpeget for pladsen, er spurgt."),
    "known": T("Svaret stod der allerede."),
    "older_version": T("Svaret gælder en tidligere tid eller et tidligere sted."),
    "answered_since": T("Personen har svaret igen siden."),
    "over": T("Mødet er holdt eller aflyst, eller dets tid er gået."),
    "no_meeting": T("Der er intet møde med det nummer."),
    "not_invited": T("Adressen hører ikke til en, der er inviteret til mødet nu."),
    "never_sent": T("Svaret gælder en udgave af mødet, som aldrig er sendt."),
    "series": T("Svaret gælder én gang i en række af møder. Medspil sender ingen rækker."),
    "senders": T("Mailen har ikke præcis én afsender."),
    "other_sender": T("Mailen kommer fra en anden end den, der svarer. Intet er ændret."),
    "not_proven": T("Mailserveren kunne ikke bekræfte afsenderen. Intet er ændret."),
    "no_calendar": T("Mailen har ikke et kalendersvar med."),
    "methods_differ": T("Mailen siger ét om, hvad den er, og kalenderen i den noget andet."),
    "other_method": T("Kalenderen i mailen er ikke et svar på en invitation."),
    "counter": T("Personen foreslår et andet tidspunkt. Tal med vedkommende; mødet er ikke flyttet."),
    "tentative": T("Svaret er »måske«. Det, der stod, står stadig."),
    "delegated": T("Personen giver mødet videre til en anden. Suppleanter spørges i Medspil."),
    "no_answer": T("Der står hverken ja eller nej i svaret."),
    "several": T("Der er flere forskellige kalendere eller møder i mailen."),
    "attendees": T("Svaret gælder ikke præcis én person."),
    "too_large": T("Mailen er større end 1 MB og er ikke hentet."),
    "broken": T("Mailen er ikke bygget, som mails og kalendere skal være."),
    "failed": T("Der skete en fejl i Medspil. Den står i serverens log."),
}

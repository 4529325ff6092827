"""Every place where something about an employee is kept: what it is called, what they are handed, and when it goes.

One line for each column that points at a person; a test finds the column that has none. What stays is the official
record: the decisions, minutes and members of public committees, which the archives act and the public administration
act keep, and the traces that protect citizens. What goes is what served the person's own use of Medspil.
"""

from enum import StrEnum
from typing import NamedTuple

from med.language import T, Text


class Goes(StrEnum):
    """When it goes, counted from the person's last day (of work, on a committee, in charge of something)."""

    STAYS = "stays"
    ACCESS = "access"  # what lets somebody in, and how they wanted things
    OWN = "own"  # their notes, mails and what was told to them


class Held(NamedTuple):
    title: Text
    columns: tuple[str, ...]  # what is handed out; never secrets, never what others wrote about others
    goes: Goes


def stays(title: Text, *columns: str) -> Held:
    return Held(title, columns, Goes.STAYS)


def access(title: Text, *columns: str) -> Held:
    return Held(title, columns, Goes.ACCESS)


def own(title: Text, *columns: str) -> Held:
    return Held(title, columns, Goes.OWN)


HELD = {
    "account.person_id": access(T("Adgangskode"), "changed_at", "is_emergency"),
    "feed_token.person_id": access(
        T("Private adresser"), "scope", "name", "filters", "created_at", "used_at", "revoked_at"
    ),
    "linked_identity.person_id": access(T("Kommunens fælles pålogning"), "issuer", "subject", "linked_at"),
    "mail_setting.person_id": access(T("Hvornår mails kommer"), "hour", "weekday", "stopped_at", "refused_at"),
    "sign_in.person_id": access(T("Pålogninger"), "created_at", "seen_at", "expires_at", "device"),
    "submission.person_id": access(T("Sendte formularer"), "at"),
    "subscription.person_id": access(T("Det, du følger"), "topic", "about", "how", "since"),
    "welcome.person_id": access(T("Link til første pålogning"), "made_at", "expires_at", "used_at"),
    "import_file.person_id": access(T("Filer, der venter på indlæsning"), "kind", "name", "uploaded_at", "used_at"),
    "note.person_id": own(T("Private noter"), "item_id", "text", "changed_at"),
    "notice.person_id": own(T("Beskeder til dig"), "kind", "thing", "thing_id", "at"),
    "message.person_id": own(T("Mails til dig"), "kind", "created_at", "sent_at", "state"),
    "invitation.person_id": own(T("Indkaldelser"), "meeting_id", "method", "told_at"),
    "incoming_reply.person_id": own(T("Svar på indkaldelser"), "meeting_id", "at", "verdict"),
    "employment.person_id": stays(T("Ansættelser"), "unit_id", "title", "role_key", "manages", "starts", "ends"),
    "seat.person_id": stays(
        T("Pladser i udvalg"), "committee_id", "side", "role", "rep_role", "electoral_group", "starts", "ends"
    ),
    "grant_given.person_id": stays(T("Rettigheder"), "kind", "committee_id", "starts", "ends"),
    "attendance.person_id": stays(
        T("Fremmøde"), "meeting_id", "part", "side", "role", "reply", "presence", "arrived", "left", "note"
    ),
    "recusal.person_id": stays(T("Inhabil på punkter"), "item_id"),
    "attendance_correction.person_id": stays(T("Rettelser af fremmøde"), "id"),
    "meeting.agenda_chair_id": stays(T("Dagsordener, du godkendte som formand"), "title", "starts_at"),
    "meeting.agenda_vice_id": stays(T("Dagsordener, du godkendte som næstformand"), "title", "starts_at"),
    "meeting.minute_taker_id": stays(T("Møder, du var referent på"), "title", "starts_at"),
    "meeting.moderator_id": stays(T("Møder, du ledede"), "title", "starts_at"),
    "minutes.chair_id": stays(T("Referater, du godkendte som formand"), "meeting_id", "chair_at"),
    "minutes.vice_id": stays(T("Referater, du godkendte som næstformand"), "meeting_id", "vice_at"),
    "minutes_version.person_id": stays(T("Udgaver af referater"), "number", "at"),
    "addendum.person_id": stays(T("Tilføjelser til referater"), "at"),
    "item.responsible_id": stays(T("Punkter, du stod for"), "meeting_id", "title"),
    "item.raised_by_id": stays(T("Punkter, du rejste"), "meeting_id", "title"),
    "item_revision.person_id": stays(T("Gemte udgaver af referatets ord"), "item_id", "at"),
    "attachment.person_id": stays(T("Bilag, du lagde på"), "title", "file_name", "at"),
    "note.changed_by_id": stays(T("Noter, du skrev sidst i"), "item_id", "changed_at"),
    "proposal.raised_by_id": stays(T("Forslag, du rejste"), "title", "why", "raised_at", "state"),
    "proposal.answered_by_id": stays(T("Forslag, du svarede på"), "title", "answered_at"),
    "decision.responsible_id": stays(T("Beslutninger, du har ansvaret for"), "text", "due", "decided_at"),
    "decision.recorded_by_id": stays(T("Beslutninger, du skrev ned"), "decided_at"),
    "decision_step.person_id": stays(T("Skridt i beslutninger"), "decision_id", "at", "state"),
    "follow_up.owner_id": stays(T("Opgaver"), "text", "due", "state", "created_at", "closed_at"),
    "follow_up_change.person_id": stays(T("Ændringer i opgaver"), "at"),
    "grundlag_change.person_id": stays(T("Ændringer i grundlaget"), "at"),
    "outlet.made_by_id": stays(T("Kanaler, du lavede"), "name", "made_at"),
    "loop_link.made_by_id": stays(T("Forbindelser, du lavede"), "id"),
    "welcome.made_by_id": stays(T("Links til andres første pålogning"), "made_at"),
    "journal_entry.person_id": stays(T("Journalen: hvad du har gjort"), "at", "happened", "thing", "thing_id"),
    # The compass: what was done with citizens, never which.
    "compass_look.person_id": stays(T("Opslag på borgere"), "at", "what", "role"),
    "compass_assignment.person_id": stays(T("Borgere, du arbejder med"), "role", "starts", "ends"),
    "compass_assignment.given_by_id": stays(T("Tilknytninger, du gav"), "starts"),
    "compass_role.person_id": stays(T("Roller i kompasset"), "kind", "unit_id", "starts", "ends"),
    "compass_role.given_by_id": stays(T("Roller, du gav"), "starts"),
    "compass_version.made_by_id": stays(T("Redskaber, du skrev"), "id"),
    "compass_occasion.begun_by_id": stays(T("Målinger, du begyndte"), "id"),
    "compass_assessment.assessor_id": stays(T("Vurderinger, du lavede"), "id"),
    "compass_goal_rating.person_id": stays(T("Mål, du vurderede"), "id"),
    "compass_effect_run.asked_by_id": stays(T("Beregninger, du bad om"), "id"),
    "compass_erasure.person_id": stays(T("Sletninger, du gjorde"), "at"),
    "compass_activity.owner_id": stays(T("Aktiviteter, du står for"), "id"),
    "compass_hypothesis.written_by_id": stays(T("Hvad aktiviteter skulle føre til"), "id"),
    "compass_run_leader.person_id": stays(T("Forløb, du leder"), "run_id"),
    "compass_exam.noted_by_id": stays(T("Prøver, du noterede"), "id"),
    "compass_draw.person_id": stays(T("Lodtrækninger, du gjorde"), "id"),
}

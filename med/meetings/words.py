"""The words people use for meetings, items, outcomes and minutes."""

from typing import Any

from med.language import T, Text, name_things, word
from med.meetings.models import (
    GROUNDS,
    Consensus,
    Item,
    Kind,
    MinutesState,
    Outcome,
    Part,
    Presence,
    ProposalState,
    Purpose,
    Reply,
    Standing,
    State,
)

# One enum at a time: members of two StrEnums with the same value are the same key of a dict.
name_things(
    {
        Kind.ORDINARY: T("Ordinært møde"),
        Kind.THEME: T("Temamøde"),
        Kind.WITHOUT_AGENDA: T("Møde uden dagsorden"),
        Kind.ALL_HANDS: T("Storsamling"),
        Kind.STAFF_MEETING: T("Personalemøde"),
        Kind.EXTRAORDINARY: T("Ekstraordinært møde"),
    }
)
name_things(
    {
        State.PLANNED: T("Planlagt"),
        State.AGENDA_SENT: T("Dagsorden sendt ud"),
        State.IN_PROGRESS: T("I gang nu"),
        State.HELD: T("Holdt"),
        State.CANCELLED: T("Aflyst"),
    }
)
name_things(
    {
        Part.MEMBER: T("Medlem"),
        Part.SUBSTITUTE: T("Suppleant"),
        Part.ADVISORY: T("Tilforordnet"),
        Part.GUEST: T("Gæst"),
        Part.OBSERVER: T("Tilhører"),
    }
)
name_things(
    {
        Reply.INVITED: T("Ikke svaret"),
        Reply.ACCEPTED: T("Kommer"),
        Reply.DECLINED: T("Afbud"),
    }
)
name_things(
    {
        Presence.UNKNOWN: T("Ikke noteret"),
        Presence.PRESENT: T("Til stede"),
        Presence.LATE: T("Kom senere"),
        Presence.ABSENT: T("Fraværende"),
    }
)
name_things(
    {
        Purpose.INFO: T("Orientering"),
        Purpose.DISCUSS: T("Drøftelse"),
        Purpose.DECIDE: T("Beslutning"),
        Purpose.THEME: T("Tema"),
    }
)
name_things(
    {
        Outcome.NOTED: T("Taget til efterretning"),
        Outcome.DISCUSSED: T("Drøftet"),
        Outcome.DECIDED: T("Besluttet"),
        Outcome.POSTPONED: T("Udsat"),
        Outcome.WITHDRAWN: T("Udgår"),
        Outcome.HEARING: T("Sendt i høring"),
        Outcome.SENT_ON: T("Sendt til andet udvalg"),
    }
)
name_things(
    {
        Consensus.AGREED: T("Enighed"),
        Consensus.DISAGREED: T("Uenighed"),
        Consensus.NOT_APPLICABLE: T("Ikke relevant"),
    }
)
name_things(
    {
        Standing.MINUTES_ADOPTION: T("Godkendelse af referat"),
        Standing.PRE_MEETING: T("Nyt fra medarbejdersidens formøde"),
        Standing.COMMUNICATION: T("Hvad fortæller vi videre?"),
        Standing.EVALUATION: T("Evaluering af mødet"),
    }
)
name_things(
    {
        ProposalState.RECEIVED: T("Modtaget"),
        ProposalState.ACCEPTED: T("På dagsordenen"),
        ProposalState.MERGED: T("Lagt sammen med et andet punkt"),
        ProposalState.POSTPONED: T("Udskudt"),
        ProposalState.DECLINED: T("Afvist"),
        ProposalState.WITHDRAWN: T("Trukket tilbage"),
    }
)
name_things(
    {
        MinutesState.DRAFT: T("Kladde"),
        MinutesState.IN_REVIEW: T("Til godkendelse"),
        MinutesState.APPROVED: T("Godkendt af formandskabet"),
        MinutesState.ADOPTED: T("Endeligt godkendt"),
    }
)

# How far along something is, as the symbol beside its word: ok, warn, bad, off, or "" for under way.
SIGNS = {
    State.PLANNED: "off",
    State.AGENDA_SENT: "",
    State.IN_PROGRESS: "",
    State.HELD: "ok",
    State.CANCELLED: "bad",
    ProposalState.RECEIVED: "",
    ProposalState.ACCEPTED: "ok",
    ProposalState.MERGED: "ok",
    ProposalState.POSTPONED: "warn",
    ProposalState.DECLINED: "bad",
    ProposalState.WITHDRAWN: "off",
    Reply.INVITED: "off",
    Reply.ACCEPTED: "ok",
    Reply.DECLINED: "bad",
    MinutesState.DRAFT: "off",
    MinutesState.IN_REVIEW: "",
    MinutesState.APPROVED: "ok",
    MinutesState.ADOPTED: "ok",
}


def answer_of(proposal: Any, committee: str) -> Text:
    """What the chairs answered. A point that waits elsewhere is as good as new there, which alone would be no answer.

    `proposal` is one, or a line of one in a list; `committee` is where it lies now.
    """
    if proposal.state is ProposalState.RECEIVED and proposal.answered_at is not None:
        if proposal.meeting_id is not None:
            return T("Skal på et senere møde")
        if proposal.moved_from_id is not None:
            return T("Sendt videre til %(committee)s", committee=committee)
    return word(proposal.state)


def ground(item: Item) -> Text | str:
    """Why an item is closed, in words: one of the usual grounds, or what the chairs wrote themselves."""
    return GROUNDS.get(item.closed_ground, item.closed_ground)

"""How an item ended. An outcome is not done before its consequence is: what is sent on stands as a proposal there."""

from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T, Text
from med.meetings import access
from med.meetings.actions.entering import in_the_room
from med.meetings.actions.minutes import reopen_review
from med.meetings.forms.minuting import Settled
from med.meetings.models import (
    TALK,
    Consensus,
    Item,
    Meeting,
    Minutes,
    MinutesState,
    Outcome,
    Proposal,
    ProposalState,
    Purpose,
    Standing,
)
from med.organisation.models import Committee
from med.organisation.queries import committee as committee_for
from med.workdays import copenhagen

# What an item for information can end as. It is noted; nobody agrees or decides on a piece of news.
FOR_INFO = (Outcome.NOTED, Outcome.POSTPONED, Outcome.WITHDRAWN, Outcome.SENT_ON)
UNANSWERED = (ProposalState.RECEIVED, ProposalState.POSTPONED)


def outcomes_for(purpose: Purpose) -> list[Outcome]:
    return [outcome for outcome in Outcome if purpose is not Purpose.INFO or outcome in FOR_INFO]


def consensus_for(purpose: Purpose) -> list[Consensus]:
    return [one for one in Consensus if purpose is not Purpose.INFO or one is not Consensus.AGREED]


def settle_item(db: Session, viewer: Viewer, item: Item, form: Settled) -> Item:
    """Record how an item ended, and do what follows from it, in the same transaction.

    Raises Invalid for what does not go together, Conflict when someone else has changed the item since the page was
    opened.
    """
    in_the_room(db, viewer, access.minute_item, item)
    errors = check(item, form)
    to = _where_to(db, viewer, item, form, errors)
    if errors:
        raise Invalid(**errors)
    consensus = form.consensus or Consensus.NOT_APPLICABLE
    taken = db.execute(
        update(Item)
        .where(Item.id == item.id, Item.version == form.version)
        .values(version=Item.version + 1)
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        raise Conflict(T("En anden har ændret punktet imens. Se, hvad der står nu, og gem igen."))
    db.refresh(item)
    changed = outcome_fields(item, form, consensus, to)
    if not changed:
        return item
    if item.outcome is not None and changed & {"outcome", "sent_to_id"}:
        take_back(db, viewer, item)
    item.outcome = form.outcome
    item.consensus = consensus
    item.statement_management = form.statement_management
    item.statement_employees = form.statement_employees
    item.hearing_until = form.hearing_until if form.outcome is Outcome.HEARING else None
    item.sent_to_id = to.id if to else None
    if form.outcome in TALK and item.discussed is None:
        item.discussed = day_of(item.meeting)
    if changed & {"outcome", "sent_to_id"}:
        send_on(db, viewer, item, to, form.why)
    if item.standing is Standing.MINUTES_ADOPTION:
        adopt(db, viewer, item)
    note(db, viewer, "item.settled", item, changed)
    reopen_review(db, viewer, item.meeting)
    return item


def day_of(meeting: Meeting) -> date:
    """When what is settled was talked about: the meeting's day, whenever it is written down."""
    return min(copenhagen(meeting.starts_at).date(), clock.today())


def check(item: Item, form: Settled) -> dict[str, Text]:
    """Everything that does not go together, each a sentence at its field."""
    errors = {}
    info = item.purpose is Purpose.INFO
    if info and form.outcome not in FOR_INFO:
        errors["outcome"] = T(
            "En orientering kan tages til efterretning, udsættes, udgå eller sendes videre, ikke andet."
        )
    if info and form.consensus is Consensus.AGREED:
        errors["consensus"] = T("En orientering tages til efterretning; der er ikke noget at være enige om.")
    if form.outcome in TALK and not info and form.consensus is None:
        errors["consensus"] = T("Vælg, om der var enighed.")
    if form.consensus is Consensus.DISAGREED:
        for name in ("statement_management", "statement_employees"):
            if not getattr(form, name):
                errors[name] = T("Skriv, hvad siden mener, når der er uenighed.")
    if form.outcome is Outcome.HEARING and form.hearing_until is None:
        errors["hearing_until"] = T("Skriv, hvornår høringen slutter.")
    elif form.outcome is Outcome.HEARING and form.hearing_until and form.hearing_until < day_of(item.meeting):
        errors["hearing_until"] = T("Høringen kan ikke slutte, før den er begyndt.")
    return errors


def _where_to(db: Session, viewer: Viewer, item: Item, form: Settled, errors: dict[str, Text]) -> Committee | None:
    if form.outcome is not Outcome.SENT_ON:
        return None
    if form.sent_to is None:
        errors["sent_to"] = T("Vælg, hvilket udvalg punktet sendes til.")
        return None
    if form.sent_to == item.committee_id:
        errors["sent_to"] = T("Vælg et andet udvalg. Skal punktet på igen her, så vælg “udsat”.")
        return None
    found = committee_for(db, viewer, form.sent_to)
    if found.is_over:
        errors["sent_to"] = T("%(name)s findes ikke længere.", name=found.name)
    return found


def outcome_fields(item: Item, form: Settled, consensus: Consensus, to: Committee | None) -> set[str]:
    """Which fields of the outcome are other than they were."""
    new = {
        "outcome": form.outcome,
        "consensus": consensus,
        "statement_management": form.statement_management,
        "statement_employees": form.statement_employees,
        "hearing_until": form.hearing_until if form.outcome is Outcome.HEARING else None,
        "sent_to_id": to.id if to else None,
    }
    return {name for name, value in new.items() if getattr(item, name) != value}


def send_on(db: Session, viewer: Viewer, item: Item, to: Committee | None, why: str) -> None:
    """Let the point stand where it goes next: at another committee, or on one's own next agenda. Minutes that are not
    adopted stand there by themselves."""
    from med.meetings.actions.proposals import receive_sent_on

    if item.outcome is Outcome.SENT_ON and to is not None:
        receive_sent_on(db, viewer, item, to, why or _reason(T("Sendt videre fra et møde.")))
    elif item.outcome is Outcome.POSTPONED and item.standing is not Standing.MINUTES_ADOPTION:
        receive_sent_on(db, viewer, item, item.meeting.committee, why or _reason(T("Udsat fra et tidligere møde.")))


def _reason(text: Text) -> str:
    """Content people keep is written in the committee's language, whatever the writer reads pages in."""
    return text.message


def take_back(db: Session, viewer: Viewer, item: Item) -> None:
    """The outcome is corrected: what it sent on is called back, unless someone has already answered it there."""
    sent = db.scalars(
        select(Proposal)
        .where(Proposal.from_item_id == item.id, Proposal.state != ProposalState.WITHDRAWN)
        .with_for_update()  # nobody answers them meanwhile
        .execution_options(populate_existing=True)
    ).all()
    for proposal in sent:
        if proposal.state not in UNANSWERED:
            raise Invalid(
                outcome=T(
                    "%(committee)s har allerede svaret på det, der blev sendt videre. Afslutningen kan ikke ændres.",
                    committee=proposal.committee.name,
                )
            )
    for proposal in sent:
        proposal.state = ProposalState.WITHDRAWN
        note(db, viewer, "proposal.withdrawn", proposal, ["state"])


def adopt(db: Session, viewer: Viewer, item: Item) -> None:
    """The item that adopts the last meeting's minutes: noted, or decided in agreement, and they are adopted.

    Correcting the outcome before this meeting's own minutes are approved takes the adoption back.
    """
    if item.adopts_id is None:
        return
    minutes = db.scalar(select(Minutes).where(Minutes.meeting_id == item.adopts_id))
    yes = item.outcome is Outcome.NOTED or (item.outcome is Outcome.DECIDED and item.consensus is Consensus.AGREED)
    if yes:
        if minutes is None or minutes.chairs_approved_at is None:
            raise Invalid(
                outcome=T(
                    "Formandskabet har ikke godkendt det referat endnu. Vælg “udsat”, eller få det godkendt først."
                )
            )
        if minutes.adopted_at is None:
            minutes.state = MinutesState.ADOPTED
            minutes.adopted_at = clock.now()
            minutes.adopted_item_id = item.id
            note(db, viewer, "minutes.adopted", minutes)
    elif minutes is not None and minutes.adopted_item_id == item.id:
        minutes.state = MinutesState.APPROVED
        minutes.adopted_at = None
        minutes.adopted_item_id = None
        note(db, viewer, "minutes.adoption_taken_back", minutes)

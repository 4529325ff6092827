"""The minutes' own life: draft, in review, approved by both chairs (frozen), adopted; and what is added below."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import SeatRole, Viewer, require
from med.errors import Conflict, Invalid, MedError, NotFound
from med.journal.actions import note
from med.language import T
from med.meetings import access
from med.meetings.actions.entering import enter
from med.meetings.actions.searching import keep_findable
from med.meetings.actions.versions import Stale
from med.meetings.canonical import canonical, digest, document, open_sha256
from med.meetings.forms.minutes import AddendumText, For, WrittenApproval
from med.meetings.models import (
    Addendum,
    Item,
    Meeting,
    Minutes,
    MinutesState,
    MinutesVersion,
)
from med.meetings.parts import PARTS
from med.organisation.access import on_day
from med.organisation.models import Approval, Committee, Seat
from med.organisation.queries import rules_on
from med.text import warn_cpr
from med.workdays import copenhagen


def send_to_review(db: Session, viewer: Viewer, meeting: Meeting) -> Minutes:
    """Ask both chairs to approve. What they are asked about is kept as a version."""
    require(viewer, access.send_minutes_to_review, meeting)
    enter(db, meeting)
    require(viewer, access.send_minutes_to_review, meeting)
    minutes = meeting.minutes
    if minutes is None:
        raise NotFound
    minutes.state = MinutesState.IN_REVIEW
    minutes.review_at = clock.now()
    minutes.version += 1
    db.flush()
    whole = document(db, meeting)
    _keep_version(db, viewer, minutes, whole, clock.now(), is_frozen=False)
    note(db, viewer, "minutes.sent_to_review", minutes)
    return minutes


def reopen_review(db: Session, viewer: Viewer | None, meeting: Meeting) -> bool:
    """Something in the minutes changed while the chairs look: the approvals fall, and they are a draft again.

    Whoever changes what belongs in the minutes calls this. Gives True when there was a review to reopen.
    """
    minutes = meeting.minutes
    if minutes is None or minutes.state is not MinutesState.IN_REVIEW:
        return False
    minutes.state = MinutesState.DRAFT
    minutes.review_at = None
    minutes.chair_at = minutes.vice_at = None
    minutes.chair_id = minutes.vice_id = None
    minutes.proof = ""
    minutes.version += 1
    note(db, viewer, "minutes.returned_to_draft", minutes)
    return True


class MinutesChanged(Stale):
    def __init__(self) -> None:
        MedError.__init__(self)
        self.message = T("Referatet er rettet, efter at du åbnede siden. Læs det igennem, og godkend igen.")


def approve_minutes(db: Session, viewer: Viewer, meeting: Meeting, seen: int) -> Minutes:
    """Approve for one's side the version that was `seen`. When both have, the minutes are frozen and published.

    Raises MinutesChanged when they were changed, and the chairs asked anew, after the page was opened. Were they
    changed since the chairs were asked, without anyone noticing, they return to draft instead.
    """
    require(viewer, access.approve_minutes, meeting)
    enter(db, meeting)
    require(viewer, access.approve_minutes, meeting)
    minutes = _under_review(meeting, seen)
    if _is_changed(db, minutes, meeting):
        reopen_review(db, viewer, meeting)
        return minutes
    now = clock.now()
    if access.acts_for(viewer, meeting, SeatRole.CHAIR) and minutes.chair_at is None:
        minutes.chair_at, minutes.chair_id = now, viewer.person_id
    elif access.acts_for(viewer, meeting, SeatRole.VICE_CHAIR) and minutes.vice_at is None:
        minutes.vice_at, minutes.vice_id = now, viewer.person_id
    note(db, viewer, "minutes.approved_by_side", minutes)
    _freeze_when_both(db, viewer, meeting)
    return minutes


def record_written_approval(db: Session, viewer: Viewer, meeting: Meeting, form: WrittenApproval) -> Minutes:
    """The secretary keeps an approval that came in writing, with its proof: who wrote, when and how."""
    require(viewer, access.record_written_approval, meeting)
    enter(db, meeting)
    require(viewer, access.record_written_approval, meeting)
    minutes = _under_review(meeting, form.seen)
    if _is_changed(db, minutes, meeting):
        reopen_review(db, viewer, meeting)
        return minutes
    if (minutes.chair_at if form.on_behalf is For.CHAIR else minutes.vice_at) is not None:
        raise Invalid(on_behalf=T("Den side har allerede godkendt referatet."))
    now = clock.now()
    if form.on_behalf is For.CHAIR:
        minutes.chair_at = now
    else:
        minutes.vice_at = now
    who = "Formand" if form.on_behalf is For.CHAIR else "Næstformand"
    minutes.proof = "\n".join(filter(None, [minutes.proof, f"{who}: {form.proof}"]))
    note(db, viewer, "minutes.approval_recorded", minutes)
    _freeze_when_both(db, viewer, meeting)
    return minutes


def _under_review(meeting: Meeting, seen: int | None = None) -> Minutes:
    """The minutes, if they are still the version that was seen. `None` sees whatever is there."""
    if meeting.minutes is None:
        raise NotFound
    if seen is not None and seen != meeting.minutes.version:
        raise MinutesChanged
    return meeting.minutes


def _is_changed(db: Session, minutes: Minutes, meeting: Meeting) -> bool:
    """Whether the minutes are other than the version the chairs were asked about."""
    import json

    asked = db.scalar(
        select(MinutesVersion.content)
        .where(MinutesVersion.minutes_id == minutes.id)
        .order_by(MinutesVersion.number.desc())
        .limit(1)
    )
    if asked is None:
        return True
    return canonical(document(db, meeting, salt=json.loads(asked)["salt"])) != asked


def _freeze_when_both(db: Session, viewer: Viewer, meeting: Meeting) -> None:
    minutes = _under_review(meeting)
    if minutes.chair_at and (minutes.vice_at or chair_is_enough(db, meeting)):
        freeze(db, viewer, meeting, clock.now())


def chair_is_enough(db: Session, meeting: Meeting) -> bool:
    """Whether the chair alone approves the minutes: by the rules of procedure, or because nobody held the vice-chair's
    seat at the meeting and nobody holds it now, as in a group around a task."""
    day = copenhagen(meeting.starts_at).date()
    if rules_on(db, meeting.committee_id, day).minutes_approval is Approval.CHAIR:
        return True
    seats = Seat.committee_id == meeting.committee_id, Seat.role == SeatRole.VICE_CHAIR
    held = or_(on_day(Seat, day), on_day(Seat, clock.today()))
    return db.scalar(select(Seat.id).where(*seats, held).limit(1)) is None


def freeze(db: Session, viewer: Viewer | None, meeting: Meeting, at: datetime) -> Minutes:
    """Freeze the minutes as they stand: version, hash, place in the committee's chain; then they are published.

    `viewer` is None and `at` lies in the past when an import or the demo brings old minutes: freeze a committee's
    meetings in the order they were approved.
    """
    minutes = meeting.minutes
    if minutes is None:
        minutes = Minutes(meeting_id=meeting.id, committee_id=meeting.committee_id)
        db.add(minutes)
        meeting.minutes = minutes
    if minutes.chairs_approved_at is not None:
        raise Conflict(T("Referatet er allerede godkendt."))
    # One committee's minutes are frozen one after another.
    db.execute(select(Committee.id).where(Committee.id == meeting.committee_id).with_for_update())
    sequence, previous = last_link(db, meeting.committee_id)
    db.flush()
    whole = document(db, meeting, sequence=sequence + 1, previous_sha256=previous)
    for part in PARTS.approved:
        part(db, viewer, meeting)
    minutes.chair_at = minutes.chair_at or at
    minutes.sequence = sequence + 1
    minutes.previous_sha256 = previous
    minutes.sha256 = open_sha256(whole)
    minutes.chairs_approved_at = at
    minutes.state = MinutesState.APPROVED
    minutes.version += 1
    _keep_version(db, viewer, minutes, whole, at, is_frozen=True)
    note(db, viewer, "minutes.approved", minutes)
    keep_findable(db, meeting)
    return minutes


def last_link(db: Session, committee_id: int) -> tuple[int, str]:
    """The end of a committee's chain: (sequence, hash), (0, "") before the first."""
    found = db.execute(
        select(Minutes.sequence, Minutes.sha256)
        .where(Minutes.committee_id == committee_id, Minutes.sequence.is_not(None))
        .order_by(Minutes.sequence.desc())
        .limit(1)
    ).first()
    return (found.sequence, found.sha256) if found is not None and found.sequence else (0, "")


def _keep_version(
    db: Session, viewer: Viewer | None, minutes: Minutes, whole: dict, at: datetime, *, is_frozen: bool
) -> MinutesVersion:
    content = canonical(whole)
    db.flush()
    number = db.scalar(select(func.max(MinutesVersion.number)).where(MinutesVersion.minutes_id == minutes.id)) or 0
    version = MinutesVersion(
        minutes_id=minutes.id,
        number=number + 1,
        content=content,
        sha256=digest(content),
        is_frozen=is_frozen,
        person_id=viewer.person_id if viewer else None,
        at=at,
    )
    db.add(version)
    db.flush()
    return version


def add_addendum(db: Session, viewer: Viewer, meeting: Meeting, form: AddendumText) -> Addendum:
    """Correct frozen minutes by adding below them. What concerns a closed item is seen inside the committee only."""
    require(viewer, access.add_addendum, meeting)
    minutes = _under_review(meeting)
    item = _of_meeting(meeting.items, form.item)
    if warn_cpr(form.text) and not form.cpr_anyway:
        raise Invalid(
            text=T("Det ligner et CPR-nummer. En tilføjelse kan ikke slettes igen."),
            cpr_anyway=T("Sæt kryds, hvis tallet ikke er et CPR-nummer eller skal stå."),
        )
    addendum = Addendum(
        minutes_id=minutes.id,
        item_id=item.id if item else None,
        text=form.text,
        is_open=not form.inside_only and (item is None or item.is_open),
        person_id=viewer.person_id,
        at=clock.now(),
    )
    db.add(addendum)
    note(db, viewer, "minutes.added_to", minutes)
    return addendum


def _of_meeting(items: Sequence[Item], item_id: int | None) -> Item | None:
    if item_id is None:
        return None
    found = next((item for item in items if item.id == item_id), None)
    if found is None:
        raise Invalid(item=T("Vælg et punkt fra mødet."))
    return found

"""The demo's open agenda: what people have raised, and what the chairs answered."""

from datetime import timedelta

from med.access import SeatRole
from med.demo.almanac import Year, holder, moment
from med.demo.workplace import read, uid
from med.meetings.models import Proposal, ProposalState


def raise_points(year: Year) -> None:
    """Write the proposals, oldest first, and link those that became items."""
    db = year.db
    for number, words in enumerate(read("proposals.toml")["proposal"], 1):
        state = ProposalState[words["state"]]
        committee = year.committees[words["committee"]]
        meeting = year.meetings.get(words.get("meeting", ""))
        raised_at = moment(words["at"])
        raiser = year.people[words["raised_by"]]
        item = None
        if meeting is not None and state in (ProposalState.ACCEPTED, ProposalState.MERGED):
            item = next((one for one in meeting.items if one.raised_by_id == raiser.id), None)
        answered = state is not ProposalState.RECEIVED
        db.add(
            Proposal(
                uid=uid("proposal", str(number)),
                committee_id=committee.id,
                meeting_id=meeting.id if meeting else None,
                title=words["title"],
                why=words.get("why", ""),
                raised_by_id=raiser.id,
                raised_side=year.side(words["raised_by"]),
                raised_at=raised_at,
                is_late=bool(meeting and meeting.proposals_due and raised_at.date() > meeting.proposals_due),
                state=state,
                reason=words.get("reason", ""),
                answered_by_id=holder(db, committee.id, raised_at.date(), SeatRole.CHAIR) if answered else None,
                answered_at=raised_at + timedelta(days=2, hours=1) if answered else None,
                item_id=item.id if item else None,
            )
        )
    db.flush()

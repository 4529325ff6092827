from med.language import T
from med.meetings import access, panels, words  # noqa: F401  (words: the names of states)
from med.meetings.jobs import jobs
from med.meetings.parts import register
from med.meetings.routes import agenda, attachments, attending, minutes, planning, proposals, room
from med.meetings.waiting import awaits
from med.organisation.parts import before_it_ends, panel
from med.slices import NavEntry, Slice

register(approved=panels.minutes_wait_to_be_adopted)
panel(T("Møder"), panels.of_the_committee, order=10)
before_it_ends(panels.meetings_after)

meetings = Slice(
    name="meetings",
    handlers=[
        *planning.handlers,
        *attending.handlers,
        *agenda.handlers,
        *attachments.handlers,
        *proposals.handlers,
        *room.handlers,
        *minutes.handlers,
    ],
    policies=[
        access.plan_meeting,
        access.change_meeting,
        access.cancel_meeting,
        access.prepare_agenda,
        access.close_item,
        access.approve_agenda,
        access.propose,
        access.answer_proposal,
        access.withdraw_proposal,
        access.reply_to_meeting,
        access.observe_meeting,
        access.follow_live,
        access.note_privately,
        access.note_for_side,
        access.minute_meeting,
        access.minute_item,
        access.open_meeting,
        access.undo_opening,
        access.close_meeting,
        access.send_minutes_to_review,
        access.approve_minutes,
        access.record_written_approval,
        access.add_addendum,
    ],
    nav=[NavEntry("meetings", T("Møder"), "/moeder", 20)],
    jobs=jobs,
    awaits=awaits,
)

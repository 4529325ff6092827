from med.competence_compass.reporting.development import MORE_DECISIONS
from med.decisions import circles
from med.language import T
from med.loop import access, parts, showing, words  # noqa: F401  (words: the names of states)
from med.loop.jobs import jobs
from med.loop.moments import moved
from med.loop.routes import handlers
from med.meetings.parts import register
from med.organisation.parts import panel
from med.slices import Slice

circles.register(circles.Teller(parts.tell, parts.mark, moved))
MORE_DECISIONS.append(showing.decisions_by_activity)
register(raised=parts.on_the_agenda)
panel(T("Kredsløb"), parts.of_the_committee, order=35)

loop = Slice(
    name="loop",
    handlers=handlers,
    policies=[access.link_activity],
    panels={
        "circle": parts.of_the_decision,
        "activity": parts.of_the_activity,
        "proposed_activity": parts.of_the_proposed,
        "proposal": parts.of_the_proposal,
        "balance": parts.of_the_balance,
    },
    jobs=jobs,
)

from med.decisions import access
from med.language import T
from med.slices import NavEntry, Slice

decisions = Slice(
    name="decisions",
    policies=[
        access.record_decision,
        access.correct_decision,
        access.release_decision,
        access.move_decision,
        access.withdraw_decision,
        access.add_follow_up,
        access.move_follow_up,
    ],
    nav=[NavEntry("decisions", T("Beslutninger"), "/beslutninger", 30)],
)

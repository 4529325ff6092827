from med.decisions.models import DecisionState, FollowUpState
from med.language import T, name_things

# One call for each enum: a dict holds values that are alike as text as one key.
name_things(
    {
        DecisionState.VALID: T("Gælder"),
        DecisionState.IN_PROGRESS: T("I gang"),
        DecisionState.DONE: T("Gennemført"),
        DecisionState.REPLACED: T("Afløst"),
        DecisionState.WITHDRAWN: T("Trukket tilbage"),
    }
)
name_things(
    {
        FollowUpState.OPEN: T("Ikke begyndt"),
        FollowUpState.IN_PROGRESS: T("I gang"),
        FollowUpState.DONE: T("Gjort"),
        FollowUpState.DROPPED: T("Droppet"),
    }
)

"""The words people use for how they hear of things, and of what."""

from med import language
from med.language import T
from med.notices.models import How, NoticeKind, Topic

language.name_things(
    {
        How.NEVER: T("slet ikke"),
        How.PAGE: T("kun her på siden"),
        How.WEEKLY: T("i ugens oversigt på mail"),
        How.DAILY: T("i dagens oversigt på mail"),
        How.AT_ONCE: T("en mail med det samme"),
    }
)

language.name_things(
    {
        Topic.MY_MEETINGS: T("Mine møder"),
        Topic.MY_POINTS: T("Punkter, jeg har rejst"),
        Topic.MY_TASKS: T("Mine opfølgninger og målinger"),
        Topic.MY_DECISIONS: T("Beslutninger, jeg er ansvarlig for"),
        Topic.MY_COMMITTEES: T("Udvalg, jeg sidder i"),
        Topic.COMMITTEE: T("Udvalg"),
        Topic.PERSPECTIVE: T("Perspektiv"),
        Topic.DECISION: T("Beslutning"),
    }
)

language.name_things(
    {
        NoticeKind.AGENDA_SENT: T("Dagsorden"),
        NoticeKind.MEETING_MOVED: T("Møde flyttet"),
        NoticeKind.MEETING_CANCELLED: T("Møde aflyst"),
        NoticeKind.MINUTES_TO_APPROVE: T("Referat til godkendelse"),
        NoticeKind.MINUTES_APPROVED: T("Referat"),
        NoticeKind.POINT_RAISED: T("Forslag til svar"),
        NoticeKind.POINT_ANSWERED: T("Svar på dit punkt"),
        NoticeKind.DECISION_PUBLISHED: T("Ny beslutning"),
        NoticeKind.DECISION_CHANGED: T("Nyt om en beslutning"),
        NoticeKind.TASK_GIVEN: T("Ny opfølgning til dig"),
        NoticeKind.TASK_CHANGED: T("Din opfølgning er ændret"),
        NoticeKind.TASK_DUE: T("Frist"),
        NoticeKind.DECISION_DUE: T("Frist for beslutning"),
        NoticeKind.REVIEW_DUE: T("Tid til at se tilbage"),
    }
)

# What each of one's own topics brings, for the page where it is chosen.
BRINGS = {
    # Whoever is invited is sent a new invitation when the meeting is moved or cancelled.
    Topic.MY_MEETINGS: T(
        "dagsordenen er sendt ud, dagsordenen eller referatet venter på dig, referatet er godkendt, en høring er slut; "
        "for tilhørere: mødet er flyttet eller aflyst"
    ),
    Topic.MY_POINTS: T(
        "formandskabet har svaret, og referatet siger, hvad det endte med; som formandskab: nogen har rejst et punkt"
    ),
    Topic.MY_TASKS: T(
        "du får en opfølgning, den ændres, fristen nærmer sig eller er overskredet; "
        "det er tid til en måling med en borger"
    ),
    Topic.MY_DECISIONS: T("de er offentliggjort eller ændret, fristen nærmer sig, I skulle se tilbage"),
    Topic.MY_COMMITTEES: T("dagsordener og beslutninger, også når du ikke selv er inviteret"),
}

from med.language import T, name_things
from med.notices.models import OutletKind
from med.notices.sending import Reason

name_things(
    {
        OutletKind.TEAMS: T("Teams"),
        OutletKind.SLACK: T("Slack"),
        OutletKind.MATTERMOST: T("Mattermost"),
        OutletKind.WEBHOOK: T("Webhook (et andet system)"),
    }
)
name_things(
    {
        Reason.LEFT: T("arbejder her ikke længere"),
        Reason.STOPPED: T("vil ikke have mail"),
        Reason.NO_ADDRESS: T("har ingen mailadresse"),
        Reason.REFUSED: T("adressen tager ikke imod"),
        Reason.NOTHING_LEFT: T("der var ikke mere at fortælle"),
        Reason.NO_SERVER: T("der er ikke valgt en mailserver"),
        Reason.CHANNEL_ENDED: T("kanalen er lukket"),
        Reason.GIVEN_UP: T("opgivet af systemadministratoren"),
    }
)

# What a message is about, for the one who sees that it did not arrive. The kinds belong to several slices.
KINDS = {
    "notice": T("Besked"),
    "digest": T("Oversigt"),
    "invitation": T("Indkaldelse"),
    "invitation_update": T("Ændret indkaldelse"),
    "invitation_cancel": T("Aflysning"),
    "outlet": T("Nyt til en kanal"),
    "outlet_trial": T("Prøvebesked"),
}

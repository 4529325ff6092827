from med.competence_compass.models import Relation, ReliabilityMethod, RoleKind
from med.language import T, name_things

name_things(
    {
        Relation.SAME: T("uændret"),
        Relation.CHANGED: T("ændret"),
        Relation.DROPPED: T("udgået"),
    }
)
name_things(
    {
        ReliabilityMethod.DOUBLE_RATED: T("egne dobbelte målinger"),
        ReliabilityMethod.PUBLISHED: T("offentliggjort"),
    }
)
name_things(
    {
        RoleKind.COORDINATOR: T("koordinator"),
        RoleKind.INSTRUMENTS: T("ansvarlig for redskaber"),
    }
)

from med.language import T, name_things
from med.perspectives.models import Perspective, RoleKey

# One call for each enum: a dict holds values that are alike as text as one key.
name_things(
    {
        Perspective.COMPLIANCE: T("Compliance"),
        Perspective.PERFORMANCE: T("Performance"),
        Perspective.EMERGENS: T("Emergens"),
        Perspective.RESILIENS: T("Resiliens"),
    }
)
name_things(
    {
        RoleKey.ALLE: T("Alle"),
        RoleKey.DIREKTION: T("Direktion"),
        RoleKey.CENTERCHEF: T("Centerchef"),
        RoleKey.LEDER_AF_LEDERE: T("Leder af ledere"),
        RoleKey.LEDER_AF_MEDARBEJDERE: T("Leder af medarbejdere"),
        RoleKey.MEDARBEJDER: T("Medarbejder"),
    }
)

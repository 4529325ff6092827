from med.language import T, name_things
from med.perspectives.models import Perspective, RoleKey

name_things(
    {
        Perspective.COMPLIANCE: T("Compliance"),
        Perspective.PERFORMANCE: T("Performance"),
        Perspective.EMERGENS: T("Emergens"),
        Perspective.RESILIENS: T("Resiliens"),
        RoleKey.ALLE: T("Alle"),
        RoleKey.DIREKTION: T("Direktion"),
        RoleKey.CENTERCHEF: T("Centerchef"),
        RoleKey.LEDER_AF_LEDERE: T("Leder af ledere"),
        RoleKey.LEDER_AF_MEDARBEJDERE: T("Leder af medarbejdere"),
        RoleKey.MEDARBEJDER: T("Medarbejder"),
    }
)

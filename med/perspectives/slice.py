from med.language import T
from med.perspectives import access, words  # noqa: F401 – the words people use for the keys
from med.slices import NavEntry, Slice

perspectives = Slice(
    name="perspectives",
    policies=[access.edit_grundlag],
    nav=[NavEntry("perspectives", T("Perspektiver"), "/perspektiver", 40)],
)

from med.language import T
from med.perspectives import access, words  # noqa: F401 – the words people use for the keys
from med.perspectives.routes import handlers
from med.slices import NavEntry, Slice

perspectives = Slice(
    name="perspectives",
    handlers=handlers,
    policies=[access.edit_grundlag],
    nav=[NavEntry("perspectives", T("Perspektiver"), "/perspektiver", 40, more=True)],
)

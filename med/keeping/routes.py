"""The administrator's page about the backups: when the last one was made, what is in it, and how to put it back."""

from pathlib import Path

from litestar import Response

from med.access import require
from med.keeping import copies, nightly
from med.organisation.access import is_admin
from med.web.routing import Visit, get

SHOWN = 60


@get("/drift/kopier", name="keeping.copies", policy=is_admin)
def show_copies(visit: Visit) -> Response:
    require(visit.viewer, is_admin, None)
    settings = visit.desk.settings
    home = settings.backup_dir
    found = copies.listing(home)[:SHOWN] if home else []
    newest = found[0].folder if found else Path(home or "/backup") / "medspil-…"
    command = f"med restore {newest} --into /srv/medspil-ny"
    if not settings.is_sqlite:
        command += " --database-url postgresql://…/medspil_ny"
    return visit.page(
        "keeping/copies.html",
        home=home,
        found=found,
        command=f"{command} --verify",
        hour=settings.backup_hour,
        keeps=settings.backups,
        state=nightly.state(visit.db, settings) if home else None,
        hours=lambda age: int(age / nightly.AGAIN),
    )


handlers = [show_copies]

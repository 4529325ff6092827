"""The list of pages is whole: a new page is looked at in every dress, or its tests say why not."""

import re

from med.app import create_app, handlers
from med.settings import Settings
from tests.ui.pages import NO_PAGES, PAGES


def test_every_page_is_walked(tmp_path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'med.db'}", secret="s" * 40, demo=True)
    app = create_app(settings)
    walked = [place.path.partition("?")[0] for place in PAGES]
    missing = []
    for path, handler in handlers(app):
        pattern = re.sub(r"\{\w+:(int|str)\}", lambda found: r"(\{[^}]+\}|\w+)", path)
        is_page = "GET" in handler.http_methods and handler.name not in NO_PAGES
        if is_page and not any(re.fullmatch(pattern, one) for one in walked):
            missing.append(f"{handler.name} {path}")
    app.state.desk.close()
    assert not missing, "add to tests/ui/pages.py: " + ", ".join(missing)

"""One piece of news in the shapes that Teams, Slack, Mattermost and other systems take.

What people wrote is text there, never markup: their signs are escaped, and nobody is called by an "@all" in a title.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from med.notices.models import OutletKind

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|>~<&:])")
LONGEST = 600  # letters of one line; the page has the rest
NOTHING = "\u200b"  # a space of no width


class News(Struct, frozen=True):
    """What happened, for every employee's ears."""

    type: str  # "decision.published"
    at: datetime
    title: str
    about: str  # what stands small: who and when
    href: str
    open: str  # the word on the link
    lines: Sequence[str] = ()
    data: dict[str, Any] = {}  # for other systems


def shape(kind: OutletKind, news: News) -> dict[str, Any]:
    return {
        OutletKind.TEAMS: teams,
        OutletKind.SLACK: slack,
        OutletKind.MATTERMOST: mattermost,
        OutletKind.WEBHOOK: webhook,
    }[kind](news)


def webhook(news: News) -> dict[str, Any]:
    data = {"title": news.title, "url": news.href, **news.data}
    return {"type": news.type, "timestamp": news.at.isoformat().replace("+00:00", "Z"), "data": data}


def slack(news: News) -> dict[str, Any]:
    lines = [f"*{in_slack(news.title)}*", in_slack(news.about), *(in_slack(line) for line in news.lines)]
    return {"text": "\n".join([*lines, f"<{in_slack(news.href)}|{in_slack(news.open)}>"])}


def mattermost(news: News) -> dict[str, Any]:
    lines = [f"**{in_markdown(news.title)}**", in_markdown(news.about), *(in_markdown(line) for line in news.lines)]
    return {"text": "\n\n".join([*lines, f"[{in_markdown(news.open)}]({news.href})"])}


def teams(news: News) -> dict[str, Any]:
    """An adaptive card, as a Workflows address ("when a webhook request is received") takes it."""
    block = {"type": "TextBlock", "wrap": True}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {**block, "text": in_card(news.title), "weight": "Bolder", "size": "Medium"},
            {**block, "text": in_card(news.about), "isSubtle": True, "spacing": "None"},
            *({**block, "text": in_card(line)} for line in news.lines),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": news.open, "url": news.href}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def short(words: str) -> str:
    """On one line, and not too long."""
    words = " ".join(words.split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1].rstrip() + "…"


def in_slack(words: str) -> str:
    """Slack reads `<…>` as links and calls; everything else of theirs is only bold or italic."""
    words = short(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([*_~`])", rf"{NOTHING}\1", words)


def in_markdown(words: str) -> str:
    """Mattermost reads Markdown, and an "@" calls people."""
    return MARKDOWN.sub(r"\\\1", short(words)).replace("@", f"@{NOTHING}")


def in_card(words: str) -> str:
    """Adaptive cards read a little Markdown, and functions between double braces."""
    return re.sub(r"([\\*_\[\]()#`~])", r"\\\1", short(words).replace("{{", f"{{{NOTHING}{{"))

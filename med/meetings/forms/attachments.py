from typing import Annotated

import msgspec


class AttachFile(msgspec.Struct):
    """What a file is called on the agenda, and who may open it. An empty title is the file's own name."""

    attachment_title: Annotated[str, msgspec.Meta(max_length=200)] = ""
    inside_only: bool = False

"""What the server says of itself, for programs to read: one JSON object a line on standard error."""

import json
import logging
import sys
import time


class Lines(logging.Formatter):
    """When (UTC), how bad, from where and what; whatever words there are, they stay inside their line."""

    converter = time.gmtime  # type: ignore[assignment]

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname.lower(),
            "log": record.name,
            "said": record.getMessage(),
            **getattr(record, "told", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def speak_in_lines() -> None:
    """From now on. The demo does not: there people read what is said."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("med").setLevel(logging.INFO)
    for name in ("med.worker", "apscheduler"):  # what goes as it should is not told of
        logging.getLogger(name).setLevel(logging.WARNING)

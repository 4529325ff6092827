"""Mail leaves the house once, whatever the mail server and the machine do to it."""

from med import clock
from med.notices.models import MessageState


def test_a_posted_message_is_mailed_and_marked(put, send, sink, look):
    posted = put("anna")
    assert send() == 1
    (mail,) = sink.mails
    assert mail["Subject"] == "Emne"
    assert mail["To"].addresses[0].display_name.startswith("Anna")
    message = look(posted)
    assert (message.state, message.sent_at, message.lease) == (MessageState.SENT, clock.now(), "")
    assert send() == 0
    assert len(sink.mails) == 1

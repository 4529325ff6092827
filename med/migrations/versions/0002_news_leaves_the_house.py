"""news leaves the house"""

import sqlalchemy as sa
from alembic import op

import med.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite adds a column that is NOT NULL only with a constant; the row's own moment follows.
    op.create_table(
        "read_mark",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("entry_id", med.db.BigInt, nullable=False),
        sa.Column("at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__read_mark")),
        sa.UniqueConstraint("reader", name=op.f("uq__read_mark__reader")),
    )
    op.create_table(
        "mail_setting",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column("hour", med.db.BigInt, nullable=False),
        sa.Column("weekday", med.db.BigInt, nullable=False),
        sa.Column("stopped_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("digests_stopped_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("refused_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("read_to", med.db.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__mail_setting__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__mail_setting")),
        sa.UniqueConstraint("person_id", name=op.f("uq__mail_setting__person_id")),
    )
    op.create_table(
        "outlet",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("teams", "slack", "mattermost", "webhook", name="outletkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("committee_id", med.db.BigInt, nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("made_by_id", med.db.BigInt, nullable=False),
        sa.Column("made_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("told_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('teams', 'slack', 'mattermost', 'webhook')", name=op.f("ck__outlet__kind_known")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck__outlet__has_name")),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk__outlet__committee_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk__outlet__made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__outlet")),
        sa.UniqueConstraint("uid", name=op.f("uq__outlet__uid")),
    )
    with op.batch_alter_table("outlet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__outlet_committee_id"), ["committee_id"], unique=False)

    op.create_table(
        "incoming_reply",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("meeting_id", med.db.BigInt, nullable=True),
        sa.Column("person_id", med.db.BigInt, nullable=True),
        sa.Column(
            "verdict",
            sa.Enum(
                "applied",
                "repeated",
                "stale",
                "foreign",
                "forged",
                "unreadable",
                "not_a_reply",
                name="verdict",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('applied', 'repeated', 'stale', 'foreign', 'forged', 'unreadable', 'not_a_reply')",
            name=op.f("ck__incoming_reply__verdict_known"),
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk__incoming_reply__meeting_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__incoming_reply__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__incoming_reply")),
        sa.UniqueConstraint("digest", name=op.f("uq__incoming_reply__digest")),
    )
    with op.batch_alter_table("incoming_reply", schema=None) as batch_op:
        batch_op.create_index("ix__incoming_reply__at", ["at"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("meeting_id", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column("method", sa.Enum("request", "cancel", name="method", native_enum=False, length=40), nullable=False),
        sa.Column("sequence", med.db.BigInt, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("told_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reply_sequence", med.db.BigInt, nullable=True),
        sa.Column("reply_stamp", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("method IN ('request', 'cancel')", name=op.f("ck__invitation__method_known")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk__invitation__meeting_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__invitation__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__invitation")),
        sa.UniqueConstraint("meeting_id", "person_id", name=op.f("uq__invitation__meeting_id_person_id")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__invitation_person_id"), ["person_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column(
            "channel", sa.Enum("mail", "chat", "webhook", name="channel", native_enum=False, length=40), nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=True),
        sa.Column("outlet_id", med.db.BigInt, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", med.db.BigInt, nullable=False),
        sa.Column("leased_until", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "sent", "dropped", "dead", name="messagestate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("sent_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("(channel = 'mail') = (outlet_id IS NULL)", name=op.f("ck__message__other_has_outlet")),
        sa.CheckConstraint("(channel = 'mail') = (person_id IS NOT NULL)", name=op.f("ck__message__mail_has_person")),
        sa.CheckConstraint("channel IN ('mail', 'chat', 'webhook')", name=op.f("ck__message__channel_known")),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dropped', 'dead')", name=op.f("ck__message__state_known")),
        sa.ForeignKeyConstraint(["outlet_id"], ["outlet.id"], name=op.f("fk__message__outlet_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__message__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__message")),
        sa.UniqueConstraint("key", name=op.f("uq__message__key")),
        sa.UniqueConstraint("uid", name=op.f("uq__message__uid")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix__message__due", ["state", "next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix__message_outlet_id"), ["outlet_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__message_person_id"), ["person_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "agenda_sent",
                "meeting_moved",
                "meeting_cancelled",
                "minutes_to_approve",
                "minutes_approved",
                "point_raised",
                "point_answered",
                "decision_published",
                "decision_changed",
                "task_given",
                "task_changed",
                "task_due",
                "decision_due",
                "review_due",
                name="noticekind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("thing_id", med.db.BigInt, nullable=False),
        sa.Column(
            "topic",
            sa.Enum(
                "my_meetings",
                "my_points",
                "my_tasks",
                "my_decisions",
                "my_committees",
                "committee",
                "perspective",
                "decision",
                name="topic",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column(
            "how",
            sa.Enum("never", "page", "weekly", "daily", "at_once", name="how", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("message_id", med.db.BigInt, nullable=True),
        sa.CheckConstraint(
            "how IN ('never', 'page', 'weekly', 'daily', 'at_once')", name=op.f("ck__notice__how_known")
        ),
        sa.CheckConstraint(
            "kind IN ('agenda_sent', 'meeting_moved', 'meeting_cancelled', 'minutes_to_approve', 'minutes_approved', 'point_raised', 'point_answered', 'decision_published', 'decision_changed', 'task_given', 'task_changed', 'task_due', 'decision_due', 'review_due')",
            name=op.f("ck__notice__kind_known"),
        ),
        sa.CheckConstraint(
            "topic IN ('my_meetings', 'my_points', 'my_tasks', 'my_decisions', 'my_committees', 'committee', 'perspective', 'decision')",
            name=op.f("ck__notice__topic_known"),
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk__notice__message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__notice__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__notice")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq__notice__person_id_key")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix__notice__person_at", ["person_id", "at", "id"], unique=False)
        batch_op.create_index("ix__notice__untold", ["message_id", "how", "person_id"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column(
            "topic",
            sa.Enum(
                "my_meetings",
                "my_points",
                "my_tasks",
                "my_decisions",
                "my_committees",
                "committee",
                "perspective",
                "decision",
                name="topic",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("committee_id", med.db.BigInt, nullable=True),
        sa.Column(
            "perspective",
            sa.Enum(
                "compliance", "performance", "emergens", "resiliens", name="perspective", native_enum=False, length=40
            ),
            nullable=True,
        ),
        sa.Column("decision_id", med.db.BigInt, nullable=True),
        sa.Column(
            "how",
            sa.Enum("never", "page", "weekly", "daily", "at_once", name="how", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("since", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(topic = 'committee') = (committee_id IS NOT NULL)", name=op.f("ck__subscription__committee_is_named")
        ),
        sa.CheckConstraint(
            "(topic = 'decision') = (decision_id IS NOT NULL)", name=op.f("ck__subscription__decision_is_named")
        ),
        sa.CheckConstraint(
            "(topic = 'perspective') = (perspective IS NOT NULL)", name=op.f("ck__subscription__perspective_is_named")
        ),
        sa.CheckConstraint(
            "how IN ('never', 'page', 'weekly', 'daily', 'at_once')", name=op.f("ck__subscription__how_known")
        ),
        sa.CheckConstraint(
            "perspective IN ('compliance', 'performance', 'emergens', 'resiliens')",
            name=op.f("ck__subscription__perspective_known"),
        ),
        sa.CheckConstraint(
            "topic IN ('my_meetings', 'my_points', 'my_tasks', 'my_decisions', 'my_committees', 'committee', 'perspective', 'decision')",
            name=op.f("ck__subscription__topic_known"),
        ),
        sa.ForeignKeyConstraint(["committee_id"], ["committee.id"], name=op.f("fk__subscription__committee_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk__subscription__decision_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__subscription__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__subscription")),
        sa.UniqueConstraint("person_id", "topic", "about", name=op.f("uq__subscription__person_id_topic_about")),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__subscription_committee_id"), ["committee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__subscription_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__subscription_perspective"), ["perspective"], unique=False)

    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix__decision__committee_review", ["committee_id", "review"], unique=False)
        batch_op.create_index("ix__decision__responsible_due", ["responsible_id", "due"], unique=False)

    op.add_column("feed_token", sa.Column("name", sa.Text(), nullable=False, server_default=""))

    op.add_column(
        "meeting",
        sa.Column(
            "revised_at", med.db.UtcDateTime(timezone=True), nullable=False, server_default="2026-01-01 00:00:00.000000"
        ),
    )
    op.execute("UPDATE meeting SET revised_at = created_at")

"""trust and rollups"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import med.db
from med.migrations import filling, triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allowance",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("spent_until", med.db.BigInt, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__allowance")),
        sa.UniqueConstraint("key", name=op.f("uq__allowance__key")),
    )
    op.create_table(
        "journal_head",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("entry_id", med.db.BigInt, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck__journal_head__only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__journal_head")),
    )
    op.create_table(
        "schema_step",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("works_with", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk__schema_step")),
    )
    op.create_table(
        "search_text",
        sa.Column("place", med.db.BigInt, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("thing_id", med.db.BigInt, nullable=False),
        sa.Column("stems", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk__search_text")),
        sa.UniqueConstraint("kind", "thing_id", name=op.f("uq__search_text__kind_thing_id")),
    )
    op.create_table(
        "account",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("changed_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("second_step", sa.Text(), nullable=False),
        sa.Column("last_step", med.db.BigInt, nullable=False),
        sa.Column("is_emergency", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__account__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__account")),
        sa.UniqueConstraint("person_id", name=op.f("uq__account__person_id")),
    )
    op.create_table(
        "compass_report_layout",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column(
            "report",
            sa.Enum("development_plan", "journal", "dubu", name="report", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("unit_id", med.db.BigInt, nullable=False),
        sa.Column("dates", sa.Text(), nullable=False),
        sa.Column("decimal", sa.Text(), nullable=False),
        sa.Column("changed_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("version", med.db.BigInt, nullable=False),
        sa.CheckConstraint(
            "report IN ('development_plan', 'journal', 'dubu')", name=op.f("ck__compass_report_layout__report_known")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk__compass_report_layout__unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_report_layout")),
        sa.UniqueConstraint("report", "unit_id", name=op.f("uq__compass_report_layout__report_unit_id")),
    )
    with op.batch_alter_table("compass_report_layout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_report_layout_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "linked_identity",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column("linked_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__linked_identity__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__linked_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq__linked_identity__issuer_subject")),
    )
    with op.batch_alter_table("linked_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__linked_identity_person_id"), ["person_id"], unique=False)

    op.create_table(
        "welcome",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column("made_by_id", med.db.BigInt, nullable=True),
        sa.Column("is_emergency", sa.Boolean(), nullable=False),
        sa.Column("made_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk__welcome__made_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__welcome__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__welcome")),
        sa.UniqueConstraint("token_hash", name=op.f("uq__welcome__token_hash")),
    )
    with op.batch_alter_table("welcome", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__welcome_person_id"), ["person_id"], unique=False)

    op.create_table(
        "compass_report_column",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("layout_id", med.db.BigInt, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("position", med.db.BigInt, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(heading) > 0", name=op.f("ck__compass_report_column__has_heading")),
        sa.ForeignKeyConstraint(
            ["layout_id"], ["compass_report_layout.id"], name=op.f("fk__compass_report_column__layout_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_report_column")),
        sa.UniqueConstraint("layout_id", "field", name=op.f("uq__compass_report_column__layout_id_field")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("account_id", med.db.BigInt, nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk__recovery_code__account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__recovery_code_account_id"), ["account_id"], unique=False)

    op.create_table(
        "compass_quarters_run",
        sa.Column("version_id", med.db.BigInt, nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("run_id", med.db.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["compass_effect_run.id"], name=op.f("fk__compass_quarters_run__run_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["compass_version.id"], name=op.f("fk__compass_quarters_run__version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", "quarter", name=op.f("pk__compass_quarters_run")),
    )
    with op.batch_alter_table("compass_quarters_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_quarters_run_run_id"), ["run_id"], unique=False)

    op.create_table(
        "attachment_seal",
        sa.Column("attachment_id", med.db.BigInt, nullable=False),
        sa.Column("stored", sa.Text(), nullable=False),
        sa.Column("ring_key", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk__attachment_seal__attachment_id")),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk__attachment_seal")),
    )
    op.create_table(
        "compass_change",
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=False),
        sa.Column("unit_id", med.db.BigInt, nullable=False),
        sa.Column("quarter", med.db.BigInt, nullable=False),
        sa.Column("before", med.db.BigInt, nullable=False),
        sa.Column("after", med.db.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_change__activity_id")),
        sa.ForeignKeyConstraint(["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_change__citizen_id")),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_change__dimension_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk__compass_change__unit_id")),
        sa.PrimaryKeyConstraint("citizen_id", "activity_id", "dimension_id", name=op.f("pk__compass_change")),
    )
    op.create_table(
        "compass_change_sum",
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=False),
        sa.Column("unit_id", med.db.BigInt, nullable=False),
        sa.Column("quarter", med.db.BigInt, nullable=False),
        sa.Column("n", med.db.BigInt, nullable=False),
        sa.Column("before", med.db.BigInt, nullable=False),
        sa.Column("s", med.db.BigInt, nullable=False),
        sa.Column("s2", med.db.BigInt, nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck__compass_change_sum__of_somebody")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_change_sum__activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_change_sum__dimension_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk__compass_change_sum__unit_id")),
        sa.PrimaryKeyConstraint(
            "activity_id", "dimension_id", "unit_id", "quarter", name=op.f("pk__compass_change_sum")
        ),
    )
    op.create_table(
        "compass_change_total",
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=False),
        sa.Column("unit_id", med.db.BigInt, nullable=False),
        sa.Column("n", med.db.BigInt, nullable=False),
        sa.Column("before", med.db.BigInt, nullable=False),
        sa.Column("s", med.db.BigInt, nullable=False),
        sa.Column("s2", med.db.BigInt, nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck__compass_change_total__of_somebody")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_change_total__activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_change_total__dimension_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk__compass_change_total__unit_id")),
        sa.PrimaryKeyConstraint("activity_id", "dimension_id", "unit_id", name=op.f("pk__compass_change_total")),
    )
    op.create_table(
        "compass_told_estimate",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("estimate_id", med.db.BigInt, nullable=False),
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=False),
        sa.Column("told_as", sa.Enum("figures", "words", name="toldas", native_enum=False, length=40), nullable=False),
        sa.Column("at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("told_as IN ('figures', 'words')", name=op.f("ck__compass_told_estimate__told_as_known")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_told_estimate__activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_told_estimate__dimension_id")
        ),
        sa.ForeignKeyConstraint(
            ["estimate_id"], ["compass_effect_estimate.id"], name=op.f("fk__compass_told_estimate__estimate_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_told_estimate")),
        sa.UniqueConstraint("estimate_id", name=op.f("uq__compass_told_estimate__estimate_id")),
    )
    with op.batch_alter_table("compass_told_estimate", schema=None) as batch_op:
        batch_op.create_index("ix__compass_told_estimate__pair", ["activity_id", "dimension_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_told_estimate_dimension_id"), ["dimension_id"], unique=False)

    # The column with its CHECK, which Alembic adds on SQLite only by copying the table.
    op.execute(
        "ALTER TABLE attachment ADD COLUMN scan VARCHAR(40) NOT NULL DEFAULT 'not_asked' CONSTRAINT ck__attachment__scan_known CHECK (scan IN ('not_asked', 'pending', 'clean', 'infected'))"
    )

    op.add_column("compass_assessment", sa.Column("packed", sa.LargeBinary(), nullable=True))

    op.add_column("compass_effect_run", sa.Column("citizens", med.db.BigInt, nullable=False, server_default="0"))
    op.add_column(
        "compass_effect_run", sa.Column("citizens_renewed", med.db.BigInt, nullable=False, server_default="0")
    )

    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix__decision__published"))
        batch_op.create_index(
            "ix__decision__published", ["published_at", "id", "is_open", "committee_id"], unique=False
        )

    with op.batch_alter_table("decision_tag", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix__decision_tag__committee_feed"))
        batch_op.create_index(
            "ix__decision_tag__committee_feed",
            ["committee_id", "perspective", "published_at", "decision_id", "is_open"],
            unique=False,
        )
        batch_op.drop_index(batch_op.f("ix__decision_tag__feed"))
        batch_op.create_index(
            "ix__decision_tag__feed",
            ["perspective", "published_at", "decision_id", "is_open", "committee_id"],
            unique=False,
        )

    op.add_column("item", sa.Column("source_number", sa.Text(), nullable=True))
    op.add_column("item", sa.Column("source_result", sa.Text(), nullable=False, server_default=""))

    op.add_column("journal_entry", sa.Column("sha256", sa.Text(), nullable=False, server_default=""))

    op.add_column("sign_in", sa.Column("how", sa.Text(), nullable=False, server_default=""))
    filling.fill(op.get_bind())
    for statement in triggers.create(op.get_bind().dialect.name, revision):
        op.execute(statement)

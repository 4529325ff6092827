"""the compass"""

import sqlalchemy as sa
from alembic import op

import med.db
from med.migrations import triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compass_instrument",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("target_group", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("interval_days", med.db.BigInt, nullable=False),
        sa.Column("ended", sa.Date(), nullable=True),
        sa.CheckConstraint("interval_days > 0", name=op.f("ck__compass_instrument__comes_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_instrument")),
        sa.UniqueConstraint("key", name=op.f("uq__compass_instrument__key")),
    )
    op.create_table(
        "compass_snapshot",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column(
            "measure",
            sa.Enum(
                "waiting",
                "waited",
                "due",
                "changes",
                "starts",
                "exams",
                "dose",
                "missing",
                name="measure",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("made_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "measure IN ('waiting', 'waited', 'due', 'changes', 'starts', 'exams', 'dose', 'missing')",
            name=op.f("ck__compass_snapshot__measure_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_snapshot")),
        sa.UniqueConstraint("measure", "period", name=op.f("uq__compass_snapshot__measure_period")),
    )
    op.create_table(
        "compass_citizen",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("unit_id", med.db.BigInt, nullable=False),
        sa.Column("instrument_id", med.db.BigInt, nullable=True),
        sa.Column("target_group", sa.Text(), nullable=False),
        sa.Column("entered", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("erased_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", med.db.BigInt, nullable=False),
        sa.CheckConstraint(
            "left_on IS NULL OR left_on >= entered", name=op.f("ck__compass_citizen__leaves_after_entry")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["compass_instrument.id"], name=op.f("fk__compass_citizen__instrument_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk__compass_citizen__unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_citizen")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq__compass_citizen__pseudonym")),
        sa.UniqueConstraint("uid", name=op.f("uq__compass_citizen__uid")),
    )
    with op.batch_alter_table("compass_citizen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_citizen_instrument_id"), ["instrument_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_citizen_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "compass_erasure",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__compass_erasure__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_erasure")),
        sa.UniqueConstraint("uid", name=op.f("uq__compass_erasure__uid")),
    )
    op.create_table(
        "compass_role",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column(
            "kind", sa.Enum("coordinator", "instruments", name="rolekind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("unit_id", med.db.BigInt, nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("given_by_id", med.db.BigInt, nullable=True),
        sa.CheckConstraint("kind IN ('coordinator', 'instruments')", name=op.f("ck__compass_role__kind_known")),
        sa.CheckConstraint("ends IS NULL OR ends >= starts", name=op.f("ck__compass_role__ends_after_start")),
        sa.ForeignKeyConstraint(["given_by_id"], ["person.id"], name=op.f("fk__compass_role__given_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__compass_role__person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk__compass_role__unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_role")),
    )
    with op.batch_alter_table("compass_role", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_role_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_role_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "compass_version",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("instrument_id", med.db.BigInt, nullable=False),
        sa.Column("number", med.db.BigInt, nullable=False),
        sa.Column("scale_min", med.db.BigInt, nullable=False),
        sa.Column("scale_max", med.db.BigInt, nullable=False),
        sa.Column("higher_is_better", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("is_example", sa.Boolean(), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=True),
        sa.Column("locked_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("made_by_id", med.db.BigInt, nullable=True),
        sa.Column("made_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("row_version", med.db.BigInt, nullable=False),
        sa.CheckConstraint("scale_max > scale_min", name=op.f("ck__compass_version__scale_has_room")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["compass_instrument.id"], name=op.f("fk__compass_version__instrument_id")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk__compass_version__made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_version")),
        sa.UniqueConstraint("instrument_id", "number", name=op.f("uq__compass_version__instrument_id_number")),
    )
    op.create_table(
        "compass_area",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("version_id", med.db.BigInt, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("short_title", sa.Text(), nullable=False),
        sa.Column("easy_title", sa.Text(), nullable=False),
        sa.Column("position", med.db.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["compass_version.id"], name=op.f("fk__compass_area__version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_area")),
        sa.UniqueConstraint("version_id", "code", name=op.f("uq__compass_area__version_id_code")),
    )
    op.create_table(
        "compass_assignment",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column(
            "role", sa.Enum("contact", "deputy", name="assignmentrole", native_enum=False, length=40), nullable=False
        ),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by_id", med.db.BigInt, nullable=True),
        sa.CheckConstraint("role IN ('contact', 'deputy')", name=op.f("ck__compass_assignment__role_known")),
        sa.CheckConstraint("ends IS NULL OR ends >= starts", name=op.f("ck__compass_assignment__ends_after_start")),
        sa.ForeignKeyConstraint(
            ["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_assignment__citizen_id")
        ),
        sa.ForeignKeyConstraint(["given_by_id"], ["person.id"], name=op.f("fk__compass_assignment__given_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__compass_assignment__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_assignment")),
    )
    with op.batch_alter_table("compass_assignment", schema=None) as batch_op:
        batch_op.create_index("ix__compass_assignment__person_dates", ["person_id", "starts", "ends"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_assignment_citizen_id"), ["citizen_id"], unique=False)

    op.create_table(
        "compass_citizen_key",
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("ring_key", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_citizen_key__citizen_id")
        ),
        sa.PrimaryKeyConstraint("citizen_id", name=op.f("pk__compass_citizen_key")),
    )
    op.create_table(
        "compass_effect_run",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("version_id", med.db.BigInt, nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "working", "done", "failed", name="runstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("asked_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", med.db.BigInt, nullable=True),
        sa.Column("leased_until", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Text(), nullable=False),
        sa.Column("progress", med.db.BigInt, nullable=False),
        sa.Column("done_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("cut_off", sa.Date(), nullable=True),
        sa.Column("input_sha256", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("rows_used", med.db.BigInt, nullable=False),
        sa.Column("rows_left_out", med.db.BigInt, nullable=False),
        sa.Column("lead_z", sa.Double(), nullable=True),
        sa.Column("line_z", sa.Double(), nullable=True),
        sa.Column("is_guarded", sa.Boolean(), nullable=False),
        sa.Column("slope", sa.Double(), nullable=True),
        sa.Column("period", sa.Double(), nullable=True),
        sa.Column("rho", sa.Double(), nullable=True),
        sa.Column("variance_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'working', 'done', 'failed')", name=op.f("ck__compass_effect_run__state_known")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk__compass_effect_run__asked_by_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["compass_version.id"], name=op.f("fk__compass_effect_run__version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_effect_run")),
        sa.UniqueConstraint("uid", name=op.f("uq__compass_effect_run__uid")),
    )
    with op.batch_alter_table("compass_effect_run", schema=None) as batch_op:
        batch_op.create_index("ix__compass_effect_run__version_state", ["version_id", "state", "id"], unique=False)

    op.create_table(
        "compass_identity",
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_identity__citizen_id")),
        sa.PrimaryKeyConstraint("citizen_id", name=op.f("pk__compass_identity")),
    )
    op.create_table(
        "compass_look",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=True),
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column(
            "what",
            sa.Enum(
                "page",
                "identity",
                "assessment",
                "goals",
                "run",
                "intake",
                "export",
                "erasure",
                name="lookat",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "what IN ('page', 'identity', 'assessment', 'goals', 'run', 'intake', 'export', 'erasure')",
            name=op.f("ck__compass_look__what_known"),
        ),
        sa.ForeignKeyConstraint(["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_look__citizen_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__compass_look__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_look")),
    )
    with op.batch_alter_table("compass_look", schema=None) as batch_op:
        batch_op.create_index("ix__compass_look__citizen_at", ["citizen_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_look_person_id"), ["person_id"], unique=False)

    op.create_table(
        "compass_occasion",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("version_id", med.db.BigInt, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "routine",
                "baseline",
                "referral",
                "exit",
                "double",
                name="assessmentpurpose",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("begun_by_id", med.db.BigInt, nullable=True),
        sa.Column("begun_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("row_version", med.db.BigInt, nullable=False),
        sa.CheckConstraint(
            "purpose IN ('routine', 'baseline', 'referral', 'exit', 'double')",
            name=op.f("ck__compass_occasion__purpose_known"),
        ),
        sa.ForeignKeyConstraint(["begun_by_id"], ["person.id"], name=op.f("fk__compass_occasion__begun_by_id")),
        sa.ForeignKeyConstraint(["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_occasion__citizen_id")),
        sa.ForeignKeyConstraint(["version_id"], ["compass_version.id"], name=op.f("fk__compass_occasion__version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_occasion")),
    )
    with op.batch_alter_table("compass_occasion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_occasion_citizen_id"), ["citizen_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_occasion_version_id"), ["version_id"], unique=False)

    op.create_table(
        "compass_assessment",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("occasion_id", med.db.BigInt, nullable=False),
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("version_id", med.db.BigInt, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("staff", "self", "joint", "external", name="assessmentkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "routine",
                "baseline",
                "referral",
                "exit",
                "double",
                name="assessmentpurpose",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("assessor", sa.Text(), nullable=False),
        sa.Column("assessor_id", med.db.BigInt, nullable=True),
        sa.Column("triggered_referral", sa.Boolean(), nullable=False),
        sa.Column("closed_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("correction", med.db.BigInt, nullable=False),
        sa.Column("superseded_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("supersedes_id", med.db.BigInt, nullable=True),
        sa.CheckConstraint(
            "kind IN ('staff', 'self', 'joint', 'external')", name=op.f("ck__compass_assessment__kind_known")
        ),
        sa.CheckConstraint(
            "purpose IN ('routine', 'baseline', 'referral', 'exit', 'double')",
            name=op.f("ck__compass_assessment__purpose_known"),
        ),
        sa.ForeignKeyConstraint(["assessor_id"], ["person.id"], name=op.f("fk__compass_assessment__assessor_id")),
        sa.ForeignKeyConstraint(
            ["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_assessment__citizen_id")
        ),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["compass_occasion.id"], name=op.f("fk__compass_assessment__occasion_id")
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["compass_assessment.id"], name=op.f("fk__compass_assessment__supersedes_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["compass_version.id"], name=op.f("fk__compass_assessment__version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_assessment")),
        sa.UniqueConstraint(
            "citizen_id",
            "day",
            "kind",
            "assessor",
            "version_id",
            "correction",
            name="uq__compass_assessment__told_once",
        ),
    )
    with op.batch_alter_table("compass_assessment", schema=None) as batch_op:
        batch_op.create_index("ix__compass_assessment__citizen_day", ["citizen_id", "day"], unique=False)
        batch_op.create_index("ix__compass_assessment__version_day", ["version_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_assessment_assessor_id"), ["assessor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_assessment_occasion_id"), ["occasion_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_assessment_supersedes_id"), ["supersedes_id"], unique=False)

    op.create_table(
        "compass_dimension",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("version_id", med.db.BigInt, nullable=False),
        sa.Column("area_id", med.db.BigInt, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("easy_question", sa.Text(), nullable=False),
        sa.Column("ffb_code", sa.Text(), nullable=False),
        sa.Column("higher_is_better", sa.Boolean(), nullable=True),
        sa.Column("position", med.db.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["compass_area.id"], name=op.f("fk__compass_dimension__area_id")),
        sa.ForeignKeyConstraint(["version_id"], ["compass_version.id"], name=op.f("fk__compass_dimension__version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_dimension")),
        sa.UniqueConstraint("version_id", "code", name=op.f("uq__compass_dimension__version_id_code")),
    )
    with op.batch_alter_table("compass_dimension", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_dimension_area_id"), ["area_id"], unique=False)

    op.create_table(
        "compass_dimension_map",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("old_id", med.db.BigInt, nullable=False),
        sa.Column("new_id", med.db.BigInt, nullable=True),
        sa.Column(
            "relation",
            sa.Enum("same", "changed", "dropped", name="relation", native_enum=False, length=40),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(relation = 'dropped') = (new_id IS NULL)",
            name=op.f("ck__compass_dimension_map__dropped_has_no_successor"),
        ),
        sa.CheckConstraint(
            "relation IN ('same', 'changed', 'dropped')", name=op.f("ck__compass_dimension_map__relation_known")
        ),
        sa.ForeignKeyConstraint(["new_id"], ["compass_dimension.id"], name=op.f("fk__compass_dimension_map__new_id")),
        sa.ForeignKeyConstraint(["old_id"], ["compass_dimension.id"], name=op.f("fk__compass_dimension_map__old_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_dimension_map")),
        sa.UniqueConstraint("old_id", "new_id", name=op.f("uq__compass_dimension_map__old_id_new_id")),
    )
    with op.batch_alter_table("compass_dimension_map", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_dimension_map_new_id"), ["new_id"], unique=False)

    op.create_table(
        "compass_goal",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=True),
        sa.Column("area_id", med.db.BigInt, nullable=True),
        sa.Column(
            "goal_type",
            sa.Enum("develop", "maintain", "limit_loss", name="goaltype", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("weight", med.db.BigInt, nullable=False),
        sa.Column("target_value", med.db.BigInt, nullable=True),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", med.db.BigInt, nullable=False),
        sa.CheckConstraint(
            "goal_type IN ('develop', 'maintain', 'limit_loss')", name=op.f("ck__compass_goal__goal_type_known")
        ),
        sa.CheckConstraint("due IS NULL OR due >= set_on", name=op.f("ck__compass_goal__due_after_set")),
        sa.ForeignKeyConstraint(["area_id"], ["compass_area.id"], name=op.f("fk__compass_goal__area_id")),
        sa.ForeignKeyConstraint(["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_goal__citizen_id")),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_goal__dimension_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_goal")),
    )
    with op.batch_alter_table("compass_goal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_goal_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_goal_citizen_id"), ["citizen_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_goal_dimension_id"), ["dimension_id"], unique=False)

    op.create_table(
        "compass_reliability",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("version_id", med.db.BigInt, nullable=False),
        sa.Column("area_id", med.db.BigInt, nullable=True),
        sa.Column("dimension_id", med.db.BigInt, nullable=True),
        sa.Column(
            "method",
            sa.Enum("double_rated", "published", name="reliabilitymethod", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("r", sa.Double(), nullable=False),
        sa.Column("sd", sa.Double(), nullable=False),
        sa.Column("n_pairs", med.db.BigInt, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "method <> 'published' OR length(source) > 0", name=op.f("ck__compass_reliability__published_has_source")
        ),
        sa.CheckConstraint(
            "method IN ('double_rated', 'published')", name=op.f("ck__compass_reliability__method_known")
        ),
        sa.CheckConstraint(
            "(area_id IS NULL) <> (dimension_id IS NULL)",
            name=op.f("ck__compass_reliability__of_an_area_or_a_dimension"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["compass_area.id"], name=op.f("fk__compass_reliability__area_id")),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_reliability__dimension_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["compass_version.id"], name=op.f("fk__compass_reliability__version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_reliability")),
    )
    with op.batch_alter_table("compass_reliability", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_reliability_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_reliability_dimension_id"), ["dimension_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_reliability_version_id"), ["version_id"], unique=False)

    op.create_table(
        "compass_scale_level",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("version_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=True),
        sa.Column("value", med.db.BigInt, nullable=False),
        sa.Column("short", sa.Text(), nullable=False),
        sa.Column("descriptor", sa.Text(), nullable=False),
        sa.Column("easy", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_scale_level__dimension_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["compass_version.id"], name=op.f("fk__compass_scale_level__version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_scale_level")),
        sa.UniqueConstraint(
            "version_id", "dimension_id", "value", name=op.f("uq__compass_scale_level__version_id_dimension_id_value")
        ),
    )
    with op.batch_alter_table("compass_scale_level", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_scale_level_dimension_id"), ["dimension_id"], unique=False)

    op.create_table(
        "compass_score",
        sa.Column("assessment_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=False),
        sa.Column("value", med.db.BigInt, nullable=True),
        sa.Column(
            "reason",
            sa.Enum("not_assessable", "declined", "not_observed", name="noscore", native_enum=False, length=40),
            nullable=True,
        ),
        sa.CheckConstraint(
            "reason IN ('not_assessable', 'declined', 'not_observed')", name=op.f("ck__compass_score__reason_known")
        ),
        sa.CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name=op.f("ck__compass_score__value_or_reason")),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["compass_assessment.id"], name=op.f("fk__compass_score__assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_score__dimension_id")
        ),
        sa.PrimaryKeyConstraint("assessment_id", "dimension_id", name=op.f("pk__compass_score")),
    )
    op.create_table(
        "compass_activity",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "course", "workshop", "job", "therapy", "social", name="activitykind", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("unit_id", med.db.BigInt, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("planned_sessions", med.db.BigInt, nullable=False),
        sa.Column("capacity", med.db.BigInt, nullable=True),
        sa.Column("cost", med.db.BigInt, nullable=True),
        sa.Column("owner_id", med.db.BigInt, nullable=True),
        sa.Column(
            "state",
            sa.Enum("proposed", "running", "ended", name="activitystate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("frozen_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decision_id", med.db.BigInt, nullable=True),
        sa.Column("has_exam", sa.Boolean(), nullable=False),
        sa.Column("version", med.db.BigInt, nullable=False),
        sa.CheckConstraint(
            "kind IN ('course', 'workshop', 'job', 'therapy', 'social')", name=op.f("ck__compass_activity__kind_known")
        ),
        sa.CheckConstraint("state IN ('proposed', 'running', 'ended')", name=op.f("ck__compass_activity__state_known")),
        sa.CheckConstraint("capacity IS NULL OR capacity > 0", name=op.f("ck__compass_activity__has_room")),
        sa.CheckConstraint("planned_sessions > 0", name=op.f("ck__compass_activity__has_sessions")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk__compass_activity__decision_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk__compass_activity__owner_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk__compass_activity__unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_activity")),
        sa.UniqueConstraint("code", name=op.f("uq__compass_activity__code")),
        sa.UniqueConstraint("uid", name=op.f("uq__compass_activity__uid")),
    )
    with op.batch_alter_table("compass_activity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_activity_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_activity_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_activity_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "compass_goal_rating",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("goal_id", med.db.BigInt, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("level", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=True),
        sa.CheckConstraint("level BETWEEN -2 AND 2", name=op.f("ck__compass_goal_rating__level_is_one_of_five")),
        sa.ForeignKeyConstraint(["goal_id"], ["compass_goal.id"], name=op.f("fk__compass_goal_rating__goal_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__compass_goal_rating__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_goal_rating")),
        sa.UniqueConstraint("goal_id", "day", name=op.f("uq__compass_goal_rating__goal_id_day")),
    )
    op.create_table(
        "compass_draw",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=True),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("among", sa.Text(), nullable=False),
        sa.Column("first_queued", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_draw__activity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__compass_draw__person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_draw")),
    )
    with op.batch_alter_table("compass_draw", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_draw_activity_id"), ["activity_id"], unique=False)

    op.create_table(
        "compass_effect_estimate",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("run_id", med.db.BigInt, nullable=False),
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=False),
        sa.Column("n", med.db.BigInt, nullable=False),
        sa.Column("n_comparison", med.db.BigInt, nullable=False),
        sa.Column("estimate", sa.Double(), nullable=True),
        sa.Column("se", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("p", sa.Double(), nullable=True),
        sa.Column("q", sa.Double(), nullable=True),
        sa.Column("shrunken", sa.Double(), nullable=True),
        sa.Column("waiting_estimate", sa.Double(), nullable=True),
        sa.Column("waiting_se", sa.Double(), nullable=True),
        sa.Column("waiting_n", med.db.BigInt, nullable=False),
        sa.Column("detectable", sa.Double(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_maintain", sa.Boolean(), nullable=False),
        sa.Column("ceiling", sa.Double(), nullable=True),
        sa.Column("floor", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_effect_estimate__activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_effect_estimate__dimension_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["compass_effect_run.id"], name=op.f("fk__compass_effect_estimate__run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_effect_estimate")),
        sa.UniqueConstraint(
            "run_id",
            "activity_id",
            "dimension_id",
            name=op.f("uq__compass_effect_estimate__run_id_activity_id_dimension_id"),
        ),
    )
    with op.batch_alter_table("compass_effect_estimate", schema=None) as batch_op:
        batch_op.create_index(
            "ix__compass_effect_estimate__activity", ["activity_id", "dimension_id", "run_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix__compass_effect_estimate_dimension_id"), ["dimension_id"], unique=False)

    op.create_table(
        "compass_hypothesis",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("dimension_id", med.db.BigInt, nullable=False),
        sa.Column("aim", sa.Enum("develop", "maintain", name="aim", native_enum=False, length=40), nullable=False),
        sa.Column("expected_d", sa.Double(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("decision_id", med.db.BigInt, nullable=True),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("written_by_id", med.db.BigInt, nullable=True),
        sa.Column("is_exploratory", sa.Boolean(), nullable=False),
        sa.CheckConstraint("aim IN ('develop', 'maintain')", name=op.f("ck__compass_hypothesis__aim_known")),
        sa.CheckConstraint(
            "expected_d > 0 AND expected_d <= 3", name=op.f("ck__compass_hypothesis__expects_something")
        ),
        sa.CheckConstraint("length(rationale) > 0", name=op.f("ck__compass_hypothesis__says_why")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_hypothesis__activity_id")
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk__compass_hypothesis__decision_id")),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["compass_dimension.id"], name=op.f("fk__compass_hypothesis__dimension_id")
        ),
        sa.ForeignKeyConstraint(["written_by_id"], ["person.id"], name=op.f("fk__compass_hypothesis__written_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_hypothesis")),
        sa.UniqueConstraint(
            "activity_id", "dimension_id", name=op.f("uq__compass_hypothesis__activity_id_dimension_id")
        ),
    )
    with op.batch_alter_table("compass_hypothesis", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_hypothesis_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_hypothesis_dimension_id"), ["dimension_id"], unique=False)

    op.create_table(
        "compass_run",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("number", med.db.BigInt, nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("planned_sessions", med.db.BigInt, nullable=False),
        sa.Column("capacity", med.db.BigInt, nullable=True),
        sa.Column("started_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", med.db.BigInt, nullable=False),
        sa.CheckConstraint("ends IS NULL OR ends >= starts", name=op.f("ck__compass_run__ends_after_start")),
        sa.CheckConstraint("planned_sessions > 0", name=op.f("ck__compass_run__has_sessions")),
        sa.ForeignKeyConstraint(["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_run__activity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_run")),
        sa.UniqueConstraint("activity_id", "number", name=op.f("uq__compass_run__activity_id_number")),
    )
    op.create_table(
        "loop_link",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("decision_id", med.db.BigInt, nullable=False),
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("starts", "changes", "reviews", "stops", name="linkkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("run_id", med.db.BigInt, nullable=True),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("made_by_id", med.db.BigInt, nullable=True),
        sa.Column("made_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind <> 'stops' OR run_id IS NOT NULL OR length(judgement) > 0",
            name=op.f("ck__loop_link__stopping_has_basis"),
        ),
        sa.CheckConstraint("kind IN ('starts', 'changes', 'reviews', 'stops')", name=op.f("ck__loop_link__kind_known")),
        sa.ForeignKeyConstraint(["activity_id"], ["compass_activity.id"], name=op.f("fk__loop_link__activity_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk__loop_link__decision_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk__loop_link__made_by_id")),
        sa.ForeignKeyConstraint(["run_id"], ["compass_effect_run.id"], name=op.f("fk__loop_link__run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__loop_link")),
        sa.UniqueConstraint(
            "decision_id", "activity_id", "kind", name=op.f("uq__loop_link__decision_id_activity_id_kind")
        ),
    )
    with op.batch_alter_table("loop_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__loop_link_activity_id"), ["activity_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__loop_link_run_id"), ["run_id"], unique=False)

    op.create_table(
        "loop_review_point",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum("review_date", "verdict_changed", name="cause", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("decision_id", med.db.BigInt, nullable=False),
        sa.Column("run_id", med.db.BigInt, nullable=True),
        sa.Column("proposal_id", med.db.BigInt, nullable=False),
        sa.Column("raised_at", med.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cause IN ('review_date', 'verdict_changed')", name=op.f("ck__loop_review_point__cause_known")
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk__loop_review_point__decision_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk__loop_review_point__proposal_id")),
        sa.ForeignKeyConstraint(["run_id"], ["compass_effect_run.id"], name=op.f("fk__loop_review_point__run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__loop_review_point")),
        sa.UniqueConstraint("key", name=op.f("uq__loop_review_point__key")),
    )
    with op.batch_alter_table("loop_review_point", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__loop_review_point_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__loop_review_point_proposal_id"), ["proposal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__loop_review_point_run_id"), ["run_id"], unique=False)

    op.create_table(
        "compass_participation",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("run_id", med.db.BigInt, nullable=False),
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("planned", med.db.BigInt, nullable=False),
        sa.Column("attended", med.db.BigInt, nullable=False),
        sa.Column(
            "end_reason",
            sa.Enum("completed", "stopped", "moved", "other", name="endreason", native_enum=False, length=40),
            nullable=True,
        ),
        sa.CheckConstraint(
            "end_reason IN ('completed', 'stopped', 'moved', 'other')",
            name=op.f("ck__compass_participation__end_reason_known"),
        ),
        sa.CheckConstraint(
            "attended >= 0 AND attended <= planned", name=op.f("ck__compass_participation__attended_is_within_planned")
        ),
        sa.CheckConstraint("ends IS NULL OR ends >= starts", name=op.f("ck__compass_participation__ends_after_start")),
        sa.ForeignKeyConstraint(
            ["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_participation__citizen_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["compass_run.id"], name=op.f("fk__compass_participation__run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_participation")),
        sa.UniqueConstraint("run_id", "citizen_id", name=op.f("uq__compass_participation__run_id_citizen_id")),
    )
    with op.batch_alter_table("compass_participation", schema=None) as batch_op:
        batch_op.create_index("ix__compass_participation__citizen", ["citizen_id", "starts"], unique=False)

    op.create_table(
        "compass_run_leader",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("run_id", med.db.BigInt, nullable=False),
        sa.Column("person_id", med.db.BigInt, nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.CheckConstraint("ends IS NULL OR ends >= starts", name=op.f("ck__compass_run_leader__ends_after_start")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk__compass_run_leader__person_id")),
        sa.ForeignKeyConstraint(["run_id"], ["compass_run.id"], name=op.f("fk__compass_run_leader__run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_run_leader")),
    )
    with op.batch_alter_table("compass_run_leader", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix__compass_run_leader_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_run_leader_run_id"), ["run_id"], unique=False)

    op.create_table(
        "compass_session",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("run_id", med.db.BigInt, nullable=False),
        sa.Column("number", med.db.BigInt, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["compass_run.id"], name=op.f("fk__compass_session__run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_session")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq__compass_session__run_id_number")),
    )
    op.create_table(
        "compass_waiting",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("activity_id", med.db.BigInt, nullable=False),
        sa.Column("citizen_id", med.db.BigInt, nullable=False),
        sa.Column("queued", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum("need", "order", "random", "other", name="waitingreason", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("priority", med.db.BigInt, nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("waiting", "started", "withdrawn", "expired", name="waitingoutcome", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("offered_run_id", med.db.BigInt, nullable=True),
        sa.Column("offered_at", med.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("declined_run_id", med.db.BigInt, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("draw_id", med.db.BigInt, nullable=True),
        sa.Column("draw_place", med.db.BigInt, nullable=True),
        sa.CheckConstraint(
            "(outcome = 'waiting') = (left_on IS NULL)", name=op.f("ck__compass_waiting__has_left_or_waits")
        ),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'started', 'withdrawn', 'expired')", name=op.f("ck__compass_waiting__outcome_known")
        ),
        sa.CheckConstraint(
            "reason IN ('need', 'order', 'random', 'other')", name=op.f("ck__compass_waiting__reason_known")
        ),
        sa.CheckConstraint(
            "left_on IS NULL OR left_on >= queued", name=op.f("ck__compass_waiting__leaves_after_queued")
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["compass_activity.id"], name=op.f("fk__compass_waiting__activity_id")
        ),
        sa.ForeignKeyConstraint(["citizen_id"], ["compass_citizen.id"], name=op.f("fk__compass_waiting__citizen_id")),
        sa.ForeignKeyConstraint(
            ["declined_run_id"], ["compass_run.id"], name=op.f("fk__compass_waiting__declined_run_id")
        ),
        sa.ForeignKeyConstraint(["draw_id"], ["compass_draw.id"], name=op.f("fk__compass_waiting__draw_id")),
        sa.ForeignKeyConstraint(
            ["offered_run_id"], ["compass_run.id"], name=op.f("fk__compass_waiting__offered_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_waiting")),
    )
    with op.batch_alter_table("compass_waiting", schema=None) as batch_op:
        batch_op.create_index("ix__compass_waiting__activity", ["activity_id", "outcome", "queued"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_waiting_citizen_id"), ["citizen_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_waiting_declined_run_id"), ["declined_run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_waiting_draw_id"), ["draw_id"], unique=False)
        batch_op.create_index(batch_op.f("ix__compass_waiting_offered_run_id"), ["offered_run_id"], unique=False)

    op.create_table(
        "compass_exam",
        sa.Column("id", med.db.BigInt, nullable=False),
        sa.Column("participation_id", med.db.BigInt, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("noted_by_id", med.db.BigInt, nullable=True),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk__compass_exam__noted_by_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["compass_participation.id"], name=op.f("fk__compass_exam__participation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__compass_exam")),
        sa.UniqueConstraint("participation_id", "day", name=op.f("uq__compass_exam__participation_id_day")),
    )
    op.create_table(
        "compass_presence",
        sa.Column("session_id", med.db.BigInt, nullable=False),
        sa.Column("participation_id", med.db.BigInt, nullable=False),
        sa.Column("came", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["compass_participation.id"], name=op.f("fk__compass_presence__participation_id")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["compass_session.id"], name=op.f("fk__compass_presence__session_id")),
        sa.PrimaryKeyConstraint("session_id", "participation_id", name=op.f("pk__compass_presence")),
    )
    for statement in triggers.create(op.get_bind().dialect.name, revision):
        op.execute(statement)

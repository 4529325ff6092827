"""What 0004 keeps beside the compass's scores: an assessment's answers in one column, and changes with their sums.

The rules are those of med/competence_compass/vectors.py and rollups.py. All of it can be rebuilt later (`med compass
rebuild`).
"""

from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

AT_ONCE = 2_000
REASONS = ("not_assessable", "declined", "not_observed")
QUARTER = {
    "sqlite": "CAST(strftime('%Y', day) AS INTEGER) * 4 + (CAST(strftime('%m', day) AS INTEGER) - 1) / 3",
    "postgresql": "CAST(extract(year FROM day) * 4 + floor((extract(month FROM day) - 1) / 3) AS bigint)",
}
CHANGES = """
WITH taken AS (
    SELECT p.citizen_id, r.activity_id, p.starts, p.ends,
           row_number() OVER (PARTITION BY p.citizen_id, r.activity_id ORDER BY p.starts, p.id) AS turn
    FROM compass_participation AS p JOIN compass_run AS r ON r.id = p.run_id
), points AS (
    SELECT t.citizen_id, t.activity_id, s.dimension_id, s.value, a.id, a.day,
           CASE WHEN a.kind = 'joint' THEN 1 ELSE 0 END AS is_joint, a.day < t.starts AS is_before
    FROM taken AS t
    JOIN compass_hypothesis AS h ON h.activity_id = t.activity_id AND NOT h.is_exploratory
    JOIN compass_assessment AS a ON a.citizen_id = t.citizen_id
    JOIN compass_score AS s ON s.assessment_id = a.id AND s.dimension_id = h.dimension_id
    WHERE t.turn = 1 AND t.ends IS NOT NULL AND (a.day < t.starts OR a.day >= t.ends)
      AND a.closed_at IS NOT NULL AND a.superseded_at IS NULL AND a.kind IN ('staff', 'joint')
      AND a.purpose NOT IN ('double', 'referral') AND s.value IS NOT NULL
), ranked AS (
    SELECT points.*,
           row_number() OVER (PARTITION BY citizen_id, activity_id, dimension_id, is_before
                              ORDER BY day DESC, is_joint, id) AS from_last,
           row_number() OVER (PARTITION BY citizen_id, activity_id, dimension_id, is_before
                              ORDER BY day, is_joint, id) AS from_first
    FROM points
)
INSERT INTO compass_change (citizen_id, activity_id, dimension_id, unit_id, quarter, before, after)
SELECT l.citizen_id, l.activity_id, l.dimension_id, c.unit_id, l.quarter, e.value, l.value
FROM (SELECT ranked.*, {quarter} AS quarter FROM ranked WHERE NOT is_before AND from_first = 1) AS l
JOIN ranked AS e ON e.citizen_id = l.citizen_id AND e.activity_id = l.activity_id
    AND e.dimension_id = l.dimension_id AND e.is_before AND e.from_last = 1
JOIN compass_citizen AS c ON c.id = l.citizen_id
"""
SUMS = """
INSERT INTO {table} ({keys}, n, before, s, s2)
SELECT {keys}, count(*), sum(before), sum(after - before), sum((after - before) * (after - before))
FROM compass_change GROUP BY {keys}
"""


def keep_beside_scores(connection: Connection) -> None:
    pack_answers(connection)
    connection.execute(sa.text(CHANGES.format(quarter=QUARTER[connection.dialect.name])))
    for table, keys in (
        ("compass_change_sum", "activity_id, dimension_id, unit_id, quarter"),
        ("compass_change_total", "activity_id, dimension_id, unit_id"),
    ):
        connection.execute(sa.text(SUMS.format(table=table, keys=keys)))


def pack_answers(connection: Connection) -> None:
    places: dict[int, tuple[int, int]] = {}  # dimension: its place among the version's, and the scale's lowest value
    rows = connection.exec_driver_sql(
        "SELECT d.version_id, d.id, v.scale_min FROM compass_dimension AS d"
        " JOIN compass_version AS v ON v.id = d.version_id ORDER BY d.version_id, d.id"
    ).all()
    length: dict[int, int] = {}
    for version, group in groupby(rows, key=itemgetter(0)):
        found = list(group)
        length[version] = len(found)
        places |= {id: (place, lowest) for place, (_, id, lowest) in enumerate(found)}
    update = sa.text("UPDATE compass_assessment SET packed = :packed WHERE id = :id")
    asked = sa.text(
        "SELECT id, version_id FROM compass_assessment"
        " WHERE id > :last AND closed_at IS NOT NULL ORDER BY id LIMIT :most"
    )
    answered = sa.text(
        "SELECT assessment_id, dimension_id, value, reason FROM compass_score"
        " WHERE assessment_id BETWEEN :first AND :last"
    )
    last = 0
    while some := connection.execute(asked, {"last": last, "most": AT_ONCE}).all():
        packed = {id: bytearray(length.get(version, 0)) for id, version in some}
        first, last = some[0][0], some[-1][0]
        for id, dimension, value, reason in connection.execute(answered, {"first": first, "last": last}):
            if id in packed:
                place, lowest = places[dimension]
                packed[id][place] = 1 + REASONS.index(reason) if value is None else value - lowest + 4
        made: list[dict[str, Any]] = [{"id": id, "packed": bytes(one)} for id, one in packed.items()]
        connection.execute(update, made)

"""The balance over the four perspectives, and the bars that show it."""

import pytest

from med.charts.bars import bars
from med.decisions.models import Decision
from med.decisions.queries import balance
from med.organisation.models import Level
from med.perspectives.models import Perspective
from tests.decisions.conftest import moment


@pytest.fixture
def spread(published, write):
    published("et", perspective="resiliens", further=["compliance"])
    published("to", perspective="resiliens")
    published("tre", perspective="emergens", is_open=False)
    published("fire", perspective="performance", committee="hovedudvalget", chair="hanne")
    old = published("fem", perspective="compliance", at=moment(1, month=3))
    write(lambda session: setattr(session.get(Decision, old), "year", 2025))
    imported = published("seks", perspective="compliance")
    write(lambda session: setattr(session.get(Decision, imported), "perspective", None))


def test_each_counts_once_and_only_what_one_may_read(spread, people, db, committee_id):
    db.rollback()
    assert balance(db, people.viewer("carla")).counts == {
        Perspective.COMPLIANCE: 1,
        Perspective.PERFORMANCE: 1,
        Perspective.EMERGENS: 0,
        Perspective.RESILIENS: 2,
        None: 1,
    }
    assert balance(db, people.viewer("anna")).counts[Perspective.EMERGENS] == 1
    assert balance(db, people.viewer("ivan")).total == 0
    assert balance(db, people.viewer("carla"), year=2025).total == 1
    assert balance(db, people.viewer("carla"), level=Level.MAIN).total == 1
    assert balance(db, people.viewer("carla"), committee_id=committee_id("hovedudvalget")).total == 1
    whole = balance(db, people.viewer("carla"), year=2026)
    assert [row.key for row in whole.by_year] == [2026, 2025]
    assert sum(row.total for row in whole.by_committee) == sum(row.total for row in whole.by_level) == whole.total == 4


def test_the_page_shows_bars_on_one_scale_and_the_same_numbers(spread, visitor, committee_id):
    page = visitor("carla").open("/beslutninger/balance")
    widths = {
        li.xpath("string(.//span[contains(@class,'tag')])").strip(): li.xpath("string(.//rect[2]/@width)")
        for li in page.tree.xpath("//li[contains(@class,'bar')]")
    }
    assert widths["Uden perspektiv (indlæst)"] == "20.0"
    assert sorted(widths.values()) == ["0.0", "20.0", "20.0", "20.0", "40.0"]
    form = page.form("Vis").fill(aar="2025", udvalg=str(committee_id("med-aabrinken")))
    assert "1 beslutning" in form.send().words
    assert "ingen beslutninger at tælle" in visitor("carla").open("/beslutninger/balance?aar=1999").words
    for nonsense in ("aar=x", "niveau=himlen", "udvalg=-3", "aar=" + "9" * 40):
        assert visitor("carla").open(f"/beslutninger/balance?{nonsense}").status_code == 400, nonsense


def test_bars_share_one_scale_and_add_up():
    assert [(bar.percent, bar.width) for bar in bars({"a": 8, "b": 8, "c": 8})] == [(34, 33.3), (33, 33.3), (33, 33.3)]
    assert [(bar.number, bar.percent, bar.width) for bar in bars({"a": 0, "b": 0})] == [(0, 0, 0.0), (0, 0, 0.0)]
    for counts in ({"a": 5, "b": 7, "c": 1}, dict(enumerate(range(1, 30)))):
        assert sum(bar.percent for bar in bars(counts)) == 100
        assert all(abs(bar.percent - bar.width) <= 1.05 for bar in bars(counts))
    with pytest.raises(ValueError, match="nothing"):
        bars({"a": -1})

"""From a point to its measured effect and back to the table, through the pages, on both databases."""

from med import clock, demo
from med.settings import Settings
from med.slices import Office
from tests.journeys.round import Round, pass_the_night


def test_the_whole_way_round(visitor, database, data_dir):
    office = Office(database, Settings(data_dir=data_dir, database_url=database.url, secret="s" * 40))
    story = Round(arrive=visitor, travel=clock.freeze, night=lambda: pass_the_night(office), now=demo.NOW)
    story.play()
    assert story.begin.point != story.pairs.point

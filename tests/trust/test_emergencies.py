"""The emergency door is told of, by mail, to those who look after the system and to whoever's door it is."""

from sqlalchemy import select

from med.identity import accounts
from med.journal.actions import note
from med.notices.models import Message
from med.organisation.models import Person
from med.slices import Office
from med.trust import emergencies


def test_each_use_is_told_once_to_the_administrators_and_the_owner(write, database, people, app):
    def use(db):
        account = accounts.set_password(db, None, db.get(Person, people.anna), "none", anew=True)
        account.is_emergency = True
        note(db, None, "account.emergency_used", account)

    write(use)
    write(emergencies.tell)
    write(emergencies.tell)
    with database.reading() as db:
        letters = db.scalars(select(Message).where(Message.kind == emergencies.KIND).order_by(Message.person_id)).all()
        assert {letter.person_id for letter in letters} == {people.anna, people.ivan}
        office = Office(database, app.state.desk.settings)
        said = [emergencies.compose(db, office, letter, people.viewer("ivan")) for letter in letters]
    assert len(said) == 2
    for letter in said:
        assert "Nødadgangen for Anna Lindegaard blev brugt" in letter.text
        assert "/drift/adgang" in letter.text


def test_an_ordinary_day_posts_nothing(write, database):
    write(emergencies.tell)
    with database.reading() as db:
        assert db.scalars(select(Message).where(Message.kind == emergencies.KIND)).all() == []

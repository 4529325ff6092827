"""Questions about meetings, deadlines and tasks, as calendars show them."""

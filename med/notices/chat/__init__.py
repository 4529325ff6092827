"""Channels outside the house that hear of what every employee may read: team chats, and other systems by webhook."""

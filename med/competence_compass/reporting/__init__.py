"""Writing once: what the compass knows, in the form other systems and papers want it."""

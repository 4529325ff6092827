"""Who may see and do what, said a second time in plain Python, and compared with what Medspil does."""

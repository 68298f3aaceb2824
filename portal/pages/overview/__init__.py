"""The overview: its page, what it knows, and what it shows."""

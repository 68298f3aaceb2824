"""Stripe's events: kept first, then answered, and only then understood and followed up."""

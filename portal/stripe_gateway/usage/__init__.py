"""How usage is read from Stripe: which windows, which totals, and when they are to be believed."""

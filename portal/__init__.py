"""Usage Portal: live usage, the upcoming invoice and the reasons for both, on Stripe."""

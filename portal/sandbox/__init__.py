"""A local, stateful Stripe Billing over HTTP; of the portal it knows only money and rating."""

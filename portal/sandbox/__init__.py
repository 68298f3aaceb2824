"""A local, stateful Stripe Billing over HTTP; it knows nothing of the portal but money and rating."""

"""The mirror: our copy of what Stripe says. It may be emptied and refilled at any hour."""

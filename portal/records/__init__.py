"""What the portal itself says; never rebuilt from Stripe."""

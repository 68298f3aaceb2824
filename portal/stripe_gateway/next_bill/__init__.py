"""What a subscription's next invoice is made of, read from Stripe beside Stripe's own preview."""

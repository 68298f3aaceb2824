"""The pages that Stripe hosts for a vendor's customers, as a local stand-in that really acts."""

"""The one room that talks to Stripe: reads that give facts, and writes with idempotency keys."""

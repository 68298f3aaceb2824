"""What follows when usage has come in: drafts change, thresholds are reached, alerts set off."""

from portal.sandbox.billing.alerts import trigger_reached
from portal.sandbox.billing.drafts import refresh_drafts
from portal.sandbox.billing.thresholds import bill_reached
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store


def heed_usage(store: Store, ledger: UsageLedger) -> None:
    """Let everything that goes by usage follow what has begun to count since the last time."""
    touched = ledger.take_touched()
    for customer in sorted({customer for _, customer in touched}):
        refresh_drafts(store, ledger, customer)
        bill_reached(store, ledger, customer)
    for meter, customer in sorted(touched):
        trigger_reached(store, ledger, meter, customer)

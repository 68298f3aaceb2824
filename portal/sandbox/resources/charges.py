"""Charges and refunds: https://docs.stripe.com/api/charges, https://docs.stripe.com/api/refunds."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.intents import give_back
from portal.sandbox.events import save_change
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing, listing_of
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()


@routes.get("/v1/charges", "ChargeListParams", "created customer payment_intent")
def list_charges(call: Call) -> Listing:
    """Charges, newest first, also those that were refused."""
    return listing_of(call.store, "charge", call.params, "customer", "payment_intent")


@routes.get("/v1/charges/{id}", "ChargeRetrieveParams")
def retrieve_charge(call: Call, id: str) -> StripeObject:
    """The charge as it is now."""
    return lookup.get(call.store, "charge", id)


@routes.post("/v1/charges/{id}", "ChargeUpdateParams", "description metadata receipt_email")
def update_charge(call: Call, id: str) -> StripeObject:
    """Change what is only told about the charge."""
    charge = lookup.get(call.store, "charge", id)
    charge.update(given(call.params, ("description", "receipt_email")))
    if "metadata" in call.params:
        charge["metadata"] = merged_metadata(charge["metadata"], call.params["metadata"])
    return save_change(call.store, "charge.updated", charge)


@routes.get("/v1/charges/{id}/refunds", "ChargeListRefundsParams")
def list_refunds_of_charge(call: Call, id: str) -> Listing:
    """What was given back of the charge, newest first."""
    lookup.get(call.store, "charge", id)
    return Listing(call.store.each("refund", charge=id), "refund")


@routes.post("/v1/refunds", "RefundCreateParams", "amount charge metadata payment_intent reason")
def create_refund(call: Call) -> StripeObject:
    """Give back a charge, or some of it, at once."""
    store, params = call.store, call.params
    charge = _charge_to_refund(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise Refused(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if not 0 < amount <= left:
        raise Refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    refund = _new_refund(call, charge, amount)
    return give_back(store, charge, refund, store.now())


@routes.get("/v1/refunds", "RefundListParams", "charge created payment_intent")
def list_refunds(call: Call) -> Listing:
    """Refunds, newest first."""
    return listing_of(call.store, "refund", call.params, "charge", "payment_intent")


@routes.get("/v1/refunds/{id}", "RefundRetrieveParams")
def retrieve_refund(call: Call, id: str) -> StripeObject:
    """The refund as it is now."""
    return lookup.get(call.store, "refund", id)


@routes.post("/v1/refunds/{id}", "RefundUpdateParams", "metadata")
def update_refund(call: Call, id: str) -> StripeObject:
    """Change the refund's metadata, the only thing that can be changed."""
    refund = lookup.get(call.store, "refund", id)
    asked = call.params.get("metadata", {})
    refund["metadata"] = merged_metadata(refund["metadata"], asked)
    return save_change(call.store, "refund.updated", refund)


def _charge_to_refund(call: Call) -> StripeObject:
    """The charge that is named, or the one that paid the payment intent that is."""
    store, params = call.store, call.params
    id = params.get("charge")
    if "payment_intent" in params:
        named = params["payment_intent"]
        id = lookup.named(store, "payment_intent", named, "payment_intent")["latest_charge"]
    if id is None:
        raise Refused(
            "One of the following params should be provided for this request: payment_intent or "
            "charge."
        )
    charge = lookup.named(store, "charge", id, "charge")
    if not charge["captured"]:
        raise Refused(
            f"Charge {id} has not been captured, or was refused: there is nothing to refund."
        )
    return charge


def _new_refund(call: Call, charge: StripeObject, amount: int) -> StripeObject:
    unused = ("receipt_number", "source_transfer_reversal", "transfer_reversal")
    destination = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return dict.fromkeys(unused) | {
        "id": call.store.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.store.now(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {"card": destination, "type": "card"},
        "metadata": merged_metadata({}, call.params.get("metadata", {})),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": call.params.get("reason"),
        "status": "succeeded",
    }

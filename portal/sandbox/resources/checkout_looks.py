"""What a Checkout session says besides what is sold: how its page looks and what it asks for.

https://docs.stripe.com/api/checkout/sessions/object; the account's own settings, which the
sandbox does not let anybody change.
"""

from typing import Any

from portal.sandbox.account import account_name
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_COLORS = {"background_color": "#ffffff", "button_color": "#0074d4"}


def looks(store: Store, mode: str) -> StripeObject:
    """The settings of a session that sets a card up (`setup`) or sells (the other modes)."""
    sells = mode != "setup"
    return {
        "adaptive_pricing": {"enabled": sells},
        "branding_settings": {
            **_COLORS,
            "border_style": "rounded",
            "display_name": account_name(store),
            "font_family": "default",
            "icon": None,
            "logo": None,
        },
        "collected_information": {
            "business_name": None,
            "individual_name": None,
            "shipping_details": None,
        },
        "discounts": [] if sells else None,
        "invoice_creation": _no_invoice() if mode == "payment" else None,
        "managed_payments": {"enabled": False} if sells else None,
        "payment_method_collection": "if_required" if mode == "payment" else "always",
        "payment_method_configuration_details": {"id": "pmc_sandbox", "parent": None},
        "saved_payment_method_options": _kept_cards() if sells else None,
    }


def _kept_cards() -> StripeObject:
    return {
        "allow_redisplay_filters": ["always"],
        "payment_method_remove": "disabled",
        "payment_method_save": None,
    }


def _no_invoice() -> StripeObject:
    """What a single payment's invoice would say, if one were made."""
    names = ("account_tax_ids", "custom_fields", "description", "footer", "issuer")
    texts = dict.fromkeys((*names, "rendering_options"))
    return {"enabled": False, "invoice_data": texts | {"metadata": {}}}

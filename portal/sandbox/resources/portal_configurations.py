"""What the billing portal lets customers do: https://docs.stripe.com/api/customer_portal."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.web_addresses import checked_address
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_KIND = "billing_portal.configuration"
_FEATURES = (
    "features.customer_update features.invoice_history features.payment_method_update.enabled "
    "features.subscription_cancel.enabled features.subscription_cancel.mode "
    "features.subscription_cancel.cancellation_reason features.subscription_update.enabled"
)
_ACTS_ON = f"business_profile default_return_url {_FEATURES} metadata name"
_REASONS = ("customer_service low_quality missing_features other switched_service too_complex "
            "too_expensive unused").split()  # fmt: skip
_UPDATES = ("address", "email", "name")


@routes.post(
    "/v1/billing_portal/configurations", "billing_portal.ConfigurationCreateParams", _ACTS_ON
)
def create_configuration(call: Call) -> StripeObject:
    """Make a configuration that sessions can name."""
    configuration = _blank(call.store, is_default=False)
    _apply(configuration, call.params)
    call.store.put(configuration)
    call.store.emit("billing_portal.configuration.created", configuration)
    return configuration


@routes.get(
    "/v1/billing_portal/configurations",
    "billing_portal.ConfigurationListParams",
    "active is_default",
)
def list_configurations(call: Call) -> Listing:
    """Configurations, newest first."""
    names = ("active", "is_default")
    exact = {name: call.params[name] for name in names if name in call.params}
    return Listing(call.store.every(_KIND, **exact), _KIND)


@routes.get("/v1/billing_portal/configurations/{id}", "billing_portal.ConfigurationRetrieveParams")
def retrieve_configuration(call: Call, id: str) -> StripeObject:
    """The configuration, also one that is not active."""
    return lookup.get(call.store, _KIND, id)


@routes.post(
    "/v1/billing_portal/configurations/{id}",
    "billing_portal.ConfigurationUpdateParams",
    f"active {_ACTS_ON}",
)
def update_configuration(call: Call, id: str) -> StripeObject:
    """Change what the request names."""
    configuration = lookup.get(call.store, _KIND, id)
    if configuration["is_default"] and call.params.get("active") is False:
        raise Refused("You cannot deactivate the default configuration.", param="active")
    configuration.update(given(call.params, ("active",)))
    _apply(configuration, call.params)
    configuration["updated"] = call.store.now()
    return save_change(call.store, "billing_portal.configuration.updated", configuration)


def default_configuration(store: Store) -> StripeObject:
    """The one of sessions that name none; made at first use, as saving Stripe's settings does."""
    known = next(store.each(_KIND, is_default=True), None)
    if known is not None:
        return known
    features = {
        "customer_update": {"enabled": True, "allowed_updates": ["name", "email", "address"]},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
    }
    made = _blank(store, is_default=True)
    _apply(made, {"features": features})
    store.put(made)
    store.emit("billing_portal.configuration.created", made)
    return made


def _blank(store: Store, *, is_default: bool) -> StripeObject:
    now = store.now()
    texts = ("headline", "privacy_policy_url", "terms_of_service_url")
    return {
        "id": store.new_id("bpc"),
        "object": _KIND,
        "active": True,
        "application": None,
        "business_profile": dict.fromkeys(texts),
        "created": now,
        "default_return_url": None,
        "features": {
            "customer_update": {"allowed_updates": [], "enabled": False},
            "invoice_history": {"enabled": False},
            "payment_method_update": {"enabled": False, "payment_method_configuration": None},
            "subscription_cancel": {
                "cancellation_reason": {"enabled": False, "options": list(_REASONS)},
                "enabled": False,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_pause": {
                "duration": {"interval_options": [], "type": "indefinite"},
                "enabled": False,
            },
            "subscription_update": {
                "billing_cycle_anchor": None,
                "default_allowed_updates": [],
                "enabled": False,
                "products": [],
                "proration_behavior": "none",
                "schedule_at_period_end": {"conditions": []},
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": is_default,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": now,
    }


def _apply(configuration: StripeObject, params: StripeObject) -> None:
    configuration.update(given(params, ("name",)))
    if "default_return_url" in params:
        wanted = params["default_return_url"]
        checked = checked_address(wanted, "default_return_url") if wanted else None
        configuration["default_return_url"] = checked
    if "metadata" in params:
        known = configuration["metadata"]
        configuration["metadata"] = merged_metadata(known, params["metadata"])
    _apply_profile(configuration["business_profile"], params.get("business_profile", {}))
    for name, asked in params.get("features", {}).items():
        _apply_feature(configuration["features"][name], name, asked)


def _apply_profile(profile: StripeObject, asked: StripeObject) -> None:
    for name in ("privacy_policy_url", "terms_of_service_url"):
        if asked.get(name):
            checked_address(asked[name], f"business_profile[{name}]")
    profile.update(given(asked, tuple(profile)))


def _apply_feature(feature: StripeObject, name: str, asked: StripeObject) -> None:
    """Switch a feature on or off; what the sandbox's pages cannot do stays off."""
    param = f"features[{name}]"
    if name == "subscription_update" and asked.get("enabled"):
        raise Refused(
            "The portal of this sandbox cannot change plans.",
            code="sandbox_parameter_not_supported",
            param=f"{param}[enabled]",
        )
    updates = asked.get("allowed_updates") or []
    unknown = next((one for one in updates if one not in _UPDATES), None)
    if unknown is not None:
        raise Refused(
            f"The portal of this sandbox cannot change {unknown}.",
            code="sandbox_parameter_not_supported",
            param=f"{param}[allowed_updates]",
        )
    reason = asked.get("cancellation_reason")
    if reason is not None:
        feature["cancellation_reason"] |= given(reason, ("enabled", "options"))
    feature |= given(asked, ("enabled", "mode"))
    if "allowed_updates" in asked:
        feature["allowed_updates"] = list(updates)

"""Usage alerts: https://docs.stripe.com/api/billing/alert."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.alerts import KIND, alerts_on, customer_of
from portal.sandbox.fields import check_not_emptied
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_MOST_ON_A_METER = 25


@routes.post("/v1/billing/alerts", "billing.AlertCreateParams", "alert_type title usage_threshold")
def create_alert(call: Call) -> StripeObject:
    """Make an alert; usage from before counts, but only new usage sets it off."""
    check_not_emptied(call.params, "title")
    if "usage_threshold" not in call.params:
        raise Refused(
            "Missing required param: usage_threshold.",
            code="parameter_missing",
            param="usage_threshold",
        )
    alert = {
        "id": call.store.new_id("alrt_test"),
        "object": KIND,
        "alert_type": "usage_threshold",
        "livemode": False,
        "status": "active",
        "title": call.params["title"],
        "usage_threshold": _threshold(call.store, call.params["usage_threshold"]),
    }
    _check_room(call.store, alert)
    return call.store.put(alert | {"_meter": alert["usage_threshold"]["meter"]})


@routes.get("/v1/billing/alerts", "billing.AlertListParams", "alert_type meter")
def list_alerts(call: Call) -> Listing:
    """Alerts, newest first, without the archived ones."""
    exact = {"_meter": call.params["meter"]} if "meter" in call.params else {}
    for meter in exact.values():
        lookup.named(call.store, "billing.meter", meter, "meter")
    found = call.store.each(KIND, **exact)
    return Listing((one for one in found if one["status"] != "archived"), KIND)


@routes.get("/v1/billing/alerts/{id}", "billing.AlertRetrieveParams")
def retrieve_alert(call: Call, id: str) -> StripeObject:
    """The alert, also when it is archived."""
    return lookup.get(call.store, KIND, id)


@routes.post("/v1/billing/alerts/{id}/activate", "billing.AlertActivateParams")
def activate_alert(call: Call, id: str) -> StripeObject:
    """Let the alert be set off again, by customers who have not done so yet."""
    return _with_status(call, id, "active")


@routes.post("/v1/billing/alerts/{id}/deactivate", "billing.AlertDeactivateParams")
def deactivate_alert(call: Call, id: str) -> StripeObject:
    """Keep the alert from being set off."""
    return _with_status(call, id, "inactive")


@routes.post("/v1/billing/alerts/{id}/archive", "billing.AlertArchiveParams")
def archive_alert(call: Call, id: str) -> StripeObject:
    """Put the alert away for good."""
    return _with_status(call, id, "archived")


def _with_status(call: Call, id: str, status: str) -> StripeObject:
    alert = lookup.get(call.store, KIND, id)
    if alert["status"] == "archived":
        raise Refused("The alert is archived, which cannot be undone.")
    if alert["status"] == status:
        raise Refused(f"The alert is already {status}.")
    return call.store.put(alert | {"status": status})


def _threshold(store: Store, asked: StripeObject) -> StripeObject:
    lookup.named(store, "billing.meter", asked["meter"], "usage_threshold[meter]")
    if asked["gte"] < 1:
        raise Refused(
            "This value must be greater than or equal to 1.", param="usage_threshold[gte]"
        )
    return {
        "filters": _filters(store, asked.get("filters", [])),
        "gte": asked["gte"],
        "meter": asked["meter"],
        "recurrence": asked["recurrence"],
    }


def _filters(store: Store, asked: list[StripeObject]) -> list[StripeObject]:
    param = "usage_threshold[filters]"
    if len(asked) > 1:
        raise Refused("An alert can have at most one filter.", param=param)
    for one in asked:
        if "customer" not in one:
            where = f"{param}[0][customer]"
            raise Refused(
                f"Missing required param: {where}.", code="parameter_missing", param=where
            )
        lookup.named(store, "customer", one["customer"], f"{param}[0][customer]")
    return [{"customer": one["customer"], "type": one["type"]} for one in asked]


def _check_room(store: Store, alert: StripeObject) -> None:
    """Refuse more alerts than a meter may have for one customer."""
    customer = customer_of(alert)
    known = alerts_on(store, alert["usage_threshold"]["meter"])
    if len([one for one in known if customer_of(one) in (None, customer)]) >= _MOST_ON_A_METER:
        raise Refused(
            f"There can be at most {_MOST_ON_A_METER} alerts for a meter and a customer.",
            param="usage_threshold",
        )

"""Short ways to schedule what becomes of a subscription, for the tests of schedules."""

from portal.sandbox.resources.subscription_schedules import change_schedule, create_schedule

MONTH = {"interval": "month"}


def take_over(company, subscription, **params):
    made = create_schedule(company.call(from_subscription=subscription["id"], **params))
    return company.get("subscription_schedule", made["id"])


def replan(company, schedule, **params):
    change_schedule(company.call(**params), schedule["id"])
    return company.get("subscription_schedule", schedule["id"])


def then(company, schedule, price, **params):
    """Let the price follow at the end of the phase that is on."""
    (now,) = schedule["phases"]
    first = {
        "start_date": now["start_date"],
        "end_date": now["end_date"],
        "items": [{"price": item["price"]} for item in now["items"]],
    }
    later = {"items": [{"price": price}], "duration": MONTH, "proration_behavior": "none"}
    return replan(company, schedule, phases=[first, later | params])


def lines_of(company, invoice):
    return [(line["description"], line["amount"]) for line in company.lines(invoice)]

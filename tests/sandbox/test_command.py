"""What was answered outlives the process, also when it is killed."""

import signal
import subprocess
import sys

from portal.sandbox.demo.company import BUYERS
from tests.fixtures.sandbox import free_port
from tests.sandbox.objects import (
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
    raw,
    send_usage,
    wait_for,
)


def everything(sandbox):
    """What the lists say, as JSON."""
    paths = ("customers", "products", "prices", "billing/meters", "invoices", "events")
    with raw(sandbox) as http:
        return {path: http.get(f"/v1/{path}?limit=100").json() for path in paths}


def test_everything_answered_survives_kill_9(sandboxes, tmp_path):
    options = ("--empty", "--data", str(tmp_path / "sandbox.db"))
    first = sandboxes(*options)
    client = first.client()
    meter, payer = make_meter(client), make_payer(client)
    items = [{"price": make_plan(client).id}, {"price": make_metered_price(client, meter).id}]
    made = client.v1.subscriptions.create({"customer": payer.id, "items": items})
    send_usage(client, meter, payer, "250")
    before = everything(first)
    first.kill()

    second = sandboxes(*options)

    client = second.client()
    preview = wait_for(
        lambda: client.v1.invoices.create_preview({"subscription": made.id}), "the preview"
    )
    assert everything(second) == before
    assert {line.quantity for line in preview.lines.data} == {1, 250}
    assert make_payer(client).id != payer.id


def test_an_answer_that_was_lost_is_given_again_after_a_restart(sandboxes, tmp_path):
    options = ("--empty", "--data", str(tmp_path / "sandbox.db"))
    first = sandboxes(*options)
    with raw(first) as http:
        asked = {"data": {"name": "Ada"}, "headers": {"Idempotency-Key": "lost"}}
        customer = http.post("/v1/customers", **asked).json()
    first.kill()

    second = sandboxes(*options)

    with raw(second) as http:
        again = http.post("/v1/customers", **asked)
        assert again.json() == customer
        assert len(http.get("/v1/customers").json()["data"]) == 1


def test_a_test_clock_that_was_moving_arrives_after_a_restart(sandboxes, tmp_path):
    options = ("--empty", "--data", str(tmp_path / "sandbox.db"))
    first = sandboxes(*options, "--meter-lag", "60")
    clocks = first.client().v1.test_helpers.test_clocks
    clock = clocks.create({"frozen_time": 1_790_000_000})
    clocks.advance(clock.id, {"frozen_time": 1_790_086_400})
    first.kill()

    second = sandboxes(*options)

    arrived = second.client().v1.test_helpers.test_clocks.retrieve(clock.id)
    assert (arrived.status, arrived.frozen_time) == ("ready", 1_790_086_400)


def test_a_seed_makes_the_same_ids(sandboxes):
    ids = []
    for _ in range(2):
        with raw(sandboxes("--empty", "--seed", "7")) as http:
            ids.append(http.post("/v1/customers").json()["id"])

    assert ids[0] == ids[1]


def test_a_taken_port_is_said_with_the_flag_that_moves_it(sandboxes):
    port = free_port()
    sandboxes("--empty", port=port)

    command = [sys.executable, "-m", "portal", "sandbox", "--empty", "--port", str(port)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert second.returncode == 1
    assert f"port {port}" in second.stderr
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr


def test_it_stops_cleanly_when_asked_to(sandboxes):
    for wanted in (signal.SIGTERM, signal.SIGINT):
        running = sandboxes("--empty")
        with raw(running) as http:
            http.get("/v1/customers")
            running.process.send_signal(wanted)
            assert running.process.wait(10) == 0
        running.process.stdout.close()


def test_the_rate_limit_is_stripes_when_it_is_on(sandboxes):
    running = sandboxes("--empty", "--rate-limit", "test")

    with raw(running) as http:
        answers = [http.get("/v1/customers") for _ in range(40)]

    limited = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers[:25]] == [200] * 25
    assert limited[0].headers["stripe-rate-limited-reason"] == "global-rate"
    assert limited[0].json()["error"]["code"] == "rate_limit"


def test_the_demo_company_is_there_and_uses_what_it_pays_for(sandboxes):
    client = sandboxes("--customers", "2", "--seed", "3").client()

    customers = list(client.v1.customers.list().auto_paging_iter())

    acme = next(customer for customer in customers if customer.name == "Acme Robotics")
    [subscription] = client.v1.subscriptions.list({"customer": acme.id}).data

    def used():
        preview = client.v1.invoices.create_preview({"subscription": subscription.id})
        return sum(line.quantity for line in preview.lines.data)

    before = used()
    assert len(customers) == len(BUYERS) + 2
    assert before > 0
    wait_for(lambda: used() > before, "new usage")


def test_a_file_that_is_in_use_is_refused(sandboxes, tmp_path):
    file = str(tmp_path / "sandbox.db")
    sandboxes("--empty", "--data", file)

    command = [sys.executable, "-m", "portal", "sandbox", "--data", file]
    second = subprocess.run(
        [*command, "--port", str(free_port())], capture_output=True, text=True, timeout=30
    )

    assert second.returncode == 1
    assert "locked" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_file_that_cannot_be_one_is_refused_in_words(tmp_path):
    command = [sys.executable, "-m", "portal", "sandbox", "--empty", "--data", str(tmp_path)]

    refused = subprocess.run(
        [*command, "--port", str(free_port())], capture_output=True, text=True, timeout=30
    )

    assert refused.returncode != 0
    assert "--data" in refused.stderr
    assert "Traceback" not in refused.stderr

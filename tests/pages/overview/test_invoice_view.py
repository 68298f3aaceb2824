"""The card of the upcoming invoice: its rows add up, and say what each amount is."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.money import Money, money_text
from portal.pages.overview.invoice_view import InvoiceRow
from portal.pages.overview.view import overview_view
from tests.make import (
    deduction,
    upcoming_invoice,
    upcoming_line,
    usage_report,
)


def amount(text: str) -> Decimal:
    """A shown amount back as a number, whatever its currency."""
    sign = -1 if text.startswith("−") else 1
    return sign * Decimal("".join(letter for letter in text if letter.isdigit() or letter == "."))


def test_rows_that_are_zero_are_left_out_of_the_invoice():
    plain = overview_view(usage_report(), upcoming_invoice()).invoice

    assert plain.deductions == ()
    assert plain.settlement == ()
    assert plain.difference.name == ""


def test_the_amount_due_is_shown_when_a_balance_lowers_it():
    invoice = overview_view(usage_report(), upcoming_invoice(starting_balance=-4_000)).invoice

    assert [(row.name, row.amount) for row in invoice.settlement] == [
        ("Customer balance", "−$40.00"),
    ]
    assert invoice.amount_due == "$716.04"


def test_a_dearer_plan_is_the_reason_for_a_different_subtotal():
    lines = [
        upcoming_line("Scale plan", 59_900, timing="in advance"),
        upcoming_line("API requests", 25_704),
    ]
    difference = overview_view(usage_report(), upcoming_invoice(lines)).invoice.difference

    assert difference.amount == "+$100.00"
    assert difference.caption == "+$100.00 for plans and add-ons of 1–31 Dec"


def test_usage_between_the_two_reads_is_the_reason_for_a_different_subtotal():
    lines = [
        upcoming_line("Scale plan", 49_900, timing="in advance"),
        upcoming_line("API requests", 25_708),
    ]
    difference = overview_view(usage_report(), upcoming_invoice(lines)).invoice.difference

    assert difference.caption == "+$0.04 of usage arrived between the two reads"


def test_a_plan_that_ends_is_the_reason_for_a_smaller_subtotal():
    lines = [upcoming_line("API requests", 25_704)]
    difference = overview_view(usage_report(), upcoming_invoice(lines)).invoice.difference

    assert difference.caption == "−$499.00 for plans and add-ons that end with this period"


@given(
    st.lists(st.integers(-(10**6), 10**9), min_size=1, max_size=6),
    st.lists(st.integers(-(10**6), -1), max_size=2),
    st.lists(st.integers(-(10**6), -1), max_size=2),
    st.integers(-(10**6), 0),
    st.lists(st.integers(1, 10**6), max_size=2),
    st.integers(-(10**10), 10**6),
    st.integers(0, 60),
)
def test_the_invoice_adds_up_from_its_lines_to_what_is_due(
    amounts, on_lines, discounts, credits, taxes, balance, too_small
):
    kinds = ("in arrears", "in advance", "proration", "one-time")
    lines = [
        upcoming_line(f"Line {at}", each, timing=kinds[at % 4]) for at, each in enumerate(amounts)
    ]
    upcoming = upcoming_invoice(
        lines,
        line_discounts=[deduction(each) for each in on_lines],
        discounts=[deduction(each) for each in discounts],
        credits=credits,
        taxes=[deduction(each, "VAT", percent="19") for each in taxes],
        starting_balance=balance,
    )
    if upcoming.amount_due.amount < too_small:
        upcoming = replace(upcoming, amount_due=Money(0, "usd"))
    report = usage_report()
    invoice = overview_view(report, upcoming).invoice

    subtotal = sum_of(invoice.lines)
    assert subtotal == amount(invoice.subtotal)
    assert subtotal + sum_of(invoice.deductions) == amount(invoice.total)
    due = invoice.amount_due or invoice.total
    assert amount(invoice.total) + sum_of(invoice.settlement) == amount(due)
    assert amount(due) == amount(money_text(upcoming.amount_due))
    difference = amount(invoice.difference.amount) if invoice.difference.amount else Decimal(0)
    assert amount(money_text(report.spend_to_date)) + difference == subtotal
    reasons = [amount(one.split(" ")[0]) for one in invoice.difference.caption.split("; ") if one]
    assert sum(reasons, Decimal(0)) == difference


def sum_of(rows):
    return sum((amount(row.amount) for row in rows), Decimal(0))


def test_discounts_and_taxes_go_by_their_names_and_percentages():
    invoice = overview_view(
        usage_report(),
        upcoming_invoice(
            line_discounts=[deduction(-500, "Launch offer")],
            discounts=[deduction(-15_021, "Partner discount", percent="20.0")],
            taxes=[deduction(5_331, "Sales tax", percent="8.875")],
            included_taxes=[deduction(100, "VAT 19%", percent="19.0")],
        ),
    ).invoice

    assert invoice.lines[-1] == InvoiceRow("Launch offer", "", "−$5.00")
    assert [row.name for row in invoice.deductions] == [
        "Partner discount, 20%",
        "Sales tax, 8.875%",
    ]
    assert [row.name for row in invoice.included] == ["VAT 19%, within the total"]


def test_of_a_large_balance_the_part_that_is_used_is_shown_and_what_stays():
    invoice = overview_view(usage_report(), upcoming_invoice(starting_balance=-100_000)).invoice

    [row] = invoice.settlement
    assert (row.name, row.caption, row.amount) == ("Customer balance", "$243.96 stays", "−$756.04")
    assert invoice.amount_due == "$0.00"


def test_a_negative_total_is_kept_for_the_next_invoice():
    lines = [upcoming_line("Unused time on Scale", -5_000, timing="proration")]
    invoice = overview_view(usage_report(), upcoming_invoice(lines)).invoice

    assert [(row.name, row.amount) for row in invoice.settlement] == [
        ("Kept for the next invoice", "$50.00")
    ]
    assert invoice.total == "−$50.00"


def test_a_change_and_a_one_time_item_are_reasons_of_their_own():
    lines = [
        upcoming_line("Scale plan", 49_900, timing="in advance"),
        upcoming_line("API requests", 25_704),
        upcoming_line("Remaining time on Burst", 4_500, timing="proration"),
        upcoming_line("Set-up", 1_000, timing="one-time"),
    ]
    difference = overview_view(usage_report(), upcoming_invoice(lines)).invoice.difference

    assert difference.caption == "+$45.00 for changes within the period; +$10.00 billed once"

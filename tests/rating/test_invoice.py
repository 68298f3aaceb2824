from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portal.rating.invoice import (
    BillLine,
    CreditGrant,
    Discount,
    RatedInvoice,
    rate_invoice,
)
from portal.rating.taxes import TaxRate
from tests.rating.bills import bill_lines, discounts_named, grants

VAT = TaxRate("txr_vat", Decimal(20), inclusive=True)
SALES_TAX = TaxRate("txr_sales", Decimal("8.25"), inclusive=False)


def line(amount: int, key: str = "line", **changes: Any) -> BillLine:
    plain = BillLine(key, amount, "prod_1", "price_1", is_metered=True, period_end=100)
    return replace(plain, **changes)


def grant(available: int, name: str = "credgr_1", **changes: Any) -> CreditGrant:
    plain = CreditGrant(name, available, 50, "paid", effective_at=0, expires_at=None, created=0)
    return replace(plain, **changes)


def discounts_of(invoice: RatedInvoice) -> list[tuple[tuple[str, int], ...]]:
    return [one.discount_amounts for one in invoice.lines]


def test_each_discount_works_on_what_the_earlier_ones_left() -> None:
    percent, amount = Discount("di_20", Decimal(20)), Discount("di_5", None, 500)

    # 100.00 - 20 % = 80.00 - 5.00 = 75.00
    assert rate_invoice([line(10_000)], discounts=[percent, amount]).total == 7_500
    # 100.00 - 5.00 = 95.00 - 20 % = 76.00
    assert rate_invoice([line(10_000)], discounts=[amount, percent]).total == 7_600


def test_a_line_s_own_discount_comes_before_the_invoice_s_and_lowers_the_subtotal() -> None:
    own = line(1_000, discounts=(Discount("di_item", None, 200),))

    invoice = rate_invoice([own], discounts=[Discount("di_sub", Decimal(10))])

    # 10.00 - 2.00 = 8.00; 10 % of it is 0.80
    assert invoice.subtotal == 800
    assert invoice.total == 720
    assert invoice.discount_amounts == {"di_item": 200, "di_sub": 80}


def test_an_amount_off_an_item_is_given_once_to_all_of_its_lines() -> None:
    off = Discount("di_item", None, 300)
    tiers = [line(1_000, "unit", discounts=(off,)), line(500, "flat", discounts=(off,))]

    invoice = rate_invoice([*tiers, line(9_999, "other")])

    assert discounts_of(invoice) == [(("di_item", 200),), (("di_item", 100),), ()]


def test_an_amount_off_never_takes_more_than_there_is() -> None:
    invoice = rate_invoice([line(300), line(-100)], discounts=[Discount("di", None, 1_000)])

    assert invoice.discount_amounts == {"di": 300}
    assert invoice.total == -100


def test_classic_billing_spreads_an_amount_off_evenly() -> None:
    lines = [line(1_000), line(3_000)]
    off = [Discount("di", None, 400)]

    assert discounts_of(rate_invoice(lines, discounts=off)) == [(("di", 100),), (("di", 300),)]
    evenly = rate_invoice(lines, discounts=off, spread_evenly=True)
    assert discounts_of(evenly) == [(("di", 200),), (("di", 200),)]


def test_prorations_and_other_products_are_not_discounted() -> None:
    lines = [
        line(1_000, discountable=False),
        line(1_000, product="prod_2"),
        line(1_000, product=None),
        line(1_000),
    ]
    half = Discount("di", Decimal(50), products=frozenset({"prod_1"}))

    assert discounts_of(rate_invoice(lines, discounts=[half])) == [(), (), (), (("di", 500),)]


def test_half_a_cent_of_a_percentage_is_rounded_up_on_each_line() -> None:
    invoice = rate_invoice([line(5), line(5)], discounts=[Discount("di", Decimal(10))])

    assert invoice.discount_amounts == {"di": 2}


def test_grants_are_used_up_in_stripe_s_order() -> None:
    ordered = [
        grant(1, "by priority", priority=0),
        grant(1, "soon over", expires_at=200),
        grant(1, "promotional", category="promotional", expires_at=300),
        grant(1, "effective first", expires_at=300, effective_at=10),
        grant(1, "older", expires_at=300, effective_at=20, created=1),
        grant(1, "younger", expires_at=300, effective_at=20, created=2),
        grant(1, "never over"),
    ]

    invoice = rate_invoice([line(6)], grants=reversed(ordered))

    used = [name for name, _ in invoice.lines[0].credit_amounts]
    assert used == [one.id for one in ordered[:6]]


def test_credit_pays_metered_lines_of_its_own_time_and_prices_in_invoice_order() -> None:
    lines = [
        line(100, "licensed", is_metered=False),
        line(100, "before it began", period_end=49),
        line(100, "when it began", period_end=50),
        line(100, "just before its end", period_end=89),
        line(100, "at its end", period_end=90),
        line(100, "of another price", period_end=60, price="price_2"),
        line(-100, "a correction", period_end=60),
    ]
    given = grant(150, effective_at=50, expires_at=90, prices=frozenset({"price_1"}))

    invoice = rate_invoice(lines, grants=[given])

    credited = [(one.line.key, one.credit_amounts) for one in invoice.lines if one.credit_amounts]
    assert credited == [
        ("when it began", (("credgr_1", 100),)),
        ("just before its end", (("credgr_1", 50),)),
    ]
    assert invoice.credit_amounts == {"credgr_1": 150}


def test_tax_is_levied_on_what_discounts_and_credits_leave() -> None:
    invoice = rate_invoice(
        [line(10_000, tax_rates=(SALES_TAX,))],
        discounts=[Discount("di", Decimal(10))],
        grants=[grant(1_000)],
    )

    # 100.00 - 10.00 - 10.00 = 80.00; 80.00 × 8.25 % = 6.60
    assert invoice.taxes == ((SALES_TAX, 660, 8_000),)
    assert (invoice.total_excluding_tax, invoice.total) == (8_000, 8_660)
    assert (invoice.subtotal, invoice.subtotal_excluding_tax) == (10_000, 10_000)


def test_an_inclusive_tax_is_part_of_the_total() -> None:
    invoice = rate_invoice([line(1_000, tax_rates=(VAT,))], discounts=[Discount("di", Decimal(50))])

    # 5.00 × 20/120 = 0.8333; of the undiscounted 10.00 it would be 1.67
    assert invoice.taxes == ((VAT, 83, 417),)
    assert (invoice.total, invoice.total_excluding_tax) == (500, 417)
    assert (invoice.subtotal, invoice.subtotal_excluding_tax) == (1_000, 833)


def test_several_inclusive_taxes_are_taken_out_together_and_exclusive_ones_come_on_top() -> None:
    city = TaxRate("txr_city", Decimal(5), inclusive=True)
    late = TaxRate("txr_late", Decimal(10), inclusive=False)

    invoice = rate_invoice([line(12_500, tax_rates=(VAT, city, late))])

    # 125.00 × 20/125 = 20.00; × 5/125 = 5.00; (125 - 25) × 10 % = 10.00
    assert [tuple(tax)[1:] for tax in invoice.taxes] == [
        (2_000, 10_000),
        (500, 10_000),
        (1_000, 10_000),
    ]
    assert (invoice.total, invoice.total_excluding_tax) == (13_500, 10_000)


def test_a_credit_for_unused_time_takes_its_tax_back() -> None:
    lines = [line(amount, tax_rates=(SALES_TAX,)) for amount in (-1_000, 3_000)]

    invoice = rate_invoice(lines)

    # -10.00 × 8.25 % = -0.825 -> -0.83; 30.00 × 8.25 % = 2.475 -> 2.48
    assert [one.taxes[0].amount for one in invoice.lines] == [-83, 248]
    assert invoice.taxes == ((SALES_TAX, 165, 2_000),)
    assert invoice.total == 2_165


def test_the_balance_pays_after_everything_else() -> None:
    def settled(total: int, balance: int) -> tuple[int, int]:
        invoice = rate_invoice([line(total)], balance=balance)
        return invoice.amount_due, invoice.ending_balance

    assert settled(1_000, 0) == (1_000, 0)
    assert settled(1_000, -300) == (700, 0)
    assert settled(1_000, -1_000) == (0, 0)
    assert settled(1_000, -1_800) == (0, -800)
    assert settled(1_000, 250) == (1_250, 0)
    assert settled(-400, 0) == (0, -400)
    assert settled(-400, -100) == (0, -500)


@given(bill_lines(), discounts_named("di"), grants, st.integers(-(10**7), 10**7), st.booleans())
def test_every_bill_adds_up(
    lines: list[BillLine],
    discounts: list[Discount],
    grants: list[CreditGrant],
    balance: int,
    spread_evenly: bool,
) -> None:
    invoice = rate_invoice(
        lines, discounts=discounts, grants=grants, balance=balance, spread_evenly=spread_evenly
    )

    off = sum(invoice.discount_amounts.values()) + sum(invoice.credit_amounts.values())
    exclusive = sum(tax.amount for tax in invoice.taxes if not tax.tax_rate.inclusive)
    assert [one.line for one in invoice.lines] == lines
    assert invoice.total == sum(one.amount for one in lines) - off + exclusive
    assert invoice.total_excluding_tax == invoice.total - sum(tax.amount for tax in invoice.taxes)
    assert invoice.amount_due >= 0 >= invoice.ending_balance
    assert invoice.amount_due + invoice.ending_balance == invoice.total + balance
    available = {one.id: one.available for one in grants}
    assert all(amount <= available[one] for one, amount in invoice.credit_amounts.items())
    most = {one.id: one.amount_off for one in discounts if one.amount_off is not None}
    assert all(invoice.discount_amounts.get(one, 0) <= amount for one, amount in most.items())


@given(bill_lines(), discounts_named("di"), grants)
def test_no_line_has_more_taken_off_than_it_has(
    lines: list[BillLine], discounts: list[Discount], grants: list[CreditGrant]
) -> None:
    for one in rate_invoice(lines, discounts=discounts, grants=grants).lines:
        parts = [amount for _, amount in (*one.discount_amounts, *one.credit_amounts)]
        assert all(part >= 0 for part in parts)
        assert sum(parts) <= max(0, one.line.amount)
        assert not (one.discount_amounts and not one.line.discountable)
        assert not (one.credit_amounts and not one.line.is_metered)

"""Everything that a customer was invoiced, paid, was given and owes, as sums that must agree."""

from typing import Any

from tests.sandbox.billing.company import Company

StripeObject = dict[str, Any]


class Ledger:
    """One customer's books; each property is a sentence that is true at any moment."""

    def __init__(self, company: Company, customer: str) -> None:
        self._company = company
        self._customer = company.get("customer", customer)
        every = company.store.every("invoice", customer=customer)
        self._invoices = [one for one in every if one["status"] != "draft"]

    def check(self) -> None:
        """All of it."""
        for invoice in self._invoices:
            self._check_lines(invoice)
            self._check_payments(invoice)
        self._check_balance()
        self._check_grants()

    def _check_lines(self, invoice: StripeObject) -> None:
        lines = self._company.lines(invoice)
        assert invoice["total"] == sum(map(_left_of, lines)), "a total is the sum of its lines"
        taxes = sum(one["amount"] for one in invoice["total_taxes"])
        assert invoice["total_excluding_tax"] == invoice["total"] - taxes
        moved = invoice["ending_balance"] - invoice["starting_balance"]
        if invoice["status"] != "void":
            owed = invoice["amount_due"] + invoice["pre_payment_credit_notes_amount"]
            assert invoice["total"] == owed + moved, "owed, taken back or on the balance"
        assert invoice["amount_due"] >= 0

    def _check_payments(self, invoice: StripeObject) -> None:
        left = invoice["amount_due"] - invoice["amount_paid"]
        assert invoice["amount_remaining"] == left
        assert invoice["status"] != "paid" or left == 0
        payments = self._company.store.every("invoice_payment", invoice=invoice["id"])
        paid = sum(one["amount_paid"] for one in payments if one["status"] == "paid")
        assert invoice["amount_paid"] == paid + invoice["amount_paid_off_stripe"]
        captured = sum(
            charge["amount_captured"]
            for one in payments
            for charge in self._charges(one["payment"]["payment_intent"])
        )
        assert paid == captured, "what was paid was charged"

    def _charges(self, intent: str) -> list[StripeObject]:
        return self._company.store.every("charge", payment_intent=intent)

    def _check_balance(self) -> None:
        customer = self._customer["id"]
        moved = self._company.store.every("customer_balance_transaction", customer=customer)
        assert self._customer["balance"] == sum(one["amount"] for one in moved)
        apart = ("adjustment", "credit_note")
        by_hand = sum(one["amount"] for one in moved if one["type"] in apart)
        by_invoices = sum(
            invoice["ending_balance"] - invoice["starting_balance"]
            for invoice in self._invoices
            if invoice["status"] != "void"
        )
        assert self._customer["balance"] == by_hand + by_invoices, "a voided one gives back"

    def _check_grants(self) -> None:
        for grant in self._company.store.every(
            "billing.credit_grant", customer=self._customer["id"]
        ):
            left = sum(map(_signed, self._moves(grant["id"])))
            assert 0 <= left <= grant["amount"]["monetary"]["value"]

    def _moves(self, grant: str) -> list[StripeObject]:
        return self._company.store.every("billing.credit_balance_transaction", credit_grant=grant)


def _left_of(line: StripeObject) -> int:
    """What a line adds to its invoice: less discounts and credits, with the tax on top."""
    taken = sum(one["amount"] for one in line["discount_amounts"])
    credits = sum(
        one["amount"] for one in line["pretax_credit_amounts"] if one["type"] != "discount"
    )
    on_top = sum(one["amount"] for one in line["taxes"] if one["tax_behavior"] == "exclusive")
    return int(line["amount"] - taken - credits + on_top)


def _signed(move: StripeObject) -> int:
    value = (move["credit"] or move["debit"])["amount"]["monetary"]["value"]
    return int(value if move["type"] == "credit" else -value)

"""The pages behind an invoice's links: one to look at, and the same text as a PDF.

Stripe's are for customers to pay on; these only show what the sandbox has charged.
"""

from html import escape
from typing import Any

from portal.clock import from_epoch
from portal.money import Money, money_text
from portal.sandbox.included import lines_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_TOP, _LINE_HEIGHT = 790, 15


def hosted_page(store: Store, path: str) -> tuple[str, bytes] | None:
    """Content type and body of `/i/in_…` or `/i/in_…/pdf`; None when there is no such invoice."""
    id, _, form = path.removeprefix("/i/").partition("/")
    invoice = store.get("invoice", id) if form in ("", "pdf") else None
    if invoice is None or invoice["number"] is None:
        return None
    texts = list(_texts(store, invoice))
    if form == "pdf":
        return "application/pdf", _pdf(texts)
    return "text/html; charset=utf-8", _html(texts)


def _texts(store: Store, invoice: StripeObject) -> list[str]:
    currency = invoice["currency"]
    lines = [
        f"{line['description']}: {money_text(Money(line['amount'], currency))}"
        for line in lines_of(store, invoice)
    ]
    return [
        f"Invoice {invoice['number']}",
        "From the local sandbox: no money has moved.",
        f"Date: {from_epoch(invoice['created']):%d %B %Y}",
        f"Customer: {invoice['customer_name'] or invoice['customer_email'] or invoice['customer']}",
        f"Status: {invoice['status']}",
        *lines,
        f"Total: {money_text(Money(invoice['total'], currency))}",
    ]


def _html(texts: list[str]) -> bytes:
    title, *rest = (escape(text) for text in texts)
    rows = "".join(f"<p>{text}</p>" for text in rest)
    style = "body{font:16px/1.5 system-ui;max-width:46rem;margin:3rem auto;padding:0 1rem}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style><h1>{title}</h1>{rows}</html>"
    ).encode()


def _pdf(texts: list[str]) -> bytes:
    """One page of plain text: the smallest document that PDF readers open."""
    shown = "".join(f"({_pdf_text(text)}) Tj T*\n" for text in texts)
    content = f"BT /F1 11 Tf {_LINE_HEIGHT} TL 50 {_TOP} Td\n{shown}ET".encode("cp1252")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(parts) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (count, table, count, len(body))
    )


def _pdf_text(text: str) -> str:
    """The text with what ends a string marked, and without letters that the font lacks."""
    plain = text.encode("cp1252", "replace").decode("cp1252")
    return plain.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")

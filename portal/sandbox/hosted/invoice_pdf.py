"""An invoice as a PDF: https://docs.stripe.com/invoicing/hosted-invoice-page."""

from io import BytesIO
from typing import Any

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from portal.sandbox.hosted.invoice_view import InvoiceView, Row
from portal.sandbox.hosted.pdf_fonts import REGULAR, STRONG, marked_up

# The design's ink, second ink and line.
_INK, _INK_2, _LINE = HexColor("#1c2024"), HexColor("#60646c"), HexColor("#e0e1e6")
_MARGIN = 18 * mm
# What ReportLab leaves free on both sides of its frame.
_FRAME_PADDING = 6
_STAND_IN = "From a local stand-in of Stripe. No money has moved."
_SIZES = {"a4": A4, "letter": LETTER}


def invoice_pdf(view: InvoiceView, page_size: str | None = None) -> bytes:
    """The document; the same invoice gives the same bytes."""
    out = BytesIO()
    size = _SIZES.get(page_size or "letter", LETTER)
    document = SimpleDocTemplate(
        out,
        pagesize=size,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=24 * mm,
        title=f"Invoice {view.number}",
        author=view.vendor,
        invariant=1,
    )
    width = document.width - 2 * _FRAME_PADDING
    story = [*_head(view, width), *_lines(view, width), *_foot(view)]
    document.build(story, canvasmaker=_numbered(view, document.width - _FRAME_PADDING))
    return out.getvalue()


def _head(view: InvoiceView, width: float) -> list[Flowable]:
    facts = [("Invoice number", view.number), *view.dates, ("Status", view.status), *view.fields]
    left = [[_text(label, ink=_INK_2), _text(value)] for label, value in facts]
    vendor = [_text(view.vendor, strong=True), _text(_STAND_IN, ink=_INK_2)]
    customer = [_text("Bill to", ink=_INK_2), *(_text(line) for line in view.customer)]
    return [
        _text("Invoice", size=20, strong=True),
        Spacer(0, 6 * mm),
        _table(left, [width * 0.24, width * 0.76]),
        Spacer(0, 6 * mm),
        _table([[vendor, customer]], [width * 0.5, width * 0.5]),
        Spacer(0, 8 * mm),
        _text(view.headline, size=16, strong=True),
        *([_text(view.description)] if view.description else []),
        Spacer(0, 6 * mm),
    ]


def _lines(view: InvoiceView, width: float) -> list[Flowable]:
    """All lines under a head that every page repeats."""
    names = ("Description", "Quantity", "Unit price", "Amount")
    head = [_text(name, ink=_INK_2, right=position > 0) for position, name in enumerate(names)]
    rows = [
        [
            _described(row),
            _text(row.quantity, right=True),
            _text(row.unit_price, right=True),
            _text(row.amount, right=True),
        ]
        for row in view.rows
    ]
    if not rows:
        rows = [[_text("This invoice has no lines.", ink=_INK_2), "", "", ""]]
    widths = [width * share for share in (0.46, 0.16, 0.19, 0.19)]
    table = Table([head, *rows], widths, repeatRows=1, splitInRow=0)
    rule = ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE)
    table.setStyle([*_PLAIN, rule, ("TOPPADDING", (0, 0), (-1, -1), 5)])
    return [table, Spacer(0, 4 * mm)]


def _described(row: Row) -> list[Flowable]:
    small = [row.period, *row.notes]
    return [_text(row.description), *(_text(note, size=8, ink=_INK_2) for note in small)]


def _foot(view: InvoiceView) -> list[Flowable]:
    sums = [
        [
            _text(one.label, strong=one.is_strong),
            _text(one.amount, right=True, strong=one.is_strong),
        ]
        for one in view.sums
    ]
    table = _table(sums, [62 * mm, 36 * mm])
    table.hAlign = "RIGHT"
    note = [Spacer(0, 8 * mm), _text(view.footer, ink=_INK_2)] if view.footer else []
    return [KeepTogether(table), *note]


_PLAIN: list[Any] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]


def _table(cells: list[list[Any]], widths: list[float]) -> Table:
    table = Table(cells, widths, hAlign="LEFT")
    table.setStyle(_PLAIN)
    return table


def _text(
    text: str,
    *,
    size: float = 9,
    ink: Color = _INK,
    strong: bool = False,
    right: bool = False,
) -> Paragraph:
    fonts = STRONG if strong else REGULAR
    style = ParagraphStyle(
        "text",
        fontName=fonts[0],
        fontSize=size,
        leading=size * 1.4,
        textColor=ink,
        splitLongWords=1,
        alignment=TA_RIGHT if right else TA_LEFT,
    )
    return Paragraph("<br/>".join(marked_up(line, fonts) for line in text.splitlines()), style)


def _numbered(view: InvoiceView, width: float) -> type[Canvas]:
    """A canvas that writes each page's number once it knows how many there are."""

    class Numbered(Canvas):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the name is ReportLab's
            self._pages.append(dict(self.__dict__))
            # Its stubs leave out what a page begins with; there is no public way to it.
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self._write_number(number)
                super().showPage()
            super().save()

        def _write_number(self, number: int) -> None:
            text = f"{view.number} · Page {number} of {len(self._pages)}"
            line = _text(text, size=8, ink=_INK_2, right=True)
            line.wrap(width, _MARGIN)
            line.drawOn(self, _MARGIN, 12 * mm)

    return Numbered

"""How many digits the arithmetic of rating has, so that every product is exact."""

from contextlib import AbstractContextManager
from decimal import Context, localcontext

# A quantity of 36 digits times a rate of 12 digits and 12 decimals stays exact; what a division
# leaves out is far below any minor unit.
EXACT_DIGITS = 60


def exact_digits() -> AbstractContextManager[Context]:
    """Calculate with so many digits inside the block."""
    return localcontext(prec=EXACT_DIGITS)

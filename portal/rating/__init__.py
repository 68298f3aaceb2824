"""What a quantity costs at a price: pure arithmetic, no I/O, no tables, no clock."""

"""What a quantity costs at a price, and a whole bill: pure arithmetic, no I/O, tables or clock."""

"""What the sandbox charges and when: usage, periods, invoices and their lines, payment."""

"""The demo: what a vendor sells, who buys it and how much they use, made by running the sandbox."""

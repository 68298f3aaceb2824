"""What a person sees: one room per page, and beside them what every room stands on."""

"""HTTP as the sandbox speaks it: requests, their forms, pages of lists, rate limits, the server."""

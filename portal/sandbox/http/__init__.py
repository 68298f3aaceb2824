"""The sandbox's side of HTTP: requests in, answers out."""

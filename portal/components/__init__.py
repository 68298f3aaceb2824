"""Shared looks, each built once from native elements; what they show comes in already decided."""

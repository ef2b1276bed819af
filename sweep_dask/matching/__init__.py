"""Matching of orders: arrays in, arrays out."""

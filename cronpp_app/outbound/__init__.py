"""Calls to targets: the only package that imports an HTTP client."""

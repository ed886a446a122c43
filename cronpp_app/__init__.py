"""Cron++ without its user interface: domain, store, outbound calls, services, engine and REST API."""

__version__ = "0.1.0"

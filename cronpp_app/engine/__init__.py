"""Use cases of workers: fire, claim, execute, record, renew, reap."""

"""The REST API: routers, request bodies, problem+json."""

"""Routes of the web interface; each module has `register`."""

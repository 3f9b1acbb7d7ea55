"""The web: it receives and shows, it never decides. `app.create_app` builds it, `server.serve` runs it."""

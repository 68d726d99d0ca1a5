"""Machine: the loop that runs tasks from the durable queue. Async; knows no API, no user, no workspace."""

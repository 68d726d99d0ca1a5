"""What workers send beyond their own network: a proxy of the engine's, and the engine's own doors."""

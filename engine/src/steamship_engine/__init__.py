"""The Steamship engine: a self-hosted package cloud. ARCHITECTURE.md is the map."""

"""The least SDK that keeps to the serving contract, for tests of workers: it starts in no time."""

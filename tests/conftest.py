"""What every test stands on: PostgreSQL when a test asks for it, and how hard hypothesis looks."""

import os

import hypothesis

pytest_plugins = ["tests.postgres", "tests.serving"]

# Flush time differs eightyfold between machines, so no example has a deadline; figures hold in benchmarks.
# `default` repeats the same examples in every run; `deep` looks for new ones, and many more.
hypothesis.settings.register_profile("default", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=2_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("WATCHWORD_TEST_PROFILE", "default"))

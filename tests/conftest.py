"""Which fixtures there are; each part of the portal keeps its own in tests/fixtures."""

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.demo",
    "tests.fixtures.inbox",
    "tests.fixtures.postgres",
    "tests.fixtures.property_tests",
    "tests.fixtures.sandbox",
    "tests.fixtures.stripe_account",
    "tests.fixtures.stripe_wire",
    "tests.fixtures.tabs",
    "tests.fixtures.webhook_receiver",
]

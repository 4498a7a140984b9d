"""What holds for every test."""

from hypothesis import settings

# A test that is measured fails on a busy machine; what hangs is ended by pytest-timeout.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

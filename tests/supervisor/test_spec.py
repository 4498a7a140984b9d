from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from museod.supervisor.spec import Backoff, ChildSpec, Intensity, needs_new_process

SPEC = ChildSpec("storefront", ("python", "-m", "shop"), {"MCP_API_SECRET": "s3cret-s3cret"})


def test_a_spec_never_shows_the_environment():
    assert "s3cret" not in repr(SPEC)


def test_an_instance_has_a_number_only_in_a_pool():
    assert SPEC.label(1) == "storefront"
    assert replace(SPEC, instances=2).label(2) == "storefront#2"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"command": ("python", "-m", "other")}, True),
        ({"env": {"MCP_API_SECRET": "another"}}, True),
        ({"cwd": "/srv"}, True),
        ({"env": dict(SPEC.env)}, False),
        ({"instances": 3}, False),
        ({"backoff": Backoff(1, 2)}, False),
        ({"start_timeout_seconds": 1.0}, False),
    ],
)
def test_a_process_is_replaced_only_for_what_it_was_started_with(change: dict[str, Any], expected: bool):
    assert needs_new_process(SPEC, replace(SPEC, **change)) is expected


@pytest.mark.parametrize(
    "values",
    [
        {"initial_seconds": -1},
        {"initial_seconds": 5, "max_seconds": 1},
        {"initial_seconds": 0, "max_seconds": 0},  # would be a hot loop
        {"factor": 0.5},
        {"jitter": 1},
    ],
)
def test_a_backoff_that_makes_no_sense_is_refused(values: dict[str, float]):
    with pytest.raises(ValueError, match="backoff"):
        Backoff(**values)


@pytest.mark.parametrize("values", [{"restarts": -1}, {"within_seconds": 0}])
def test_an_intensity_that_makes_no_sense_is_refused(values: dict[str, Any]):
    with pytest.raises(ValueError, match="intensity"):
        Intensity(**values)


@pytest.mark.parametrize("values", [{"name": ""}, {"command": ()}, {"instances": 0}])
def test_a_child_without_name_command_or_instance_is_refused(values: dict[str, Any]):
    with pytest.raises(ValueError, match="child"):
        replace(SPEC, **values)

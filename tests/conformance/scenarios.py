"""
Which scenarios the daemon must pass: all that the suite scores for a revision, and some that it does not.

The suite freezes the scored ones at each release; `test_suite.py` compares them with the installed suite.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.conformance.targets import Target

_BOTH = (
    "completion-complete",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
    "tools-call-error",
    "tools-call-with-progress",
    "server-sse-multiple-streams",
    "resources-list",
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "prompts-list",
    "prompts-get-simple",
    "prompts-get-with-args",
    "prompts-get-embedded-resource",
    "prompts-get-with-image",
    "dns-rebinding-protection",
)
_INPUT_REQUIRED = (
    "basic-elicitation",
    "basic-sampling",
    "basic-list-roots",
    "request-state",
    "multiple-input-requests",
    "multi-round",
    "missing-input-response",
    "non-tool-request",
    "result-type",
    "unsupported-methods",
    "tampered-state",
    "capability-check",
    "ignore-extra-params",
    "validate-input",
)
REQUIRED = {
    "2026-07-28": (
        *_BOTH,
        "server-stateless",
        "sep-2164-resource-not-found",
        "caching",
        *(f"input-required-result-{name}" for name in _INPUT_REQUIRED),
    ),
    "2025-11-25": (
        *_BOTH,
        "server-initialize",
        "logging-set-level",
        "ping",
        "tools-call-with-logging",
        "tools-call-sampling",
        "tools-call-elicitation",
        "elicitation-sep1034-defaults",
        "elicitation-sep1330-enums",
        "resources-subscribe",
        "resources-unsubscribe",
    ),
}
# Run by the suite with the above but not scored by it (too new, or pending); the daemon must pass them too.
BEYOND = {
    "2026-07-28": (
        "http-header-validation",
        "http-custom-header-server-validation",
        "json-schema-2020-12",
    ),
    "2025-11-25": ("server-session-lifecycle", "json-schema-2020-12"),
}
# The older wires: every scenario that the suite has for them.
OLDER = {
    "2025-06-18": (
        "server-initialize",
        "server-session-lifecycle",
        "logging-set-level",
        "ping",
        "completion-complete",
        "tools-list",
        "tools-call-simple-text",
        "tools-call-image",
        "tools-call-audio",
        "tools-call-embedded-resource",
        "tools-call-mixed-content",
        "tools-call-with-logging",
        "tools-call-error",
        "tools-call-with-progress",
        "tools-call-sampling",
        "tools-call-elicitation",
        "resources-list",
        "resources-read-text",
        "resources-read-binary",
        "resources-templates-read",
        "resources-subscribe",
        "resources-unsubscribe",
        "prompts-list",
        "prompts-get-simple",
        "prompts-get-with-args",
        "prompts-get-embedded-resource",
        "prompts-get-with-image",
    ),
    "2025-03-26": ("server-session-lifecycle",),
}
# A child of the handshake era asks one question at a time and gives it no name, so a modern client cannot
# get several at once, nor the name that these two look for.
BEYOND_A_LEGACY_CHILD = frozenset(
    {
        "input-required-result-basic-elicitation",
        "input-required-result-multiple-input-requests",
    }
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the suite: through what, over which revision's wire, and what it must pass."""

    target: Target
    revision: str
    selection: tuple[str, ...]
    wanted: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.target.value} child, {self.revision}"


def _scored(target: Target, revision: str) -> Run:
    wanted = (*REQUIRED[revision], *BEYOND[revision])
    if target is Target.LEGACY:
        wanted = tuple(name for name in wanted if name not in BEYOND_A_LEGACY_CHILD)
    return Run(target, revision, ("--requirements", revision), wanted)


def _older(revision: str) -> Run:
    return Run(Target.MODERN, revision, ("--suite", "all", "--spec-version", revision), OLDER[revision])


RUNS = (
    *(_scored(target, revision) for target in (Target.MODERN, Target.LEGACY) for revision in REQUIRED),
    *(_older(revision) for revision in OLDER),
)

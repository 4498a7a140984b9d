"""Faults on demand: what `--fail` says, parsed once, drawn once per request."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

GRAMMAR = """\
A SPEC is one or more rules separated by ';'. A rule is settings separated by ',', optionally
preceded by '[METHOD ]/path:' which limits it to that method and to paths beginning so:
  latency=200ms | 1.5s | 100ms-400ms   wait that long before the work is done
  error=0.1                            this share of the calls fails (default 1 when status is given)
  status=503                           how they fail: 401, 429, 500, 502, 503 (default) or 504
  retry-after=2                        seconds for their Retry-After header
  drop=0.1                             this share is done, but the connection closes without an answer
  garbage=0.1                          this share is done, but answered with something that is no JSON
  first=3                              the rule's failures hit only its first three calls
  seed=7                               makes the draws of this rule repeatable
The first rule that fits a request counts. /health is spared unless a rule names it.
Example: --fail 'latency=200ms,error=0.1,status=503'
         --fail 'POST /api/v1/basket:drop=1,first=1;latency=50ms'"""

STATUSES = (401, 429, 500, 502, 503, 504)
_HEAD = re.compile(r"(?:(?P<method>[A-Z]+) +)?(?P<path>/[^:]*):(?P<rest>.*)", re.DOTALL)
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s)")
MAX_LATENCY_SECONDS = 3600.0  # an hour stands for "never answers"


class FaultSpecError(ValueError):
    """A SPEC that cannot be read; the text names the part and the remedy."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What shall happen to one request."""

    latency: float = 0.0
    status: int | None = None
    retry_after: int | None = None
    drops: bool = False
    is_garbage: bool = False


NO_FAULT = Fault()


@dataclass(slots=True)
class FaultRule:
    """One rule of a SPEC and how often it has been asked."""

    method: str = ""
    path: str = ""
    latency: tuple[float, float] = (0.0, 0.0)
    error: float = 0.0
    status: int = 503
    retry_after: int | None = None
    drop: float = 0.0
    garbage: float = 0.0
    first: int | None = None
    seed: int | None = None
    _calls: int = 0
    _random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        if self.seed is not None:
            self._random.seed(self.seed)

    def fits(self, method: str, path: str) -> bool:
        """Whether this rule speaks about the request."""
        if path == "/health" and not self.path:
            return False
        return self.method in ("", method) and path.startswith(self.path)

    def draw(self) -> Fault:
        """The fault of the next request."""
        self._calls += 1
        latency = self._random.uniform(*self.latency)
        if self.first is not None and self._calls > self.first:
            return Fault(latency)
        if self._random.random() < self.error:
            return Fault(latency, self.status, self.retry_after)
        return Fault(
            latency,
            drops=self._random.random() < self.drop,
            is_garbage=self._random.random() < self.garbage,
        )


class Faults:
    """All rules; the first that fits a request decides."""

    def __init__(self, rules: Sequence[FaultRule] = ()) -> None:
        self._rules = tuple(rules)
        self.spec = ""  # what was asked for since the start

    def replace(self, rules: Sequence[FaultRule], spec: str) -> None:
        """Draw by other rules from now on."""
        self._rules = tuple(rules)
        self.spec = spec

    def draw(self, method: str, path: str) -> Fault:
        """What shall happen to this request."""
        for rule in self._rules:
            if rule.fits(method, path):
                return rule.draw()
        return NO_FAULT


def parse_faults(spec: str) -> list[FaultRule]:
    """
    The rules of a SPEC.

    Raises:
        FaultSpecError: the text says which part, and what it should look like.
    """
    rules = [_rule(text.strip()) for text in spec.split(";") if text.strip()]
    if not rules:
        raise FaultSpecError("the specification is empty; give settings such as latency=200ms,error=0.1")
    return rules


def _rule(text: str) -> FaultRule:
    head = _HEAD.fullmatch(text)
    settings: dict[str, str] = {}
    for part in (head["rest"] if head else text).split(","):
        name, separator, value = part.strip().partition("=")
        if not separator or name not in _READERS:
            known = ", ".join(_READERS)
            raise FaultSpecError(f"{part.strip()!r} is no setting; write NAME=VALUE with one of {known}")
        if name in settings:
            raise FaultSpecError(f"{name} is given twice in one rule; give it once")
        settings[name] = value.strip()
    values = {name.replace("-", "_"): _READERS[name](name, value) for name, value in settings.items()}
    if "status" in values and "error" not in values:
        values["error"] = 1.0
    return FaultRule(
        method=(head["method"] or "") if head else "",
        path=head["path"].rstrip() if head else "",
        **values,  # type: ignore[arg-type]
    )


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise FaultSpecError(f"{name}={text}: give a share between 0 and 1, such as {name}=0.1")
    return share


def _count(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise FaultSpecError(f"{name}={text}: give a whole number, such as {name}=3")
    return int(text)


def _status(name: str, text: str) -> int:
    status = _count(name, text)
    if status not in STATUSES:
        raise FaultSpecError(f"{name}={text}: give one of {', '.join(map(str, STATUSES))}")
    return status


def _latency(name: str, text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    first, last = _seconds(name, low), _seconds(name, high or low)
    if last < first:
        raise FaultSpecError(f"{name}={text}: give the shorter time first, such as {name}=100ms-400ms")
    return first, last


def _seconds(name: str, text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise FaultSpecError(f"{name}={text}: give a time with its unit, such as {name}=200ms or {name}=1.5s")
    seconds = float(match[1]) * (0.001 if match[2] == "ms" else 1.0)
    if seconds > MAX_LATENCY_SECONDS:
        raise FaultSpecError(f"{name}={text}: at most {MAX_LATENCY_SECONDS:.0f}s")
    return seconds


_READERS = {
    "latency": _latency,
    "error": _share,
    "status": _status,
    "retry-after": _count,
    "drop": _share,
    "garbage": _share,
    "first": _count,
    "seed": _count,
}

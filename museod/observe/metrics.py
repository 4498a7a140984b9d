"""
What museod counts: one registry, every metric of the contract, and labels that cannot grow without bound.

A label's value comes from a closed list, or from an open one with a ceiling; whatever else arrives is
counted under `other`. So neither a client that invents tool names nor a child that invents endpoints can
fill the memory or the page. Keep the labelled child where it is used often:

    seconds = request_seconds.labels("storefront", "search_products", "ok")
    seconds.observe(0.012)
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec
import prometheus_client
import trio
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from museod import __version__

CONTENT_TYPE = prometheus_client.exposition.CONTENT_TYPE_PLAIN_0_0_4
OTHER = "other"

# The time a series was made is one more line per series, and nothing here reads it.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
registry = CollectorRegistry(auto_describe=False)
ProcessCollector(namespace="museod", registry=registry)

# A tool call: the relay itself is under 1 ms, the shop answers in tens of ms, 20 s is the usual deadline.
_CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0)
# A chat message: from a pattern-matched answer to a model's two calls.
_MESSAGE_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# The loop: under 1 ms is healthy, a watchdog's patience is seconds.
_LAG_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)

_CHILDREN = 256  # the configuration's own ceiling of children
_TOOLS = 512  # some forty children with a dozen tools each
_SERIES = 2_000  # of one metric: at 16 lines each and 8 us per line, a page takes a quarter of a second

_VALUE = re.compile(r"[A-Za-z0-9_.:/@{}+-]{1,64}")

M = TypeVar("M", bound=MetricWrapperBase)
_Rule = frozenset[str] | int


class Family(Generic[M]):
    """
    A metric with labels, each under its rule.

    Args:
        metric: the labelled metric.
        rules: per label, in order: the values there are, or how many different ones there may be.
    """

    def __init__(self, metric: M, *rules: Iterable[str] | int) -> None:
        self.metric = metric
        self._rules: list[_Rule] = [rule if isinstance(rule, int) else frozenset(rule) for rule in rules]
        self._seen: list[set[str]] = [set() for _ in rules]
        self._children: dict[tuple[str, ...], M] = {}

    def labels(self, *values: str) -> M:
        """The series of these values; unknown ones and those over a ceiling become `other`."""
        child = self._children.get(values)
        return child if child is not None else self._admit(values)

    def _admit(self, values: tuple[str, ...]) -> M:
        if len(values) != len(self._rules):
            raise ValueError(f"{self.metric._name} has {len(self._rules)} labels, not {len(values)}")
        is_full = len(self._children) >= _SERIES
        admitted = tuple(
            OTHER if is_full and not isinstance(rule, frozenset) else _admitted(value, rule, seen)
            for value, rule, seen in zip(values, self._rules, self._seen, strict=True)
        )
        child = self._children.get(admitted)
        if child is None:
            child = self._children[admitted] = self.metric.labels(*admitted)
        return child

    def forget(self, *values: str) -> None:
        """Drop one series, of a child or target that is gone."""
        if self._children.pop(values, None) is not None:
            self.metric.remove(*values)


def _admitted(value: str, rule: _Rule, seen: set[str]) -> str:
    if isinstance(rule, frozenset):
        return value if value in rule else OTHER
    if value in seen:
        return value
    if len(seen) >= rule or _VALUE.fullmatch(value) is None:
        return OTHER
    seen.add(value)
    return value


def _counter(name: str, text: str, labels: Mapping[str, Iterable[str] | int]) -> Family[Counter]:
    metric = Counter(name, text, list(labels), namespace="museod", registry=registry)
    return Family(metric, *labels.values())


def _gauge(name: str, text: str, labels: Mapping[str, Iterable[str] | int]) -> Family[Gauge]:
    metric = Gauge(name, text, list(labels), namespace="museod", registry=registry)
    return Family(metric, *labels.values())


_CLIENTS: Final = ("web-admin", "web-storefront", "whatsapp", "instagram", "mobile", "cli")
_OUTCOMES: Final = 24  # ok, the nine kinds of error, and a few more (cached, cancelled, asked)
_STATUSES: Final = frozenset(str(status) for status in range(100, 600)) | {"error", "timeout"}

request_seconds: Final = Family(
    Histogram(
        "request_seconds",
        "Seconds a tool call took, seen from the gateway.",
        ["mcp", "tool", "outcome"],
        buckets=_CALL_BUCKETS,
        namespace="museod",
        registry=registry,
    ),
    _CHILDREN,
    _TOOLS,
    _OUTCOMES,
)
in_flight: Final = _gauge("in_flight", "Calls that a child works on.", {"mcp": _CHILDREN})
cache_total: Final = _counter(
    "cache_total",
    "Look-ups in a cache.",
    {"cache": 32, "outcome": 16},
)

messages_total: Final = _counter(
    "messages_total",
    "Chat messages answered.",
    {"client_type": _CLIENTS, "intent": 64, "outcome": _OUTCOMES},
)
message_seconds: Final = Histogram(
    "message_seconds",
    "Seconds from a chat message to its reply.",
    buckets=_MESSAGE_BUCKETS,
    namespace="museod",
    registry=registry,
)
intent_total: Final = _counter(
    "intent_total", "Intents recognised, by the method that did.", {"method": 16, "intent": 64}
)
intent_feedback_total: Final = _counter(
    "intent_feedback_total",
    "What people said about a recognised intent.",
    {"correct": ("true", "false")},
)

api_requests_total: Final = _counter(
    "api_requests_total", "Requests to the Museo API.", {"endpoint": 64, "status": _STATUSES}
)
api_seconds: Final = Histogram(
    "api_seconds",
    "Seconds a request to the Museo API took.",
    buckets=_CALL_BUCKETS,
    namespace="museod",
    registry=registry,
)
ai_requests_total: Final = _counter(
    "ai_requests_total",
    "Requests to an AI provider.",
    {"provider": 8, "outcome": 16},
)

ws_connections: Final = _gauge("ws_connections", "Open WebSocket connections.", {"kind": ("chat", "mcp")})
http_requests_total: Final = _counter(
    "http_requests_total", "HTTP requests answered.", {"route": 32, "status": _STATUSES}
)
rate_limited_total: Final = _counter("rate_limited_total", "Requests refused by a limit.", {"by": 16})

child_up: Final = _gauge("child_up", "1 while the child serves.", {"mcp": _CHILDREN})
child_restarts_total: Final = _counter(
    "child_restarts_total", "Restarts of a child.", {"mcp": _CHILDREN, "reason": 16}
)
child_resident_bytes: Final = _gauge(
    "child_resident_bytes", "Resident memory of a child's processes.", {"mcp": _CHILDREN}
)
child_cpu_seconds_total: Final = _counter(
    "child_cpu_seconds_total", "CPU seconds of a child, over its restarts.", {"mcp": _CHILDREN}
)
breaker_state: Final = _gauge(
    "breaker_state", "0 closed, 1 half open, 2 open (calls are refused at once).", {"target": _CHILDREN}
)

loop_lag_seconds: Final = Histogram(
    "loop_lag_seconds",
    "How late the event loop woke a task that slept.",
    buckets=_LAG_BUCKETS,
    namespace="museod",
    registry=registry,
)
log_dropped_total: Final = Counter(
    "log_dropped_total", "Log lines dropped instead of waited for.", namespace="museod", registry=registry
)
build_info: Final = Gauge(
    "build_info", "The running version.", ["version", "python", "trio"], namespace="museod", registry=registry
)
build_info.labels(__version__, platform.python_version(), trio.__version__).set(1)


def observe_request(mcp: str, tool: str, outcome: str, seconds: float) -> None:
    """Count one tool call; on the path of every call, one look-up and one observation."""
    request_seconds.labels(mcp, tool, outcome).observe(seconds)


_cpu_seen: dict[tuple[str, int], float] = {}


def child_used(mcp: str, usage: Mapping[int, tuple[int, float]]) -> None:
    """
    Take over what the operating system says about one child's processes.

    Args:
        mcp: the child.
        usage: per process id its resident bytes and its CPU seconds so far; empty when none runs.
    """
    child_resident_bytes.labels(mcp).set(sum(resident for resident, _ in usage.values()))
    counter = child_cpu_seconds_total.labels(mcp)
    for pid, (_, seconds) in usage.items():
        before = _cpu_seen.get((mcp, pid), 0.0)
        # Less than before: the number was given to a new process.
        counter.inc(seconds - before if seconds >= before else seconds)
        _cpu_seen[mcp, pid] = seconds
    for known in [key for key in _cpu_seen if key[0] == mcp and key[1] not in usage]:
        del _cpu_seen[known]


def forget_child(mcp: str) -> None:
    """Drop the gauges of a child that the configuration no longer has; its counters stay."""
    child_used(mcp, {})
    for family in (child_up, child_resident_bytes, in_flight):
        family.forget(mcp)


MAX_CHILD_PAYLOAD = 65_536  # bytes of one notification; what a second of work counts is a few hundred
_MAX_CHILD_ENTRIES = 256  # of each kind in one notification
_MAX_STEP = 1e6  # no child counts a million of anything between two notifications

# What a child may count. Everything else is the daemon's own word, and a child cannot put it in its mouth.
_CHILD_COUNTERS: Mapping[str, Family[Counter]] = {
    "api_requests_total": api_requests_total,
    "ai_requests_total": ai_requests_total,
    "cache_total": cache_total,
}
_CHILD_LABELS: Mapping[str, tuple[str, ...]] = {
    "api_requests_total": ("endpoint", "status"),
    "ai_requests_total": ("provider", "outcome"),
    "cache_total": ("cache", "outcome"),
}


class _Counted(msgspec.Struct):
    name: str
    value: float
    labels: dict[str, str] = {}


class _Observed(msgspec.Struct):
    name: str
    values: list[float]


class _Payload(msgspec.Struct):
    counters: list[_Counted] = []
    observations: list[_Observed] = []
    gauges: list[_Counted] = []


_decode_payload = msgspec.json.Decoder(_Payload).decode


def merge_child_metrics(mcp: str, payload: bytes | msgspec.Raw | Mapping[str, Any]) -> int:
    """
    Add what a child counted since its last `notifications/ai.museo/metrics`.

    Args:
        mcp: the child that sent it.
        payload: the notification's params: `counters` [{name, labels, value}] as increments,
            `observations` [{name: "api_seconds", values}], `gauges` [{name: "breaker_state", labels, value}].
            Names are those of the contract, with or without the prefix `museod_`.

    Returns:
        How many entries counted. Unknown names, labels and odd values are left out: a child is not trusted.
    """
    try:
        if isinstance(payload, Mapping):
            decoded = msgspec.convert(payload, _Payload)
        elif len(payload) > MAX_CHILD_PAYLOAD:
            return 0
        else:
            decoded = _decode_payload(payload or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
    merged = 0
    for counted in decoded.counters[:_MAX_CHILD_ENTRIES]:
        merged += _merge_counter(counted)
    for observed in decoded.observations[:_MAX_CHILD_ENTRIES]:
        merged += _merge_observations(observed)
    for gauge in decoded.gauges[:_MAX_CHILD_ENTRIES]:
        merged += _merge_gauge(mcp, gauge)
    return merged


def _merge_counter(counted: _Counted) -> bool:
    name = counted.name.removeprefix("museod_")
    family = _CHILD_COUNTERS.get(name)
    if family is None or set(counted.labels) != set(_CHILD_LABELS[name]):
        return False
    if not 0 < counted.value <= _MAX_STEP:
        return False
    family.labels(*(counted.labels[label] for label in _CHILD_LABELS[name])).inc(counted.value)
    return True


def _merge_observations(observed: _Observed) -> bool:
    if observed.name.removeprefix("museod_") != "api_seconds":
        return False
    for seconds in observed.values[:1_000]:
        if 0 <= seconds <= 3_600:
            api_seconds.observe(seconds)
    return True


def _merge_gauge(mcp: str, gauge: _Counted) -> bool:
    target = gauge.labels.get("target", "")
    if gauge.name.removeprefix("museod_") != "breaker_state" or not target:
        return False
    if gauge.value not in (0, 1, 2):
        return False
    # Two children may guard the same target, each with a breaker of its own.
    breaker_state.labels(f"{mcp}:{target}").set(gauge.value)
    return True


LAG_INTERVAL = 0.5  # seconds; two wake-ups a second cost nothing and catch every stall worth knowing


async def sample_loop_lag(
    *, interval: float = LAG_INTERVAL, observe: Callable[[float], None] = loop_lag_seconds.observe
) -> None:
    """Measure for ever how late the loop wakes a sleeper; run it in the root nursery."""
    while True:
        due = trio.current_time() + interval
        await trio.sleep_until(due)
        observe(max(0.0, trio.current_time() - due))


def render() -> bytes:
    """The page of `GET /metrics`, of type `CONTENT_TYPE`; some 8 microseconds per line."""
    return prometheus_client.generate_latest(registry)

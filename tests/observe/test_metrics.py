"""Every metric of the contract is there, and no label grows without bound."""

from __future__ import annotations

import re
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from museod.observe import metrics

CONTRACT = {
    "request_seconds": ("mcp", "tool", "outcome"),
    "messages_total": ("client_type", "intent", "outcome"),
    "message_seconds": (),
    "intent_total": ("method", "intent"),
    "intent_feedback_total": ("correct",),
    "api_requests_total": ("endpoint", "status"),
    "api_seconds": (),
    "ai_requests_total": ("provider", "outcome"),
    "ws_connections": ("kind",),
    "http_requests_total": ("route", "status"),
    "child_up": ("mcp",),
    "child_restarts_total": ("mcp", "reason"),
    "child_resident_bytes": ("mcp",),
    "child_cpu_seconds_total": ("mcp",),
    "in_flight": ("mcp",),
    "cache_total": ("cache", "outcome"),
    "rate_limited_total": ("by",),
    "breaker_state": ("target",),
    "loop_lag_seconds": (),
    "log_dropped_total": (),
    "build_info": ("version", "python", "trio"),
}


def value(name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"museod_{name}", labels) or 0.0


@pytest.mark.parametrize("name", CONTRACT)
def test_a_metric_of_the_contract_is_there(name: str) -> None:
    metric = getattr(metrics, name)
    labelled = metric.metric if isinstance(metric, metrics.Family) else metric

    assert labelled._labelnames == CONTRACT[name]
    assert f"# TYPE museod_{name}" in metrics.render().decode()


def test_the_page_is_prometheus_text_without_times_of_making() -> None:
    metrics.observe_request("storefront", "search_products", "ok", 0.02)
    page = metrics.render().decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}

    assert "museod_request_seconds" in families
    assert "_created" not in page
    assert re.search(r'^museod_build_info\{.*version="[^"]+"\} 1\.0$', page, re.MULTILINE)
    assert metrics.CONTENT_TYPE.startswith("text/plain; version=0.0.4")


def test_a_call_is_counted_under_its_labels() -> None:
    labels = {"mcp": "m1", "tool": "t1", "outcome": "ok"}
    metrics.observe_request("m1", "t1", "ok", 0.02)
    metrics.observe_request("m1", "t1", "ok", 0.5)

    assert value("request_seconds_count", **labels) == 2
    assert value("request_seconds_sum", **labels) == pytest.approx(0.52)
    assert value("request_seconds_bucket", le="0.025", **labels) == 1


def test_the_labelled_child_is_made_once() -> None:
    assert metrics.child_up.labels("storefront") is metrics.child_up.labels("storefront")


def family(*rules: Any) -> metrics.Family[Counter]:
    names = [f"label{place}" for place in range(len(rules))]
    return metrics.Family(Counter("tried", "for a test", names, registry=CollectorRegistry()), *rules)


def series(tried: metrics.Family[Counter]) -> set[tuple[str, ...]]:
    return {
        tuple(sample.labels.values())
        for sample in next(iter(tried.metric.collect())).samples
        if sample.name == "tried_total"
    }


def test_a_value_outside_a_closed_list_is_other() -> None:
    tried = family(("web-admin", "cli"))
    for client in ("cli", "telnet", "", "x" * 1_000, "other"):
        tried.labels(client).inc()

    assert series(tried) == {("cli",), ("other",)}


def test_an_open_list_ends_at_its_ceiling() -> None:
    tried = family(3)
    for number in range(100):
        tried.labels(f"tool_{number}").inc()
    tried.labels("tool_1").inc()

    assert series(tried) == {("tool_0",), ("tool_1",), ("tool_2",), ("other",)}
    assert tried.metric.labels("tool_1")._value.get() == 2
    assert tried.metric.labels("other")._value.get() == 97


@pytest.mark.parametrize("name", ["", "a b", "a\nb", 'a"b', "x" * 65, "é"])
def test_an_odd_value_is_other(name: str) -> None:
    tried = family(10)
    tried.labels(name).inc()

    assert series(tried) == {("other",)}


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=200))
def test_no_stream_of_values_makes_more_series_than_the_rules_allow(values: list[tuple[str, str]]) -> None:
    tried = family(4, ("a", "b"))
    for first, second in values:
        tried.labels(first, second).inc()

    assert len(series(tried)) <= 5 * 3


def test_all_combinations_together_have_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_SERIES", 10)
    tried = family(100, 100, ("ok",))
    for number in range(100):
        tried.labels(f"mcp{number % 7}", f"tool{number}", "ok").inc()

    assert len(series(tried)) == 11
    assert ("other", "other", "ok") in series(tried)


def test_a_wrong_number_of_labels_is_our_bug() -> None:
    with pytest.raises(ValueError, match="has 2 labels, not 1"):
        family(1, 1).labels("a")


def test_a_forgotten_child_leaves_the_page() -> None:
    metrics.child_up.labels("gone").set(1)
    metrics.child_used("gone", {10: (1_000, 1.0)})
    metrics.forget_child("gone")
    page = metrics.render().decode()

    assert 'museod_child_up{mcp="gone"}' not in page
    assert 'museod_child_resident_bytes{mcp="gone"}' not in page
    assert value("child_cpu_seconds_total", mcp="gone") == 1.0


def test_cpu_seconds_add_up_over_restarts_and_instances() -> None:
    metrics.child_used("used", {1: (100, 5.0), 2: (50, 1.0)})
    metrics.child_used("used", {1: (120, 6.0), 2: (50, 1.0)})
    metrics.child_used("used", {2: (60, 1.5)})
    metrics.child_used("used", {1: (10, 0.25), 2: (60, 0.5)})  # 1 is new; 2 was given to another process

    assert value("child_resident_bytes", mcp="used") == 70
    assert value("child_cpu_seconds_total", mcp="used") == pytest.approx(6.0 + 1.5 + 0.25 + 0.5)


def counted(name: str, number: float, **labels: str) -> dict[str, Any]:
    return {"name": name, "value": number, "labels": labels}


def test_what_a_child_counted_is_added() -> None:
    labels = {"endpoint": "/products", "status": "200"}
    before = value("api_requests_total", **labels), value("api_seconds_count")
    payload = {
        "counters": [counted("api_requests_total", 3, **labels)],
        "observations": [{"name": "museod_api_seconds", "values": [0.1, 0.2]}],
        "gauges": [counted("breaker_state", 2, target="museo_api")],
    }

    assert metrics.merge_child_metrics("storefront", payload) == 3
    assert value("api_requests_total", **labels) == before[0] + 3
    assert value("api_seconds_count") == before[1] + 2
    assert value("breaker_state", target="storefront:museo_api") == 2


def test_what_a_child_counted_may_come_as_bytes() -> None:
    line = (
        b'{"counters":[{"name":"ai_requests_total","labels":{"provider":"groq","outcome":"ok"},"value":1}]}'
    )
    before = value("ai_requests_total", provider="groq", outcome="ok")

    assert metrics.merge_child_metrics("intent", line) == 1
    assert value("ai_requests_total", provider="groq", outcome="ok") == before + 1


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"counters":5}',
        b'{"counters":[{"name":"api_requests_total"}]}',
        b"[" * 60_000,
        b'{"counters":[' + b" " * metrics.MAX_CHILD_PAYLOAD + b"]}",
        {"counters": [counted("child_restarts_total", 1, mcp="storefront", reason="exit")]},
        {"counters": [counted("request_seconds", 1, mcp="a", tool="b", outcome="ok")]},
        {"counters": [counted("api_requests_total", 1, endpoint="/x")]},
        {"counters": [counted("api_requests_total", 1, endpoint="/x", status="200", more="y")]},
        {"counters": [counted("api_requests_total", -1, endpoint="/x", status="200")]},
        {"counters": [counted("api_requests_total", 1e300, endpoint="/x", status="200")]},
        {"counters": [counted("api_requests_total", float("nan"), endpoint="/x", status="200")]},
        {"counters": [counted("api_requests_total", float("inf"), endpoint="/x", status="200")]},
        {"counters": [{"name": "api_requests_total", "value": True, "labels": {}}]},
        {"observations": [{"name": "loop_lag_seconds", "values": [1]}]},
        {"observations": [{"name": "api_seconds", "values": ["x"]}]},
        {"gauges": [counted("breaker_state", 7, target="x")]},
        {"gauges": [counted("breaker_state", 1)]},
        {"gauges": [counted("child_up", 1, mcp="storefront")]},
    ],
)
def test_what_a_child_may_not_count_changes_nothing(payload: Any) -> None:
    before = metrics.render().decode().partition("# HELP museod_in_flight")[2]

    assert metrics.merge_child_metrics("storefront", payload) == 0
    assert metrics.render().decode().partition("# HELP museod_in_flight")[2] == before


def test_a_child_cannot_invent_statuses_nor_endless_endpoints() -> None:
    for number in range(300):
        metrics.merge_child_metrics(
            "storefront",
            {"counters": [counted("api_requests_total", 1, endpoint=f"/{number}", status=f"s{number}")]},
        )
    page = metrics.render().decode()

    assert page.count("museod_api_requests_total{") < 70 * 2
    assert 'status="s1"' not in page


def test_odd_seconds_of_a_child_are_left_out() -> None:
    before = value("api_seconds_count")
    payload = {"observations": [{"name": "api_seconds", "values": [-1, 0.1, float("nan"), 1e9]}]}
    metrics.merge_child_metrics("storefront", payload)

    assert value("api_seconds_count") == before + 1


async def test_lag_is_how_much_too_late_the_loop_woke(mock_clock: trio.testing.MockClock) -> None:
    seen: list[float] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: metrics.sample_loop_lag(interval=0.5, observe=seen.append))
        for jump in (0.5, 0.7, 1.5):
            await trio.testing.wait_all_tasks_blocked()
            mock_clock.jump(jump)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert seen == [pytest.approx(0.0), pytest.approx(0.2), pytest.approx(1.0)]

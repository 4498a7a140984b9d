import pytest

from mcps.museo.sandbox.faults import NO_FAULT, Fault, Faults, FaultSpecError, parse_faults


def test_a_specification_reads_as_it_is_documented() -> None:
    [rule] = parse_faults(
        "latency=200ms,error=0.1,status=503,retry-after=2,drop=0.2,garbage=0.3,first=3,seed=7"
    )

    assert rule.latency == (0.2, 0.2)
    assert (rule.error, rule.status, rule.retry_after) == (0.1, 503, 2)
    assert (rule.drop, rule.garbage, rule.first, rule.seed) == (0.2, 0.3, 3, 7)


def test_a_status_alone_means_every_call() -> None:
    faults = Faults(parse_faults("status=429"))

    assert faults.draw("GET", "/api/v1/search") == Fault(0.0, 429)


def test_the_first_rule_that_fits_decides() -> None:
    faults = Faults(parse_faults("POST /api/v1/basket: drop=1 ; /api/v1/search:status=500;latency=1s-1s"))

    assert faults.draw("POST", "/api/v1/basket/items").drops
    assert faults.draw("GET", "/api/v1/basket") == Fault(latency=1.0)
    assert faults.draw("GET", "/api/v1/search").status == 500


def test_health_is_spared_unless_it_is_named() -> None:
    assert Faults(parse_faults("status=503")).draw("GET", "/health") == NO_FAULT
    assert Faults(parse_faults("/health:status=503")).draw("GET", "/health").status == 503


def test_first_limits_the_failures_and_not_the_latency() -> None:
    faults = Faults(parse_faults("latency=10ms,status=503,first=2"))

    drawn = [faults.draw("GET", "/x") for _ in range(3)]

    assert [fault.status for fault in drawn] == [503, 503, None]
    assert [fault.latency for fault in drawn] == [0.01, 0.01, 0.01]


def test_a_seed_makes_the_draws_repeatable() -> None:
    def draws() -> list[int | None]:
        faults = Faults(parse_faults("error=0.5,seed=42"))
        return [faults.draw("GET", "/x").status for _ in range(50)]

    assert draws() == draws()
    assert set(draws()) == {503, None}


@pytest.mark.parametrize(
    ("spec", "remedy"),
    [
        ("", "give settings such as"),
        ("latency", "write NAME=VALUE"),
        ("speed=3", "one of latency"),
        ("latency=200", "with its unit"),
        ("latency=400ms-100ms", "shorter time first"),
        ("latency=2000000s", "at most 3600s"),
        ("error=2", "between 0 and 1"),
        ("error=nan", "between 0 and 1"),
        ("status=418", "one of 401"),
        ("first=-1", "whole number"),
        ("error=0.1,error=0.2", "give it once"),
        ("/path:", "write NAME=VALUE"),
    ],
)
def test_a_specification_that_cannot_be_read_names_the_remedy(spec: str, remedy: str) -> None:
    with pytest.raises(FaultSpecError, match=remedy):
        parse_faults(spec)

"""Measurements in the text format of Prometheus."""

from collections.abc import Iterator
from math import inf

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from cronpp_app import __version__
from cronpp_app.api.requests import Api
from cronpp_app.services.metrics import Histogram, Measurements

_EXAMPLE = 'cronpp_runs_total{status="SUCCESS"} 1027.0'


router = APIRouter(tags=["operations"])


@router.get(
    "/metrics",
    openapi_extra={"security": []},
    responses={
        200: {
            "description": "The text format of Prometheus",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
        503: {"description": "The database does not answer", "content": {"text/plain": {}}},
    },
    response_class=Response,
)
async def metrics(api: Api) -> Response:
    """Measure the whole installation, for Prometheus; nothing of anybody's jobs is told."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measured(await api.metrics.read()))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Measured(Collector):
    def __init__(self, measured: Measurements) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        measured = self._measured
        yield InfoMetricFamily("cronpp_build", "This version.", value={"version": __version__})
        runs = CounterMetricFamily("cronpp_runs", "Runs that ended.", labels=["status"])
        for status, count in measured.runs.ended.items():
            runs.add_metric([status.value], count)
        yield runs
        yield _histogram(
            "cronpp_run_lateness_seconds",
            "From a run's fire time to the start of its first attempt.",
            measured.runs.lateness,
        )
        yield _histogram(
            "cronpp_run_duration_seconds",
            "How long the last attempt of a run that ended took.",
            measured.runs.duration,
        )
        jobs = GaugeMetricFamily("cronpp_jobs", "Jobs of all people.", labels=["status"])
        for job_status, count in measured.jobs.items():
            jobs.add_metric([job_status.value], count)
        yield jobs
        for name, (told, value) in _states(measured).items():
            yield GaugeMetricFamily(name, told, value=value)


def _states(measured: Measurements) -> dict[str, tuple[str, float]]:
    return {
        "cronpp_due_backlog": (
            "Fire times and runs that are due and wait for a worker; counted up to 100000.",
            measured.backlog,
        ),
        "cronpp_oldest_due_seconds": (
            "How long the longest waiting of them has been due.",
            measured.oldest_due_seconds,
        ),
        "cronpp_workers": ("Workers seen in the last 30 seconds.", measured.workers),
        "cronpp_worker_slots": ("Runs they can execute at a time.", measured.slots),
        "cronpp_worker_slots_busy": ("Runs they hold.", measured.slots_busy),
    }


def _histogram(name: str, told: str, counted: Histogram) -> Metric:
    buckets = [
        (str(bound / 1000) if bound < inf else "+Inf", count) for bound, count in counted.buckets
    ]
    return HistogramMetricFamily(name, told, buckets=buckets, sum_value=counted.sum_ms / 1000)

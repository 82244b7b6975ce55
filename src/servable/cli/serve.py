"""`servable serve`."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import click

from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, COLUMNS, DEVICE, ON_DAMAGE


@click.command("serve")
@ARTIFACT
@click.option("--host", help="Address to listen at.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: 8080]")
@click.option("--max-body-bytes", type=click.IntRange(min=1), help="Largest request.  [default: 6553600]")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Threads inside one operation of a network.  [default: measured at the start]",
)
@COLUMNS
@DEVICE
@ON_DAMAGE
@ALLOW_DOWNLOAD
def command(
    artifact: Path,
    host: str | None,
    port: int | None,
    max_body_bytes: int | None,
    threads: int | None,
    columns: Path | None,
    device: str,
    on_damage: str,
    allow_download: bool,
) -> None:
    """Serve ARTIFACT over HTTP: GET /ping and POST /invocations.

    Requests are JSON, NDJSON, CSV or Parquet; answers are JSON or CSV with raw and calibrated scores.
    The server is ready, and says so on standard error, once golden records have been scored again.

    \b
    Example:
      servable serve model.tar.gz --port 8080
      curl -H 'Content-Type: application/json' -d @record.json http://127.0.0.1:8080/invocations
    """
    from servable.scorer import load  # noqa: PLC0415  # numpy, onnxruntime

    with ThreadPoolExecutor(max_workers=1) as pool:
        # the digests of large weights take about as long as the imports of the server
        loading = pool.submit(
            load,
            artifact,
            on_damage=on_damage,
            threads=threads,
            device=device,
            allow_download=allow_download,
            columns=columns,
        )
        from servable.serve import (  # noqa: PLC0415  # uvicorn
            Limits,
            create_app,
            open_socket,
            read_settings,
            replay_golden,
            run,
        )
        from servable.tuning import tuned  # noqa: PLC0415  # onnxruntime

        settings = read_settings()
        limits = replace(Limits(), max_body_bytes=max_body_bytes or settings.max_body_bytes)
        listening = open_socket(host or settings.host, settings.port if port is None else port)
    with listening as sock:
        scorer, choice = loading.result(), None
        if threads is not None and not scorer.artifact.texts:
            raise click.UsageError("`--threads` is for networks: trees always run on one thread")
        if threads is None:
            scorer, choice = tuned(scorer)
        golden = scorer.artifact.golden
        replayed = 0 if golden is None else replay_golden(scorer, golden, time.monotonic)
        app = create_app(scorer, limits=limits, default_accept=settings.default_accept)
        artifact_name = f"{scorer.artifact.name} {scorer.artifact.digest}"
        on_threads = f", {choice.sentence()}" if choice else ""
        uncalibrated = "" if scorer.calibrator else ", no calibrator: calibrated scores are the raw ones"
        ready = f"{artifact_name}, {replayed} golden records replayed{on_threads}{uncalibrated}"
        run(app, sock, limits=limits, on_ready=lambda url: click.echo(f"ready at {url}: {ready}", err=True))

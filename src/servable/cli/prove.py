"""`servable prove`."""

import json
from pathlib import Path

import click

from servable.cli.options import AS_JSON, names
from servable.cli.progress import progress


@click.command("prove")
@click.argument("artifact", type=click.Path(path_type=Path), required=False)
@click.option("--expected-tps", type=float, help="Requests per second that the endpoint must serve.")
@click.option("--max-latency-ms", type=float, help="Limit of the 99th percentile, from the intended send.")
@click.option("--max-error-rate", type=float, help="Share of requests that may fail, 0 to 1.")
@click.option(
    "--payload",
    type=click.Path(path_type=Path),
    help="payload.tar.gz (or a folder) whose samples are mixed in.",
)
@click.option(
    "--golden",
    type=click.Path(path_type=Path),
    help="golden.tar.gz of that payload: its answers must come, and its illegal requests must be refused.",
)
@click.option("--url", help="An endpoint that runs already.  [default: start one from ARTIFACT]")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="proof",
    show_default=True,
    help="Folder for proof.html, proof.json, the samples and the server's log.",
)
@click.option("--content-types", help="Media types to send, separated by commas.  [default: all four]")
@click.option("--min-requests", default=473, show_default=True, help="Measured requests at least.")
@click.option("--headroom", default=1.0, show_default=True, help="Offered rate, as a multiple.")
@click.option("--seed", default=1, show_default=True, help="Seed of arrivals and of the mix of requests.")
@click.option(
    "--recheck", type=click.Path(path_type=Path), help="Recompute the claims of an earlier proof's folder."
)
@AS_JSON
def command(
    artifact: Path | None,
    expected_tps: float | None,
    max_latency_ms: float | None,
    max_error_rate: float | None,
    payload: Path | None,
    golden: Path | None,
    url: str | None,
    output: Path,
    content_types: str | None,
    min_requests: int,
    headroom: float,
    seed: int,
    recheck: Path | None,
    as_json: bool,
) -> int:
    """Prove that an endpoint of ARTIFACT gives the right scores, fast enough and reliably under load.

    The endpoint runs in a process of its own. Every golden record is sent in every content type,
    alone, in one batch and shuffled, and the answers are compared with the packed ones. Then an
    open-loop Poisson load is offered; latency counts from the intended send time. PASS means that a
    one-sided 95 % bound meets each limit, and that no answer was wrong.

    Exit codes: 0 PASS, 1 FAIL, 2 bad input, 3 INCONCLUSIVE, 4 INVALID.

    \b
    Example:
      servable prove model.tar.gz --expected-tps 20 --max-latency-ms 100 --max-error-rate 0.01
      servable prove model.tar.gz --payload payload.tar.gz --golden golden.tar.gz \\
          --expected-tps 20 --max-latency-ms 100 --max-error-rate 0.01
    """
    from servable import prove  # noqa: PLC0415  # numpy

    if recheck is not None:
        proof = prove.recheck(recheck)
    else:
        limits = {
            "--expected-tps": expected_tps,
            "--max-latency-ms": max_latency_ms,
            "--max-error-rate": max_error_rate,
        }
        if artifact is None:
            raise click.UsageError("Missing argument 'ARTIFACT' (or pass --recheck DIR).")
        for option, value in limits.items():
            if value is None:
                raise click.UsageError(f"Missing option '{option}'.")
        objective = prove.Objective(
            rate_per_s=expected_tps or 0.0,
            max_latency_ms=max_latency_ms or 0.0,
            max_error_rate=max_error_rate or 0.0,
        )
        with progress() as report:
            proof = prove.prove(
                artifact,
                objective=objective,
                output=output,
                seed=seed,
                payload=payload,
                golden=golden,
                url=url,
                content_types=names(content_types) or prove.REQUEST_TYPES,
                min_requests=min_requests,
                headroom=headroom,
                progress=report,
            )
    click.echo(json.dumps(proof.to_plain(), indent=2) if as_json else "\n".join(proof.summary_lines()))
    return proof.verdict.exit_code

"""Proofs of an endpoint: right scores, fast enough, under load, with a verdict that can be judged again."""

from servable.codecs import REQUEST_TYPES
from servable.progress import Progress
from servable.prove.objective import Objective
from servable.prove.plan import Warmup
from servable.prove.proof import Proof, recheck
from servable.prove.run import prove
from servable.prove.verdict import Verdict

__all__ = [
    "REQUEST_TYPES",
    "Objective",
    "Progress",
    "Proof",
    "Verdict",
    "Warmup",
    "prove",
    "recheck",
]

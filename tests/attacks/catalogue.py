"""All attacks on whole artifacts, by class."""

from collections import Counter

from attack import Attack
from catalogue_archives import ARCHIVES
from catalogue_boosters import BOOSTERS
from catalogue_folders import FOLDERS
from catalogue_graphs import GRAPHS
from catalogue_pickles import PICKLES
from catalogue_texts import TEXTS
from catalogue_tokenizers import TOKENIZERS
from catalogue_weights import WEIGHTS

CATALOGUE: tuple[Attack, ...] = (
    *PICKLES,
    *ARCHIVES,
    *TEXTS,
    *WEIGHTS,
    *GRAPHS,
    *TOKENIZERS,
    *BOOSTERS,
    *FOLDERS,
)

COUNTS = Counter(attack.kind for attack in CATALOGUE)
"""How many attacks each class has."""

LINES = [
    f"| {kind} | {count} | {', '.join(attack_forms)} |"
    for kind, count in COUNTS.items()
    for attack_forms in [
        sorted({str(form) for attack in CATALOGUE if attack.kind == kind for form in attack.forms})
    ]
]
"""What the README says of them, a line each."""

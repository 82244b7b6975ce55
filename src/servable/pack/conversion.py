"""What a conversion gives back, whatever was converted."""

from collections.abc import Mapping
from dataclasses import dataclass

from servable.artifact import Conversion, EngineEntry
from servable.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Converted:
    """A model in the form that will be packed.

    Attributes:
        members: files of the pack but for golden records and manifest.
        engine: how the manifest describes the model.
        scorer: scores with these files.
        conversion: how far its scores are from the reference.
    """

    members: Mapping[str, bytes]
    engine: EngineEntry
    scorer: Scorer
    conversion: Conversion

"""Schema of an artifact -> sample requests, packed as an archive, with the answers they must get."""

from importlib import import_module

TYPE_CHECKING = False  # as checkers know it, without the time that `typing` takes
if TYPE_CHECKING:
    from servable.payload.archive import Payload, PayloadRequest, answer_type, payload_requests, read_payload
    from servable.payload.carrying import carried_rows
    from servable.payload.destination import Destination
    from servable.payload.export import ExportedScript, export_script
    from servable.payload.facts import RealRecords
    from servable.payload.generation import generate
    from servable.payload.golden.document import GoldenDocument, GoldenRefusal
    from servable.payload.golden.making import GoldenSummary, write_golden
    from servable.payload.golden.sidecar import GoldenAnswers, read_golden_answers
    from servable.payload.golden.tolerance import WIRE_WITHIN
    from servable.payload.illegal import names_fault
    from servable.payload.places import Places
    from servable.payload.rendering import NumberForm
    from servable.payload.script import VariableType
    from servable.payload.settings import ArchiveLayout
    from servable.payload.strategies import Strategy
    from servable.payload.summary import PayloadFile, PayloadSummary
    from servable.payload.upload import Uploaded, Uploader

__all__ = [
    "WIRE_WITHIN",
    "ArchiveLayout",
    "Destination",
    "ExportedScript",
    "GoldenAnswers",
    "GoldenDocument",
    "GoldenRefusal",
    "GoldenSummary",
    "NumberForm",
    "Payload",
    "PayloadFile",
    "PayloadRequest",
    "PayloadSummary",
    "Places",
    "RealRecords",
    "Strategy",
    "Uploaded",
    "Uploader",
    "VariableType",
    "answer_type",
    "carried_rows",
    "export_script",
    "generate",
    "names_fault",
    "payload_requests",
    "read_golden_answers",
    "read_payload",
    "write_golden",
]

_HOMES = {
    "WIRE_WITHIN": "servable.payload.golden.tolerance",
    "ArchiveLayout": "servable.payload.settings",
    "Destination": "servable.payload.destination",
    "ExportedScript": "servable.payload.export",
    "GoldenAnswers": "servable.payload.golden.sidecar",
    "GoldenDocument": "servable.payload.golden.document",
    "GoldenRefusal": "servable.payload.golden.document",
    "GoldenSummary": "servable.payload.golden.making",
    "NumberForm": "servable.payload.rendering",
    "Payload": "servable.payload.archive",
    "PayloadFile": "servable.payload.summary",
    "PayloadRequest": "servable.payload.archive",
    "PayloadSummary": "servable.payload.summary",
    "Places": "servable.payload.places",
    "RealRecords": "servable.payload.facts",
    "Strategy": "servable.payload.strategies",
    "Uploaded": "servable.payload.upload",
    "Uploader": "servable.payload.upload",
    "VariableType": "servable.payload.script",
    "answer_type": "servable.payload.archive",
    "carried_rows": "servable.payload.carrying",
    "export_script": "servable.payload.export",
    "generate": "servable.payload.generation",
    "names_fault": "servable.payload.illegal",
    "payload_requests": "servable.payload.archive",
    "read_golden_answers": "servable.payload.golden.sidecar",
    "read_payload": "servable.payload.archive",
    "write_golden": "servable.payload.golden.making",
}


def __getattr__(name: str) -> object:
    """Public names, imported when first used: the script of this package must not wait for numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

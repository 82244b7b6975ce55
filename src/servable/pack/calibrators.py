"""A calibrator as files of a packed artifact, and what its manifest says of them."""

from servable.artifact import CalibratorEntry, pretty_json
from servable.calibration import Calibrator, CalibratorKind


def calibrator_members(calibrator: Calibrator | None) -> dict[str, bytes]:
    """The files of a calibrator: its tables as lists of pairs, or the parameters of its curve."""
    if calibrator is None:
        return {}
    if calibrator.curve is not None:
        return {_parameters_name(calibrator.kind): pretty_json(calibrator.parameters())}
    return {
        _table_name(calibrator.kind, index): pretty_json(table.pairs())
        for index, table in calibrator.tables.items()
    }


def calibrator_entry(calibrator: Calibrator | None) -> CalibratorEntry | None:
    """What the manifest says of a calibrator."""
    if calibrator is None:
        return None
    return CalibratorEntry(
        kind=calibrator.kind,
        tables={str(index): _table_name(calibrator.kind, index) for index in calibrator.tables},
        parameters=None if calibrator.curve is None else _parameters_name(calibrator.kind),
    )


def _parameters_name(kind: CalibratorKind) -> str:
    return f"calibration/{kind}.json"


def _table_name(kind: CalibratorKind, index: int) -> str:
    if kind is CalibratorKind.PERCENTILE:
        return "calibration/percentile_score.json"
    if kind is CalibratorKind.BINARY:
        return "calibration/calibration_model.json"
    return f"calibration/calibration_models/calibration_model_class_{index}.json"

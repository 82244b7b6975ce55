"""A LightGBM booster on its own library: training outputs, and the reference that packing compares with."""

import ctypes
import weakref
from typing import Final

import numpy as np

from servable.artifact import read_lightgbm
from servable.engines.c_library import LibraryError, open_library, unloadable
from servable.records import FloatArray, ModelInputs

_FLOAT32, _ROW_MAJOR, _VALUES, _FIRST, _ALL = (ctypes.c_int(number) for number in (0, 1, 0, 0, -1))
_SETTINGS: Final = b"num_threads=1 verbosity=-1"


class LightGBMBooster:
    """A booster for classification, on one thread.

    LightGBM is given the model as it was understood, without what scoring does not read: it follows
    every index that stands in its text. Errors name its file as `where`.
    """

    def __init__(self, model: bytes, *, where: str) -> None:
        known = read_lightgbm(model, where=where)
        self._features, self._classes, self._groups = known.features, known.classes, known.objective.groups
        self._library = open_library(
            "lightgbm", "lib_lightgbm", last_error="LGBM_GetLastError", log_to="LGBM_RegisterLogCallback"
        )
        self._handle = ctypes.c_void_p()
        call, rounds = self._library.call, ctypes.c_int()
        try:
            call(
                "LGBM_BoosterLoadModelFromString",
                known.text.encode(),
                ctypes.byref(rounds),
                ctypes.byref(self._handle),
            )
        except LibraryError as error:
            raise unloadable("LightGBM", where=where) from error
        weakref.finalize(self, call, "LGBM_BoosterFree", self._handle)

    @property
    def features(self) -> int:
        """How many columns `tabular` must have."""
        return self._features

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float64 class probabilities; of two classes, the first is the complement."""
        rows = np.ascontiguousarray(inputs.tabular, dtype=np.float32)
        scores = np.empty((len(rows), self._groups))
        if len(rows):
            length = ctypes.c_int64()
            self._library.call(
                "LGBM_BoosterPredictForMat",
                self._handle,
                rows.ctypes.data_as(ctypes.c_void_p),
                _FLOAT32,
                ctypes.c_int32(rows.shape[0]),
                ctypes.c_int32(rows.shape[1]),
                _ROW_MAJOR,
                _VALUES,
                _FIRST,
                _ALL,
                _SETTINGS,
                ctypes.byref(length),
                scores.ctypes.data_as(ctypes.c_void_p),
            )
        return np.column_stack([1 - scores[:, 0], scores[:, 0]]) if self._groups == 1 else scores

"""An XGBoost booster on its own library: training outputs, and the reference that packing compares with."""

import ctypes
import json
import weakref
from typing import Final

import numpy as np

from servable.artifact import read_xgboost
from servable.engines.c_library import LibraryError, open_library, unloadable
from servable.records import FloatArray, ModelInputs

_PREDICTION: Final = json.dumps(
    {
        "type": 0,  # values, not margins
        "training": False,
        "iteration_begin": 0,
        "iteration_end": 0,  # to the last
        "strict_shape": True,  # two dimensions, also of one column
        "cache_id": 0,
        "missing": float("nan"),
    }
).encode()


class XGBoostBooster:
    """A booster for classification, on one thread.

    Errors name its file as `where`.
    """

    def __init__(self, model: bytes, *, where: str) -> None:
        known = read_xgboost(model, where=where)
        self._features, self._classes = known.features, known.classes
        self._library = open_library(
            "xgboost", "libxgboost", last_error="XGBGetLastError", log_to="XGBRegisterLogCallback"
        )
        self._handle = ctypes.c_void_p()
        call = self._library.call
        call("XGBoosterCreate", None, ctypes.c_uint64(0), ctypes.byref(self._handle))
        weakref.finalize(self, call, "XGBoosterFree", self._handle)
        try:
            call("XGBoosterSetParam", self._handle, b"nthread", b"1")
            call("XGBoosterLoadModelFromBuffer", self._handle, model, ctypes.c_uint64(len(model)))
            if known.objective == "multi:softmax":  # which would give the class alone
                call("XGBoosterSetParam", self._handle, b"objective", b"multi:softprob")
            self._predict(np.zeros((1, self._features), dtype=np.float32))  # it looks no earlier
        except LibraryError as error:
            raise unloadable("XGBoost", where=where) from error

    @property
    def features(self) -> int:
        """How many columns `tabular` must have."""
        return self._features

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float32 class probabilities; of two classes, the first is the complement."""
        rows = np.ascontiguousarray(inputs.tabular, dtype=np.float32)
        if not len(rows):
            return np.empty((0, self._classes), dtype=np.float32)
        scores = self._predict(rows)
        return np.column_stack([1 - scores[:, 0], scores[:, 0]]) if scores.shape[1] == 1 else scores

    def _predict(self, rows: FloatArray) -> FloatArray:
        """`[n, 1]` of two classes, else `[n, classes]`."""
        shape, dimensions = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
        found = ctypes.POINTER(ctypes.c_float)()
        self._library.call(
            "XGBoosterPredictFromDense",
            self._handle,
            _array_interface(rows),
            _PREDICTION,
            None,
            ctypes.byref(shape),
            ctypes.byref(dimensions),
            ctypes.byref(found),
        )
        # the memory is the booster's, until its next prediction
        return np.ctypeslib.as_array(found, shape=tuple(shape[: dimensions.value])).copy()


def _array_interface(rows: FloatArray) -> bytes:
    """Where an array lies in memory, in the form of NumPy's array interface."""
    place = {"data": [rows.ctypes.data, True], "shape": rows.shape, "typestr": rows.dtype.str, "version": 3}
    return json.dumps(place).encode()

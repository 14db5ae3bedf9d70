"""Reads PyTorch's older file format into numpy arrays, without PyTorch and without running what a pickle may hold.

Five pickles (magic number, version, machine, tensors by name, storage keys), then each storage: a 64-bit count and its
numbers. Tensors refer to storages by key.
"""
import collections
import io
import pickle

import numpy as np

DTYPES = {"FloatStorage": np.float32, "LongStorage": np.int64}


class Tensors(pickle.Unpickler):
    """Tensors come out as (storage, offset, shape, strides); a storage is (key, dtype)."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(f"a checkpoint has no business with {module}.{name}")

    def persistent_load(self, reference):
        kind, dtype, key = reference[:3]
        if kind != "storage":
            raise pickle.UnpicklingError(f"unknown reference {kind}")
        return key, dtype


def load(data: bytes) -> dict[str, np.ndarray]:
    file = io.BytesIO(data)
    for _ in range(3):
        Tensors(file).load()
    tensors = Tensors(file).load()
    dtypes = dict(storage for storage, *_ in tensors.values())
    storages = {}
    for key in Tensors(file).load():
        count = int.from_bytes(file.read(8), "little")
        dtype = np.dtype(dtypes[key])
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    arrays = {}
    for name, ((key, dtype), offset, shape, strides) in tensors.items():
        size = np.dtype(dtype).itemsize
        view = np.lib.stride_tricks.as_strided(storages[key][offset:], shape, [size * stride for stride in strides])
        arrays[name] = np.array(view)
    return arrays

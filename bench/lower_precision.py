#!/usr/bin/env python3
"""Half-precision and int8 graphs of a published folder, under the names that exporters give them.

    .deps/venv/bin/python bench/lower_precision.py FOLDER     # for each *.onnx: *_fp16.onnx and *_int8.onnx beside it

fp16: every weight and every operation, with float32 or (--float16-inputs) float16 inputs and outputs. int8: weights a
tensor at a time, activations quantised while it runs, as onnxruntime's quantize_dynamic makes it and hubs publish it.
"""
import argparse
import pathlib

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16


def write_fp16(source: pathlib.Path, target: pathlib.Path, float16_inputs: bool = False) -> None:
    onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=not float16_inputs), target)


def write_int8(source: pathlib.Path, target: pathlib.Path) -> None:
    # Convolutions of int8 weights have no signed kernel in ONNX Runtime's CPU provider: the patch embedding stays.
    quantize_dynamic(source, target, op_types_to_quantize=["MatMul", "Gather", "Gemm"], weight_type=QuantType.QInt8)


def lower(folder: pathlib.Path, float16_inputs: bool = False) -> None:
    plain = [f for f in sorted(folder.rglob("*.onnx")) if not f.stem.endswith(("_fp16", "_int8"))]
    for source in plain:
        write_fp16(source, source.with_name(f"{source.stem}_fp16.onnx"), float16_inputs)
        write_int8(source, source.with_name(f"{source.stem}_int8.onnx"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--float16-inputs", action="store_true")
    arguments = parser.parse_args()
    lower(arguments.folder, arguments.float16_inputs)

#!/usr/bin/env python3
"""A GGUF file with its matrices as Q8_0: python3 requantize.py IN.gguf OUT.gguf (pip install gguf)."""
import sys
import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize, quantize

reader = GGUFReader(sys.argv[1])
architecture = reader.fields["general.architecture"].contents()
writer = GGUFWriter(sys.argv[2], architecture)
for name, field in reader.fields.items():
    if name.startswith("GGUF.") or name == "general.architecture" or name == "general.file_type":
        continue
    kind = field.types[0]
    inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
    writer.add_key_value(name, field.contents(), kind, inner)
for tensor in reader.tensors:
    values = dequantize(tensor.data, tensor.tensor_type)
    if len(tensor.shape) == 1:
        writer.add_tensor(tensor.name, values.astype(np.float32))
    else:
        packed = quantize(values.astype(np.float32), GGMLQuantizationType.Q8_0)
        writer.add_tensor(tensor.name, packed, raw_dtype=GGMLQuantizationType.Q8_0)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

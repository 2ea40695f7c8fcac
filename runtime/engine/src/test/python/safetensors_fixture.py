"""Writes fixtures/reference.safetensors with the safetensors package (numpy)."""
import sys

import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "a": np.array([[1.5, -2], [3e-8, 4]], np.float32),
        "z.é": np.array([7], np.float32),
    },
    sys.argv[1],
    metadata={"made": "by hand"},
)

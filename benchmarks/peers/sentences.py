"""Times sentence-transformers on ONNX Runtime, for SentenceBenchmark.

Started by it with: MODEL PROMPTS COUNT THREADS. Writes its name, then for each batch size that it
reads one line: milliseconds of encoding all prompts, wall and processor time, and their vectors as
base64 of little-endian float32.
"""

import base64
import json
import sys
import time
from pathlib import Path

import onnxruntime
import sentence_transformers
import torch


def main():
    model, prompts = sys.argv[1:3]
    count, threads = map(int, sys.argv[3:])
    torch.set_num_threads(threads)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    encoder = sentence_transformers.SentenceTransformer(
        model,
        backend="onnx",
        device="cpu",
        local_files_only=True,
        model_kwargs={
            "file_name": "onnx/model.onnx",
            "provider": "CPUExecutionProvider",
            "session_options": options,
        },
    )
    users = json.loads(Path(prompts).read_text(encoding="utf-8"))["users"]
    texts = [user["text"] for user in users[:count]]

    versions = sentence_transformers.__version__, onnxruntime.__version__
    print("sentence-transformers {}, ONNX Runtime {}".format(*versions), flush=True)
    for line in sys.stdin:
        cpu, start = time.process_time(), time.perf_counter()
        vectors = encoder.encode(texts, batch_size=int(line), normalize_embeddings=True)
        wall, processor = time.perf_counter() - start, time.process_time() - cpu
        encoded = base64.b64encode(vectors.astype("<f4").tobytes()).decode()
        print(wall * 1000, processor * 1000, encoded, sep="\t", flush=True)


if __name__ == "__main__":
    main()

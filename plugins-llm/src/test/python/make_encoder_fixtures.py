"""Makes encoders.json, what the encoders' tests compare with, by other implementations.

pip install onnxruntime tokenizers numpy scikit-learn
python make_encoder_fixtures.py MINILM_Q.jar MINILM.jar BGE_ZH_Q.jar > ../resources/org/llm4msr/plugins/llm/encoders.json

The jars are dev.langchain4j:langchain4j-embeddings-{all-minilm-l6-v2-q,all-minilm-l6-v2,bge-small-zh-v15-q}:0.36.2.
Each text is a batch of its own, pooled in numpy; "float32" is MiniLM before quantisation.
Hashed vectors are scikit-learn's.
"""
import json, re, sys, zipfile

import numpy as np
import onnxruntime
from sklearn.feature_extraction.text import HashingVectorizer
from tokenizers import Tokenizer

ENGLISH = [
    "cats",
    "A man is riding a horse on the beach.",
    "Search: running shoes for women. Recommendation: marathon training plan. ",
    "Naïve café – déjà vu, 42 Straße!",
    "recipe pasta tomato basil. " * 30,
]
CHINESE = ["猫", "用户在搜索场景中喜欢看足球比赛的视频。", "推荐：红烧肉的做法。搜索：iPhone 15 手机壳。", "旅行 风景 美食 " * 40]
MIXED = ENGLISH[:4] + CHINESE[:3] + ["red red blue Red_shoes x", ""]


def model(jar):
    files = zipfile.ZipFile(jar)
    named = {n.rsplit("/")[-1]: n for n in files.namelist()}
    weights = next(n for n in named if n.endswith(".onnx"))
    vocabulary = next(n for n in named if n.endswith("tokenizer.json"))
    tokenizer = Tokenizer.from_str(files.read(named[vocabulary]).decode())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return onnxruntime.InferenceSession(files.read(named[weights]), providers=["CPUExecutionProvider"]), tokenizer


def encode(jar, texts, pool):
    session, tokenizer = model(jar)
    rows = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        vector = pool(session.run(None, feed)[0][0].astype(np.float64))
        vector /= np.linalg.norm(vector)
        rows.append({"text": text, "tokens": ids.shape[1], "vector": [round(float(v), 6) for v in vector]})
    return rows


def hashed(texts, dimension):
    words = lambda text: re.findall(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+", text.lower())
    vectors = HashingVectorizer(n_features=dimension, analyzer=words).transform(texts).toarray()
    return [
        {"text": t, "tokens": len(words(t)), "vector": [round(float(x), 6) for x in v]} for t, v in zip(texts, vectors)
    ]


minilm_q, minilm, bge_q = sys.argv[1:]
mean, first = lambda states: states.mean(0), lambda states: states[0]
json.dump(
    {
        "all-minilm-l6-v2-q": encode(minilm_q, ENGLISH, mean),
        "all-minilm-l6-v2 float32": encode(minilm, ENGLISH, mean),
        "bge-small-zh-v1.5-q": encode(bge_q, CHINESE, first),
        "hash 32": hashed(MIXED, 32),
    },
    sys.stdout,
    ensure_ascii=False,
)

"""Ranks over gRPC: rank_grpc.py HOST:PORT < REQUEST.json

    pip install grpcio grpcio-tools protobuf
    python -m grpc_tools.protoc -I DIR --python_out=. llm4msr/v1/ranking.proto

DIR is serving/proto of the archive, serving/protocol/src/main/proto of a checkout. TOKEN is one of the server's tokens.
"""

import json
import os
import random
import sys
import time

import grpc
from google.protobuf import json_format

sys.path.insert(0, os.getcwd())
from llm4msr.v1 import ranking_pb2  # noqa: E402


def is_passing(error):
    """Whether the same call may succeed later: RESOURCE_EXHAUSTED is also a request that is too large."""
    return error.code() == grpc.StatusCode.UNAVAILABLE or (
        error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and "serve/CLIENT_BUSY" in error.details()
    )


def rank(channel, request, seconds, token=None):
    """Returns the answer; raises RpcError where there is none in time. The deadline goes with each call."""
    call = channel.unary_unary(
        "/llm4msr.v1.Ranking/Rank",
        request_serializer=ranking_pb2.RankRequest.SerializeToString,
        response_deserializer=ranking_pb2.RankResponse.FromString,
    )
    metadata = [("authorization", "Bearer " + token)] if token else []
    deadline = time.monotonic() + seconds
    wait = 0.05
    while True:
        try:
            return call(request, timeout=deadline - time.monotonic(), metadata=metadata)
        except grpc.RpcError as error:
            pause = wait * random.uniform(0.5, 1.5)  # So that clients do not come back together.
            if not is_passing(error) or time.monotonic() + pause >= deadline:
                raise
            time.sleep(pause)
            wait *= 2


def main(address):
    content = json.load(sys.stdin)
    for one in [content] + content["items"]:  # In the messages, ids are texts.
        one.update({key: str(one[key]) for key in ("user", "id") if key in one})
    request = json_format.ParseDict(content, ranking_pb2.RankRequest())
    with grpc.insecure_channel(address) as channel:
        try:
            answer = rank(channel, request, seconds=1, token=os.environ.get("TOKEN"))
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    for item in answer.items:
        print(item.id, item.probability, ranking_pb2.ItemStatus.Name(item.status), sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])

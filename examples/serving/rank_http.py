"""Ranks over HTTP with Python's own library: rank_http.py ADDRESS < REQUEST.json

TOKEN is one of the server's tokens, if it has any. Where the server cannot rank in time, the items are printed as they
came: a page with items in any order is better than none.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request


def rank(address, request, seconds, token=None):
    """Returns the answer of the server; raises TimeoutError where there is none in time.

    A request that is wrong (400, 401, 404, 413) raises HTTPError: it would be wrong again.
    """
    body = json.dumps(request).encode()
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0.001:
        headers = {"Content-Type": "application/json", "X-Timeout-Millis": str(int(left * 1000))}
        if token:
            headers["Authorization"] = "Bearer " + token
        try:
            call = urllib.request.Request(address + "/v1/rank", body, headers)
            with urllib.request.urlopen(call, timeout=left) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            wait = error.headers.get("Retry-After")
            if wait is None:  # Only 429 and 503 may be better later, and say when.
                if error.code == 504:
                    break
                raise
            if time.monotonic() + int(wait) >= deadline:
                break
            time.sleep(int(wait))
    raise TimeoutError(f"no answer in {seconds} s")


def main(address):
    request = json.load(sys.stdin)
    try:
        answer = rank(address, request, seconds=1, token=os.environ.get("TOKEN"))
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.code}: {json.load(error)['message']}")
    except OSError as error:  # Also TimeoutError.
        print(error, file=sys.stderr)
        answer = {"items": request["items"]}
    for item in answer["items"]:
        print(item["id"], item.get("probability", "-"), item.get("status", "-"), sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])

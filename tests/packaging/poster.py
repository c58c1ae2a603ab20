"""poster.py PORT: posts rows to a source http of this machine, each over a connection of its own, with a key, until it
is stored. Prints the number of each then; at the end of standard input, how many connections were refused."""

import http.client
import select
import sys

port = int(sys.argv[1])
stored = refused = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    try:
        client.request("POST", "/rows", f'{{"row":{stored}}}\n', {"Idempotency-Key": f"row {stored}"})
        if client.getresponse().status == 200:
            stored += 1
            print(stored, flush=True)
    except ConnectionRefusedError:
        refused += 1
    except (http.client.HTTPException, ConnectionError):
        pass  # Closed by an agent that stops, with no answer: it is asked again.
    finally:
        client.close()
print("refused", refused)

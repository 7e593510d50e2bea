"""Loads traces in the Informal Trace Format, of which a JSON list is read, and tells of each how many states it has, or
what is wrong with it."""

import json
import sys

import itf_py

answers = []
for text in json.load(sys.stdin):
    try:
        trace = itf_py.trace_from_json(json.loads(text))
        answers.append({"states": len(trace.states)})
    except Exception as e:
        answers.append({"error": f"{type(e).__name__}: {e}"})
json.dump(answers, sys.stdout)

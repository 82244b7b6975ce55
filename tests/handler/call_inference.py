"""Calls the functions of `inference.py` as an inference container does, and tells what was imported.

    python call_inference.py MODEL_DIR < requests.json

Standard input is a list of [body, content type, accept]; standard output an object with the answers, the
labels of the keys of `model_data`, and the names of all modules.
"""

import json
import sys

if __name__ == "__main__":
    model_dir = sys.argv[1]
    sys.path.insert(0, f"{model_dir}/code")
    import inference

    model_data = inference.model_fn(model_dir)
    answers = []
    for body, content_type, accept in json.load(sys.stdin):
        table = inference.input_fn(body.encode(), content_type)
        answers.append(inference.output_fn(inference.predict_fn(table, model_data), accept))
    found = {"answers": answers, "keys": list(model_data), "modules": sorted(sys.modules)}
    sys.stdout.write(json.dumps(found))

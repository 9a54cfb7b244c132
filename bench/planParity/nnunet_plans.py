"""Plans of nnunetv2 for a raw data set that exists; prints what test/parity/plans.py records. Usage: nnunet_plans.py DATASET"""
import contextlib
import io
import json
import os
import sys

sys.path.insert(0, os.environ["PARITY_FOLDER"])
import torch  # noqa: E402
from plans import PLANNERS, recorded, take_fingerprint  # noqa: E402

if __name__ == "__main__":
    name = sys.argv[1]
    torch.set_default_device("meta")
    with contextlib.redirect_stdout(io.StringIO()):
        take_fingerprint(name, dict(phantom=True))
        result = {preset: recorded(name, planner) for preset, planner in PLANNERS.items()}
    print(json.dumps(result))

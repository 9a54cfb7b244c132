"""Numbers for main/nnunet/plan/fingerprint.test.ts: NumPy on values made by formula.

python fingerprint.py > fingerprint.json        (numpy 2.4)
"""
import json
import numpy as np


def values(count, kind):
    n = np.arange(count, dtype=np.int64)
    whole = (n * 7919 % 2003) - 1024 + (n % 13) * 40  # int16, as CT
    return whole.astype(np.int16) if kind == "int16" else (np.sin(n * 0.37) * 300 + (n * 31 % 17) / 7).astype(np.float32)


def numbers(x, method="linear"):
    x = x.astype(np.float64)
    q = np.percentile(x, [0.5, 50, 99.5], method=method)
    return dict(mean=x.mean(), std=x.std(), min=x.min(), max=x.max(), median=q[1], percentile005=q[0], percentile995=q[2])


COUNTS = [473, 1418, 284]  # voxels of three cases; foreground is every voxel whose index is not a multiple of 3
LEAST_COMMON = 945  # of the foreground counts 315, 945, 189
out = []
for kind in ("int16", "float32"):
    cases = [values(count, kind) for count in COUNTS]
    foreground = [case[np.arange(len(case)) % 3 != 0] for case in cases]
    # every case as often as the others: what drawing ever more values with replacement tends to, so no interpolation
    equal = np.concatenate([np.repeat(f, LEAST_COMMON // len(f)) for f in foreground])
    out.append(dict(kind=kind, counts=COUNTS, perVoxel=numbers(np.concatenate(foreground)), perCase=numbers(equal, "inverted_cdf")))
print(json.dumps(out, default=float))

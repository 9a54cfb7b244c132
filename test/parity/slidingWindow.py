"""Sliding-window prediction of two small networks in float64 numpy, for test/parity/slidingWindow.test.ts.

Independent of Maskloop's engine and of its window loop: own convolutions, whole padded volumes, importance maps by
scipy.ndimage.gaussian_filter of a delta as nnU-Net v2 makes them. Weights and images come from a formula that the test
repeats. Run with: python test/parity/slidingWindow.py > test/parity/slidingWindow.json   (numpy 2.3.5, scipy 1.16.3)
"""
import itertools
import json
import math

import numpy as np
import scipy
from scipy.ndimage import gaussian_filter

CASES = {
    # smaller than the patch along the second axis; v2: overlap 1/2, Gaussian, all flips
    "3d": dict(shape=[11, 6, 13], patch=[8, 8, 8], channels=2, classes=2, overlap=0.5, blend="gaussian", mirror=True,
               features=[3, 4, 5], kernels=[[1, 3, 3], [3, 3, 3], [3, 3, 3]], strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2]]),
    # the seed: overlap 1/4, outer product to the power 1 / axes
    "2d": dict(shape=[3, 14, 11], patch=[8, 8], channels=1, classes=3, overlap=0.25, blend="flatGaussian", mirror=False,
               features=[4, 6], kernels=[[3, 3], [3, 3]], strides=[[1, 1], [2, 2]]),
}
SLOPE, NORM_EPSILON = 0.01, 1e-5


def noise(name, count):
    """Values in [-0.5, 0.5): FNV-1a of the name, then a 32-bit integer hash of seed + index. Rounded to float32."""
    seed = 2166136261
    for char in name.encode():
        seed = ((seed ^ char) * 16777619) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 2654435761 + seed) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    x = x ^ (x >> 16)
    return (x.astype(np.float64) / 4294967296 - 0.5).astype(np.float32)


def weight(name, shape):
    values = noise(name, int(np.prod(shape))).reshape(shape)
    if name.endswith("scale"):
        values = np.float32(1) + values
    return values.astype(np.float64)


def conv(x, w, stride):
    """x [...spatial, in], w [...kernel, in, out]; TensorFlow's SAME: the odd voxel of padding comes last."""
    dims = w.ndim - 2
    out_shape = [-(-x.shape[a] // stride[a]) for a in range(dims)]
    pads = [max((out_shape[a] - 1) * stride[a] + w.shape[a] - x.shape[a], 0) for a in range(dims)]
    x = np.pad(x, [(p // 2, p - p // 2) for p in pads] + [(0, 0)])
    out = np.zeros(out_shape + [w.shape[-1]])
    for offset in itertools.product(*[range(w.shape[a]) for a in range(dims)]):
        part = x[tuple(slice(offset[a], offset[a] + (out_shape[a] - 1) * stride[a] + 1, stride[a]) for a in range(dims))]
        out += part @ w[offset]
    return out


def upsample(x, w):
    """Transposed convolution whose kernel is its stride; w [...stride, out, in]."""
    dims = w.ndim - 2
    out = np.zeros([x.shape[a] * w.shape[a] for a in range(dims)] + [w.shape[-2]])
    for offset in itertools.product(*[range(w.shape[a]) for a in range(dims)]):
        out[tuple(slice(offset[a], None, w.shape[a]) for a in range(dims))] = x @ w[offset].T
    return out


def network(case, x):
    dims, features = len(case["patch"]), case["features"]

    def block(prefix, x, kernel, outputs, stride):
        x = conv(x, weight(prefix + ".conv.weight", kernel + [x.shape[-1], outputs]), stride)
        axes = tuple(range(dims))
        x = (x - x.mean(axes)) / np.sqrt(x.var(axes) + NORM_EPSILON)
        x = x * weight(prefix + ".norm.scale", [outputs]) + weight(prefix + ".norm.shift", [outputs])
        return np.where(x > 0, x, SLOPE * x)

    one, skips = [1] * dims, []
    for level, outputs in enumerate(features):
        x = block(f"encoder.{level}.0", x, case["kernels"][level], outputs, case["strides"][level])
        skips.append(x)
    for level in range(len(features) - 2, -1, -1):
        up = upsample(x, weight(f"decoder.{level}.up.weight", case["strides"][level + 1] + [features[level], features[level + 1]]))
        x = np.concatenate([up + weight(f"decoder.{level}.up.bias", [features[level]]), skips[level]], -1)
        x = block(f"decoder.{level}.0", x, case["kernels"][level], features[level], one)
    return conv(x, weight("head.0.weight", one + [features[0], case["classes"]]), one) + weight("head.0.bias", [case["classes"]])


def starts(size, patch, overlap):
    count = math.ceil((size - patch) / (patch * (1 - overlap))) + 1
    step = (size - patch) / max(1, count - 1)
    return [int(np.round(step * n)) for n in range(count)]


def importance(patch, blend):
    delta = np.zeros(patch)
    delta[tuple(n // 2 for n in patch)] = 1
    if blend == "gaussian":
        values = gaussian_filter(delta, [n / 8 for n in patch], order=0, mode="constant", cval=0)
    else:
        values = np.ones(patch)
        for axis, n in enumerate(patch):
            line = np.exp(-0.5 * ((np.arange(n) - n // 2) / (0.125 * n)) ** 2)
            values = values * line.reshape([-1 if a == axis else 1 for a in range(len(patch))])
        values = values ** (1 / len(patch))
    values = values / values.max()
    values[values == 0] = values[values > 0].min()
    return values


def infer(case, image):
    """image [...spatial, channels] of the network's dimensions."""
    patch, dims = case["patch"], len(case["patch"])
    missing = [max(0, patch[a] - image.shape[a]) for a in range(dims)]
    before = [m // 2 for m in missing]
    padded = np.pad(image, [(b, m - b) for b, m in zip(before, missing)] + [(0, 0)])
    total = np.zeros(list(padded.shape[:-1]) + [case["classes"]])
    weights = np.zeros(list(padded.shape[:-1]) + [1])
    blend = importance(patch, case["blend"])[..., None]
    flips = [f for r in range(dims + 1) for f in itertools.combinations(range(dims), r)] if case["mirror"] else [()]
    for corner in itertools.product(*[starts(padded.shape[a], patch[a], case["overlap"]) for a in range(dims)]):
        place = tuple(slice(c, c + p) for c, p in zip(corner, patch))
        window = padded[place]
        logits = np.mean([np.flip(network(case, np.flip(window, f)), f) for f in flips], 0)
        total[place] += blend * logits
        weights[place] += blend
    inside = tuple(slice(b, b + n) for b, n in zip(before, image.shape))
    return (total / weights)[inside]


def record(name, case):
    channels = [noise(f"{name}.image.{c}", int(np.prod(case["shape"]))).reshape(case["shape"]) * 4 for c in range(case["channels"])]
    image = np.stack(channels, -1).astype(np.float64)
    logits = infer(case, image) if len(case["patch"]) == 3 else np.stack([infer(case, one) for one in image])
    return [float(f"{v:.9g}") for v in logits.reshape(-1)]


print(json.dumps({"command": "python test/parity/slidingWindow.py", "numpy": np.__version__, "scipy": scipy.__version__,
                  "cases": {name: record(name, case) for name, case in CASES.items()}}))

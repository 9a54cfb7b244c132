"""Numbers for main/imaging/resample.test.ts from scikit-image's resize. Made with nnunetv2 2.6.2's environment:
batchgenerators 0.25.5 (votes "most"), scikit-image 0.26.0 (the rest; votes "half" are the rule before), scipy 1.17.1.

python resample.py > resample.json
"""
import json
import numpy as np
from batchgenerators.augmentations.utils import resize_segmentation
from skimage.transform import resize

KW = dict(mode="edge", anti_aliasing=False, preserve_range=True)


def volume(shape):
    n = np.arange(np.prod(shape)).reshape(shape)
    return (np.sin(n * 0.7) * 3 + (n * 37 % 11)).astype(np.float32)


def labels(shape):
    n = np.arange(np.prod(shape)).reshape(shape)
    return ((n // 7) * 5 % 4).astype(np.uint8)


def by_half(seg, to):
    out = np.zeros(to, dtype=seg.dtype)
    for c in np.unique(seg):
        out[resize((seg == c).astype(float), to, order=1, clip=True, **KW) >= 0.5] = c
    return out


def by_most(seg, to):
    return resize_segmentation(seg, to, 1)


VOTES = dict(half=by_half, most=by_most)


def slices(values, to, fn):
    return np.stack([fn(s, to[1:]) for s in values])


cases = []
# the last one doubles and halves: ties of two, four and eight voxels
for shape, to in [((4, 5, 6), (7, 8, 5)), ((5, 4, 3), (5, 9, 3)), ((6, 7, 8), (3, 3, 11)), ((10, 12, 14), (5, 6, 28))]:
    v = volume(shape)
    for order in (1, 3):
        cases.append(dict(kind="image", order=order, shape=shape, to=to, expected=resize(v, to, order=order, **KW).ravel().round(6).tolist()))
    for vote, resize_labels in VOTES.items():
        cases.append(dict(kind="labels", vote=vote, order=1, shape=shape, to=to, expected=resize_labels(labels(shape), to).ravel().tolist()))
# separate slices: in-plane cubic slice by slice, then the nearest slice
shape, to = (4, 5, 6), (7, 8, 9)
plane = slices(volume(shape), to, lambda s, t: resize(s, t, order=3, **KW))
nearest = np.floor((np.arange(to[0]) + 0.5) * shape[0] / to[0] - 0.5 + 0.5).astype(int).clip(0, shape[0] - 1)
cases.append(dict(kind="image", order="separate", shape=shape, to=to, expected=plane[nearest].ravel().round(6).tolist()))
for vote, resize_labels in VOTES.items():
    seg = slices(labels(shape), to, resize_labels)
    cases.append(dict(kind="labels", vote=vote, order="separate", shape=shape, to=to, expected=seg[nearest].ravel().tolist()))
print(json.dumps(cases))

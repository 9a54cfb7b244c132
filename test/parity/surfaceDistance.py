"""Surface distances of masks made by formula, from scipy and numpy, for main/nnunet/metrics/evaluateCase.test.ts.

Surface: mask ^ binary_erosion(mask) with face neighbours. Distances by a k-d tree over the voxel centres in mm, so by
another road than a distance transform. HD95: larger of the two directed 95th percentiles (numpy, linear), ASSD: mean over
both surfaces' voxels. Made with numpy 2.4.6, scipy 1.17.1:

PYTHONPATH=$(the folder that pythonWith gives for numpy==2.4.6 scipy==1.17.1) python surfaceDistance.py > surfaceDistance.json
"""
import json
import numpy as np
from scipy.ndimage import binary_erosion
from scipy.spatial import cKDTree


def ball(shape, spacing, center, radii):
    axes = np.meshgrid(*[np.arange(n) * s for n, s in zip(shape, spacing)], indexing="ij")
    return sum(((a - c) / r) ** 2 for a, c, r in zip(axes, center, radii)) <= 1


def waves(shape, spacing, center, radii):
    axes = np.meshgrid(*[np.arange(n) * s for n, s in zip(shape, spacing)], indexing="ij")
    d, h, w = axes
    bumps = 0.25 * np.sin(0.9 * d) * np.cos(0.7 * h + 0.3 * w)
    return sum(((a - c) / r) ** 2 for a, c, r in zip(axes, center, radii)) <= 1 + bumps


def surface(mask):
    flat = [n for n, size in enumerate(mask.shape) if size > 1]
    return mask ^ binary_erosion(mask.squeeze() if len(flat) < 3 else mask).reshape(mask.shape)


def figures(a, b, spacing):
    pa, pb = (np.argwhere(surface(m)) * spacing for m in (a, b))
    ab, ba = cKDTree(pb).query(pa)[0], cKDTree(pa).query(pb)[0]
    return dict(
        hd95Mm=max(np.percentile(ab, 95), np.percentile(ba, 95)),
        assdMm=np.concatenate([ab, ba]).mean(),
        surfaceVoxels=[len(pa), len(pb)],
        dice=2 * (a & b).sum() / (a.sum() + b.sum()),
        iou=(a & b).sum() / (a | b).sum(),
        volumeErrorMl=(int(a.sum()) - int(b.sum())) * np.prod(spacing) / 1000,
    )


# shape, spacing (D, H, W), predicted: centre, radii in mm, truth: centre, radii in mm
SCENES = [
    ((24, 28, 20), (1, 1, 1), ((11, 13, 9), (7, 8, 6)), ((12, 14, 10), (6, 9, 6))),
    ((12, 40, 36), (5, 0.8, 0.7), ((28, 15, 12), (17, 9, 7)), ((31, 16, 13), (20, 8, 9))),
    ((30, 16, 33), (0.5, 2.5, 1.1), ((7, 20, 18), (5, 14, 11)), ((8, 18, 16), (6, 12, 13))),
    # cut by the border of the volume
    ((16, 20, 24), (1.5, 1.5, 1.5), ((2, 14, 3), (9, 12, 8)), ((4, 27, 5), (9, 12, 9))),
    # far apart: no voxel in common
    ((20, 30, 40), (2, 1, 1), ((8, 6, 6), (5, 4, 4)), ((30, 24, 33), (6, 4, 5))),
    # one slice
    ((1, 50, 44), (3, 0.9, 1.2), ((0, 20, 25), (1, 12, 14)), ((0, 24, 27), (1, 13, 12))),
]
cases = []
for shape, spacing, predicted, truth in SCENES:
    a = waves(shape, spacing, *predicted)
    b = ball(shape, spacing, *truth)
    cases.append(dict(shape=shape, spacing=spacing, predicted=predicted, truth=truth, expected=figures(a, b, spacing)))
print(json.dumps(cases, indent=1))

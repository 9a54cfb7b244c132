"""What nnunetv2's DefaultPreprocessor makes of cases. Made with nnunetv2 2.6.2, batchgenerators 0.25.5, numpy 2.4.6, scikit-image 0.26.0.

python preprocess.py > preprocess.json    phantoms by formula, for main/nnunet/preprocess/preprocessParity.test.ts
python preprocess.py FOLDER               compares with what bench/preprocessParity/ours.ts left in FOLDER
"""
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

with redirect_stdout(sys.stderr):  # it greets on import
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

SCHEMES = dict(ct="CTNormalization", zscore="ZScoreNormalization", none="NoNormalization", rescaleTo01="RescaleTo01Normalization", rgbTo01="RGBTo01Normalization")
# voxels this close to the border of the crop, in the network's space, are counted as edge
EDGE = 4


def preprocessed(image, labels, spacing, plan):
    """image [C, D, H, W], labels [D, H, W] → arrays in the network's space."""
    resampling = lambda is_seg, order: dict(is_seg=is_seg, order=order, order_z=0, force_separate_z=None)
    configuration = dict(
        architecture={},  # unused here, but a plan without one is taken for an old one
        spacing=plan["spacing"],
        normalization_schemes=[SCHEMES[c["normalization"]] for c in plan["channels"]],
        use_mask_for_norm=[c["insideMaskOnly"] for c in plan["channels"]],
        resampling_fn_data="resample_data_or_seg_to_shape",
        resampling_fn_seg="resample_data_or_seg_to_shape",
        resampling_fn_data_kwargs=resampling(False, 3),
        resampling_fn_seg_kwargs=resampling(True, 1),
    )
    intensities = {
        str(n): dict(mean=c["mean"], std=c["std"], percentile_00_5=c["percentile005"], percentile_99_5=c["percentile995"])
        for n, c in enumerate(plan["channels"])
    }
    manager = PlansManager(dict(transpose_forward=plan["transposeForward"], foreground_intensity_properties_per_channel=intensities,
                                configurations={"3d_fullres": configuration}, label_manager="LabelManager"))
    dataset = dict(labels={"background": 0, **{f"c{value}": value for value in range(1, plan["classCount"])}})
    data, seg, properties = DefaultPreprocessor(verbose=False).run_case_npy(
        image.astype(np.float32), labels[None].astype(np.int16), dict(spacing=list(spacing)), manager,
        manager.get_configuration("3d_fullres"), dataset)
    return data, seg[0], {int(k): len(v) for k, v in properties["class_locations"].items()}


def phantom(shape):
    """A ball of waves with zeros around it, one class in its middle, another in a corner of it."""
    d, h, w = np.meshgrid(*[np.arange(n, dtype=np.float64) for n in shape], indexing="ij")
    r = np.sqrt(sum(((x - (n - 1) / 2) / n) ** 2 for x, n in zip((d, h, w), shape)))
    value = 200 + 60 * np.cos(d * 0.9) + 40 * np.cos(h * 0.5) * np.cos(w * 0.7)
    image = np.where(r < 0.46, np.round(value), 0)
    labels = np.where(r < 0.2, 1, np.where((r < 0.4) & (d < shape[0] / 2) & (w > shape[2] / 2), 2, 0))
    return image.astype(np.int16), labels.astype(np.uint8)


def formula_cases():
    channel = dict(name="MR", normalization="zscore", insideMaskOnly=False, mean=190.0, std=35.0, percentile005=120.0, percentile995=290.0)
    kinds = [
        ("thick slices, masked z-score", (9, 22, 20), (5, 1, 0.9), [4.2, 1.4, 1.3], [0, 1, 2], dict(insideMaskOnly=True)),
        ("thick slices across the other axis, CT", (20, 7, 18), (0.8, 4, 1), [3.1, 1.0, 1.2], [1, 0, 2], dict(normalization="ct")),
        ("cubic in all axes, z-score", (12, 14, 11), (1.2, 1, 1), [1, 1.25, 0.8], [0, 1, 2], {}),
    ]
    for name, shape, spacing, target, order, changes in kinds:
        image, labels = phantom(shape)
        plan = dict(spacing=target, transposeForward=order, classCount=3, channels=[{**channel, **changes}])
        data, seg, counts = preprocessed(image[None], labels, spacing, plan)
        yield dict(name=name, shape=shape, spacing=spacing, plan=plan, resultShape=seg.shape,
                   image=data[0].ravel().round(4).tolist(), classes=seg.ravel().tolist(), locationCounts=[counts[1], counts[2]])


def compare(folder):
    rows = []
    for case in json.loads((folder / "cases.json").read_text()):
        read = lambda name, kind: np.fromfile(folder / name, dtype=kind)
        shape = case["shape"]
        image = np.stack([read(name, "<f4").reshape(shape) for name in case["channels"]])
        labels = read(case["labels"], "u1").reshape(shape)
        data, seg, counts = preprocessed(image, labels, case["spacing"], case["plan"])
        result = case["result"]
        if list(seg.shape) != result["shape"]:
            rows.append(dict(name=case["name"], shape=list(seg.shape), ourShape=result["shape"]))
            continue
        ours = read(result["image"], "<f4").reshape(data.shape)
        classes = read(result["classes"], "u1").reshape(seg.shape)
        difference = np.abs(ours.astype(np.float64) - data)
        inner = np.zeros(seg.shape, dtype=bool)
        inner[tuple(slice(min(EDGE, n // 3), n - min(EDGE, n // 3)) for n in seg.shape)] = True
        edge = difference[:, ~inner]
        rows.append(dict(
            name=case["name"], from_=shape, shape=list(seg.shape), std=float(data.std()),
            insideMax=float(difference[:, inner].max()), insideMean=float(difference[:, inner].mean()),
            edgeMax=float(edge.max()), edgeMean=float(edge.mean()), above=int((difference > 1e-3).sum()), voxels=int(difference.size),
            wrongClasses=int((classes != np.maximum(seg, 0)).sum()), locations=[counts.get(n, 0) for n in range(1, case["plan"]["classCount"])], ourLocations=result["locations"],
        ))
    return rows


print(json.dumps(compare(Path(sys.argv[1])) if len(sys.argv) > 1 else list(formula_cases()), default=float, separators=(",", ":")))

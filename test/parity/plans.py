"""Records what nnU-Net v2's planners say about data sets made by formula, for test/parity/plans.test.ts.

The first data sets are written as NIfTI files and go through nnU-Net's own fingerprint; the others are fingerprints.
Run with: npm run bench -- planParity --record   (or python test/parity/plans.py > test/parity/plans.json, nnunetv2 2.6.2)
"""
import contextlib
import importlib.metadata
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

root = Path(os.environ.setdefault("MASKLOOP_PLANS", tempfile.mkdtemp(prefix="maskloop-plans-")))  # processes of its own share it
for name in ("raw", "preprocessed", "results"):
    os.environ[f"nnUNet_{name}"] = str(root / name)
    (root / name).mkdir(exist_ok=True)
import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
import torch  # noqa: E402
from nnunetv2.experiment_planning.dataset_fingerprint.fingerprint_extractor import DatasetFingerprintExtractor  # noqa: E402
from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner  # noqa: E402
from nnunetv2.experiment_planning.experiment_planners.residual_unets import residual_encoder_unet_planners as residual  # noqa: E402
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager  # noqa: E402

PLANNERS = {
    "v2": ExperimentPlanner,
    "resenc_m": residual.nnUNetPlannerResEncM,
    "resenc_l": residual.nnUNetPlannerResEncL,
    "resenc_xl": residual.nnUNetPlannerResEncXL,
}


def labels(count, **more):
    return {"background": 0, **{f"c{n + 1}": n + 1 for n in range(count)}, **more}


def written(spacing, shape, cases, channels, classes, margin, lowest):
    """`shape` and `spacing` [D, H, W] grow with the case; see `phantom` for the voxels."""
    return dict(
        phantom=dict(margin=margin, lowest=lowest),
        channels=channels, labels=labels(classes),
        spacings=[[round(s * (1 + 0.05 * c), 4) for s in spacing] for c in range(cases)],
        shapes=[[n + (c * (axis + 1)) % 4 for axis, n in enumerate(shape)] for c in range(cases)])


def described(spacing, shape, cases, channels, label_map, relative=1.0, order=None, jitter=0.0):
    """A fingerprint; sizes and spacings vary by up to `jitter` around the given ones."""
    wave = [((7 * c) % 11 - 5) / 5 * jitter for c in range(cases)]
    return dict(
        phantom=None, channels=channels, labels=label_map, order=order, relative=relative,
        spacings=[[round(s * (1 + w), 4) for s in spacing] for w in wave],
        shapes=[[max(1, round(n * (1 - w))) for n in shape] for w in wave])


DATASETS = {
    "isotropicMr": written([1, 1, 1], [36, 50, 35], 6, ["MRI"], 2, 0, 100),
    "coarseSlicesPet": written([5, 1.2, 1.2], [14, 60, 58], 6, ["PET"], 1, 0, 1),
    "sagittalCoarse": written([0.9, 0.9, 4.2], [60, 58, 13], 5, ["T2"], 1, 0, 50),
    "ctThreeClasses": written([2.5, 0.8, 0.8], [40, 90, 88], 5, ["CT"], 3, 0, -1000),
    "twoChannelsCropped": written([1, 1, 1], [44, 48, 46], 5, ["T1", "noNorm"], 2, 7, 20),
    "brainTumour": described([1, 1, 1], [138, 170, 138], 40, ["T1", "T1ce", "T2", "FLAIR"],
                             {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "enhancing": [3]}, 0.6, [1, 2, 3]),
    "heart": described([1.37, 1.25, 1.25], [115, 320, 232], 20, ["MRI"], labels(1), jitter=0.05),
    "hippocampus": described([1, 1, 1], [36, 50, 35], 260, ["MRI"], labels(2)),
    "prostate": described([3.6, 0.625, 0.625], [20, 320, 319], 32, ["T2", "ADC"], labels(2)),
    "spleen": described([1.6, 0.79, 0.79], [187, 512, 512], 41, ["CT"], labels(1), jitter=0.2),
    "thickSlices": described([5, 0.78, 0.78], [110, 512, 512], 30, ["CT"], labels(14), jitter=0.1),
    "fewThickSlices": described([8, 1.4, 1.4], [10, 256, 216], 25, ["MRI"], labels(3, ignore=4), jitter=0.3),
    "wholeBody": described([3, 3, 3], [320, 250, 250], 15, ["CT", "PET"], labels(1), 0.5),
    "microscopy": described([0.4, 0.2, 0.2], [501, 900, 1000], 4, ["rescale_to_0_1"], labels(1)),
    "singleSlices": described([5, 0.7, 0.7], [1, 480, 500], 12, ["rgb_to_0_1"] * 3, labels(2)),
}


def phantom(shape, case, classes, margin, lowest):
    """Whole numbers: a pattern inside a margin of zeros, classes side by side in the middle."""
    z, y, x = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    inside = np.ones(shape, bool)
    for axis, at in enumerate((z, y, x)):
        inside &= (at >= margin) & (at < shape[axis] - margin)
    image = np.where(inside, lowest + (7 * z + 13 * y + 29 * x + 31 * case) % 97, 0)
    middle = np.ones(shape, bool)
    for axis, at in enumerate((z, y, x)):
        middle &= (at >= shape[axis] // 4) & (at < 3 * shape[axis] // 4)
    return image, np.where(middle, 1 + (x + y) % classes, 0)


def write_volume(path, voxels, spacing, kind):
    image = sitk.GetImageFromArray(voxels.astype(kind))
    image.SetSpacing([float(s) for s in reversed(spacing)])
    sitk.WriteImage(image, str(path))


def fill_raw(name, data):
    folder = root / "raw" / name
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True)
    dataset = dict(channel_names={str(n): c for n, c in enumerate(data["channels"])}, labels=data["labels"],
                   numTraining=len(data["shapes"]), file_ending=".nii.gz", overwrite_image_reader_writer="SimpleITKIO")
    if data.get("order"):
        dataset["regions_class_order"] = data["order"]
    (folder / "dataset.json").write_text(json.dumps(dataset))
    for case, (shape, spacing) in enumerate(zip(data["shapes"], data["spacings"])):
        for channel in range(len(data["channels"])):
            path = folder / "imagesTr" / f"case{case:03}_{channel:04}.nii.gz"
            if data["phantom"]:
                image, label = phantom(shape, case + channel, len(data["labels"]) - 1, **data["phantom"])
                write_volume(path, image, spacing, np.int16)
                write_volume(folder / "labelsTr" / f"case{case:03}.nii.gz", label, spacing, np.uint8)
            else:
                path.touch()


def take_fingerprint(name, data):
    folder = root / "preprocessed" / name
    if data["phantom"]:
        fingerprint = DatasetFingerprintExtractor(name, num_processes=2).run()
        data["shapes"] = [[int(n) for n in shape] for shape in fingerprint["shapes_after_crop"]]
        data["relative"] = float(fingerprint["median_relative_size_after_cropping"])
        return
    folder.mkdir(parents=True)
    neutral = dict(mean=1.0, median=1.0, std=2.0, min=0.0, max=9.0, percentile_00_5=0.0, percentile_99_5=8.0)
    (folder / "dataset_fingerprint.json").write_text(json.dumps(dict(
        spacings=data["spacings"], shapes_after_crop=data["shapes"], median_relative_size_after_cropping=data["relative"],
        foreground_intensity_properties_per_channel={str(n): neutral for n in range(len(data["channels"]))})))


def recorded(name, planner):
    plans = json.loads(json.dumps(planner(name).plan_experiment(), default=lambda value: np.asarray(value).tolist()))
    manager = PlansManager(plans)
    result = dict(transposeForward=plans["transpose_forward"], configurations={})
    for key in plans["configurations"]:
        one = manager.get_configuration(key)
        arch = one.network_arch_init_kwargs
        result["configurations"][key] = dict(
            spacing=one.spacing, medianShape=one.median_image_size_in_voxels, patch=one.patch_size, batch=one.batch_size,
            batchDice=one.batch_dice, previousStage=one.previous_stage_name, kernels=arch["kernel_sizes"],
            strides=arch["strides"], features=arch["features_per_stage"],
            encoder=arch.get("n_conv_per_stage", arch.get("n_blocks_per_stage")), decoder=arch["n_conv_per_stage_decoder"],
            normalization=one.normalization_schemes, insideMask=one.use_mask_for_norm)
    return result


if __name__ == "__main__":
    torch.set_default_device("meta")  # only shapes are counted: no memory for weights
    out = {}
    for index, (key, data) in enumerate(DATASETS.items()):
        name = f"Dataset{index + 1:03}_{key}"
        original = dict(shapes=data["shapes"])
        fill_raw(name, data)
        with contextlib.redirect_stdout(io.StringIO()):
            take_fingerprint(name, data)
            plans = {preset: recorded(name, planner) for preset, planner in PLANNERS.items()}
        print(key, plans["v2"]["configurations"].keys(), file=sys.stderr)
        out[key] = dict(
            channels=data["channels"], labels=data["labels"], regionsClassOrder=data.get("order"), phantom=data["phantom"],
            spacings=data["spacings"], originalShapes=original["shapes"] if data["phantom"] else None,
            shapes=data["shapes"], relativeSize=data["relative"], plans=plans)
    shutil.rmtree(root)
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in out.items())
    print(f'{{"nnunetv2": {json.dumps(importlib.metadata.version("nnunetv2"))}, "datasets": {{\n{lines}\n}}}}')

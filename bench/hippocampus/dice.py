"""Mean Dice per label of label maps against truth, in the voxel space of the truth files.

Independent of Maskloop's own metrics: nibabel + numpy only. A prediction whose grid differs from the
truth's (shape or affine) is an error, not a resampling job.
Usage: dice.py TRUTH_FOLDER PREDICTION_FOLDER LABEL [LABEL…]   → JSON on stdout
"""
import json
import os
import sys

import nibabel as nib
import numpy as np

truth_folder, prediction_folder, *labels = sys.argv[1:]
labels = [int(label) for label in labels]
per_case = {}
for name in sorted(f for f in os.listdir(truth_folder) if f.endswith(".nii.gz") and not f.startswith(".")):
    truth = nib.load(os.path.join(truth_folder, name))
    prediction = nib.load(os.path.join(prediction_folder, name))
    if truth.shape != prediction.shape:
        sys.exit(f"{name}: shape {prediction.shape} is not the truth's {truth.shape}")
    if not np.allclose(truth.affine, prediction.affine, atol=1e-3):
        sys.exit(f"{name}: affine differs from the truth's\n{prediction.affine}\n{truth.affine}")
    t = np.rint(np.asanyarray(truth.dataobj)).astype(int)
    p = np.rint(np.asanyarray(prediction.dataobj)).astype(int)
    case = {}
    for label in labels:
        both = (t == label).sum() + (p == label).sum()
        case[label] = float(2 * ((t == label) & (p == label)).sum() / both) if both else float("nan")
    per_case[name] = case

mean = {label: float(np.nanmean([case[label] for case in per_case.values()])) for label in labels}
case_means = [float(np.nanmean(list(case.values()))) for case in per_case.values()]
print(json.dumps({
    "cases": len(per_case),
    "meanPerLabel": mean,
    "meanForeground": float(np.mean(list(mean.values()))),
    "worstCase": min(case_means),
    "stdOverCases": float(np.std(case_means)),
}))

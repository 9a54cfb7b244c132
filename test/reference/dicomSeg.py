"""Masks of segmentation objects as pydicom decodes their frames, each put onto a grid that the caller names.

argv: a JSON file with a list of {path, affine (16 numbers row by row, ijk to LPS millimetres), dims (i, j, k)}. Prints for
each, by segment number, SHA-1 (one byte a voxel, i fastest) and voxel count of the mask, and how far frames lie from whole
voxels of the grid.
"""
import hashlib
import json
import sys

import numpy as np
import pydicom


def masks_of(path, affine, dims):
    dataset = pydicom.dcmread(path)
    inverse = np.linalg.inv(np.array(affine).reshape(4, 4))
    ni, nj, nk = dims
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    kind = dataset.SegmentationType
    masks = {int(s.SegmentNumber): np.zeros((nk, nj, ni), np.uint8) for s in dataset.SegmentSequence}
    largest_miss = 0.0
    for frame, groups in zip(frames, dataset.PerFrameFunctionalGroupsSequence):
        position = groups.get("PlanePositionSequence") or shared.PlanePositionSequence
        corner = inverse @ [*map(float, position[0].ImagePositionPatient), 1]
        measures = (groups.get("PixelMeasuresSequence") or shared.PixelMeasuresSequence)[0]
        orientation = (groups.get("PlaneOrientationSequence") or shared.PlaneOrientationSequence)[0]
        row = np.array(list(map(float, orientation.ImageOrientationPatient[:3]))) * float(measures.PixelSpacing[1])
        column = np.array(list(map(float, orientation.ImageOrientationPatient[3:]))) * float(measures.PixelSpacing[0])
        far = corner[:3] + inverse[:3, :3] @ (row * (ni - 1) + column * (nj - 1))
        k = int(round(corner[2]))
        largest_miss = max(largest_miss, np.abs(corner[:3] - [0, 0, k]).max(), np.abs(far - [ni - 1, nj - 1, k]).max())
        if kind == "LABELMAP":
            for number, mask in masks.items():
                mask[k][frame == number] = 1
        else:
            number = int((groups.get("SegmentIdentificationSequence") or shared.SegmentIdentificationSequence)[0].ReferencedSegmentNumber)
            threshold = 0.5 * int(dataset.MaximumFractionalValue) if kind == "FRACTIONAL" else 1
            masks[number][k][frame >= threshold] = 1
    return {
        "masks": {number: {"sha1": hashlib.sha1(mask.tobytes()).hexdigest(), "count": int(mask.sum())} for number, mask in masks.items()},
        "largestMiss": float(largest_miss),
    }


with open(sys.argv[1]) as jobs:
    print(json.dumps([masks_of(**job) for job in json.load(jobs)]))

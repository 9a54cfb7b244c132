"""Reads each list of files with SimpleITK (GDCM), or frame by frame with pydicom, and writes voxels as float64.

Arguments: a JSON file [{"files": [...], "out": path}], and "itk", "frames" or "tilt". Prints one JSON list.
"""
import json
import sys

import numpy as np
import pydicom
import SimpleITK as sitk


def ordered(files):
    """By position along the normal, worked out from the headers alone."""
    heads = [(path, pydicom.dcmread(path, stop_before_pixels=True)) for path in files]
    iop = np.array(heads[0][1].ImageOrientationPatient, float)
    normal = np.cross(iop[:3], iop[3:])
    return [path for path, _ in sorted(heads, key=lambda one: float(np.dot(np.array(one[1].ImagePositionPatient, float), normal)))]


def by_itk(files):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(ordered(files))
    image = reader.Execute()
    array = sitk.GetArrayFromImage(image)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    # ITK's directions are columns; a series ordered along its normal has a right-handed one
    return array, image.GetSize(), image.GetSpacing(), image.GetOrigin(), direction.T.ravel().tolist()


def frames_of(files):
    found = []
    for path in files:
        ds = pydicom.dcmread(path)
        pixels = ds.pixel_array
        if "PerFrameFunctionalGroupsSequence" not in ds:
            slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
            found.append((ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing, pixels * slope + intercept, 0))
            continue
        shared = ds.SharedFunctionalGroupsSequence[0]
        for n, own in enumerate(ds.PerFrameFunctionalGroupsSequence):
            item = lambda name: (own.get(name) or shared.get(name) or [None])[0]
            rescale = item("PixelValueTransformationSequence")
            slope, intercept = (float(rescale.RescaleSlope), float(rescale.RescaleIntercept)) if rescale else (1, 0)
            time = int(own.FrameContentSequence[0].get("TemporalPositionIndex", 0)) if "FrameContentSequence" in own else 0
            found.append((item("PlanePositionSequence").ImagePositionPatient, item("PlaneOrientationSequence").ImageOrientationPatient,
                          item("PixelMeasuresSequence").PixelSpacing, (pixels[n] if pixels.ndim == 3 else pixels) * slope + intercept, time))
    return found


def by_frames(files):
    """The frames of the first time point."""
    frames = frames_of(files)
    first = min(frame[4] for frame in frames)
    frames = [frame for frame in frames if frame[4] == first]
    iop = np.array(frames[0][1], float)
    normal = np.cross(iop[:3], iop[3:])
    frames.sort(key=lambda frame: float(np.dot(np.array(frame[0], float), normal)))
    depths = [float(np.dot(np.array(frame[0], float), normal)) for frame in frames]
    array = np.stack([frame[3] for frame in frames])
    spacing = [float(frames[0][2][1]), float(frames[0][2][0]), (depths[-1] - depths[0]) / (len(depths) - 1)]
    return array, array.shape[::-1], spacing, [float(x) for x in frames[0][0]], [*iop.tolist(), *normal.tolist()]


def by_sampling(files, grid):
    """Linear interpolation in each slice at the voxel centres of a grid whose planes are those slices; NaN outside."""
    frames = sorted(frames_of(files), key=lambda frame: float(np.dot(np.array(frame[0], float), grid["direction"][6:])))
    d, s, o = np.array(grid["direction"]).reshape(3, 3), grid["spacingMm"], np.array(grid["originLpsMm"])
    ni, nj, nk = grid["dimsIjk"]
    array = np.full((nk, nj, ni), np.nan)
    j, i = np.mgrid[0:nj, 0:ni]
    for k, (ipp, iop, spacing, pixels, _) in enumerate(frames):
        iop = np.array(iop, float)
        points = o + i[..., None] * s[0] * d[0] + j[..., None] * s[1] * d[1] + k * s[2] * d[2] - np.array(ipp, float)
        x, y = points @ iop[:3] / float(spacing[1]), points @ iop[3:] / float(spacing[0])
        assert abs(float((points @ np.cross(iop[:3], iop[3:])).max())) < 1e-3, "planes of the grid are not the slices"
        # a hair's breadth inside: rounding must not decide which pixels count
        inside = (x > -1e-6) & (y > -1e-6) & (x < pixels.shape[1] - 1 + 1e-6) & (y < pixels.shape[0] - 1 + 1e-6)
        x, y = np.clip(x, 0, pixels.shape[1] - 1), np.clip(y, 0, pixels.shape[0] - 1)
        x0, y0 = np.minimum(x.astype(int), pixels.shape[1] - 2), np.minimum(y.astype(int), pixels.shape[0] - 2)
        u, v = x - x0, y - y0
        value = ((1 - u) * (1 - v) * pixels[y0, x0] + u * (1 - v) * pixels[y0, x0 + 1]
                 + (1 - u) * v * pixels[y0 + 1, x0] + u * v * pixels[y0 + 1, x0 + 1])
        lowest = np.minimum.reduce([pixels[y0, x0], pixels[y0, x0 + 1], pixels[y0 + 1, x0], pixels[y0 + 1, x0 + 1]])
        # padding is not mixed with tissue: left out here
        array[k] = np.where(inside & (lowest > -1500), value, np.nan)
    return array, grid["dimsIjk"], s, grid["originLpsMm"], grid["direction"]


answers = []
for case in json.load(open(sys.argv[1])):
    if "grid" in case:
        array, size, spacing, origin, direction = by_sampling(case["files"], case["grid"])
    else:
        array, size, spacing, origin, direction = (by_frames if case["isMultiFrame"] else by_itk)(case["files"])
    np.ascontiguousarray(array, np.float64).tofile(case["out"])
    answers.append({"dimsIjk": list(size), "spacingMm": list(spacing), "originLpsMm": list(origin), "direction": list(direction)})
print(json.dumps(answers))

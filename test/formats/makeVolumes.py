"""Volumes as nibabel and SimpleITK write them; the last line tells files with their voxels (i fastest) and LPS affines."""
import gzip
import json
import os
import shutil
import sys

import nibabel
import numpy as np
import SimpleITK as sitk

folder = sys.argv[1]
rng = np.random.default_rng(3)
SHAPE = (5, 4, 3)
TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
files = []


def values(dtype, shape=SHAPE):
    if np.dtype(dtype).kind == "f":
        return rng.normal(0, 100, shape).astype(np.float32).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(max(info.min, -40000), min(info.max, 60000), shape, endpoint=True).astype(dtype)


def rotation(a, b, c):
    ca, sa, cb, sb, cc, sc = np.cos(a), np.sin(a), np.cos(b), np.sin(b), np.cos(c), np.sin(c)
    x = np.array([[1, 0, 0], [0, ca, -sa], [0, sa, ca]])
    y = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
    z = np.array([[cc, -sc, 0], [sc, cc, 0], [0, 0, 1]])
    return x @ y @ z


DIRECTIONS = {
    "axial": np.eye(3),
    "ras": np.diag([-1.0, -1.0, 1.0]),
    "left-handed": np.diag([1.0, 1.0, -1.0]),
    "sagittal": np.array([[0, 0, -1.0], [1, 0, 0], [0, -1.0, 0]]),
    "oblique": rotation(0.3, -0.5, 1.1),
    "oblique-left-handed": rotation(-0.2, 0.7, 2.9) @ np.diag([1.0, -1.0, 1.0]),
}
SPACING = (0.7, 1.25, 3.0)
ORIGIN = (-91.5, 40.25, 612.125)
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


def note(name, channels, affine_lps):
    flat = [np.asarray(c).ravel(order="F").astype(float).tolist() for c in channels]
    files.append({"name": name, "channels": flat, "affine": np.asarray(affine_lps, float).ravel().tolist()})


def affine_of(direction):
    affine = np.eye(4)
    affine[:3, :3] = direction @ np.diag(SPACING)
    affine[:3, 3] = ORIGIN
    return affine


def with_nibabel():
    for dtype in TYPES:
        for order in "<>":
            for kind, suffix in (("Nifti1Image", ".nii"), ("Nifti2Image", ".nii.gz"), ("Nifti1Pair", ".img")):
                cls = getattr(nibabel, kind)
                data = values(dtype)
                header = cls.header_class(endianness=order)
                header.set_data_dtype(dtype)
                image = cls(data, FLIP @ affine_of(DIRECTIONS["oblique"]), header)
                name = f"{kind}_{dtype}_{'le' if order == '<' else 'be'}{suffix}"
                nibabel.save(image, os.path.join(folder, name))
                note(name.replace(".img", ".hdr"), [data], affine_of(DIRECTIONS["oblique"]))
    for name, direction in DIRECTIONS.items():
        for form in ("sform", "qform"):
            data = values("int16")
            image = nibabel.Nifti1Image(data, FLIP @ affine_of(direction))
            if form == "sform":
                image.set_qform(None, 0)
            else:
                image.set_qform(FLIP @ affine_of(direction), 1)
                image.set_sform(None, 0)
            nibabel.save(image, os.path.join(folder, f"{form}_{name}.nii"))
            note(f"{form}_{name}.nii", [data], affine_of(direction))
    scaled = nibabel.Nifti1Image(values("int16"), FLIP @ affine_of(DIRECTIONS["axial"]))
    scaled.header.set_slope_inter(0.25, -1024)
    nibabel.save(scaled, os.path.join(folder, "scaled.nii.gz"))
    note("scaled.nii.gz", [nibabel.load(os.path.join(folder, "scaled.nii.gz")).get_fdata()], affine_of(DIRECTIONS["axial"]))
    for name, shape in (("four.nii", (*SHAPE, 6)), ("vector.nii", (*SHAPE, 1, 3)), ("plane.nii", (5, 4))):
        data = values("uint8", shape)
        image = nibabel.Nifti1Image(data, FLIP @ affine_of(DIRECTIONS["axial"]))
        nibabel.save(image, os.path.join(folder, name))
        channels = data.reshape(*SHAPE, -1) if len(shape) > 2 else data[..., None, None]
        note(name, np.moveaxis(channels, -1, 0), affine_of(DIRECTIONS["axial"]))
    data = values("int16")
    extended = nibabel.Nifti1Image(data, FLIP @ affine_of(DIRECTIONS["axial"]))
    extended.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"a word " * 40))
    nibabel.save(extended, os.path.join(folder, "extension.nii.gz"))
    note("extension.nii.gz", [data], affine_of(DIRECTIONS["axial"]))
    for unit, per_mm in (("meter", 1e-3), ("micron", 1e3)):
        affine = affine_of(DIRECTIONS["oblique"]) * per_mm
        affine[3, 3] = 1
        image = nibabel.Nifti1Image(data, FLIP @ affine)
        image.header.set_xyzt_units(unit)
        nibabel.save(image, os.path.join(folder, f"{unit}.nii"))
        note(f"{unit}.nii", [data], affine_of(DIRECTIONS["oblique"]))
    analyze = nibabel.Spm99AnalyzeImage(data, None)
    analyze.header.set_zooms(SPACING)
    for name, origin in (("analyze", None), ("spm", (2, 3, 1))):
        if origin:
            analyze.header["origin"][:3] = origin
        image = nibabel.Spm99AnalyzeImage(data, None, analyze.header)
        image.header.set_data_dtype("int16")
        with open(os.path.join(folder, name + ".hdr"), "wb") as header, open(os.path.join(folder, name + ".img"), "wb") as pixels:
            image.to_file_map({"header": nibabel.FileHolder(fileobj=header), "image": nibabel.FileHolder(fileobj=pixels), "mat": nibabel.FileHolder(fileobj=open(os.devnull, "wb"))})
        loaded = nibabel.load(os.path.join(folder, name + ".img"))
        note(name + ".hdr", [loaded.get_fdata()], FLIP @ loaded.header.get_best_affine())


def itk_image(data, direction):
    image = sitk.GetImageFromArray(np.ascontiguousarray(data.transpose(2, 1, 0)) if data.ndim == 3 else data)
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    image.SetDirection(direction.ravel().tolist())
    return image


def with_itk():
    for suffix in (".nrrd", ".nhdr", ".mha", ".mhd", ".nii.gz"):
        for compressed in (True, False):
            kind = "packed" if compressed else "plain"
            for dtype in TYPES:
                data = values(dtype)
                name = f"itk_{kind}_{dtype}_{suffix[1:4]}{suffix}"
                sitk.WriteImage(itk_image(data, DIRECTIONS["oblique"]), os.path.join(folder, name), compressed)
                note(name, [data], affine_of(DIRECTIONS["oblique"]))
        for kind, direction in DIRECTIONS.items():
            data = values("uint8")
            name = f"itk_{kind}_{suffix[1:4]}{suffix}"
            sitk.WriteImage(itk_image(data, direction), os.path.join(folder, name), True)
            note(name, [data], affine_of(direction))
        data = values("int16", (*SHAPE, 2))
        image = sitk.GetImageFromArray(np.ascontiguousarray(data.transpose(2, 1, 0, 3)), isVector=True)
        image.SetSpacing(SPACING)
        image.SetOrigin(ORIGIN)
        name = f"itk_vector_{suffix[1:4]}{suffix}"
        sitk.WriteImage(image, os.path.join(folder, name), True)
        note(name, np.moveaxis(data, -1, 0), affine_of(DIRECTIONS["axial"]))


def by_hand():
    """Files that ITK reads but does not write: text, big endian, lists, skips, other spaces and units."""
    axial = affine_of(DIRECTIONS["axial"])
    data = values("int16")
    flat = data.ravel(order="F")
    big, little = flat.astype(">i2").tobytes(), flat.astype("<i2").tobytes()
    slices = [data[:, :, k].ravel(order="F").astype("<i2").tobytes() for k in range(3)]

    def write(name, content):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)

    def nrrd(name, encoding, content, space="left-posterior-superior", extra="", endian="little", note_as=axial, sizes="5 4 3", directions="(0.7,0,0) (0,1.25,0) (0,0,3)", origin="(-91.5,40.25,612.125)", kinds="domain domain domain", channels=None):
        dimension = len(sizes.split())
        lines = ["NRRD0005", "# by hand", "type: int16", f"dimension: {dimension}", f"space: {space}", f"sizes: {sizes}", f"space directions: {directions}", f"kinds: {kinds}", f"encoding: {encoding}", f"endian: {endian}", f"space origin: {origin}"]
        text = "\n".join(lines) + "\n" + extra
        write(name, text.encode() + (b"\n" + content if content is not None else b""))
        note(name, channels if channels is not None else [data], note_as)

    nrrd("text.nrrd", "ascii", " ".join(map(str, flat)).encode())
    nrrd("big.nrrd", "raw", big, endian="big")
    nrrd("zip.nrrd", "gz", gzip.compress(b"????" + little), extra="byte skip: 4\n")
    nrrd("skip.nrrd", "raw", b"a line\nanother\nxy" + little, extra="line skip: 2\nbyteskip: 2\n")
    nrrd("last.nrrd", "raw", b"anything" + little, extra="byte skip: -1\n")
    nrrd("ras.nrrd", "raw", little, space="right-anterior-superior", directions="(-0.7,0,0) (0,-1.25,0) (0,0,3)", origin="(91.5,-40.25,612.125)")
    nrrd("las.nrrd", "raw", little, space="LAS", directions="(0.7,0,0) (0,-1.25,0) (0,0,3)", origin="(-91.5,-40.25,612.125)")
    nrrd("metres.nrrd", "raw", little, directions="(0.0007,0,0) (0,0.00125,0) (0,0,0.003)", origin="(-0.0915,0.04025,0.612125)", extra='space units: "m" "m" "m"\nmeasurement frame: (0,1,0) (1,0,0) (0,0,1)\n')
    for k in range(3):
        write(f"slice{k:02d}.raw", slices[k])
        write(f"slice{k:02d}.raw.gz", gzip.compress(slices[k]))
    nrrd("list.nhdr", "gzip", None, extra="data file: LIST 2\n" + "".join(f"slice{k:02d}.raw.gz\n" for k in range(3)))
    nrrd("pattern.nhdr", "raw", None, extra="data file: slice%02d.raw 0 2 1 2\n")
    os.makedirs(os.path.join(folder, "below"), exist_ok=True)
    write("below/voxels.raw", little)
    nrrd("one.nhdr", "raw", None, extra="datafile: below/voxels.raw\n")
    four = values("int16", (*SHAPE, 2))
    channels = list(np.moveaxis(four, -1, 0))
    first, middle, last = ("2 5 4 3", "5 4 2 3", "5 4 3 2")
    nrrd("first.nrrd", "raw", np.moveaxis(four, -1, 0).ravel(order="F").tobytes(), sizes=first, directions="none (0.7,0,0) (0,1.25,0) (0,0,3)", kinds="list domain domain domain", channels=channels)
    nrrd("middle.nrrd", "raw", np.moveaxis(four, -1, 2).ravel(order="F").tobytes(), sizes=middle, directions="(0.7,0,0) (0,1.25,0) none (0,0,3)", kinds="domain domain vector domain", channels=channels)
    nrrd("last4.nrrd", "raw", four.ravel(order="F").tobytes(), sizes=last, directions="(0.7,0,0) (0,1.25,0) (0,0,3) none", kinds="domain domain domain list", channels=channels)
    write("bare.nrrd", b"NRRD0001\ntype: short\ndimension: 3\nsizes: 5 4 3\nspacings: 0.7 1.25 3\nencoding: raw\nendian: little\n\n" + little)
    note("bare.nrrd", [data], np.diag([*SPACING, 1.0]))

    def meta(name, lines, content=b"", note_as=axial, rank=3, size="5 4 3", channels=None):
        head = ["ObjectType = Image", f"NDims = {rank}", f"DimSize = {size}", "ElementType = MET_SHORT", f"ElementSpacing = {'0.7 1.25 3 2'[:12 if rank == 4 else 10]}", *lines]
        write(name, ("\n".join(head) + "\n").encode() + content)
        note(name, channels if channels is not None else [data], note_as)

    place = "Offset = -91.5 40.25 612.125"
    meta("big.mha", [place, "BinaryData = True", "ElementByteOrderMSB = True", "ElementDataFile = LOCAL"], big)
    meta("text.mha", ["Position = -91.5 40.25 612.125", "BinaryData = False", "ElementDataFile = LOCAL"], " ".join(map(str, flat)).encode())
    meta("list.mhd", [place, "ElementDataFile = LIST", *[f"slice{k:02d}.raw" for k in range(3)]])
    meta("pattern.mhd", [place, "ElementDataFile = slice%02d.raw 0 2 1"])
    write("headed.raw", b"12345678" + little)
    meta("headed.mhd", [place, "HeaderSize = 8", "ElementDataFile = headed.raw"])
    meta("end.mhd", [place, "HeaderSize = -1", "ElementDataFile = headed.raw"])
    meta("four.mha", ["Offset = -91.5 40.25 612.125 0", "ElementDataFile = LOCAL"], four.ravel(order="F").tobytes(), rank=4, size="5 4 3 2", channels=channels)


def as_itk_reads(file):
    """SimpleITK's word on a file written by hand: `same`, `refused` or what differs."""
    try:
        image = sitk.ReadImage(os.path.join(folder, file["name"]))
    except RuntimeError:
        return "refused"
    array = sitk.GetArrayFromImage(image)
    affine = np.eye(4)
    n = image.GetDimension()
    affine[:3, :3] = (np.array(image.GetDirection()).reshape(n, n) @ np.diag(image.GetSpacing()))[:3, :3]
    affine[:3, 3] = image.GetOrigin()[:3]
    if not np.allclose(affine.ravel(), file["affine"], atol=1e-6):
        return f"affine {affine.tolist()}"
    array = np.moveaxis(array, -1, 0) if image.GetNumberOfComponentsPerPixel() > 1 else array
    return "same" if np.array_equal(array.ravel(), np.ravel(file["channels"])) else "voxels"


with_nibabel()
with_itk()
written_by_them = len(files)
by_hand()
for file in files[written_by_them:]:
    file["itk"] = as_itk_reads(file)
print(json.dumps(files))

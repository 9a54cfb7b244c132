"""Writes small DICOM files in every transfer syntax and pixel layout, by pydicom's and dcmtk's encoders.

usage: python dicomVariants.py FOLDER [dcmtk]    (dcmcjpeg on the PATH)
Prints one JSON list: file, syntax, and how it is to be read. `same`: as stored before encoding, which is in FILE.raw as
little-endian frames; `near`: within `error` of it; `pydicom`: no truth of its own, compare with pydicom's decoder.
"""
import json, os, subprocess, sys
import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.filewriter import dcmwrite
from pydicom.uid import *

folder = sys.argv[1]
has_dcmtk = 'dcmtk' in sys.argv[2:]
listed = []


def image(shape, dtype, low, high):
    """Smooth shapes with edges, noise and both extremes, so that every predictor and bit plane is used."""
    random = np.random.default_rng(7)
    frames, rows, columns = shape
    f, y, x = np.meshgrid(np.arange(frames), np.arange(rows), np.arange(columns), indexing='ij')
    wave = 0.5 + 0.35 * np.sin(x / 5 + f) * np.cos(y / 7) + 0.1 * ((x // 8 + y // 8) % 2)
    values = np.clip(low + wave * (high - low) + random.normal(0, (high - low) / 200, shape), low, high)
    values[:, 0, 0], values[:, -1, -1] = low, high
    return np.rint(values).astype(dtype)


def dataset(values, stored, photometric='MONOCHROME2'):
    frames, rows, columns = values.shape
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SecondaryCaptureImageStorage, '1.2.826.0.1.3680043.10.999.7'
    ds = FileDataset(None, {}, file_meta=meta, preamble=b'\0' * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.PatientID, ds.Modality, ds.StudyInstanceUID, ds.SeriesInstanceUID = 'P', 'OT', '1.2.3', '1.2.3.4'
    ds.PatientName, ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = 'P', '1', 1, 1
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = rows, columns, 1, photometric
    if frames > 1: ds.NumberOfFrames = frames
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8 * values.itemsize, stored, stored - 1
    ds.PixelRepresentation = int(values.dtype.kind == 'i')
    ds.PixelData = values.tobytes() + b'\0' * (values.nbytes % 2)
    ds['PixelData'].VR = 'OB' if values.itemsize == 1 else 'OW'
    return ds


def save(ds, name, truth, how='same', error=0, **options):
    path = os.path.join(folder, name + '.dcm')
    dcmwrite(path, ds, **(options or {'enforce_file_format': True}))
    note(name, ds.file_meta.TransferSyntaxUID, truth, how, error)


def note(name, syntax, truth, how='same', error=0):
    if truth is not None:
        with open(os.path.join(folder, name + '.raw'), 'wb') as file: file.write(truth.astype(truth.dtype.newbyteorder('<')).tobytes())
    listed.append({'file': name + '.dcm', 'syntax': str(syntax), 'how': how, 'error': error})


LAYOUTS = {
    'u8': (np.uint8, 8, 0, 255), 's8': (np.int8, 8, -128, 127), 'u8of6': (np.uint8, 6, 0, 63),
    'u12': (np.uint16, 12, 0, 4095), 's12': (np.int16, 12, -2048, 2047), 'u16': (np.uint16, 16, 0, 65535), 's16': (np.int16, 16, -32768, 32767),
}
WIDE = {'u32': (np.uint32, 32, 0, 2**32 - 1), 's32': (np.int32, 32, -2**31, 2**31 - 1), 's20of32': (np.int32, 20, -2**19, 2**19 - 1)}

for layout, (dtype, stored, low, high) in {**LAYOUTS, **WIDE}.items():
    values = image((3, 45, 37), dtype, low, high)
    make = lambda: dataset(values, stored)
    save(make(), f'{layout}-explicit', values)
    ds = make(); ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian; save(ds, f'{layout}-implicit', values, implicit_vr=True, little_endian=True)
    ds = make(); ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian; save(ds, f'{layout}-deflated', values)
    ds = make(); ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    if values.itemsize > 1:
        ds.PixelData = values.astype(values.dtype.newbyteorder('>')).tobytes()
        save(ds, f'{layout}-bigendian', values, implicit_vr=False, little_endian=False, force_encoding=True)
    if has_dcmtk and values.itemsize != 1:
        source, target = os.path.join(folder, f'{layout}-explicit.dcm'), os.path.join(folder, f'{layout}-rle-dcmtk.dcm')
        subprocess.run(['dcmcrle', source, target], check=True)
        note(f'{layout}-rle-dcmtk', RLELossless, values)
    if layout in WIDE: continue
    ds = make(); ds.compress(RLELossless, generate_instance_uid=False); save(ds, f'{layout}-rle', values)
    ds = make(); ds.compress(JPEGLSLossless, generate_instance_uid=False); save(ds, f'{layout}-jpegls', values)
    if values.dtype.kind == 'u': ds = make(); ds.compress(JPEGLSNearLossless, jls_error=3, generate_instance_uid=False); save(ds, f'{layout}-jpegls-near3', values, 'near', 3)
    ds = make(); ds.compress(JPEG2000Lossless, generate_instance_uid=False); save(ds, f'{layout}-j2k', values)
    ds = make(); ds.compress(JPEG2000, j2k_cr=[8], generate_instance_uid=False); save(ds, f'{layout}-j2k-lossy', None, 'pydicom')
    if has_dcmtk:
        for option, name, lossless in [(['+e1'], 'lossless-sv1', True), *[(['+el', '+sv', str(n)], f'lossless-sv{n}-57', True) for n in (2, 4, 5, 6, 7)],
                                       (['+eb', '+q', '90'], 'baseline', False), (['+ee', '+q', '90'], 'extended', False)]:
            if not lossless and (stored > 12 or values.dtype.kind == 'i' or (stored > 8 and name == 'baseline')): continue
            source, target = os.path.join(folder, f'{layout}-explicit.dcm'), os.path.join(folder, f'{layout}-jpeg-{name}.dcm')
            done = subprocess.run(['dcmcjpeg', '-q', *option, source, target], capture_output=True, text=True)
            if done.returncode: print(f'{target}: {done.stderr}', file=sys.stderr); continue
            note(f'{layout}-jpeg-{name}', dcmread(target, stop_before_pixels=True).file_meta.TransferSyntaxUID, values if lossless else None, 'same' if lossless else 'pydicom')

# a signed header over an unsigned codestream, as some archives write it
values = image((1, 40, 32), np.int16, -2048, 2047)
ds = dataset((values.astype(np.int32) & 0xfff).astype(np.uint16)[:1], 12); ds.compress(JPEG2000Lossless, generate_instance_uid=False); ds.PixelRepresentation = 1
save(ds, 'mismatch-signed-header-j2k', values)
ds = dataset((values.astype(np.int32) & 0xfff).astype(np.uint16)[:1], 12); ds.compress(JPEGLSLossless, generate_instance_uid=False); ds.PixelRepresentation = 1
save(ds, 'mismatch-signed-header-jpegls', values)

# spare bits above BitsStored hold an overlay
values = image((1, 9, 7), np.int16, -2048, 2047)
ds = dataset(values, 12); ds.PixelData = ((values.astype(np.int32) & 0xfff) | 0x5000).astype(np.uint16).tobytes(); save(ds, 'dirty-spare-bits-s12', values)
# the high bit at the top
values = image((1, 8, 8), np.uint16, 0, 4095)
ds = dataset(values << 4, 12); ds.HighBit = 15; save(ds, 'high-bit-15-u12', values)

# encapsulation: with and without offset tables, several fragments a frame
for syntax, name in ((JPEG2000Lossless, 'j2k'), (RLELossless, 'rle'), (JPEGLSLossless, 'jpegls')):
    values = image((3, 64, 48), np.uint16, 0, 4095)
    whole = dataset(values, 12); whole.compress(syntax, generate_instance_uid=False)
    frames = list(generate_frames(whole.PixelData, number_of_frames=3))
    for fragments in (1, 3):
        for table in ('none', 'basic', 'extended'):
            if table == 'extended' and fragments > 1: continue
            if table == 'none' and fragments > 1 and name == 'rle': continue
            ds = dataset(values, 12); ds.file_meta.TransferSyntaxUID = syntax
            if table == 'extended': ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(frames)
            else: ds.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=table == 'basic')
            ds['PixelData'].VR = 'OB'; ds['PixelData'].is_undefined_length = True
            save(ds, f'{name}-{fragments}-fragments-{table}-table', values)
    ds = dataset(values[:1], 12); ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate(frames[:1], fragments_per_frame=4, has_bot=False); ds['PixelData'].VR = 'OB'; ds['PixelData'].is_undefined_length = True
    save(ds, f'{name}-single-frame-4-fragments-no-table', values[:1])

print(json.dumps(listed))

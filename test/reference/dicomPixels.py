"""Stored pixel values of DICOM files as pydicom reads them.

usage: python dicomPixels.py LIST ARRAYS    (LIST: a JSON list of files; ARRAYS: a folder for the values of lossy ones)
Prints one JSON object for each file: {sha256, dtype, shape} of its little-endian values, {values} as a file when the codec
is lossy, or {error}.
"""
import hashlib, json, os, sys
import numpy as np
from pydicom import dcmread
from pydicom.pixels import pixel_array

LOSSY = {'1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.51', '1.2.840.10008.1.2.4.91', '1.2.840.10008.1.2.4.203'}
answers = {}
for number, path in enumerate(json.load(open(sys.argv[1]))):
    try:
        ds = dcmread(path, force=True)
        if 'PixelData' not in ds:
            answers[path] = {'error': 'no pixel data'}
            continue
        if 'TransferSyntaxUID' not in getattr(ds, 'file_meta', {}):
            ds.file_meta.TransferSyntaxUID = '1.2.840.10008.1.2.1' if not ds.original_encoding[0] else '1.2.840.10008.1.2'
        values = pixel_array(ds, raw=True)
        data = values.astype(values.dtype.newbyteorder('<')).tobytes()
        answers[path] = {'sha256': hashlib.sha256(data).hexdigest(), 'dtype': str(values.dtype), 'shape': list(values.shape)}
        if ds.file_meta.TransferSyntaxUID in LOSSY:
            answers[path]['values'] = os.path.join(sys.argv[2], f'{number}.raw')
            with open(answers[path]['values'], 'wb') as file: file.write(data)
    except Exception as problem:
        answers[path] = {'error': f'{type(problem).__name__}: {problem}'[:200]}
print(json.dumps(answers))

"""Argument: a folder. Prints SOP class and transfer syntax of every DICOM file below it, as pydicom reads them."""
import json, os, sys
import pydicom
from pydicom.uid import ImplicitVRLittleEndian, UID

# pydicom 3.0.2 does not know it yet
NEWER = {"1.2.840.10008.5.1.4.1.1.66.7": "Label Map Segmentation Storage"}

seen = []
for folder, _, names in sorted(os.walk(sys.argv[1])):
    for name in sorted(names):
        try:
            ds = pydicom.dcmread(os.path.join(folder, name), stop_before_pixels=True, force=False)
        except Exception:
            continue
        uid = ds.get("SOPClassUID") or ds.file_meta.get("MediaStorageSOPClassUID")
        uid = uid and UID(uid)
        if not uid or not uid.name or "Directory" in uid.name:
            continue
        syntax = ds.file_meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)
        seen.append({"sopClassUid": str(uid), "sopClassName": NEWER.get(uid, uid.name), "transferSyntaxUid": str(syntax)})
print(json.dumps(seen))

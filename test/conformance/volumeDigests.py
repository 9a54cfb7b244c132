"""Argument: a JSON list of volume files. Prints shape, RAS affine and a digest of the float32 voxels (first axis fastest) of each."""
import hashlib, json, sys
import nibabel, numpy, SimpleITK

def by_nibabel(path):
    image = nibabel.load(path)
    return numpy.asarray(image.dataobj, dtype=numpy.float64), image.affine

def by_itk(path):
    image = SimpleITK.ReadImage(path)
    voxels = SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0).astype(numpy.float64)
    affine = numpy.eye(4)
    affine[:3, :3] = numpy.array(image.GetDirection()).reshape(3, 3) * numpy.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return voxels, numpy.diag([-1, -1, 1, 1]) @ affine

result = []
for path in json.load(sys.stdin if len(sys.argv) < 2 else open(sys.argv[1])):
    try:
        voxels, affine = by_itk(path) if path.lower().endswith((".nrrd", ".nhdr", ".mha", ".mhd")) else by_nibabel(path)
    except Exception as error:
        result.append({"error": str(error)})
        continue
    while voxels.ndim < 3:
        voxels = voxels[..., None]
    channels = voxels.reshape(voxels.shape[:3] + (-1,)) if voxels.ndim > 3 else voxels[..., None]
    digests = []
    for n in range(channels.shape[3]):
        channel = numpy.where(numpy.isfinite(channels[..., n]), channels[..., n], 0).astype("<f4") + numpy.float32(0)
        digests.append(hashlib.sha256(channel.tobytes(order="F")).hexdigest())
    result.append({"dims": list(channels.shape[:3]), "affine": affine.tolist(), "digests": digests})
print(json.dumps(result))

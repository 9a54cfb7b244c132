/** A second opinion on contours: pydicom reads them, and a ray from every pixel centre says what lies inside. */
import { inflateSync } from 'node:zlib';
import type { Grid } from '../../main/contract/vocabulary.ts';
import { affineFromGrid } from '../../main/imaging/grid.ts';
import { askPython } from './dicomPython.ts';

/** A mask for each item of the ROI Contour Sequence, i fastest. Contours outside the grid are left out; none may lie between slices. */
export function fillInPython(path: string, grid: Grid): Uint8Array[] {
  const masks = askPython<string[]>(SCRIPT, path, JSON.stringify({ dims: grid.dimsIjk, affine: affineFromGrid(grid) }));
  return masks.map((mask) => new Uint8Array(inflateSync(Buffer.from(mask, 'base64'))));
}

const SCRIPT = `
import sys, json, base64, zlib, numpy as np, pydicom
d = pydicom.dcmread(sys.argv[1]); grid = json.loads(sys.argv[2]); ni, nj, nk = grid["dims"]
back = np.linalg.inv(np.array(grid["affine"]).reshape(4, 4))
masks = []
for roi in d.ROIContourSequence:
    mask = np.zeros((nk, nj, ni), np.uint8)
    for c in roi.ContourSequence:
        xyz = np.array(c.ContourData, float).reshape(-1, 3)
        assert len(xyz) == c.NumberOfContourPoints
        u, v, k = back[:3, :3] @ xyz.T + back[:3, 3:]
        assert np.ptp(k) < 0.01 and abs(k[0] - round(k[0])) < 0.01, k
        if not 0 <= round(k[0]) < nk: continue
        plane = mask[round(k[0])]
        for a in range(len(u)):
            (v0, u0), (v1, u1) = sorted([(v[a], u[a]), (v[a - 1], u[a - 1])])
            for y in range(max(0, int(np.ceil(v0))), min(nj, int(np.ceil(v1)))):
                plane[y] ^= u0 + (y - v0) / (v1 - v0) * (u1 - u0) > np.arange(ni)
    masks.append(base64.b64encode(zlib.compress(mask.tobytes())).decode())
print(json.dumps(masks))
`;

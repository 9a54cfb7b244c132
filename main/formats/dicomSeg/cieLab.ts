/** Recommended Display CIELab Value (0062,000D): L*, a*, b* of the PCS (D50) as three 16-bit numbers (PS3.3 C.10.7.1.1). */
export type Rgb = readonly [number, number, number];
export type DicomLab = readonly [number, number, number];

/** sRGB to XYZ and back, adapted to D50 by Bradford (as ICC profiles hold it). */
const TO_XYZ = [0.4360747, 0.3850649, 0.1430804, 0.2225045, 0.7168786, 0.0606169, 0.0139322, 0.0971045, 0.7141733] as const;
const FROM_XYZ = [3.1338561, -1.6168667, -0.4906146, -0.9787684, 1.9161415, 0.033454, 0.0719453, -0.2289914, 1.4052427] as const;
const WHITE_D50 = [0.96422, 1, 0.82521] as const;
const EPSILON = 216 / 24389;
const KAPPA = 24389 / 27;
const FULL = 65_535;

export function dicomLabOfRgb(rgb: Rgb): DicomLab {
  const linear = rgb.map((channel) => linearOf(channel / 255));
  const [fx, fy, fz] = times(TO_XYZ, linear).map((value, n) => compressed(value / WHITE_D50[n]!)) as [number, number, number];
  const [l, a, b] = [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
  return [scaled(l / 100), scaled((a + 128) / 255), scaled((b + 128) / 255)];
}

/** Colours outside sRGB come out as the nearest channel values. */
export function rgbOfDicomLab(lab: readonly number[]): Rgb {
  const [l, a, b] = [(lab[0]! / FULL) * 100, (lab[1]! / FULL) * 255 - 128, (lab[2]! / FULL) * 255 - 128];
  const fy = (l + 16) / 116;
  const xyz = [fy + a / 500, fy, fy - b / 200].map((value, n) => expanded(value) * WHITE_D50[n]!);
  const [red, green, blue] = times(FROM_XYZ, xyz).map((value) => {
    const linear = Math.min(1, Math.max(0, value));
    return Math.round(255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055));
  });
  return [red!, green!, blue!];
}

const linearOf = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const compressed = (value: number): number => (value > EPSILON ? Math.cbrt(value) : (KAPPA * value + 16) / 116);
const expanded = (value: number): number => (value ** 3 > EPSILON ? value ** 3 : (116 * value - 16) / KAPPA);
const scaled = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * FULL);
const times = (matrix: readonly number[], [x, y, z]: readonly number[]): number[] =>
  [0, 3, 6].map((row) => matrix[row]! * x! + matrix[row + 1]! * y! + matrix[row + 2]! * z!);

/** The longest bar of a round length (1, 2 or 5 times a power of ten) that is at most `mostPixels` wide. */
export function scaleBar(mmPerPixel: number, mostPixels: number): { readonly mm: number; readonly pixels: number } {
  const mostMm = mmPerPixel * mostPixels;
  const power = 10 ** Math.floor(Math.log10(mostMm));
  const mm = power * ([5, 2].find((step) => step * power <= mostMm) ?? 1);
  return { mm, pixels: mm / mmPerPixel };
}

/** The report as one HTML file that needs nothing else: no script, no link, no font; pictures inside. */
import type { Evaluation, StructureMetrics } from '../../contract/evaluation.ts';
import { diceDistributionSvg } from './distributionSvg.ts';
import { PREDICTION_RGB, TRUTH_RGB, type ErrorPicture } from './errorPicture.ts';
import { escapeHtml, figureText } from './figures.ts';

export interface PicturedCase {
  readonly name: string;
  readonly meanDice: number | null;
  readonly picture: ErrorPicture;
}

/** Beyond these the tables refer to the CSV file. */
const MOST_CASE_ROWS = 300;
const MOST_CASE_COLUMNS = 12;

/** Text from files (names of cases and structures, the title) is escaped. */
export function evaluationHtml(evaluation: Evaluation, pictures: readonly PicturedCase[]): string {
  const { title, createdAt, cases, foregroundMean } = evaluation;
  const tiles = [
    tile('Dice', figureText(foregroundMean.dice, 3), 'mean of structures'),
    tile('HD95', unit(foregroundMean.hd95Mm, 2, 'mm'), 'mean of structures'),
    tile('ASSD', unit(foregroundMean.assdMm, 2, 'mm'), 'mean of structures'),
    tile('Cases', String(cases.length), evaluation.leftOut.length > 0 ? `${evaluation.leftOut.length} left out` : 'all compared'),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(title)}</h1><p class="dim">Maskloop evaluation, ${escapeHtml(createdAt)}</p>
<div class="tiles">${tiles.join('')}</div>
<h2>Structures</h2>${structureTable(evaluation)}
<h2>Spread of Dice over the cases</h2><p class="dim">A dot is a case; the bar reaches from mean − standard deviation to mean + standard deviation, the stroke is the median, the number the mean.</p>
<div class="wide">${diceDistributionSvg(evaluation)}</div>
${pictureSection(pictures)}
<h2>Cases, worst first</h2>${caseTable(evaluation)}
${leftOutSection(evaluation)}
<h2>How it was measured</h2>${conventions(evaluation)}
</main></body></html>
`;
}

const tile = (name: string, value: string, note: string): string => `<div class="tile"><span class="dim">${name}</span><b>${value}</b><span class="dim">${note}</span></div>`;
const unit = (value: number | null, decimals: number, name: string): string => (value === null ? '–' : `${figureText(value, decimals)} ${name}`);
const rgb = (color: readonly number[]): string => `rgb(${color.map((part) => Math.round(part)).join(',')})`;
const swatch = (color: readonly number[]): string => `<span class="swatch" style="background:${rgb(color)}"></span>`;
const row = (cells: readonly string[], tag: 'td' | 'th' = 'td'): string => `<tr>${cells.map((cell, n) => `<${tag}${n > 0 ? ' class="n"' : ''}>${cell}</${tag}>`).join('')}</tr>`;

function structureTable({ structures, summary, cases }: Evaluation): string {
  const head = ['Structure', 'Dice', 'median', 'worst', 'IoU', 'HD95 mm', 'ASSD mm', 'ΔV ml', 'ΔV %', 'in truth', 'missed', 'invented'];
  const rows = structures.map(({ name, colorRgb }, n) => {
    const { dice, iou, hd95Mm, assdMm, volumeErrorMl, volumeErrorPercent, presence } = summary[n]!;
    const spread = dice.mean === null ? '–' : `<b>${figureText(dice.mean, 3)}</b> ± ${figureText(dice.std, 3)}`;
    const inTruth = presence.both + presence.truthOnly;
    return row([
      `${swatch(colorRgb)}${escapeHtml(name)}`,
      spread,
      figureText(dice.median, 3),
      figureText(dice.min, 3),
      figureText(iou.mean, 3),
      figureText(hd95Mm.mean, 2),
      figureText(assdMm.mean, 2),
      figureText(volumeErrorMl.mean, 2),
      figureText(volumeErrorPercent.mean, 1),
      `${inTruth} / ${cases.length}`,
      String(presence.truthOnly),
      String(presence.predictionOnly),
    ]);
  });
  return `<div class="wide"><table><thead>${row(head, 'th')}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function pictureSection(pictures: readonly PicturedCase[]): string {
  if (pictures.length === 0) return '';
  const figures = pictures.map(({ name, meanDice, picture: { png, widthPx, heightPx, slice, differingVoxels } }) => {
    const alt = `Slice ${slice + 1} of ${name} with the outlines of truth and prediction`;
    const source = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
    return `<figure><img width="${widthPx}" height="${heightPx}" alt="${escapeHtml(alt)}" src="${source}"><figcaption><b>${escapeHtml(name)}</b> · Dice ${figureText(meanDice, 3)}<br><span class="dim">slice ${slice + 1}, ${differingVoxels} voxels differ</span></figcaption></figure>`;
  });
  return `<h2>Worst cases</h2><p class="dim">The axial slice with the most differing voxels; patient left at the right. ${swatch(TRUTH_RGB)}truth ${swatch(PREDICTION_RGB)}prediction ${swatch([255, 255, 255])}both</p><div class="pictures">${figures.join('')}</div>`;
}

/** Worst mean Dice first; cases without any structure last. */
export function worstFirst(evaluation: Evaluation): { name: string; meanDice: number | null; metrics: readonly StructureMetrics[] }[] {
  return evaluation.cases
    .map(({ name, metrics }) => {
      const defined = metrics.map(({ dice }) => dice).filter((dice) => dice !== null);
      return { name, metrics, meanDice: defined.length === 0 ? null : defined.reduce((a, b) => a + b, 0) / defined.length };
    })
    .sort((a, b) => (a.meanDice ?? 2) - (b.meanDice ?? 2) || (a.name < b.name ? -1 : 1));
}

function caseTable(evaluation: Evaluation): string {
  const { structures, cases } = evaluation;
  const shown = structures.slice(0, MOST_CASE_COLUMNS);
  const head = ['Case', 'mean Dice', ...shown.map(({ name }) => escapeHtml(name))];
  const rows = worstFirst(evaluation)
    .slice(0, MOST_CASE_ROWS)
    .map(({ name, meanDice, metrics }) => row([escapeHtml(name), `<b>${figureText(meanDice, 3)}</b>`, ...shown.map((_, n) => caseCell(metrics[n]!))]));
  const isCut = cases.length > MOST_CASE_ROWS || structures.length > MOST_CASE_COLUMNS;
  const note = isCut ? `<p class="dim">The first ${rows.length} of ${cases.length} cases and ${shown.length} of ${structures.length} structures; all are in evaluation.csv.</p>` : '';
  return `${note}<div class="wide"><table><thead>${row(head, 'th')}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function caseCell({ dice, presence }: StructureMetrics): string {
  if (presence === 'truthOnly') return `${figureText(dice, 3)} <span class="flag">missed</span>`;
  if (presence === 'predictionOnly') return `${figureText(dice, 3)} <span class="flag">invented</span>`;
  return presence === 'neither' ? `${figureText(dice, 3)} <span class="dim">absent</span>` : figureText(dice, 3);
}

function leftOutSection({ leftOut }: Evaluation): string {
  if (leftOut.length === 0) return '';
  const items = leftOut.slice(0, MOST_CASE_ROWS).map(({ name, reason }) => `<li><b>${escapeHtml(name)}</b>: ${escapeHtml(reason)}</li>`);
  return `<h2>Left out</h2><p>These could not be compared and count for nothing above.</p><ul>${items.join('')}</ul>`;
}

function conventions({ absentFromBoth, ignoreLabel }: Evaluation): string {
  const absent =
    absentFromBoth === 'one'
      ? 'A structure that is in neither map counts as a Dice and IoU of 1.'
      : 'A structure that is in neither map of a case says nothing and is left out of the means there.';
  const ignored = ignoreLabel === null ? '' : `<li>Voxels whose truth is ${ignoreLabel} (unknown) count for nothing; cases that have such voxels have no distances.</li>`;
  return `<ul><li>${absent} One that is in only one of them has a Dice of 0 and no distances.</li>
<li>Surface: voxels of the structure with a face neighbour outside it. Distances run from voxel centre to voxel centre in millimetres.</li>
<li>HD95: the larger of the two directed 95th percentiles of the distances. ASSD: mean of the distances over both surfaces.</li>
<li>ΔV: predicted minus true volume. Missed and invented: cases that have the structure in only one of the maps. Means are over cases, then over structures, in the space of the files.</li>${ignored}</ul>`;
}

const STYLE = `
:root{color-scheme:light dark;--fg:#1c2430;--dim:#5b6675;--bg:#fff;--card:#f4f6f9;--line:#d9dfe7;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--fg:#e6eaf0;--dim:#97a3b4;--bg:#14181f;--card:#1d232d;--line:#323b49;--bad:#ff8a80}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}h1{font-size:26px;margin:0;overflow-wrap:anywhere}h2{font-size:18px;margin:36px 0 8px}
p{margin:4px 0 10px}.dim{color:var(--dim);font-size:13px}.tiles{display:flex;flex-wrap:wrap;gap:12px;margin-top:20px}
.tile{background:var(--card);border-radius:8px;padding:12px 18px;display:flex;flex-direction:column;min-width:140px}.tile b{font-size:24px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:5px 8px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}th{font-size:12.5px;color:var(--dim);font-weight:600}
.n{text-align:right}.swatch{display:inline-block;width:11px;height:11px;border-radius:3px;margin:0 6px 0 2px;border:1px solid var(--line);vertical-align:-1px}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(322px,1fr));gap:18px}figure{margin:0}
img{background:#000;border-radius:6px;display:block;max-width:100%;height:auto}figcaption{margin-top:6px;overflow-wrap:anywhere}
.flag{color:var(--bad);font-size:12px}svg{max-width:100%;height:auto}
svg text{fill:var(--fg);font-size:13px}svg .axis{fill:var(--dim);font-size:11px}svg .value{font-weight:600}.tick{stroke:var(--line)}
circle{fill-opacity:.7}.spread{stroke:var(--fg);stroke-width:2}.median{stroke:var(--fg);stroke-width:3}
@media print{main{max-width:none}figure,tr{break-inside:avoid}}`;

/** The report of an evaluation (`reportPage.ts`). */
import type { Evaluation, StructureMetrics } from '../../contract/evaluation.ts';
import { diceDistributionSvg } from './distributionSvg.ts';
import { PREDICTION_RGB, TRUTH_RGB, type ErrorPicture } from './errorPicture.ts';
import { escapeHtml, figureText } from './figures.ts';
import { dataUrl, reportPage, row, swatch, tile } from './reportPage.ts';

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
  const body = `<div class="tiles">${tiles.join('')}</div>
<h2>Structures</h2>${structureTable(evaluation)}
<h2>Spread of Dice over the cases</h2><p class="dim">A dot is a case; the bar reaches from mean − standard deviation to mean + standard deviation, the stroke is the median, the number the mean.</p>
<div class="wide">${diceDistributionSvg(evaluation)}</div>
${pictureSection(pictures)}
<h2>Cases, worst first</h2>${caseTable(evaluation)}
${leftOutSection(evaluation)}
<h2>How it was measured</h2>${conventions(evaluation)}`;
  return reportPage(title, `Maskloop evaluation, ${createdAt}`, body);
}

const unit = (value: number | null, decimals: number, name: string): string => (value === null ? '–' : `${figureText(value, decimals)} ${name}`);

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
    const source = dataUrl(Buffer.from(png).toString('base64'));
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
  const note = isCut
    ? `<p class="dim">The first ${rows.length} of ${cases.length} cases and ${shown.length} of ${structures.length} structures; all are in evaluation.csv.</p>`
    : '';
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
  const ignored =
    ignoreLabel === null ? '' : `<li>Voxels whose truth is ${ignoreLabel} (unknown) count for nothing; cases that have such voxels have no distances.</li>`;
  return `<ul><li>${absent} One that is in only one of them has a Dice of 0 and no distances.</li>
<li>Surface: voxels of the structure with a face neighbour outside it. Distances run from voxel centre to voxel centre in millimetres.</li>
<li>HD95: the larger of the two directed 95th percentiles of the distances. ASSD: mean of the distances over both surfaces.</li>
<li>ΔV: predicted minus true volume. Missed and invented: cases that have the structure in only one of the maps. Means are over cases, then over structures, in the space of the files.</li>${ignored}</ul>`;
}

/** The gate's report for people (`reportPage.ts`). */
import { describeGateReason, describeGateWarning, verdictName } from '../../contract/describeGate.ts';
import type { GateCase, GateComparison, GatePicture, GateReport, GateVerdict } from '../../contract/gate.ts';
import { PREDICTION_RGB, TRUTH_RGB } from './errorPicture.ts';
import { escapeHtml, figureText } from './figures.ts';
import { dataUrl, reportPage, row, swatch, tile } from './reportPage.ts';

const MOST_CASE_COLUMNS = 8;

export function gateHtml({ verdict, pictures }: GateReport): string {
  const { runId, currentRunId, outcome, reasons, warnings, mean, canary, cases } = verdict;
  const heldOutCount = cases.filter(({ isHeldOut }) => isHeldOut).length;
  const tiles = [
    tile('Verdict', verdictName({ outcome, reasons }), `${heldOutCount} held-out cases`),
    ...(mean
      ? [
          tile('Dice', figureText(mean.candidate, 3), `current model ${figureText(mean.current, 3)}`),
          tile('Difference', signed(mean.difference), `${signed(mean.lower)} to ${signed(mean.upper)}`),
        ]
      : []),
    ...(canary ? [tile('First verified cases', signed(canary.difference), `${canary.caseCount} cases watch forgetting`)] : []),
  ];
  const sentences = [...reasons.map(describeGateReason), ...warnings.map((warning) => `⚠ ${describeGateWarning(warning)}`)];
  const body = `<div class="tiles">${tiles.join('')}</div>
<ul>${sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('')}</ul>
<h2>Classes</h2>${comparisonTable([...named(mean, 'mean of the classes'), ...verdict.structures, ...named(canary, 'first verified cases')])}
${pictureSection(pictures)}
<h2>Cases, largest loss first</h2>${caseTable(verdict)}
<h2>How it was judged</h2>${conventions(verdict)}`;
  return reportPage(`Gate: ${runId}`, `Compared with ${currentRunId ?? 'no model'}, ${new Date(verdict.judgedAtMs).toISOString()}`, body);
}

const signed = (value: number | null): string => `${value !== null && value > 0 ? '+' : ''}${figureText(value, 3)}`;
const named = (comparison: GateComparison | null, name: string): GateComparison[] => (comparison ? [{ ...comparison, name }] : []);
const FINDINGS = { notWorse: 'at least as good', undecided: 'cannot be told apart', worse: 'worse', notCompared: 'not compared' } as const;

function comparisonTable(comparisons: readonly GateComparison[]): string {
  const rows = comparisons.map(({ name, current, candidate, difference, lower, upper, caseCount, finding }) => {
    const found = finding === 'worse' ? `<span class="flag">${FINDINGS[finding]}</span>` : FINDINGS[finding];
    return row([
      escapeHtml(name),
      figureText(current, 3),
      `<b>${figureText(candidate, 3)}</b>`,
      signed(difference),
      `${signed(lower)} … ${signed(upper)}`,
      String(caseCount),
      found,
    ]);
  });
  return `<div class="wide"><table><thead>${row(['Class', 'Dice now', 'candidate', 'difference', 'interval', 'cases', ''], 'th')}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function pictureSection(pictures: readonly GatePicture[]): string {
  if (pictures.length === 0) return '<h2>Cases that got worse</h2><p>None.</p>';
  const figures = pictures.flatMap(({ caseId, difference, slice, currentPng, candidatePng }) =>
    (['current model', 'candidate'] as const).map((whose) => {
      const source = dataUrl(whose === 'candidate' ? candidatePng : currentPng);
      const alt = `Slice ${slice + 1} of ${caseId}: truth and ${whose}`;
      return `<figure><img alt="${escapeHtml(alt)}" src="${source}"><figcaption><b>${escapeHtml(caseId)}</b> · ${whose}<br><span class="dim">slice ${slice + 1}, Dice ${signed(difference)}</span></figcaption></figure>`;
    }),
  );
  return `<h2>Cases that got worse</h2><p class="dim">The axial slice in which the candidate differs most, drawn by both models; patient left at the right. ${swatch(TRUTH_RGB)}truth ${swatch(PREDICTION_RGB)}prediction ${swatch([255, 255, 255])}both</p><div class="pictures">${figures.join('')}</div>`;
}

function caseTable({ cases, structures }: GateVerdict): string {
  const shown = structures.slice(0, MOST_CASE_COLUMNS);
  const head = ['Case', '', 'difference', ...shown.map(({ name }) => escapeHtml(name))];
  const rows = [...cases]
    .sort((a, b) => (a.difference ?? 2) - (b.difference ?? 2))
    .map((one) =>
      row([
        escapeHtml(one.caseId),
        roleOf(one),
        `<b>${signed(one.difference)}</b>`,
        ...shown.map((_, n) => `${figureText(one.current[n] ?? null, 3)} → ${figureText(one.candidate[n] ?? null, 3)}`),
      ]),
    );
  return `<div class="wide"><table><thead>${row(head, 'th')}</thead><tbody>${rows.join('')}</tbody></table></div>`;
}

const roleOf = ({ isHeldOut, isCanary }: GateCase): string =>
  [isHeldOut ? 'held out' : '', isCanary ? 'first verified' : ''].filter((role) => role !== '').join(', ');

function conventions({ rules, seed }: GateVerdict): string {
  const percent = Math.round(rules.confidence * 1000) / 10;
  return `<ul><li>Dice in the space of the files, without post-processing, by the same inference settings. Held-out cases were learnt from by neither model.</li>
<li>Interval: ${percent} % paired bootstrap over subjects, ${rules.draws} draws, seed ${seed}, with the noise of a handful of cases (${rules.caseNoise}) added.</li>
<li>Refused: a mean that fell by more than ${rules.meanMargin}, or a class by more than ${rules.classMargin}, with the whole interval below 0; or a fall beyond ${rules.meanLimit} (mean) or ${rules.classLimit} (class), wider for fewer than 5 subjects.${rules.undecided === 'reject' ? ' What cannot be told apart is refused too.' : ''}</li>
<li>Listed: cases that lost more than ${rules.caseDrop}. The first verified cases may be among those trained on; they show forgetting and do not decide.</li></ul>`;
}

/** Where a label map came from, in the attributes that DICOM has for it. */
import { IMPORT_AUTHOR, type Provenance } from '../../../contract/provenance.ts';
import type { Attributes } from './datasetOf.ts';

const [LONGEST_LO, LONGEST_ST] = [64, 1024];

/** Text of a value that may not hold a backslash or a control character, cut to `longest` characters. */
export function plainText(text: string, longest = LONGEST_LO): string {
  return [...text.replace(/[\u0000-\u001f\\]/g, ' ').trim()].slice(0, longest).join('');
}

/** A person known by one line of text: a family name with a delimiter behind it, without which it would be a name of DICOM before 1993. */
export function personNamed(name: string): string {
  const plain = plainText(name.replace(/[\^=]/g, ' '), LONGEST_LO - 1);
  return plain && `${plain}^`;
}

/**
 * One item of the Algorithm Identification macro (PS3.3 section 10.16), `undefined` where no model took part. An
 * ensemble is one algorithm; its runs and their hashes stand in the parameters.
 */
export function algorithmItem({ models, softwareVersion }: Provenance): Attributes | undefined {
  if (models.length === 0) return undefined;
  const parameters = models.map(({ runId, weightsSha256, trainingDataSha256 }) =>
    [
      `run=${runId}`,
      ...(weightsSha256 ? [`weightsSha256=${weightsSha256}`] : []),
      ...(trainingDataSha256 ? [`trainingDataSha256=${trainingDataSha256}`] : []),
    ].join(' '),
  );
  return {
    AlgorithmFamilyCodeSequence: { CodeValue: '123110', CodingSchemeDesignator: 'DCM', CodeMeaning: 'Artificial Intelligence' },
    AlgorithmName: plainText(algorithmName(models)),
    AlgorithmVersion: plainText(softwareVersion),
    AlgorithmParameters: parameters.join('; '),
    AlgorithmSource: 'Maskloop',
  };
}

/** Who drew or corrected it, as `personNamed` writes it; `''` for models and imported files. */
export const personWhoDrew = ({ origin, author }: Provenance): string => (origin === 'model' || author === IMPORT_AUTHOR ? '' : personNamed(author));

/** In one paragraph, for people: who or what made it, who changed it, who accepted it. At most 1024 characters. */
export function provenanceText({ origin, models, author, savedAtMs, accepted }: Provenance): string {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const by = (name: string) => (name === '' || name === IMPORT_AUTHOR ? '' : ` by ${name}`);
  const drawn = author === IMPORT_AUTHOR ? 'Imported' : 'Drawn';
  const made = models.length > 0 ? `Predicted by ${algorithmName(models)} (${models.map(({ runId }) => runId).join(', ')}). ` : '';
  const touched = origin === 'model' ? '' : `${origin === 'corrected' ? 'Corrected' : drawn}${by(author)} on ${day(savedAtMs)}. `;
  const judged = accepted
    ? `Accepted${accepted.author === IMPORT_AUTHOR ? ' as imported' : by(accepted.author)} on ${day(accepted.atMs)}.`
    : 'Not yet accepted by a person.';
  return plainText(`${made}${touched}${judged}`, LONGEST_ST);
}

function algorithmName(models: Provenance['models']): string {
  return [...new Set(models.map((model) => model.algorithmName))].join(' + ');
}

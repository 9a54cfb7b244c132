import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootFolder } from '../setup/paths.mjs';
import { TENSORFLOW_WHEELS } from '../setup/pins.mjs';
import { shippedPackages } from '../setup/shippedPackages.mjs';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)(\..*)?$/i;
const LINE = '-'.repeat(100);

/**
 * Every package whose code is in the product, with the text of its licence where it carries one, and TensorFlow.
 *
 * @returns {string}
 */
export function thirdPartyNotices() {
  const packages = shippedPackages()
    .filter(([path]) => existsSync(join(rootFolder, path))) // others are for another platform
    .map(([path, { version, license }]) =>
      noticeOf(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), version, license, textsIn(join(rootFolder, path))),
    );
  const { requirement } = Object.values(TENSORFLOW_WHEELS)[0];
  const tensorflow = noticeOf('TensorFlow', requirement.split('==')[1], 'Apache-2.0', [`The Apache License 2.0 stands in LICENSE, beside this file.`]);
  return ['Maskloop contains the following software by others.', ...packages, tensorflow].join(`\n\n${LINE}\n`);
}

const noticeOf = (name, version, licence, texts) => [`${name} ${version} (${licence ?? 'licence: see its text'})`, ...texts].join('\n\n');

function textsIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name))
    .map(({ name }) => readFileSync(join(folder, name), 'utf8').trim());
}

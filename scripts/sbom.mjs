// `npm run sbom`: what a user of the product runs, as CycloneDX 1.5 on standard output, from the lockfile and setup's pins.
// (`npm sbom --omit dev` leaves out packages that a tool needs as well, and what the bundler copies into the window.)
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootFolder } from './setup/paths.mjs';
import { TENSORFLOW_WHEELS } from './setup/pins.mjs';
import { shippedPackages } from './setup/shippedPackages.mjs';

const readJson = (path) => JSON.parse(readFileSync(join(rootFolder, path), 'utf8'));

function licenceOf(path) {
  try {
    const { license, licenses } = readJson(join(path, 'package.json'));
    return (typeof license === 'string' ? license : license?.type) ?? licenses?.map(({ type }) => type).join(' OR ') ?? null;
  } catch {
    return null; // for another platform
  }
}

function npmComponent([path, { version, integrity, license }]) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const [algorithm, digest] = integrity.split('-');
  const licence = license ?? licenceOf(path);
  return {
    type: 'library',
    'bom-ref': `${path}@${version}`,
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    hashes: [{ alg: algorithm.replace(/^sha/, 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }],
    ...(licence && { licenses: [{ expression: licence }] }),
  };
}

function tensorflowComponent({ requirement, sha256 }) {
  const [name, version] = requirement.split('==');
  return {
    type: 'library',
    'bom-ref': `${requirement} ${sha256}`,
    name,
    version,
    purl: `pkg:pypi/${name}@${version}`,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    licenses: [{ expression: 'Apache-2.0' }],
  };
}

const { name, version, license } = readJson('package.json');
const components = [...shippedPackages().map(npmComponent), ...Object.values(TENSORFLOW_WHEELS).map(tensorflowComponent)];
const component = { type: 'application', 'bom-ref': name, name, version, licenses: [{ expression: license }] };
console.log(JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, metadata: { component }, components }, null, 2));

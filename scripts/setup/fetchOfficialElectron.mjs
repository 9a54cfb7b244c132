// Runs as a child of setup: fetches the official Electron into the folder given as argument. Prints a line per progress
// report, so that the parent can tell a slow network (keep going) from none (stop).
import { createRequire } from 'node:module';
import { extract } from '@electron-internal/extract-zip';
import { downloadArtifact } from '@electron/get';

const require = createRequire(import.meta.url);
const { version } = require('electron/package.json');
const archive = await downloadArtifact({
  version,
  artifactName: 'electron',
  platform: process.platform,
  arch: process.arch,
  checksums: require('electron/checksums.json'),
  downloadOptions: { quiet: true, getProgressCallback: async ({ transferred }) => console.log(transferred) },
});
await extract(archive, { dir: process.argv[2] });

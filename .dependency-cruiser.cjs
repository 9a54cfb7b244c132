/** Folder → project folders it may import (its own is implied). This table is the architecture. */
const ENGINE = ['main/imaging', 'main/formats', 'main/nnunet', 'main/compute', 'main/dataset', 'main/export', 'main/jobs', 'models'];
const MAY = {
  models: [],
  'main/contract': [],
  // the keys of encrypted projects, and the reading and writing of their files
  'main/vault': ['main/contract'],
  'main/imaging': ['main/contract'],
  'main/formats': ['main/contract', 'main/imaging'],
  'main/nnunet': ['main/contract', 'main/imaging', 'models'],
  'main/compute': ['models'],
  'main/jobs': ['main/contract', 'main/vault'],
  'main/dataset': ['main/contract', 'main/vault', 'main/imaging', 'main/formats'],
  'main/export': ['main/contract', 'main/imaging', 'main/formats'],
  // DIMSE and DICOMweb: fetches and sends whole files, reads nothing in them
  'main/dicomNetwork': ['main/contract', 'main/vault'],
  'main/workers': ['main/contract', 'main/vault', 'main/dicomNetwork', ...ENGINE],
  // not main/compute: libtensorflow must never load in the process that answers (notes/tf-runtime.md)
  'main/services': ['main/contract', 'main/vault', 'main/dicomNetwork', ...ENGINE.filter((folder) => folder !== 'main/compute')],
  'main/host': ['main/contract', 'main/services', 'main/jobs'],
  // Ray and Slurm: carries tasks and files, reads nothing in them
  'main/cluster': ['main/contract', 'main/jobs', 'main/dataset'],
  // imaging and dataset: the demo compares label maps with the truth
  'main/cli': ['main/contract', 'main/services', 'main/host', 'main/cluster', 'main/imaging', 'main/dataset'],
  // what both shells need (bundle files, headers, the channel to a compute process) lies in main/host
  electron: ['main/contract', 'main/services', 'main/jobs', 'main/host', 'main/cluster'],
  'renderer/ui': ['renderer/lib/messages'],
  'renderer/lib': ['main/contract'],
  // meshes: the surface that is drawn is the one that is exported (docs/decisions/0005)
  'renderer/viewer': ['main/contract', 'main/formats/mesh', 'renderer/lib'],
  'renderer/features': ['main/contract', 'renderer/lib', 'renderer/ui', 'renderer/viewer'],
  'renderer/views': ['main/contract', 'renderer/lib', 'renderer/ui', 'renderer/viewer', 'renderer/features'],
};
/** Package → the one folder that may import it. */
const OWNER = {
  electron: 'electron',
  '@cornerstonejs/(core|metadata|tools)': 'renderer/viewer',
  '@kitware/vtk.js': 'renderer/viewer',
  'dicom-parser': 'main/formats',
  dcmjs: 'main/formats',
  // only its WebAssembly file is used, found on disk
  'dcmjs-codecs': 'main/dataset',
  'dcmjs-dimse': 'main/dicomNetwork',
  '@tensorflow': 'main/compute',
  libsql: 'main/dataset',
};
/** Folder → the only packages it may import. */
const ONLY = { 'main/contract': 'zod', models: '(none)' };

const error = (name, from, to) => ({ name, severity: 'error', from, to });
const under = (folders) => `^(${folders.join('|')})/`;
const src = (folder) => ({ path: `^${folder}/`, pathNot: '[.]test[.]ts$' });
module.exports = {
  forbidden: [
    error('no-cycles', {}, { circular: true }),
    error('every-file-has-a-folder', { path: '^(main|models|renderer)/', pathNot: `${under(Object.keys(MAY))}|^renderer/[^/]+$` }, {}),
    ...Object.entries(MAY).map(([folder, may]) =>
      error(`layers:${folder}`, { path: `^${folder}/` }, { path: '^(main|models|electron|renderer)/', pathNot: under([folder, ...may]) }),
    ),
    ...Object.entries(OWNER).map(([pkg, folder]) => error(`owner:${pkg}`, { pathNot: `^${folder}/|node_modules` }, { path: `node_modules/${pkg}/` })),
    ...Object.entries(ONLY).map(([folder, pkg]) => error(`packages:${folder}`, src(folder), { path: 'node_modules/', pathNot: `node_modules/${pkg}/` })),
    error('core-touches-no-disk', src('(models|main/(contract|imaging|formats|nnunet))'), { dependencyTypes: ['core'] }),
    error('feature-to-feature', { path: '^renderer/features/([^/]+)/' }, { path: '^renderer/features/', pathNot: '^renderer/features/$1/' }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.svelte', '.svelte.ts', '.js'] },
  },
};

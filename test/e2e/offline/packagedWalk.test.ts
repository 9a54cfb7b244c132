/** The unpacked package walks the loop; MASKLOOP_PACKAGED names its program, MASKLOOP_WALK an empty folder. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { launchPackaged } from '../electronProgram.ts';
import { checkExport } from '../exported.ts';
import { makeStudies, walkTheLoop } from '../walkTheLoop.ts';

const program = process.env.MASKLOOP_PACKAGED!;
const folder = process.env.MASKLOOP_WALK!;

it('there is no network here', async () => {
  const answer = await new Promise((done) =>
    connect(53, '9.9.9.9')
      .on('connect', () => done('connected'))
      .on('error', ({ message }) => done(message)),
  );
  expect(answer).toMatch(/ENETUNREACH/);
});

it('walks from a folder of studies to exported label maps, with the TensorFlow that came with it', async () => {
  const app = await launchPackaged(program, join(folder, 'state'));
  try {
    const libraries = new Set<string>();
    const watch = setInterval(() => tensorflowFilesOf(program).forEach((file) => libraries.add(file)), 250);
    const page = await app.firstWindow();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error.stack)));
    const studies = await makeStudies(folder);
    const output = join(folder, 'exported');
    await walkTheLoop(page, { studies, project: join(folder, 'project'), output }, { epochs: 1, retrains: false, jobMs: 600_000 });
    clearInterval(watch);
    checkExport(output, studies);
    expect(complaints).toEqual([]);
    expect(libraries.size).toBeGreaterThan(0);
    for (const file of libraries) expect(file.startsWith(join(dirname(program), 'resources', 'node_modules')), file).toBe(true);
  } finally {
    await app.close();
  }
});

/** Paths of the TensorFlow libraries that processes of this program have loaded. */
function tensorflowFilesOf(executable: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        if (readlinkSync(`/proc/${pid}/exe`) !== executable) return [];
        const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
        return [...maps.matchAll(/(\/\S*(?:libtensorflow|tfjs_binding)\S*)/g)].map(([path]) => path);
      } catch {
        return []; // it ended meanwhile
      }
    });
}

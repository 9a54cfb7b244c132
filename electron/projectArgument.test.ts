import { describe, expect, it } from 'vitest';
import { projectArgument } from './projectArgument.ts';

describe('projectArgument', () => {
  it('takes both spellings and makes the path absolute', () => {
    expect(projectArgument(['electron', 'app.cjs', '--project', 'liver'], {}, '/home/ada')).toBe('/home/ada/liver');
    expect(projectArgument(['electron', '--project=/data/liver'], {}, '/home/ada')).toBe('/data/liver');
  });

  it('prefers the argument to the environment', () => {
    expect(projectArgument(['electron', '--project=/a'], { MASKLOOP_PROJECT: '/b' }, '/')).toBe('/a');
    expect(projectArgument(['electron'], { MASKLOOP_PROJECT: '/b' }, '/')).toBe('/b');
  });

  it('is null when nothing names a project', () => {
    expect(projectArgument(['electron', '--project'], {}, '/')).toBeNull();
    expect(projectArgument(['electron', '--projector=/a'], {}, '/')).toBeNull();
  });
});

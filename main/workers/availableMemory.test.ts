import { describe, expect, it } from 'vitest';
import { memoryForThisProcess, type ReadSystemFile } from './availableMemory.ts';

const from =
  (files: Readonly<Record<string, string>>): ReadSystemFile =>
  (path) =>
    files[path] ?? null;
const MEMINFO = 'MemTotal:       24000 kB\nMemFree:          1000 kB\nMemAvailable:    20000 kB\n';
const KB = 1024;

describe('memoryForThisProcess', () => {
  it('is what Linux calls available and what the process holds already', () => {
    expect(memoryForThisProcess(from({ '/proc/meminfo': MEMINFO }), 500, undefined)).toBe(20_000 * KB + 500);
  });
  it('heeds the control group (v2) and those above it, and what it could take back of files', () => {
    const files = {
      '/proc/meminfo': MEMINFO,
      '/proc/self/cgroup': '0::/user/app\n',
      '/sys/fs/cgroup/user/app/memory.max': 'max\n',
      '/sys/fs/cgroup/user/app/memory.current': '1\n',
      '/sys/fs/cgroup/user/memory.max': '9000000\n',
      '/sys/fs/cgroup/user/memory.current': '5000000\n',
      '/sys/fs/cgroup/user/memory.stat': 'anon 7\ninactive_file 1000000\n',
    };
    expect(memoryForThisProcess(from(files), 500, undefined)).toBe(5_000_500);
  });
  it('heeds v1, where a container sees the root of its group only', () => {
    const files = {
      '/proc/meminfo': MEMINFO,
      '/proc/self/cgroup': '5:cpu:/\n4:hugetlb,memory:/docker/abc\n0::/\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '8000000\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '6000000\n',
      '/sys/fs/cgroup/memory/memory.stat': 'total_inactive_file 500000\n',
    };
    expect(memoryForThisProcess(from(files), 0, undefined)).toBe(2_500_000);
  });
  it("heeds the user's limit for the whole process, and no nonsense", () => {
    expect(memoryForThisProcess(from({ '/proc/meminfo': MEMINFO }), 500, '0.01')).toBe(10_000_000);
    expect(memoryForThisProcess(from({ '/proc/meminfo': MEMINFO }), 500, 'much')).toBe(20_000 * KB + 500);
  });
  it('a group over its limit leaves nothing more', () => {
    const files = { '/proc/meminfo': MEMINFO, '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '10\n', '/sys/fs/cgroup/memory.current': '99\n' };
    expect(memoryForThisProcess(from(files), 7, undefined)).toBe(7);
  });
  it('reads this machine', () => expect(memoryForThisProcess()).toBeGreaterThan(50e6));
});

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { Readable } from 'node:stream';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

export interface StaticFile {
  readonly contentType: string;
  readonly contentLength: number;
  readonly body: Readable;
}

/**
 * The file of the renderer bundle behind a URL path ('/' is index.html), or `null` when there is none. A path that
 * leaves `folder`, also through a symbolic link, counts as none. The caller must consume or destroy `body`.
 */
export async function openStaticFile(folder: string, urlPath: string): Promise<StaticFile | null> {
  const relative = decodeUrlPath(urlPath);
  if (relative === null) return null;
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, relative === '/' ? 'index.html' : relative));
    if (!file.startsWith(root + sep)) return null;
    const found = await stat(file);
    if (!found.isFile()) return null;
    const contentType = contentTypes[extname(file).toLowerCase()] ?? 'application/octet-stream';
    return { contentType, contentLength: found.size, body: createReadStream(file) };
  } catch (thrown) {
    if (isAbsent(thrown)) return null;
    throw thrown;
  }
}

/** `null` for what no bundle file is called: broken escapes, backslashes, NUL, dot segments. */
function decodeUrlPath(urlPath: string): string | null {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return null; // malformed %-escape
  }
  if (!path.startsWith('/') || path.includes('\\') || path.includes('\0')) return null;
  if (path.split('/').some((part) => part === '..' || part === '.')) return null;
  return path;
}

function isAbsent(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}

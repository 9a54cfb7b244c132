/** The WebAssembly file of the pixel codecs, read and compiled once for each process. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { AppException } from '../../contract/errors.ts';
import { builtFile } from './builtFile.ts';

const CODEC_FILE = 'dcmjs-native-codecs.wasm';
let compiling: Promise<WebAssembly.Module> | null = null;

/** Throws `runtime/broken` when the file is not where it belongs. */
export function codecModule(): Promise<WebAssembly.Module> {
  compiling ??= compile().catch((thrown: unknown) => {
    compiling = null;
    throw new AppException({ code: 'runtime/broken', detail: `the codecs for compressed DICOM cannot be loaded: ${String(thrown)}` });
  });
  return compiling;
}

async function compile(): Promise<WebAssembly.Module> {
  // a bundle has no `import.meta.url`: its build lays the file beside it
  const path = builtFile(CODEC_FILE) ?? createRequire(import.meta.url).resolve(`dcmjs-codecs/build/${CODEC_FILE}`);
  return WebAssembly.compile(await readFile(path));
}

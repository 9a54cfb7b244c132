/** Loads TensorFlow. Only ever in a compute process: in Electron's main process its symbols clash with Mesa's. */
import type * as tfjs from '@tensorflow/tfjs-node';

export type Tf = typeof tfjs;

/** `missing`: not installed; `broken`: installed but it does not load. Both are mended by `npm run setup`. */
export class RuntimeLoadError extends Error {
  readonly kind: 'missing' | 'broken';
  constructor(kind: 'missing' | 'broken', detail: string) {
    super(detail);
    this.name = 'RuntimeLoadError';
    this.kind = kind;
  }
}

const firstLine = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]!;

/** Throws `RuntimeLoadError`. */
export async function loadTensorFlow(): Promise<Tf> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  try {
    const module = (await import('@tensorflow/tfjs-node')) as Tf & { default?: Tf };
    const tf = module.default ?? module; // CommonJS seen from ESM (tests) or from a bundle
    tf.enableProdMode();
    return tf;
  } catch (thrown) {
    const text = firstLine(thrown);
    // tfjs-node says the first when its native addon was never built; Node the others when the package is not there
    throw new RuntimeLoadError(/addon file is missing|cannot find (module|package)/i.test(text) ? 'missing' : 'broken', text);
  }
}

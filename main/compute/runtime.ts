/** Loads TensorFlow. Only ever in a compute process: in Electron's main process its symbols clash with Mesa's. */
import type * as tfjs from '@tensorflow/tfjs-node';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node/dist/nodejs_kernel_backend';

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

/**
 * What is said when a piece is not there: by Node for the package, by tfjs-node for its native addon, by the dynamic
 * linker for libtensorflow.
 */
const MISSING = [/cannot find (module|package)/i, /native addon module .* can not be found/i, /libtensorflow\S*: cannot open shared object file/i];

function toRuntimeLoadError(thrown: unknown): RuntimeLoadError {
  const [detail = ''] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
  return new RuntimeLoadError(MISSING.some((pattern) => pattern.test(detail)) ? 'missing' : 'broken', detail);
}

/** Throws `RuntimeLoadError`. */
export async function loadTensorFlow(): Promise<Tf> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // TensorFlow turns it on by itself only where it finds AVX-512 or AMX; with AVX2 alone the 3D convolutions are five times slower without
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  try {
    const module = (await import('@tensorflow/tfjs-node')) as Tf & { default?: Tf };
    const tf = module.default ?? module; // CommonJS seen from ESM (tests) or from a bundle
    tf.enableProdMode();
    return tf;
  } catch (thrown) {
    throw toRuntimeLoadError(thrown);
  }
}

/** For provenance: the version of the native library, not only of its JavaScript. */
export function runtimeVersion(tf: Tf): string {
  const { binding } = tf.backend() as NodeJSKernelBackend;
  return `tfjs-node ${tf.version['tfjs-node']}, TensorFlow ${binding.TF_Version}`;
}

/** An expected failure: one sentence for the person at the terminal, no stack trace. */
export class SetupError extends Error {
  /** @param {string} sentence what is wrong and the command that mends it */
  constructor(sentence) {
    super(sentence);
    this.name = 'SetupError';
  }
}

/**
 * Runs one long action and says what is being done and how long it took; repeats itself every 20 s.
 *
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function step(title, action) {
  const startedMs = Date.now();
  const seconds = () => `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
  console.log(`${title} …`);
  const heartbeat = setInterval(() => console.log(`  still at it: ${title} (${seconds()})`), 20_000);
  try {
    const result = await action();
    console.log(`  done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

/**
 * Last resort of every script: prints the failure and makes the exit code non-zero.
 *
 * @param {unknown} error
 */
export function reportFailure(error) {
  const isExpected = error instanceof SetupError;
  console.error(`\nmaskloop: ${isExpected ? error.message : ((error && error.stack) ?? error)}`);
  process.exitCode = 1;
}

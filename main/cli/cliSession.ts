import { calls, type CallInput, type CallName, type CallOutput } from '../contract/api.ts';
import { describeReadOnly } from '../contract/describeHolder.ts';
import { AppException } from '../contract/errors.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import { callService } from '../services/callService.ts';
import type { Services } from '../services/services.ts';
import type { Interrupt } from './interrupt.ts';
import type { Output } from './output.ts';
import { withPassphrase } from './passphrase.ts';

/** What a command works with. */
export class CliSession {
  constructor(
    readonly services: Services,
    readonly output: Output,
    readonly interrupt: Interrupt,
    readonly program: ProgramPaths,
  ) {}

  /** Throws an `AppException` for an expected failure. */
  async call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
    const output = await (name === 'project.open' && !('passphrase' in input)
      ? withPassphrase((passphrase) => this.#call(name, { ...input, passphrase }))
      : this.#call(name, input));
    if (name === 'project.open') this.#tellReadOnly(output as CallOutput<'project.open'>);
    return output;
  }

  async #call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
    const result = await callService(this.services.handlers, name, input);
    if (!result.ok) throw new AppException(result.error);
    // TypeScript does not connect the parsed value with K; the schema just did.
    return calls[name].output.parse(result.value) as CallOutput<K>;
  }

  /** Whoever wanted to write is told by the call that does; whoever looks should know why it may be old news. */
  #tellReadOnly({ readOnly, folder }: CallOutput<'project.open'>): void {
    if (readOnly) this.output.note(describeReadOnly(folder, readOnly));
  }
}

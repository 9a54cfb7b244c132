import { calls, type CallInput, type CallName, type CallOutput } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import { callService } from '../services/callService.ts';
import type { Services } from '../services/services.ts';
import type { Interrupt } from './interrupt.ts';
import type { Output } from './output.ts';

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
    const result = await callService(this.services.handlers, name, input);
    if (!result.ok) throw new AppException(result.error);
    // TypeScript does not connect the parsed value with K; the schema just did.
    return calls[name].output.parse(result.value) as CallOutput<K>;
  }
}

import type { GpuRuntimeInfo } from '../../../main/contract/api.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

/** The TensorFlow runtime for graphics cards on this computer. */
export class GpuAddOn {
  #info = $state.raw<GpuRuntimeInfo | null>(null);
  /** Installing takes minutes; closing the dialog does not end it. */
  #isBusy = $state(false);

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get info(): GpuRuntimeInfo | null {
    return this.#info;
  }
  get isBusy(): boolean {
    return this.#isBusy;
  }

  async load(): Promise<void> {
    this.#info = (await this.notices.attempt(() => this.api.call('app.gpuRuntime', {}))) ?? this.#info;
  }
  install = (folder: string): Promise<void> => this.#take(() => this.api.call('app.installGpuRuntime', { folder }));
  remove = (): Promise<void> => this.#take(() => this.api.call('app.removeGpuRuntime', {}));

  async #take(ask: () => Promise<GpuRuntimeInfo>): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#info = (await this.notices.attempt(ask)) ?? this.#info;
    this.#isBusy = false;
  }
}

import type { GpuRuntimeInfo } from '../../../main/contract/api.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

/** Between two looks at a download. */
const WATCH_MS = 1000;

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
  /** What it came to stands in `info.fetching` meanwhile. */
  download = async (index: string): Promise<void> => {
    const watching = setInterval(() => void this.load(), WATCH_MS);
    try {
      await this.#take(() => this.api.call('app.downloadGpuRuntime', { index }));
    } finally {
      clearInterval(watching);
    }
  };
  stopDownload = async (): Promise<void> => {
    this.#info = (await this.notices.attempt(() => this.api.call('app.stopGpuDownload', {}))) ?? this.#info;
  };
  remove = (): Promise<void> => this.#take(() => this.api.call('app.removeGpuRuntime', {}));

  async #take(ask: () => Promise<GpuRuntimeInfo>): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#info = (await this.notices.attempt(ask)) ?? this.#info;
    this.#isBusy = false;
  }
}

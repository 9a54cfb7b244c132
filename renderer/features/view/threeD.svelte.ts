import type { Notices } from '../../lib/notices.svelte.ts';
import type { ThreeDView, VolumeLook } from '../../viewer/threeD/threeDView.ts';
import { t } from '../../lib/messages/messages.svelte.ts';

/** The view in three dimensions, as far as it is chosen and seen. */
export class ThreeD {
  #view: ThreeDView | null = null;
  #element: HTMLDivElement | null = null;
  #look = $state<VolumeLook>('none');
  #isBusy = $state(false);
  #count = $state(0);

  constructor(private readonly notices: Notices) {}

  get look(): VolumeLook {
    return this.#look;
  }
  /** Surfaces are being made. */
  get isBusy(): boolean {
    return this.#isBusy;
  }
  /** Surfaces that are drawn. */
  get count(): number {
    return this.#count;
  }

  readonly events = {
    surfaces: ({ isBusy, count }: { readonly isBusy: boolean; readonly count: number }): void => {
      this.#isBusy = isBusy;
      this.#count = count;
    },
    failed: (message: string): void => {
      this.#isBusy = false;
      this.notices.fail(new Error(t('threeD.failed', { message })));
    },
  };

  attach(view: ThreeDView | null): void {
    this.#view = view;
    this.#count = 0;
    view?.setLook(this.#look);
    if (this.#element) view?.open(this.#element);
  }
  /** It may be there before the viewer is. Returns what closes the view. */
  open(element: HTMLDivElement): () => void {
    this.#element = element;
    this.#view?.open(element);
    return () => {
      this.#element = null;
      this.#view?.close();
    };
  }
  setLook(look: VolumeLook): void {
    this.#look = look;
    this.#view?.setLook(look);
  }
}

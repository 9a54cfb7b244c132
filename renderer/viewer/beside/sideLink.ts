/** Two sides that are looked at together: what is scrolled, moved, zoomed, turned or windowed on one goes along on the other. */
import { Enums } from '@cornerstonejs/core';
import { PLANES } from '../mprTools.ts';
import type { Plane } from '../mprTools.ts';
import type { PlaneViews } from '../planeViews.ts';
import type { GreyWindow } from '../windowLevel.ts';

/** By the place in the patient, by the share of the slices, or not. */
export const LINK_MODES = ['position', 'share', 'off'] as const;
export type LinkMode = (typeof LINK_MODES)[number];
export interface Link {
  readonly mode: LinkMode;
  /** Grey values mean the same on both sides. */
  readonly withWindow: boolean;
}

export interface LinkedSide {
  readonly elements: Readonly<Record<Plane, HTMLDivElement>>;
  readonly planes: PlaneViews;
  readonly imageVolumeId: () => string;
}

export class SideLink {
  #link: Link = { mode: 'off', withWindow: false };
  /** What follows must not lead. */
  #isFollowing = false;
  readonly #stops: (() => void)[] = [];

  constructor(
    private readonly left: LinkedSide,
    private readonly right: LinkedSide,
  ) {
    this.#watch(left, right);
    this.#watch(right, left);
  }

  #watch(leader: LinkedSide, follower: LinkedSide): void {
    const { CAMERA_MODIFIED, VOI_MODIFIED } = Enums.Events;
    for (const plane of PLANES) {
      const element = leader.elements[plane];
      const moved = (): void => this.#follow(plane, leader, follower);
      const windowed = ((event: CustomEvent<{ range?: GreyWindow; volumeId?: string }>): void => {
        const { range, volumeId } = event.detail;
        if (range && volumeId === leader.imageVolumeId()) this.#windowAlong(range, leader, follower);
      }) as EventListener;
      element.addEventListener(CAMERA_MODIFIED, moved);
      element.addEventListener(VOI_MODIFIED, windowed);
      this.#stops.push(() => {
        element.removeEventListener(CAMERA_MODIFIED, moved);
        element.removeEventListener(VOI_MODIFIED, windowed);
      });
    }
  }

  /** The right side comes to where the left one is. */
  set(link: Link, window: GreyWindow | null): void {
    this.#link = link;
    for (const plane of PLANES) this.#follow(plane, this.left, this.right);
    if (window) this.#windowAlong(window, this.left, this.right);
  }

  #follow(plane: Plane, leader: LinkedSide, follower: LinkedSide): void {
    const { mode } = this.#link;
    if (mode === 'off') return;
    this.#once(() => {
      const camera = leader.planes.cameraOf(plane);
      if (mode === 'share') follower.planes.takeShare(plane, leader.planes);
      else if (camera) follower.planes.takeCamera(plane, camera);
    });
  }

  #windowAlong(window: GreyWindow, leader: LinkedSide, follower: LinkedSide): void {
    this.#once(() => {
      if (leader === this.right) leader.planes.setWindow(window); // on the left the planes are kept together already
      if (this.#link.mode !== 'off' && this.#link.withWindow) follower.planes.setWindow(window);
    });
  }

  #once(follow: () => void): void {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    try {
      follow();
    } finally {
      this.#isFollowing = false;
    }
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
  }
}

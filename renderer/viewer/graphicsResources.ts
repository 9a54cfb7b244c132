import type { Types } from '@cornerstonejs/core';

/** What vtk.js keeps of a table or volume on the graphics card, and which parts of the scene use it. */
interface SharedResource {
  readonly coreObject: object;
  readonly users: ReadonlySet<SceneNode>;
}
interface SceneNode {
  isDeleted(): boolean;
}
interface GraphicsWindow {
  get(name: string): { readonly _graphicsResources?: ReadonlyMap<object, SharedResource> };
  unregisterGraphicsResourceUser(coreObject: object, user: SceneNode): void;
}

/**
 * Frees what only deleted parts of the scene still hold. Cornerstone 5.14's mappers count what they use in a table of their own and forget it when they are
 * deleted, so the tables of colours and opacities of every case that was ever shown stay (half a megabyte a case). After the first picture
 * without them. What the processor draws has no such scene.
 */
export function freeGraphicsOfTheDeleted(viewport: Partial<Pick<Types.IVolumeViewport, 'getRenderer'>>): void {
  const views: unknown[] = viewport.getRenderer?.()?.getRenderWindow()?.getViews() ?? [];
  for (const view of views as GraphicsWindow[]) {
    const resources = [...(view.get('_graphicsResources')._graphicsResources?.values() ?? [])];
    for (const { coreObject, users } of resources) for (const user of [...users]) if (user.isDeleted()) view.unregisterGraphicsResourceUser(coreObject, user);
  }
}

/**
 * Cornerstone's engine without WebGL. Its viewports draw themselves with the processor, but the engine would draw them with
 * WebGL whenever somebody asks it to instead of them; here it hands the wish on, once for each picture of the screen.
 */
import { getRenderingEngine } from '@cornerstonejs/core';

export function drawWithProcessor(engineId: string): void {
  const engine = getRenderingEngine(engineId)!;
  const due = new Set<string>();
  const draw = (): void => {
    const ids = [...due];
    due.clear();
    if (engine.hasBeenDestroyed) return;
    for (const id of ids) engine.getViewport(id)?.render();
  };
  engine.renderViewports = (viewportIds) => {
    if (due.size === 0) requestAnimationFrame(draw);
    for (const id of viewportIds) due.add(id);
  };
  engine.renderViewport = (viewportId) => engine.renderViewports([viewportId]);
  engine.render = () => engine.renderViewports(engine.getViewports().map(({ id }) => id));
}

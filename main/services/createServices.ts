import type { ServiceDependencies, Services } from './services.ts';

/** The composition root: every shell (Electron, Node host, command line) gets its services here. Opens nothing yet. */
export function createServices(_dependencies: ServiceDependencies): Services {
  throw new Error('composed in the next commit');
}

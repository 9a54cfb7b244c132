/**
 * dcmjs-dimse behind one door. Only what the network tasks of a compute process import may import this file, so that
 * nothing of it is loaded where no node is talked to.
 */
import * as library from 'dcmjs-dimse';

/** A CommonJS bundle: Node gives its exports as `default`, a bundler by name. */
export const dimse: typeof library = 'default' in library ? (library.default as typeof library) : library;

// It prints every message otherwise, and standard output belongs to the parent.
dimse.log.disableAll();
// Our own root is under 2.25 (PS3.5 section B.2), made once from a random UUID.
dimse.Implementation.setImplementationClassUid('2.25.147026374859182605839277103958463021');
dimse.Implementation.setImplementationVersion('MASKLOOP');
